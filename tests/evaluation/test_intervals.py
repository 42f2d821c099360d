"""Bootstrap over recordings."""

import numpy as np
import pytest

from engine_service.evaluation.intervals import confidence


def test_equal_recordings_leave_no_doubt() -> None:
    assert confidence([np.array([1.0, 1.0])] * 5) == (1, 1)


def test_the_interval_of_a_mean_is_the_textbooks() -> None:
    rng = np.random.default_rng(0)
    groups = [np.array([value]) for value in rng.normal(10, 2, size=400)]
    low, high = confidence(groups)
    assert (low, high) == pytest.approx((10 - 1.96 * 0.1, 10 + 1.96 * 0.1), abs=0.15)


def test_frames_of_one_recording_are_no_more_evidence_than_one() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, size=20)
    once = confidence([np.array([value]) for value in values])
    often = confidence([np.repeat(value, 100) for value in values])
    assert often == pytest.approx(once)


def test_any_statistic_will_do_and_the_seed_decides() -> None:
    groups = [np.arange(10.0), np.arange(5.0)]

    def median(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return float(np.median(values))

    assert confidence(groups, median, seed=3) == confidence(groups, median, seed=3)
    with pytest.raises(ValueError, match="no groups"):
        confidence([])
