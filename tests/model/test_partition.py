"""The moving buffer's noise levels, against the paper's own example and for any partition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.model.partition import PAPER, Partition, bend, buffer_sigmas, segment_bounds

partitions = st.builds(
    Partition,
    references=st.integers(0, 4),
    chunks=st.integers(1, 16),
    chunk_size=st.integers(1, 4),
    steps_per_shift=st.integers(1, 8),
)


def test_the_papers_partition_holds_sixteen_latents_at_eight_levels() -> None:
    assert (PAPER.num_latents, PAPER.num_levels) == (16, 8)


def test_the_papers_partition_has_the_papers_levels_exactly() -> None:
    eighths = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8]
    assert buffer_sigmas(PAPER, 0).tolist() == [n / 8 for n in eighths]
    assert buffer_sigmas(PAPER, 1).tolist() == [(n - 1) / 8 for n in eighths]


def test_a_micro_step_crosses_its_share_of_the_segment() -> None:
    partition = Partition(references=1, chunks=2, chunk_size=1, steps_per_shift=4)
    assert [buffer_sigmas(partition, i).tolist() for i in range(5)] == [
        [0.0, 0.5, 1.0],
        [0.0, 0.375, 0.875],
        [0.0, 0.25, 0.75],
        [0.0, 0.125, 0.625],
        [0.0, 0.0, 0.5],
    ]


def test_references_come_first_and_are_clean_throughout() -> None:
    partition = Partition(references=3, chunks=2, chunk_size=2, steps_per_shift=2)
    for micro_step in range(3):
        assert buffer_sigmas(partition, micro_step)[:3].tolist() == [0.0, 0.0, 0.0]


@settings(deadline=None)
@given(partitions)
def test_the_head_leaves_clean_and_the_tail_is_pure_noise(partition: Partition) -> None:
    k, c = partition.references, partition.chunk_size
    assert (buffer_sigmas(partition, 0)[-c:] == 1.0).all()
    assert (buffer_sigmas(partition, partition.steps_per_shift)[: k + c] == 0.0).all()


@settings(deadline=None)
@given(partitions)
def test_levels_rise_towards_the_tail_and_fall_with_every_micro_step(partition: Partition) -> None:
    levels = np.stack([buffer_sigmas(partition, i) for i in range(partition.steps_per_shift + 1)])  # (s + 1, B)
    assert levels.shape == (partition.steps_per_shift + 1, partition.num_latents)
    assert levels.dtype == np.float32
    assert ((levels >= 0) & (levels <= 1)).all()
    assert (np.diff(levels, axis=1) >= 0).all()
    assert (np.diff(levels[:, partition.references :], axis=0) < 0).all()


@settings(deadline=None)
@given(partitions)
def test_the_end_of_a_shift_is_the_beginning_of_the_next_one_chunk_further(partition: Partition) -> None:
    k, c = partition.references, partition.chunk_size
    end = buffer_sigmas(partition, partition.steps_per_shift)
    begin = buffer_sigmas(partition, 0)
    np.testing.assert_allclose(end[k + c :], begin[k:-c], atol=1e-6)


@settings(deadline=None)
@given(partitions)
def test_a_latent_takes_as_many_equal_steps_as_there_are_levels(partition: Partition) -> None:
    head_of_chunk = partition.references + np.arange(partition.chunks)[::-1] * partition.chunk_size
    visited = [
        buffer_sigmas(partition, i)[place] for place in head_of_chunk for i in range(partition.steps_per_shift)
    ] + [np.float32(0)]
    np.testing.assert_allclose(visited, np.linspace(1, 0, partition.num_levels + 1), atol=1e-6)


@settings(deadline=None)
@given(partitions)
def test_segments_tile_the_noise_axis(partition: Partition) -> None:
    bounds = segment_bounds(partition)
    assert (bounds[0], bounds[-1], len(bounds)) == (0.0, 1.0, partition.chunks + 1)
    np.testing.assert_allclose(np.diff(bounds), 1 / partition.chunks, atol=1e-6)


@pytest.mark.parametrize(
    ("field", "value", "least"),
    [("references", -1, 0), ("chunks", 0, 1), ("chunk_size", -3, 1), ("steps_per_shift", 0, 1)],
)
def test_a_bad_number_is_refused_with_its_name_and_value(field: str, value: int, least: int) -> None:
    numbers = {"references": 0, "chunks": 8, "chunk_size": 2, "steps_per_shift": 1, field: value}
    with pytest.raises(ValueError, match=rf"{field} is {value}, must be at least {least}"):
        Partition(**numbers)


@pytest.mark.parametrize("micro_step", [-1, 2])
def test_a_micro_step_outside_the_shift_is_refused_with_the_range(micro_step: int) -> None:
    with pytest.raises(ValueError, match=rf"micro_step is {micro_step}, must be 0\.\.1"):
        buffer_sigmas(PAPER, micro_step)


def test_gamma_bends_the_papers_time_and_leaves_the_ends() -> None:
    """Equation 9 with t ** 2: what was at t = 1/2, half-way, is at t = 1/4, and noisier."""
    levels = np.array([0, 0.5, 1], np.float32)
    np.testing.assert_allclose(bend(levels, 2), [0, 0.75, 1])
    np.testing.assert_allclose(bend(bend(levels, 3), 1 / 3), levels, atol=1e-6)
    bent = Partition(references=1, chunks=2, chunk_size=1, steps_per_shift=2, gamma=2)
    np.testing.assert_allclose(buffer_sigmas(bent, 0), [0, 0.75, 1])
    np.testing.assert_allclose(buffer_sigmas(bent, 1), [0, 7 / 16, 15 / 16])
    np.testing.assert_allclose(buffer_sigmas(bent, 2), [0, 0, 0.75])


@pytest.mark.parametrize("gamma", [0.0, -1.0, float("inf"), float("nan")])
def test_a_gamma_that_bends_nothing_is_refused(gamma: float) -> None:
    with pytest.raises(ValueError, match=f"partition gamma is {gamma}, must be above 0"):
        Partition(references=0, chunks=8, chunk_size=2, steps_per_shift=1, gamma=gamma)
