"""When a jump shows, in frames and in milliseconds."""

import numpy as np
import pytest

from engine_service.evaluation.latency import frames_until_seen, spread_jumps, visible_latency_ms


def test_frames_are_counted_from_the_jump_to_the_first_picture_near_the_new_place() -> None:
    places = np.array([[20, 0]] * 4 + [[90, 0]] * 6, float)
    seen = np.array([[21, 0]] * 6 + [[60, 0], [88, 1], [90, 0], [90, 0]], float)
    assert frames_until_seen(seen, [4], places).tolist() == [3]
    assert frames_until_seen(places, [4], places).tolist() == [0]


def test_a_jump_that_is_never_seen_before_the_next_counts_as_infinite() -> None:
    places = np.array([[20, 0]] * 4 + [[90, 0]] * 4 + [[20, 0]] * 4, float)
    assert frames_until_seen(np.full((12, 2), [20.0, 0.0]), [4, 8], places).tolist() == [np.inf, 0]


def test_latency_is_the_wait_and_the_computing_and_a_slow_stream_waits_longer() -> None:
    waited = np.array([0.0, 2.0])
    quick = visible_latency_ms(waited, fps=16, frames_per_chunk=2, seconds_per_chunk=0.01)
    np.testing.assert_allclose(quick, [10, 135])
    slow = visible_latency_ms(waited, fps=16, frames_per_chunk=2, seconds_per_chunk=0.25)
    np.testing.assert_allclose(slow, [250, 500])


def test_jumps_come_in_every_phase_of_a_chunk_and_never_meet() -> None:
    jumps = spread_jumps(16 * 200, 16, np.random.default_rng(0))
    assert {jump % 4 for jump in jumps} == {0, 1, 2, 3}
    assert min(np.diff(jumps)) >= 8
    assert max(jumps) < 16 * 200
    assert len(jumps) == pytest.approx(199, abs=1)
