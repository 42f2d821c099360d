"""Small things that move weigh more, in the autoencoder's loss and in the denoiser's."""

import numpy as np
import torch

from engine_service.model.partition import Partition
from engine_service.training.autoencoder import AutoencoderTraining, draw_crops, motion_weights, reconstruction_loss
from engine_service.training.buffered import Batch, LatentClips, draw_batch, with_usual
from engine_service.training.denoiser import clean_loss
from engine_service.training.recipes import RENDER


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


def test_what_is_not_as_usual_moves_also_while_it_rests_and_where_it_just_was() -> None:
    clean = torch.zeros(1, 5, 4, 2, 2)
    clean[0, 0, :, 1, 0] = clean[0, 1, :, 1, 0] = 1.0  # it rests for two latents, then is gone
    clips = with_usual(LatentClips(clean, torch.zeros(1, 5, 1, 1), torch.zeros(1, 5, 3, dtype=torch.long), 1))
    whole = Partition(references=0, chunks=1, chunk_size=5, steps_per_shift=1)
    moving = draw_batch(clips, [whole], RENDER, np.random.default_rng(0)).moving
    assert moving.nonzero().tolist() == [[0, 0, 1, 0], [0, 1, 1, 0], [0, 2, 1, 0]]


def test_without_a_motion_weight_nothing_is_known_of_what_moves() -> None:
    clean = torch.rand(1, 5, 4, 2, 2)
    clips = LatentClips(clean, torch.zeros(1, 5, 1, 1), torch.zeros(1, 5, 3, dtype=torch.long), 1)
    whole = Partition(references=0, chunks=1, chunk_size=5, steps_per_shift=1)
    assert not draw_batch(clips, [whole], RENDER, np.random.default_rng(0)).moving.any()


def test_the_denoisers_loss_by_motion_weight() -> None:
    clean = torch.zeros(1, 2, 4, 2, 2)
    clean[0, 1, :, 1, 0] = 1.0
    sigmas = torch.ones(1, 2)
    moving = clean[:, :, 0] > 0
    batch = Batch(clean, clean, sigmas, torch.zeros(1, 2, 1, 1), torch.zeros(1, 3), torch.ones(1, 2), moving)
    there, elsewhere = clean.clone(), clean.clone()
    there[0, 1, :, 1, 0] += 1
    elsewhere[0, 1, :, 0, 0] += 1
    assert clean_loss(there, batch) == clean_loss(elsewhere, batch)
    assert clean_loss(there, batch, 8.0) > 5 * clean_loss(elsewhere, batch, 8.0)
