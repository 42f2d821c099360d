"""Flow matching in sigma: what interpolates, what steps and what re-noises agree with each other."""

import pytest
import torch
from torch import Tensor

from engine_service.model.flow import euler, interpolate, renoise, velocity, velocity_from_clean

SHAPE = (2, 5, 3, 4, 4)  # (B, F, C, H, W)


def draw(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def levels(seed: int) -> Tensor:
    return torch.rand(SHAPE[:2], generator=torch.Generator().manual_seed(seed))


CLEAN, NOISE = draw(1), draw(2)


def test_sigma_zero_is_clean_and_sigma_one_is_noise() -> None:
    assert torch.equal(interpolate(CLEAN, NOISE, torch.zeros(SHAPE[:2])), CLEAN)
    assert torch.equal(interpolate(CLEAN, NOISE, torch.ones(SHAPE[:2])), NOISE)


def test_every_latent_is_noised_to_its_own_level() -> None:
    sigmas = levels(3)
    noised = interpolate(CLEAN, NOISE, sigmas)
    for b in range(SHAPE[0]):
        for f in range(SHAPE[1]):
            sigma = sigmas[b, f]
            torch.testing.assert_close(noised[b, f], (1 - sigma) * CLEAN[b, f] + sigma * NOISE[b, f])


def test_a_step_along_the_exact_velocity_lands_on_the_next_level() -> None:
    sigmas, next_sigmas = levels(3), levels(4)
    stepped = euler(interpolate(CLEAN, NOISE, sigmas), velocity(CLEAN, NOISE), sigmas, next_sigmas)
    torch.testing.assert_close(stepped, interpolate(CLEAN, NOISE, next_sigmas))


def test_a_step_to_the_same_level_changes_nothing() -> None:
    assert torch.equal(euler(CLEAN, NOISE, levels(3), levels(3)), CLEAN)


def test_the_velocity_of_the_true_clean_latents_is_the_exact_velocity() -> None:
    sigmas = 0.1 + 0.9 * levels(3)
    found = velocity_from_clean(interpolate(CLEAN, NOISE, sigmas), CLEAN, sigmas)
    torch.testing.assert_close(found, velocity(CLEAN, NOISE), atol=1e-4, rtol=1e-4)


def test_a_step_to_zero_lands_on_the_clean_prediction() -> None:
    sigmas = 0.1 + 0.9 * levels(3)
    latents = draw(5)
    stepped = euler(latents, velocity_from_clean(latents, CLEAN, sigmas), sigmas, torch.zeros_like(sigmas))
    torch.testing.assert_close(stepped, CLEAN, atol=1e-5, rtol=1e-5)


def test_a_clean_latent_has_no_velocity_whatever_is_predicted() -> None:
    sigmas = levels(3)
    sigmas[0, 2] = 0
    found = velocity_from_clean(draw(5), CLEAN, sigmas)
    assert not found[0, 2].any()
    assert found[0, 1].all()


def test_renoising_to_the_same_level_changes_nothing() -> None:
    sigmas = levels(3)
    assert torch.equal(renoise(CLEAN, NOISE, sigmas, sigmas), CLEAN)


def test_renoising_leaves_latents_alone_whose_new_level_is_lower() -> None:
    sigmas = torch.full(SHAPE[:2], 0.5)
    next_sigmas = sigmas.clone()
    next_sigmas[0, 0], next_sigmas[1, 3] = 0.25, 0.75
    moved = (renoise(CLEAN, NOISE, sigmas, next_sigmas) != CLEAN).flatten(2).any(-1)
    assert moved.nonzero().tolist() == [[1, 3]]


def test_renoising_a_clean_latent_is_interpolation() -> None:
    sigmas = levels(3)
    torch.testing.assert_close(
        renoise(CLEAN, NOISE, torch.zeros_like(sigmas), sigmas), interpolate(CLEAN, NOISE, sigmas)
    )


def test_renoising_up_to_one_leaves_nothing_but_the_new_noise() -> None:
    assert torch.equal(renoise(CLEAN, NOISE, levels(3), torch.ones(SHAPE[:2])), NOISE)


@pytest.mark.parametrize(("start", "target"), [(0.0, 0.4), (0.25, 0.5), (0.5, 0.875), (0.7, 1.0), (0.98, 0.99)])
def test_renoised_latents_are_distributed_as_if_noised_once(start: float, target: float) -> None:
    generator = torch.Generator().manual_seed(6)
    shape = (1, 1, 1, 500, 500)
    clean = torch.full(shape, 0.7)
    old, new = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
    sigmas, next_sigmas = torch.full((1, 1), start), torch.full((1, 1), target)
    moved = renoise(interpolate(clean, old, sigmas), new, sigmas, next_sigmas)
    assert moved.mean().item() == pytest.approx((1 - target) * 0.7, abs=0.01)
    assert moved.std().item() == pytest.approx(target, rel=0.01)
