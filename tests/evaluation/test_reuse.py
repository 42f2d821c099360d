"""Reuse-and-Diffuse: what a clip inherits from the one before, and for how long it is held to it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine_service.evaluation.reuse import ReuseConfig, ReuseSampler, next_noise, staged
from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.prompts import EncodedPrompt
from tests.evaluation.playing import RUNTIME, num_tensors, places, played
from tests.fakes import LATENT_SHAPE, LedgerDenoiser, name_of

SMALL = ReuseConfig(clip=6, overlap=3, num_steps=8, noise_reuse=4.0, staged_share=0.5)
FREE = replace(SMALL, staged_share=0.0)


def make(denoiser: Denoiser, config: ReuseConfig = SMALL, seed: int = 0) -> ReuseSampler:
    return ReuseSampler(denoiser, LATENT_SHAPE, config, seed=seed)


def noise(seed: int, num_latents: int = 6, shape: tuple[int, int, int] = LATENT_SHAPE) -> Tensor:
    return torch.randn(1, num_latents, *shape, generator=torch.Generator().manual_seed(seed))


class Watcher:
    """The tiny world's denoiser; keeps what every call was given and gave."""

    batch_sizes = (1,)

    def __init__(self) -> None:
        self.given: list[Tensor] = []
        self.gave: list[Tensor] = []

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.given.append(latents.clone())
        self.gave.append(RUNTIME.denoiser.step(latents, sigmas, next_sigmas, states, prompt))
        return self.gave[-1].clone()


def test_the_tied_latents_begin_with_the_last_clips_noise_reversed() -> None:
    """FNR."""
    watcher = Watcher()
    played(make(watcher), 3)
    first, second, third = (watcher.given[clip * SMALL.num_steps] for clip in range(3))
    assert torch.equal(second[:, :3], first.flip(1)[:, :3])
    assert torch.equal(third[:, :3], second.flip(1)[:, :3])
    assert not torch.equal(second[:, 3:], first.flip(1)[:, 3:])


def test_the_other_latents_begin_with_old_and_new_noise_mixed_to_variance_one() -> None:
    """PNS."""
    big = (16, 64, 64)
    past, fresh = noise(1, shape=big), noise(2, shape=big)
    begun = next_noise(past, fresh, SMALL)
    expected = (4 * past.flip(1) + fresh) / 17**0.5
    torch.testing.assert_close(begun[:, 3:], expected[:, 3:])
    for latent, old in zip(begun[0, 3:], past.flip(1)[0, 3:], strict=True):
        assert latent.mean().item() == pytest.approx(0, abs=0.02)
        assert latent.var().item() == pytest.approx(1, abs=0.02)
        assert (latent * old).mean().item() == pytest.approx(4 / 17**0.5, abs=0.02)


def test_without_noise_reuse_the_other_latents_begin_anew() -> None:
    past, fresh = noise(1), noise(2)
    begun = next_noise(past, fresh, replace(SMALL, noise_reuse=0.0))
    assert torch.equal(begun[:, 3:], fresh[:, 3:])
    assert torch.equal(begun[:, :3], past.flip(1)[:, :3])


def test_the_first_latent_is_held_for_the_whole_share_and_each_later_one_for_less() -> None:
    assert staged(SMALL).sum(0).tolist() == [4, 3, 2], "4, 8/3 and 4/3 steps, the last of them begun"
    published = staged(ReuseConfig())
    assert published.shape == (50, 4)
    assert published.sum(0).tolist() == [20, 15, 10, 5]
    assert (np.diff(published.astype(int), axis=0) <= 0).all(), "once released, a latent stays free"
    assert not staged(FREE).any()
    assert staged(replace(SMALL, staged_share=1.0))[:, 0].all()


def test_guidance_overwrites_the_tied_latents_in_their_stage_and_nothing_else() -> None:
    """DSG: what a step is given is what the step before gave, but for the latents held to the last clip's path."""
    watcher = Watcher()
    played(make(watcher), 3)
    steps = SMALL.num_steps
    held = staged(SMALL)
    for clip in (1, 2):
        for step in range(1, steps):
            given, gave = watcher.given[clip * steps + step], watcher.gave[clip * steps + step - 1]
            old = watcher.given[(clip - 1) * steps + step].flip(1)
            for m in range(SMALL.clip):
                overwritten = m < SMALL.overlap and held[step, m]
                assert torch.equal(given[:, m], old[:, m] if overwritten else gave[:, m]), (clip, step, m)
                if overwritten:
                    assert not torch.equal(given[:, m], gave[:, m])


def test_the_first_clip_is_held_to_nothing() -> None:
    watcher = Watcher()
    played(make(watcher), 1)
    for step in range(1, SMALL.num_steps):
        assert torch.equal(watcher.given[step], watcher.gave[step - 1])


def test_a_clip_is_denoised_from_noise_to_clean_in_its_steps_and_leaves_whole() -> None:
    ledger = LedgerDenoiser()
    clip = played(make(ledger, FREE), 1)
    assert len(ledger.steps) == FREE.num_steps
    levels = torch.linspace(1, 0, FREE.num_steps + 1)
    for step, level, next_level in zip(ledger.steps, levels[:-1], levels[1:], strict=True):
        torch.testing.assert_close(step.sigmas, level.expand(6))
        torch.testing.assert_close(step.next_sigmas, next_level.expand(6))
    assert ledger.steps[-1].next_sigmas.tolist() == [0.0] * 6
    assert [name_of(latent) for latent in clip] == list(ledger.steps[0].names)


def test_every_latent_has_the_state_of_its_own_time() -> None:
    ledger = LedgerDenoiser()
    played(make(ledger), 2, places)
    assert len(ledger.steps) == 2 * SMALL.num_steps
    for step in ledger.steps:
        assert step.states[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_the_same_seed_is_the_same_stream() -> None:
    first, second, other = (played(make(RUNTIME.denoiser, seed=seed), 3) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_what_is_kept_does_not_grow() -> None:
    sampler = make(RUNTIME.denoiser)
    played(sampler, 2)
    before = num_tensors()
    played(sampler, 6)
    assert num_tensors() == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clip": 0}, "clip is 0 latents, must be at least 1"),
        ({"overlap": 0}, r"overlap is 0 latents, must be 1\.\.16"),
        ({"overlap": 17}, r"overlap is 17 latents, must be 1\.\.16"),
        ({"num_steps": 0}, "num_steps is 0, must be at least 1"),
        ({"noise_reuse": -1.0}, r"noise_reuse is -1\.0, must be at least 0"),
        ({"staged_share": 1.5}, r"staged_share is 1\.5, must be 0\.\.1"),
    ],
)
def test_a_clip_that_cannot_be_is_refused(changed: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(ReuseConfig(), **changed)  # type: ignore[arg-type]  # the point of the test
