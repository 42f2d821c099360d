"""Branches: one future of a moment is in flight, the other one is asked for, and what changed is told."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine_service.model.partition import Partition
from engine_service.training.buffered import Batch, Branches, LatentClips, draw_batch, num_bytes, on_device, with_usual
from engine_service.training.recipes import GENERATE, Recipe

NUM_RECORDINGS, LENGTH, LONG = 4, 20, 10
PARTITION = Partition(references=2, chunks=2, chunk_size=2, steps_per_shift=2)
# Branches alone, told in full, and so little noise that everything can be read off.
BRANCHED = replace(
    GENERATE, stale=0.0, branched=1.0, free_levels=0.0, noised_references=0.0, reference_noise=0.0, unprompted=0.0
)
PARENTS, STARTS = np.array([1, 2]), np.array([5, 8])


def numbered(num: int, length: int, first: int, width: int) -> NDArray[np.float32]:
    """Values 200 * row + 10 * place + first, `(num, length, width)`: where they come from can be read off."""
    origin = first + 200 * np.arange(num)[:, None] + 10 * np.arange(length)
    return np.repeat(origin[..., None], width, axis=-1).astype(np.float32)


def clips_with(*, repainted: bool) -> LatentClips:
    def latents(num: int, length: int, first: int) -> torch.Tensor:
        return torch.from_numpy(numbered(num, length, first, 4 * 4)).view(num, length, 4, 2, 2).half()

    def controls(num: int, length: int, first: int) -> torch.Tensor:
        return torch.from_numpy(numbered(num, length, first, 2))[:, :, None]  # one state field, one action

    def tokens(num: int, length: int, first: int) -> torch.Tensor:
        return torch.from_numpy(numbered(num, length, first, 3).astype(np.int64))

    branches = Branches(
        latents=latents(2, LONG, 1000),
        controls=controls(2, LONG, 1000),
        tokens=tokens(2, LONG, 1000),
        parents=PARENTS,
        starts=STARTS,
        repainted=np.full(2, repainted),
    )
    return LatentClips(
        latents(NUM_RECORDINGS, LENGTH, 0),
        controls(NUM_RECORDINGS, LENGTH, 0),
        tokens(NUM_RECORDINGS, LENGTH, 0),
        num_state_fields=1,
        branches=branches,
    )


KEYS, PROMPTS = clips_with(repainted=False), clips_with(repainted=True)


def draw(clips: LatentClips, recipe: Recipe = BRANCHED, partition: Partition = PARTITION, num: int = 300) -> Batch:
    return draw_batch(clips, [partition] * num, recipe, np.random.default_rng(0))


def origins(values: torch.Tensor) -> NDArray[np.int64]:
    """Multiples of ten, `(b, B)`, from `(b, B, C, H, W)`."""
    return (values.mean((2, 3, 4)) / 10).round().mul(10).long().numpy()


def branch_of(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which branch values lie in; -1: a recording."""
    return np.where(origin >= 1000, (origin - 1000) // 200, -1)


def test_the_target_leaves_the_recording_for_the_branch_at_the_moment_it_begins() -> None:
    target = origins(draw(KEYS).clean)
    crossing = 0
    for row in target:
        inside = branch_of(row)
        m = inside.max()
        if m < 0:
            continue
        assert (np.diff(inside >= 0).astype(int) >= 0).all(), "never back"
        places = np.where(inside >= 0, (row - 1000) % 200 // 10 + STARTS[m], row % 200 // 10)
        assert (np.diff(places) == 1).all(), "time goes on across the fork"
        assert (row[inside < 0] // 200 == PARENTS[m]).all()
        crossing += bool((inside < 0).any())
    assert crossing > 100


def test_what_is_in_flight_is_the_future_that_the_recording_had_and_references_are_true() -> None:
    batch = draw(KEYS)
    target = origins(batch.clean)
    inside = branch_of(target)
    level = batch.sigmas[:, :, None, None, None]
    shown = origins(batch.noised / (1 - level).clamp_min(0.1))
    told_apart = (batch.sigmas < 0.8).numpy()
    k = PARTITION.references
    assert (shown[:, :k] == target[:, :k])[told_apart[:, :k]].all()
    forked = (inside[:, k:] >= 0) & told_apart[:, k:]
    wrong_future = target[:, k:] - 1000 - 200 * inside[:, k:] + (200 * PARENTS + 10 * STARTS)[inside[:, k:]]
    assert forked.sum() > 100
    # Noise of standard deviation 0.8 over 16 values of a latent, divided by 0.2, hides no step of ten.
    assert (shown[:, k:] == wrong_future)[forked].mean() > 0.99


def test_keys_of_the_branch_are_told_with_it_and_something_is_always_told() -> None:
    batch = draw(KEYS)
    target, controls = origins(batch.clean), batch.controls[:, :, 0].numpy()  # (b, B, S + A)
    forked = branch_of(target).max(1) >= 0
    assert forked.mean() > 0.9
    told = ~np.isnan(controls)
    assert told[forked].any(-1).all()
    state = controls[..., 0]
    assert (state == target)[~np.isnan(state)].all()


def test_a_repainted_moment_hears_the_new_prompt_and_an_unpainted_one_the_old() -> None:
    batch = draw(PROMPTS, replace(BRANCHED, unprompted=1.0))
    forked = branch_of(origins(batch.clean)).max(1) >= 0
    tokens = batch.tokens.numpy()
    assert forked.mean() > 0.9
    assert (tokens[forked] >= 1000).all(), "what was repainted must be told, whatever else is left out"
    assert (tokens[~forked] == 0).all()


def test_of_a_repainted_moment_all_that_is_in_flight_is_new() -> None:
    target = origins(draw(PROMPTS).clean)
    forked = branch_of(target).max(1) >= 0
    assert (branch_of(target)[forked][:, PARTITION.references :] >= 0).all()


def test_a_moment_too_late_for_a_long_buffer_leaves_the_example_a_plain_one() -> None:
    long = Partition(references=0, chunks=1, chunk_size=16, steps_per_shift=1)
    target = origins(draw(KEYS, partition=long).clean)
    assert (branch_of(target) == -1).any()
    plain = (branch_of(target) == -1).all(1)
    assert (np.diff(target[plain], axis=1) == 10).all()


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_branches_come_by_their_share(share: float) -> None:
    target = origins(draw(KEYS, replace(BRANCHED, branched=share), num=1500).clean)
    assert (branch_of(target).max(1) >= 0).mean() == pytest.approx(share, abs=0.05)


def test_clips_go_to_another_device_whole() -> None:
    moved = on_device(with_usual(KEYS), "meta")
    assert moved.branches is not None
    for clips in (moved, moved.branches):
        tensors = [value for field in fields(clips) if isinstance(value := getattr(clips, field.name), torch.Tensor)]
        assert len(tensors) == 4  # latents, controls, tokens, and what is usually where
        assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_the_size_of_clips_counts_their_branches() -> None:
    assert num_bytes(KEYS) == 2 * 4 * 2 * 2 * (NUM_RECORDINGS * LENGTH + 2 * LONG)
    assert num_bytes(replace(KEYS, branches=None)) == 2 * 4 * 2 * 2 * NUM_RECORDINGS * LENGTH
