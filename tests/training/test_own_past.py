"""Steps that go on from what the model itself has made: its past, and a draft of what comes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine_service.model.partition import Partition
from engine_service.training.buffered import LatentClips, draw_batch
from engine_service.training.denoiser import NEARLY_CLEAN, PromptedDiT, with_own_drafts, with_own_past
from engine_service.training.recipes import KEYS

ONE = Partition(references=3, chunks=1, chunk_size=1, steps_per_shift=2)


class Sevens(PromptedDiT):
    """Whatever is asked, the clean latent is full of sevens."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)

    def forward(self, noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
        assert noised.shape[1] == sigmas.shape[1] == controls.shape[1] == ONE.references
        return torch.full_like(noised, 7.0)


def clips() -> LatentClips:
    """Two recordings, one state field, one action."""
    return LatentClips(
        torch.rand(2, 6, 4, 2, 2), torch.ones(2, 6, 1, 2), torch.zeros(2, 6, 3, dtype=torch.long), num_state_fields=1
    )


def test_the_newest_reference_is_the_models_own_where_something_steers_it() -> None:
    batch = draw_batch(clips(), [ONE] * 64, KEYS, np.random.default_rng(0))
    own = with_own_past(Sevens(), batch, ONE)
    told = ~batch.controls[:, 2].isnan().flatten(1).all(dim=1)
    assert 0 < told.sum() < 64
    assert (own.noised[told, 1] == 7).all()
    assert torch.equal(own.noised[~told], batch.noised[~told, 1:])
    assert torch.equal(own.noised[:, [0, 2]], batch.noised[:, [1, 3]])
    assert (own.sigmas[told, 1] == 0).all()
    assert (own.weights[:, :-1] == 0).all()
    assert torch.equal(own.weights[:, -1], batch.weights[:, -1])
    assert torch.equal(own.clean, batch.clean[:, 1:])


def test_several_latents_in_flight_are_refused() -> None:
    two = Partition(references=2, chunks=2, chunk_size=1, steps_per_shift=1)
    batch = draw_batch(clips(), [two], KEYS, np.random.default_rng(0))
    with pytest.raises(ValueError, match="one latent in flight"):
        with_own_past(Sevens(), batch, two)


def test_a_draft_is_the_models_own_guess_at_the_level_that_was_drawn() -> None:
    three = Partition(references=2, chunks=1, chunk_size=1, steps_per_shift=2)
    batch = draw_batch(clips(), [three] * 256, KEYS, np.random.default_rng(0))
    torch.manual_seed(0)
    own = with_own_drafts(Sevens(), batch, 0.7)
    told = ~batch.controls[:, -1].isnan().flatten(1).all(dim=1)
    assert (batch.sigmas[:, :-1] <= NEARLY_CLEAN).all()
    changed = (own.noised[:, -1] != batch.noised[:, -1]).flatten(1).any(dim=1)
    assert not (changed & ~told).any()
    assert changed.sum() / told.sum() == pytest.approx(0.7, abs=0.1)
    level = batch.sigmas[changed, -1][:, None, None, None]
    noise = (own.noised[changed, -1] - 7 * (1 - level)) / level  # what is left is noise, not another picture
    assert abs(noise.mean()) < 0.05
    assert noise.std() == pytest.approx(1, abs=0.05)
    assert torch.equal(own.noised[:, :-1], batch.noised[:, :-1])
    assert torch.equal(own.clean, batch.clean)
    assert torch.equal(own.sigmas, batch.sigmas)


def test_nothing_is_drafted_where_the_past_is_noise() -> None:
    whole = Partition(references=0, chunks=1, chunk_size=3, steps_per_shift=2)
    batch = draw_batch(clips(), [whole] * 256, KEYS, np.random.default_rng(0))
    own = with_own_drafts(Sevens(), batch, 1.0)
    changed = (own.noised != batch.noised).flatten(1).any(dim=1)
    noisy = (batch.sigmas[:, :-1] > NEARLY_CLEAN).any(dim=1)
    assert changed.any()
    assert noisy.any()
    assert not (changed & noisy).any()
