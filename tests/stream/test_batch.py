"""Sessions that share calls: each gives what it gives alone, and bears its own faults."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine_service.runtime.cuda_graph import DeviceMemoryError
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.batch import Call, Calls, DecodeCall, MicroStepCall, grouped, play, play_alone, split
from engine_service.stream.session import StreamSession
from engine_service.types import Chunk, Prompt, State, SwitchProfile
from tests.fakes import LATENT_SHAPE, PROFILES, LedgerDecoder, LedgerDenoiser, ledger_runtime, state_of, tiny_runtime

RUNTIME = tiny_runtime()
PROMPTS = ("a pig in the rain", "a fox in the snow", "night", "snow")


class Readable:
    """Sessions on networks that keep their questions."""

    def __init__(self, *profiles: str, batch_sizes: tuple[int, ...] = (1, 2, 4)) -> None:
        self.denoiser = LedgerDenoiser(batch_sizes=batch_sizes)
        self.decoder = LedgerDecoder(batch_sizes=batch_sizes)
        runtime = ledger_runtime(self.denoiser, self.decoder)
        self.sessions = [StreamSession(runtime, profile=profile, seed=i) for i, profile in enumerate(profiles)]

    def play(self) -> list[Chunk]:
        return chunks(play([session.shift() for session in self.sessions]))

    def settled(self) -> "Readable":
        self.play()
        self.denoiser.num_calls = self.decoder.num_calls = 0
        return self


def chunks(outcomes: list[Chunk | Exception]) -> list[Chunk]:
    for outcome in outcomes:
        assert isinstance(outcome, Chunk), outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Chunk)]


def pictures(chunk: Chunk) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.stack([frame.rgb for frame in chunk.frames])


def sessions(*profiles: str) -> list[StreamSession]:
    """On the tiny networks, each with a prompt and a seed of its own."""
    made = [StreamSession(RUNTIME, profile=profile, seed=i) for i, profile in enumerate(profiles)]
    for i, session in enumerate(made):
        session.apply(Prompt(1, PROMPTS[i]))
    return made


# ------------------------------------------------------------------------------------------- what a batch gives


@pytest.mark.parametrize(
    "profiles",
    [("responsive", "responsive"), ("balanced", "balanced", "balanced"), ("responsive", "balanced", "cinematic")],
)
def test_frames_made_together_are_those_made_alone(profiles: tuple[str, ...]) -> None:
    """Matrix products of another shape may round otherwise, so a grey level is allowed."""
    together, alone = sessions(*profiles), sessions(*profiles)
    for _ in range(3):
        joint = chunks(play([session.shift() for session in together]))
        single = [session.advance() for session in alone]
        for one, other in zip(joint, single, strict=True):
            difference = pictures(one).astype(int) - pictures(other).astype(int)
            assert np.abs(difference).max() <= 1
            assert pictures(one).std() > 10
    assert not np.array_equal(pictures(joint[0]), pictures(joint[1]))


def test_a_batch_on_networks_that_copy_gives_exactly_the_same_frames() -> None:
    together, alone = Readable("responsive", "responsive"), Readable("responsive", "responsive")
    for _ in range(3):
        single = [session.advance() for session in alone.sessions]
        for one, other in zip(together.play(), single, strict=True):
            assert np.array_equal(pictures(one), pictures(other))


def test_sessions_of_one_profile_share_every_micro_step_and_every_decoding() -> None:
    readable = Readable(*["balanced"] * 4).settled()
    readable.play()
    assert readable.denoiser.num_calls == PROFILES["balanced"].steps_per_shift
    assert readable.decoder.num_calls == PROFILES["balanced"].chunk_size


def test_buffers_of_another_length_are_asked_apart_but_decoded_together() -> None:
    readable = Readable("responsive", "cinematic", "responsive").settled()
    readable.play()
    assert readable.denoiser.num_calls == 2
    assert readable.decoder.num_calls == 3  # 2 + 1 of the first latents, and the second one of `cinematic`


def test_who_has_fewer_micro_steps_does_not_wait_for_the_others() -> None:
    readable = Readable("balanced", "responsive").settled()
    finished: list[int] = []

    def noted(i: int) -> Calls[None]:
        yield from readable.sessions[i].shift()
        finished.append(i)

    play([noted(0), noted(1)])
    assert finished == [1, 0]


def test_every_session_is_heard_before_each_of_its_own_micro_steps() -> None:
    readable = Readable("balanced", "balanced").settled()
    heard: list[int] = []
    play([session.shift(lambda i=i: heard.append(i)) for i, session in enumerate(readable.sessions)])  # type: ignore[misc]
    assert heard == [0, 1, 0, 1]


def test_what_comes_between_two_micro_steps_reaches_its_own_session_alone() -> None:
    readable = Readable("balanced", "balanced").settled()
    readable.denoiser.steps.clear()
    told = [None, Prompt(1, "a fox in the snow")]

    def listen() -> None:
        if (event := told.pop(0)) is not None:
            readable.sessions[1].apply(event)

    play([readable.sessions[0].shift(), readable.sessions[1].shift(listen)])
    first, second, first_again, second_again = (step.prompt.words for step in readable.denoiser.steps)
    assert torch.equal(first, second)
    assert torch.equal(first, first_again)
    assert not torch.equal(second, second_again)


def test_a_session_that_changes_its_profile_changes_its_group() -> None:
    first, second = Readable("responsive", "responsive").sessions
    assert first.batch_group == second.batch_group
    second.apply(SwitchProfile(1, "balanced"))
    assert first.batch_group != second.batch_group
    assert first.batch_group != Readable("responsive").sessions[0].batch_group, "another denoiser"
    assert first.largest_batch == 4


# ------------------------------------------------------------------------------------------- faults


class DenoiserError(RuntimeError):
    """What the fakes below raise."""


@dataclass(slots=True)
class Poisoned(LedgerDenoiser):
    """Fails whenever a buffer of that first latent's state is among those it is asked about."""

    poison: float = -1.0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        if (states[:, -1, 0, 0] == self.poison).any():
            raise DenoiserError("poisoned")
        return LedgerDenoiser.step(self, latents, sigmas, next_sigmas, states, prompt)


def test_an_error_in_a_joint_call_costs_only_the_session_that_causes_it() -> None:
    runtime = ledger_runtime(Poisoned(poison=66.0), LedgerDecoder())
    made = [StreamSession(runtime, profile="responsive", seed=i) for i in range(3)]
    for i, session in enumerate(made):
        session.apply(State(1, (65.0 + i, 0.0)))
    first, second, third = play([session.shift() for session in made])
    assert isinstance(second, DenoiserError)
    for outcome, x in ((first, 65), (third, 67)):
        assert isinstance(outcome, Chunk)
        assert state_of(outcome.frames[0].rgb) == (x, 0)


def test_an_error_while_a_session_listens_costs_only_that_session() -> None:
    readable = Readable("balanced", "balanced").settled()
    heard: list[None] = []

    def listen() -> None:
        heard.append(None)
        if len(heard) == 2:
            raise ValueError("the inbox is broken")

    outcomes = play([readable.sessions[0].shift(listen), readable.sessions[1].shift()])
    assert isinstance(outcomes[0], ValueError)
    assert isinstance(outcomes[1], Chunk)


@dataclass(slots=True)
class Full(LedgerDenoiser):
    """Has memory for so many at once and no more."""

    room: int = 0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        if len(latents) > self.room:
            raise torch.OutOfMemoryError("a page of text")
        return LedgerDenoiser.step(self, latents, sigmas, next_sigmas, states, prompt)


def test_a_batch_that_does_not_fit_is_made_one_by_one() -> None:
    runtime = ledger_runtime(Full(room=1), LedgerDecoder())
    made = [StreamSession(runtime, profile="responsive", seed=i) for i in range(2)]
    assert len(chunks(play([session.shift() for session in made]))) == 2


def test_a_session_that_does_not_fit_says_what_helps() -> None:
    session = StreamSession(ledger_runtime(Full(room=0), LedgerDecoder()), profile="responsive", seed=0)
    with pytest.raises(DeviceMemoryError, match="a session's next frames: out of memory on cpu; serve fewer sessions"):
        session.advance()


def test_a_session_alone_raises_what_went_wrong() -> None:
    runtime = ledger_runtime(Poisoned(poison=64.0), LedgerDecoder())
    with pytest.raises(DenoiserError, match="poisoned"):
        StreamSession(runtime, profile="responsive", seed=0).advance()


def test_a_shift_may_mend_what_its_call_raised() -> None:
    """The error arrives where the call was made."""
    asked = MicroStepCall(Poisoned(poison=0.0), *questions(1))

    def shift() -> Calls[str]:
        try:
            yield asked
        except DenoiserError:
            return "mended"
        return "not asked"

    assert play_alone(shift()) == "mended"


# ------------------------------------------------------------------------------------------- who shares a call


def questions(num_latents: int) -> tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt]:
    latents = torch.zeros(1, num_latents, *LATENT_SHAPE)
    levels = torch.ones(1, num_latents)
    prompt = EncodedPrompt(torch.zeros(1, 6, 16), torch.zeros(1, 6))
    return latents, levels, levels / 2, torch.zeros(1, num_latents, 2, 2), prompt


def test_calls_are_grouped_by_kind_partner_and_length_and_cut_to_the_sizes_there_are() -> None:
    first, second, decoder = LedgerDenoiser(batch_sizes=(1, 2)), LedgerDenoiser(), LedgerDecoder()
    latent = torch.zeros(1, *LATENT_SHAPE)
    calls: list[Call] = [
        MicroStepCall(first, *questions(4)),
        MicroStepCall(first, *questions(6)),
        MicroStepCall(first, *questions(4)),
        MicroStepCall(second, *questions(4)),
        MicroStepCall(first, *questions(4)),
        DecodeCall(decoder, latent, latent),
    ]
    assert grouped(dict(enumerate(calls))) == [(0, 2), (4,), (1,), (3,), (5,)]


@given(st.integers(1, 40), st.sets(st.integers(2, 16)))
@settings(deadline=None)
def test_a_split_serves_everybody_with_sizes_there_are(count: int, larger: set[int]) -> None:
    sizes = {1, *larger}
    parts = split(count, sizes)
    assert sum(parts) == count
    assert set(parts) <= sizes
    assert parts == sorted(parts, reverse=True)
    assert len(parts) <= count


def test_a_split_into_powers_of_two_is_the_fewest_calls() -> None:
    assert split(7, (1, 2, 4)) == [4, 2, 1]
    assert split(3, range(1, 17)) == [3]
    assert split(5, (1,)) == [1] * 5
