"""Training examples: levels in their segments, and pasts that stray exactly as far as they are told."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine_service.model.partition import Partition, segment_bounds
from engine_service.training.buffered import (
    Batch,
    LatentClips,
    draw_batch,
    draw_sigmas,
)
from engine_service.training.recipes import RENDER, Recipe
from tests.fakes import PROFILES

PARTITION = Partition(references=2, chunks=2, chunk_size=2, steps_per_shift=2)
NUM_RECORDINGS, LENGTH = 8, 20
HONEST = replace(RENDER, stale=0.0, foreign=0.0, unprompted=0.0, reference_noise=0.0)


def readable_clips() -> LatentClips:
    """Every value of a latent is 200 * recording + 10 * place, so that its origin can be read off."""
    origin = 200 * np.arange(NUM_RECORDINGS)[:, None] + 10 * np.arange(LENGTH)  # (N, F)
    latents = np.broadcast_to(origin[..., None, None, None], (NUM_RECORDINGS, LENGTH, 4, 8, 8))
    states = np.broadcast_to(origin[..., None, None], (NUM_RECORDINGS, LENGTH, 2, 1))
    tokens = np.broadcast_to(origin[..., None], (NUM_RECORDINGS, LENGTH, 3))
    arrays = (latents.astype(np.float16), states.astype(np.float32), tokens.astype(np.int64))
    latents_, controls, tokens_ = (torch.from_numpy(array) for array in arrays)
    return LatentClips(latents_, controls, tokens_, num_state_fields=1)


CLIPS = readable_clips()


def draw(recipe: Recipe, partition: Partition = PARTITION, num: int = 200, seed: int = 0) -> Batch:
    return draw_batch(CLIPS, [partition] * num, recipe, np.random.default_rng(seed))


def present(batch: Batch) -> NDArray[np.int64]:
    """Where each latent's target comes from, `(b, B)`."""
    return batch.clean.mean((2, 3, 4)).round().long().numpy()


def remembered(batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each noised latent comes from, and for which that can be told: the very noisy hide it."""
    level = batch.sigmas
    guess = batch.noised.mean((2, 3, 4)) / (1 - level).clamp_min(0.1)
    return (guess / 10).round().mul(10).long().numpy(), (level < 0.8).numpy()


partitions = st.builds(
    Partition,
    references=st.integers(0, 3),
    chunks=st.integers(1, 8),
    chunk_size=st.integers(1, 3),
    steps_per_shift=st.integers(1, 4),
)


@settings(deadline=None)
@given(partitions, st.integers(0, 2**32))
def test_every_level_lies_in_its_chunks_segment_and_references_are_clean(partition: Partition, seed: int) -> None:
    sigmas = draw_sigmas(partition, 50, np.random.default_rng(seed))
    assert sigmas.shape == (50, partition.num_latents)
    assert sigmas.dtype == np.float32
    assert not sigmas[:, : partition.references].any()
    per_chunk = sigmas[:, partition.references :].reshape(50, partition.chunks, partition.chunk_size)
    assert (per_chunk == per_chunk[..., :1]).all(), "a chunk has one level"
    bounds = segment_bounds(partition)
    assert (per_chunk[..., 0] >= bounds[:-1] - 1e-6).all()
    assert (per_chunk[..., 0] <= bounds[1:] + 1e-6).all()


def test_a_bent_axis_bends_the_levels_of_training_too() -> None:
    bent = replace(PARTITION, gamma=2.0)
    linear, sigmas = (draw_sigmas(p, 50, np.random.default_rng(0)) for p in (PARTITION, bent))
    np.testing.assert_allclose(sigmas, 1 - (1 - linear) ** 2, atol=1e-6)


def test_half_of_the_examples_sit_on_levels_the_sampler_visits() -> None:
    sigmas = draw_sigmas(PARTITION, 4000, np.random.default_rng(0))[:, 2::2]  # (b, N)
    on_grid = (np.isin(sigmas, [0.25, 0.5, 0.75, 1.0])).all(1)
    assert on_grid.mean() == pytest.approx(0.5, abs=0.03)


def test_the_other_half_fills_the_segments_evenly() -> None:
    sigmas = draw_sigmas(PARTITION, 8000, np.random.default_rng(0))[:, 2::2]
    between = sigmas[~np.isin(sigmas, [0.25, 0.5, 0.75, 1.0]).all(1)]
    np.testing.assert_allclose(between.mean(0), [0.25, 0.75], atol=0.01)
    np.testing.assert_allclose(between.std(0), 0.5 / 12**0.5, atol=0.01)


@pytest.mark.parametrize("partition", [PARTITION, *PROFILES.values()])
def test_references_have_no_weight_and_everything_else_has_one(partition: Partition) -> None:
    batch = draw(RENDER, partition)
    k = partition.references
    assert not batch.sigmas[:, :k].any()
    assert not batch.weights[:, :k].any()
    assert (batch.weights[:, k:] == 1).all()
    assert batch.weights.shape == batch.sigmas.shape == (200, partition.num_latents)


def test_targets_are_successive_latents_of_one_recording_and_states_and_prompt_belong_to_it() -> None:
    batch = draw(replace(RENDER, unprompted=0.0))
    origin = present(batch)
    assert (np.diff(origin, axis=1) == 10).all()
    assert (batch.controls[..., 0].numpy() == origin[..., None]).all()
    assert (batch.tokens.numpy() // 200 == origin[:, :1] // 200).all()
    assert {*np.unique(origin // 200).tolist()} == set(range(NUM_RECORDINGS))
    assert (origin.min() % 200, (origin % 200).max()) == (0, 10 * (LENGTH - 1))


def test_without_strays_what_is_noised_is_the_target() -> None:
    batch = draw(HONEST)
    origin, told = remembered(batch)
    assert (origin == present(batch))[told].all()


def test_every_latent_is_noised_to_its_level() -> None:
    batch = draw(HONEST)
    noise = batch.noised - (1 - batch.sigmas[..., None, None, None]) * batch.clean
    torch.testing.assert_close(noise.std((2, 3, 4)), batch.sigmas, atol=0.15, rtol=0.15)
    assert torch.equal(batch.noised[:, :2], batch.clean[:, :2])


def test_a_stale_example_remembers_its_own_recording_one_to_three_latents_ago_in_flight_only() -> None:
    batch = draw(replace(RENDER, stale=1.0, foreign=0.0, max_stale=3, reference_noise=0.0), num=600)
    now = present(batch)
    origin, told = remembered(batch)
    assert (origin == now)[:, :2].all(), "references happened as they happened"
    delay = (now - origin)[:, 2:] // 10
    inside = told[:, 2:] & (now[:, 2:] % 200 >= 30)  # a recording's first latents have no past to be stale with
    assert set(delay[inside].tolist()) == {1, 2, 3}
    assert (origin // 200 == now // 200)[told].all()
    for row, known in zip(delay, inside, strict=True):
        assert len(set(row[known].tolist())) <= 1, "one example has one delay"


def test_the_share_of_stale_examples_is_as_asked() -> None:
    batch = draw(replace(RENDER, stale=0.35, foreign=0.0, reference_noise=0.0), num=3000)
    now = present(batch)
    origin, _ = remembered(batch)
    head = batch.sigmas[:, 2].numpy() < 0.8
    inside = head & (now[:, 2] % 200 >= 30)
    assert (origin != now)[inside, 2].mean() == pytest.approx(0.35, abs=0.03)


def test_a_foreign_example_remembers_another_recording_altogether() -> None:
    batch = draw(replace(RENDER, stale=0.0, foreign=1.0, unprompted=0.0, reference_noise=0.0), num=1000)
    now = present(batch)
    origin, told = remembered(batch)
    assert (origin % 200 == now % 200)[told].all(), "the same moment of another recording"
    source = origin // 200
    for row, known in zip(source, told, strict=True):
        assert len(set(row[known].tolist())) == 1
    other = (source != now // 200)[:, 0]
    assert other.mean() == pytest.approx(1 - 1 / NUM_RECORDINGS, abs=0.05)
    assert (batch.tokens.numpy() // 200 == now[:, :1] // 200).all(), "prompt and target are the present"


def test_some_examples_have_no_prompt_and_an_honest_past() -> None:
    batch = draw(replace(RENDER, stale=0.0, foreign=1.0, unprompted=0.3, reference_noise=0.0), num=1000)
    now = present(batch)
    tellable = now[:, 0] >= 200  # the words of recording 0 are of number 0 too
    unprompted = (~batch.tokens.any(1)).numpy()
    assert unprompted[tellable].mean() == pytest.approx(0.3, abs=0.05)
    origin, told = remembered(batch)
    honest = ((origin == now) | ~told).all(1)
    assert honest[unprompted & tellable].all()
    assert not honest[~unprompted & tellable].all()


def test_reference_noise_stays_below_its_largest_deviation_and_off_the_latents_in_flight() -> None:
    batch = draw(replace(HONEST, reference_noise=0.1), num=400)
    grain = (batch.noised - batch.clean)[:, :2].std((2, 3, 4))  # (b, K)
    assert grain.max() < 0.12
    assert grain.mean().item() == pytest.approx(0.05, abs=0.01)
    assert torch.equal(batch.noised[:, 2:], draw(HONEST, num=400).noised[:, 2:])


def test_the_same_generator_draws_the_same_batch() -> None:
    first, second, other = (draw(RENDER, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.noised, second.noised)
    assert not torch.equal(first.sigmas, other.sigmas)


def test_a_recording_exactly_as_long_as_the_buffer_is_used_whole() -> None:
    whole = Partition(references=0, chunks=LENGTH, chunk_size=1, steps_per_shift=1)
    assert (present(draw(HONEST, whole, num=20))[:, 0] % 200 == 0).all()


def test_a_recording_shorter_than_the_buffer_is_refused_with_both_lengths() -> None:
    longer = Partition(references=1, chunks=LENGTH, chunk_size=1, steps_per_shift=1)
    with pytest.raises(ValueError, match=r"(?=.*\b20\b)(?=.*\b21\b)"):
        draw(HONEST, longer)
