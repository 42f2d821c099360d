"""Small things that move weigh more, in the autoencoder's loss and in the denoiser's."""

import numpy as np
import torch

from engine_service.training.autoencoder import AutoencoderTraining, draw_crops, motion_weights, reconstruction_loss
from engine_service.training.buffered import Batch
from engine_service.training.denoiser import clean_loss, moved


def test_a_pixel_that_differs_from_the_frame_before_weighs_more() -> None:
    frames = torch.zeros(1, 2, 1, 3, 8, 8)
    frames[0, 1, 0, 1, 2, 3] = 1.0
    weights = motion_weights(frames, 4.0)
    assert weights.shape == (1, 1, 1, 8, 8)
    assert weights[0, 0, 0, 2, 3] == 5
    assert weights.sum() == 5 + 63


def test_an_error_where_something_moves_costs_more_than_elsewhere() -> None:
    target = torch.zeros(1, 1, 3, 8, 8)
    weights = torch.ones(1, 1, 1, 8, 8)
    weights[..., 2, 3] = 5
    there, elsewhere = target.clone(), target.clone()
    there[..., 2, 3], elsewhere[..., 6, 6] = 1.0, 1.0
    assert reconstruction_loss(there, target, 0.5, weights) > reconstruction_loss(elsewhere, target, 0.5, weights)
    assert reconstruction_loss(there, target, 0.5) == reconstruction_loss(elsewhere, target, 0.5)


def test_crops_of_a_picture_smaller_than_a_crop_are_the_picture() -> None:
    rgb = np.zeros((2, 4, 48, 64, 3), np.uint8)
    crops = draw_crops(rgb, 1, AutoencoderTraining(batch_size=3), np.random.default_rng(0))
    assert crops.shape == (3, 2, 1, 3, 48, 64)


def test_a_place_moves_that_differs_before_or_after_and_a_lone_latent_stands_still() -> None:
    clean = torch.zeros(1, 3, 4, 2, 2)
    clean[0, 2, :, 1, 0] = 1.0
    found = moved(clean)
    assert found.nonzero().tolist() == [[0, 1, 1, 0], [0, 2, 1, 0]]
    assert not moved(clean[:, :1]).any()


def test_the_denoisers_loss_by_motion_weight() -> None:
    clean = torch.zeros(1, 2, 4, 2, 2)
    clean[0, 1, :, 1, 0] = 1.0
    sigmas = torch.ones(1, 2)
    batch = Batch(clean, clean, sigmas, torch.zeros(1, 2, 1, 1), torch.zeros(1, 3), torch.ones(1, 2))
    there, elsewhere = clean.clone(), clean.clone()
    there[0, 1, :, 1, 0] += 1
    elsewhere[0, 1, :, 0, 0] += 1
    assert clean_loss(there, batch) == clean_loss(elsewhere, batch)
    assert clean_loss(there, batch, 8.0) > 5 * clean_loss(elsewhere, batch, 8.0)
