"""How a new prompt takes over."""

import torch

from engine_service.model.text import mix_words
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.prompts import PromptTrack
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, Transition
from tests.fakes import PROFILES, LedgerDecoder, LedgerDenoiser, ledger_runtime, tiny_runtime

PROMPTS = tiny_runtime().prompts


def encoded(text: str) -> EncodedPrompt:
    return PROMPTS.encode(PROMPTS.tokens(text))


def between(old: EncodedPrompt, new: EncodedPrompt, share: float) -> EncodedPrompt:
    return EncodedPrompt(*mix_words(old.words, old.bias, new.words, new.bias, share))


PIG, FOX, LONG = encoded("a pig"), encoded("a fox"), encoded("a fox in the rain")


def test_a_prompt_is_in_force_at_once_unless_it_is_smooth() -> None:
    track = PromptTrack(PIG)
    track.update(10, FOX)
    assert track.at(10) is FOX


def test_a_smooth_prompt_begins_as_the_old_and_ends_as_the_new_one_itself() -> None:
    track = PromptTrack(PIG)
    track.update(10, FOX, smooth_frames=8)
    torch.testing.assert_close(track.at(10).words[:, :2], PIG.words[:, :2])
    assert torch.equal(track.at(10).bias, PIG.bias)
    torch.testing.assert_close(track.at(14).words[:, :2], (PIG.words + FOX.words)[:, :2] / 2)
    assert track.at(18) is FOX


def test_a_new_prompt_on_the_way_starts_from_what_is_in_force() -> None:
    track = PromptTrack(PIG)
    track.update(0, FOX, smooth_frames=8)
    halfway = track.at(4)
    track.update(4, LONG, smooth_frames=8)
    torch.testing.assert_close(track.at(4).words[:, :2], halfway.words[:, :2])
    assert track.at(12) is LONG


def test_between_prompts_of_two_lengths_a_word_fades_in_by_its_weight() -> None:
    mixed = between(PIG, LONG, 0.25)
    torch.testing.assert_close(mixed.bias.exp()[0], torch.tensor([1, 1, 0.25, 0.25, 0.25, 0]))
    torch.testing.assert_close(mixed.words[:, :2], torch.lerp(PIG.words, LONG.words, 0.25)[:, :2])
    torch.testing.assert_close(mixed.words[:, 2:5], LONG.words[:, 2:5])


class Readable:
    """A settled session on networks that keep their questions."""

    def __init__(self, profile: str = "responsive") -> None:
        self.denoiser = LedgerDenoiser()
        self.session = StreamSession(ledger_runtime(self.denoiser, LedgerDecoder()), profile=profile, seed=0)
        self.session.advance()
        self.denoiser.steps.clear()


def test_a_smooth_prompt_moves_on_with_every_chunk() -> None:
    readable = Readable()
    readable.session.apply(Prompt(1, "a fox", Transition.SMOOTH, smooth_frames=6))
    for _ in range(4):
        readable.session.advance()
    old, new = encoded("a pig in the rain"), encoded("a fox")
    wanted = [*(between(old, new, share) for share in (0, 1 / 3, 2 / 3)), new]
    for step, expected in zip(readable.denoiser.steps, wanted, strict=True):
        torch.testing.assert_close(step.prompt.bias, expected.bias)
        torch.testing.assert_close(step.prompt.words, expected.words)


def test_a_fast_prompt_sends_what_is_in_flight_back_to_noise_and_down_again_before_the_next_frame() -> None:
    readable = Readable()
    readable.session.apply(Prompt(1, "a fox", Transition.FAST))
    readable.session.advance()
    references = PROFILES["responsive"].references
    first, *_, last = readable.denoiser.steps
    assert first.sigmas[references:].tolist() == [1, 1]
    assert last.next_sigmas.tolist() == [*[0.0] * references, 0, 0.5]
    torch.testing.assert_close(first.prompt.words, encoded("a fox").words)
    readable.denoiser.steps.clear()
    readable.session.advance()
    assert len(readable.denoiser.steps) == 1, "once"


def test_a_fast_prompt_may_keep_a_share_of_the_old_picture() -> None:
    readable = Readable()
    readable.session.apply(Prompt(1, "a fox", Transition.FAST, renoise_to=0.75))
    readable.session.advance()
    references = PROFILES["responsive"].references
    assert readable.denoiser.steps[0].sigmas[references:].tolist() == [0.75, 1]


def test_a_fast_prompt_between_micro_steps_counts_at_once_and_forgets_at_the_next_shift() -> None:
    readable = Readable("balanced")
    asked = 0

    def listen() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            readable.session.apply(Prompt(1, "a fox", Transition.FAST))

    readable.session.advance(listen)
    first, second = readable.denoiser.steps
    torch.testing.assert_close(second.prompt.words, encoded("a fox").words)
    assert second.sigmas.tolist() == first.next_sigmas.tolist(), "no level moved under the micro-steps"
    readable.denoiser.steps.clear()
    readable.session.advance()
    references = PROFILES["balanced"].references
    assert set(readable.denoiser.steps[0].sigmas[references:].tolist()) == {1.0}
