"""Frames to latents and back."""

import pytest
import torch

from engine_service.model.autoencoder import SPATIAL, Autoencoder, from_rgb, to_rgb, unit_rms
from tests.fakes import AUTOENCODER, stir


def autoencoder() -> Autoencoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = Autoencoder(AUTOENCODER)
    stir(module, 0)
    return module.eval().requires_grad_(False)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("height", "width"), [(16, 16), (8, 24)])
def test_two_frames_become_one_latent_an_eighth_as_large(height: int, width: int) -> None:
    latent = autoencoder().encoder(draw(3, 2, 3, height, width))
    assert latent.shape == (3, 4, height // SPATIAL, width // SPATIAL)


def test_a_latent_and_the_one_before_become_two_frames() -> None:
    previous, current = draw(3, 4, 2, 3), draw(3, 4, 2, 3)
    assert autoencoder().decoder(previous, current).shape == (3, 2, 3, 16, 24)


def test_every_position_of_a_latent_has_unit_root_mean_square() -> None:
    latent = autoencoder().encoder(draw(2, 2, 3, 16, 16))
    torch.testing.assert_close(latent.square().mean(1), torch.ones(2, 2, 2), atol=1e-3, rtol=0)


def test_unit_rms_keeps_directions_and_survives_zero() -> None:
    latent = 7 * draw(5, 4, 2, 2)
    torch.testing.assert_close(unit_rms(latent), unit_rms(0.01 * latent), atol=1e-2, rtol=1e-2)
    torch.testing.assert_close(
        torch.cosine_similarity(unit_rms(latent), latent, dim=1), torch.ones(5, 2, 2), atol=1e-5, rtol=0
    )
    assert not unit_rms(torch.zeros(1, 4, 2, 2)).any()


def test_every_colour_survives_the_way_to_pictures_and_back() -> None:
    rgb = torch.arange(256, dtype=torch.uint8).repeat(3).view(16, 16, 3)
    pictures = from_rgb(rgb)
    assert pictures.shape == (3, 16, 16)
    assert (pictures.min().item(), pictures.max().item()) == (-1.0, 1.0)
    assert torch.equal(to_rgb(pictures), rgb)


def test_red_green_and_blue_keep_their_places() -> None:
    rgb = torch.tensor([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=torch.uint8)  # (1, 3, 3)
    assert from_rgb(rgb)[:, 0].tolist() == [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    assert torch.equal(to_rgb(from_rgb(rgb)), rgb)


def test_values_beyond_the_range_are_clamped_not_wrapped() -> None:
    pictures = torch.tensor([-3.0, -1.001, 1.001, 50.0]).view(1, 1, 4).expand(3, 1, 4)
    assert to_rgb(pictures)[0, :, 0].tolist() == [0, 0, 255, 255]


def test_the_decoder_leans_on_the_latent_before() -> None:
    decoder = autoencoder().decoder
    current = draw(1, 4, 2, 2)
    assert (decoder(current, current) - decoder(-current, current)).abs().max() > 1e-3


def test_a_latents_frames_differ() -> None:
    frames = autoencoder().decoder(draw(1, 4, 2, 2), draw(1, 4, 2, 2))
    assert (frames[:, 0] - frames[:, 1]).abs().max() > 1e-3
