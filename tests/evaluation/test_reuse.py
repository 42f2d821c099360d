"""ReuseDiffuse, held to its three parts."""

import pytest
import torch
from torch import Tensor

from engine_service.evaluation.reuse import ReuseConfig, ReuseSampler, past_dependent, reversed_frames
from engine_service.evaluation.stage import CountedDenoiser
from engine_service.runtime.denoiser import Denoiser, EncodedPrompt
from engine_service.runtime.torch_backend import TorchDenoiser
from tests.fakes import LATENT_SHAPE, tiny_networks, tiny_runtime

PROMPTS = tiny_runtime().prompts
PIG = PROMPTS.encode(PROMPTS.tokens("a pig"))
SMALL = ReuseConfig(clip=6, overlap=2, num_steps=4, guided_share=0.5)


def conditioning(first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
    places = torch.arange(first, first + count, dtype=torch.float32)
    return places[None, :, None, None].expand(1, count, 2, 2), PIG


class Diary:
    """Moves every latent a little, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Tensor] = []
        self.states: list[list[float]] = []

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.given.append(latents.clone())
        self.states.append(states[0, :, 0, 0].tolist())
        return latents + torch.arange(latents.shape[1])[None, :, None, None, None]


def sampler(denoiser: Denoiser, config: ReuseConfig = SMALL, seed: int = 0) -> ReuseSampler:
    return ReuseSampler(denoiser, config, LATENT_SHAPE, seed)


def test_the_next_clips_noise_is_the_last_ones_backwards_and_partly_new() -> None:
    diary = Diary()
    reuse = sampler(diary)
    for _ in range(2):
        reuse.next_chunk(conditioning)
    generator = torch.Generator().manual_seed(0)
    first, fresh = (torch.randn(1, 6, *LATENT_SHAPE, generator=generator) for _ in range(2))
    torch.testing.assert_close(diary.given[0], first)
    expected = (first.flip(1) + fresh) / 2**0.5
    torch.testing.assert_close(diary.given[4][:, 2:], expected[:, 2:])


def test_mixed_noise_has_the_variance_of_noise_and_is_correlated_with_the_past() -> None:
    generator = torch.Generator().manual_seed(0)
    past, fresh = torch.randn(2, 1, 64, 8, 16, 16, generator=generator)
    for share in (0.0, 0.5, 1.0, 3.0):
        mixed = past_dependent(past, fresh, share)
        assert mixed.var().item() == pytest.approx(1, abs=0.02)
        assert (mixed * past).mean().item() == pytest.approx(share / (1 + share**2) ** 0.5, abs=0.02)
    assert torch.equal(reversed_frames(past)[:, 0], past[:, -1])


def test_staged_guidance_overwrites_the_first_latents_in_the_first_steps_and_no_others() -> None:
    diary = Diary()
    reuse = sampler(diary)
    for _ in range(2):
        reuse.next_chunk(conditioning)
    first, second = diary.given[:4], diary.given[4:]
    for i in range(2):  # half of four steps
        assert torch.equal(second[i][:, :2], first[i][:, -2:]), "what the last clip's end was at this level"
    for i in range(2, 4):
        assert not torch.equal(second[i][:, :2], first[i][:, -2:])
        step = torch.arange(6)[None, :, None, None, None]
        torch.testing.assert_close(second[i], second[i - 1] + step, msg="left to itself")


def test_the_overlap_is_not_shown_again_and_its_states_are_those_of_the_past() -> None:
    diary = Diary()
    reuse = sampler(diary)
    assert len(reuse.next_chunk(conditioning)) == 6
    assert len(reuse.next_chunk(conditioning)) == 4
    assert diary.states[0] == [0, 1, 2, 3, 4, 5]
    assert diary.states[4] == [-2, -1, 0, 1, 2, 3]


def test_a_clip_costs_its_steps_and_the_same_seed_makes_the_same_clips() -> None:
    counted = CountedDenoiser(TorchDenoiser(tiny_networks(), "cpu"))
    first, second = sampler(counted, seed=3), sampler(TorchDenoiser(tiny_networks(), "cpu"), seed=3)
    for clips in range(1, 4):
        assert torch.equal(first.next_chunk(conditioning), second.next_chunk(conditioning))
        assert counted.calls == 4 * clips
        assert len(first._trail) == 4, "one clip's steps are kept, no more"


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"clip": 4, "overlap": 4}, "overlap is 4, must be at least 0 and below clip 4"),
        ({"guided_share": 1.5}, "guided_share is 1.5"),
        ({"num_steps": 0}, "num_steps is 0"),
    ],
)
def test_impossible_numbers_are_refused(numbers: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReuseConfig(**numbers)  # type: ignore[arg-type]
