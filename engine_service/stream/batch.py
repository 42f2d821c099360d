"""Sessions that are made together: each shift asks for one call after another, and like calls are answered in one.

A shift is a generator. It yields what it wants denoised or decoded and is sent the answer, so it reads like the life
of one session, and the one who drives it decides who shares a call. Nobody waits for anybody: a shift with fewer
micro-steps than its neighbours goes on to its decoder, and ends, while they still step.

Letters: P sessions in a call, B latents in a buffer, r frames per latent, S state fields, A actions, L Dt of a prompt.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor

from engine_service.runtime.denoiser import Denoiser, FrameDecoder
from engine_service.runtime.prompts import EncodedPrompt

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MicroStepCall:
    """One session's micro-step, as `Denoiser.step` takes it with P = 1; answered by the moved latents."""

    denoiser: Denoiser
    latents: Tensor  # (1, B, C, H, W)
    sigmas: Tensor  # (1, B)
    next_sigmas: Tensor  # (1, B)
    controls: Tensor  # (1, B, r, S + A)
    prompt: EncodedPrompt

    @property
    def partner(self) -> Denoiser:
        """Who is asked."""
        return self.denoiser

    @property
    def length(self) -> int:
        """B: buffers of another length do not fit into the same call."""
        return self.latents.shape[1]

    @staticmethod
    def answer(calls: Sequence["MicroStepCall"]) -> Tensor:
        """One call for all of them, `(P, B, C, H, W)`."""
        return calls[0].denoiser.step(
            _joined([call.latents for call in calls]),
            _joined([call.sigmas for call in calls]),
            _joined([call.next_sigmas for call in calls]),
            _joined([call.controls for call in calls]),
            _joined_prompts([call.prompt for call in calls]),
        )


@dataclass(frozen=True, slots=True)
class DecodeCall:
    """One latent of one session to be decoded; answered by its frames, `(1, r, height, width, 3)`."""

    decoder: FrameDecoder
    previous: Tensor  # (1, C, H, W)
    current: Tensor  # (1, C, H, W)

    @property
    def partner(self) -> FrameDecoder:
        """Who is asked."""
        return self.decoder

    @property
    def length(self) -> int:
        """One latent, always."""
        return 1

    @staticmethod
    def answer(calls: Sequence["DecodeCall"]) -> Tensor:
        """One call for all of them, `(P, r, height, width, 3)`."""
        return calls[0].decoder.decode(
            _joined([call.previous for call in calls]), _joined([call.current for call in calls])
        )


Call: TypeAlias = MicroStepCall | DecodeCall
Calls: TypeAlias = Generator[Call, Tensor, T]  # yields calls, is sent their answers, returns what it was for


def play(shifts: Sequence[Calls[T]]) -> list[T | Exception]:
    """Run shifts to their ends side by side; what each returned or raised, in their order.

    An error in a joint call is asked again one by one: whose fault it is not goes on.
    """
    outcomes: dict[int, T | Exception] = {}
    asked: dict[int, Call] = {}

    def go_on(i: int, resume: Callable[[], Call]) -> None:
        try:
            asked[i] = resume()
        except StopIteration as end:
            outcomes[i] = end.value
        except Exception as error:
            # One of the two broad excepts (the other is around a call): a session's fault is its own.
            outcomes[i] = error

    for i, shift in enumerate(shifts):
        go_on(i, partial(next, shift))
    while asked:
        waiting, asked = dict(sorted(asked.items())), {}
        for group in grouped(waiting):
            for i, answer in zip(group, _answers([waiting[i] for i in group]), strict=True):
                if isinstance(answer, Exception):
                    go_on(i, partial(shifts[i].throw, answer))
                else:
                    go_on(i, partial(shifts[i].send, answer))
    return [outcomes[i] for i in range(len(shifts))]


def play_alone(shift: Calls[T]) -> T:
    """Run one shift to its end; raises what it raises."""
    (outcome,) = play([shift])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def grouped(waiting: Mapping[int, Call]) -> list[tuple[int, ...]]:
    """Who shares a call: the same kind, asked of the same network, about buffers of one length; whoever was first
    leads. Of more than the backend takes at once, the first go first."""
    alike: dict[tuple[type, int, int], list[int]] = {}
    for i, call in waiting.items():
        alike.setdefault((type(call), id(call.partner), call.length), []).append(i)
    groups = []
    for members in alike.values():
        start = 0
        for size in split(len(members), waiting[members[0]].partner.batch_sizes):
            groups.append(tuple(members[start : start + size]))
            start += size
    return groups


def split(count: int, sizes: Iterable[int]) -> list[int]:
    """`count` sessions as calls of these sizes, of which 1 is one: as few as there can be by taking the largest first.

    None is filled up with empty places: they would cost as much as sessions.
    """
    parts = []
    for size in sorted(sizes, reverse=True):
        parts += [size] * (count // size)
        count %= size
    return parts


def _answers(calls: Sequence[Call]) -> list[Tensor | Exception]:
    try:
        joint = type(calls[0]).answer(calls)  # type: ignore[arg-type]  # they are grouped by type
    except Exception as error:
        if len(calls) == 1:
            return [error]
        return [answer for call in calls for answer in _answers([call])]
    return [joint[i : i + 1] for i in range(len(calls))]


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))


def _joined_prompts(prompts: Sequence[EncodedPrompt]) -> EncodedPrompt:
    if len(prompts) == 1:
        return prompts[0]
    return EncodedPrompt(_joined([prompt.words for prompt in prompts]), _joined([prompt.bias for prompt in prompts]))
