"""Drift is the end against the beginning of the same play."""

import numpy as np
import pytest

from engine_service.evaluation.drift import contrast_pct, looped, slope_per_minute
from engine_service.evaluation.stage import Script

FPS = 16.0


def script(num_frames: int = 200) -> Script:
    states = np.arange(num_frames, dtype=np.float32)[:, None]
    return Script("play", tuple(f"prompt {i}" for i in range(num_frames)), states)


def test_a_loop_is_nine_seconds_over_and_over() -> None:
    play, frames = looped(script(), FPS, 60.0)
    assert len(play.states) == len(play.prompts) == 960
    assert frames[143:146].tolist() == [143, 0, 1]
    assert play.states[:, 0].tolist() == frames.tolist()
    assert play.prompts[144] == "prompt 0"


@pytest.mark.parametrize("seconds", [60.0, 300.0])
def test_the_first_and_the_last_fifteen_percent_hold_the_same_play(seconds: float) -> None:
    _, frames = looped(script(), FPS, seconds)
    share = round(len(frames) * 0.15)
    assert sorted(frames[:share]) == sorted(frames[-share:])
    assert contrast_pct(1 + frames.astype(np.float64)) == pytest.approx(0)


def test_a_script_shorter_than_the_loop_is_refused_with_both_lengths() -> None:
    with pytest.raises(ValueError, match="script has 100 frames, a loop of 9 s needs 144"):
        looped(script(100), FPS, 60.0)


def test_contrast_is_the_change_in_percent_of_the_beginning_either_way() -> None:
    falling = np.repeat([20.0, 19.0, 18.0], [15, 70, 15])
    assert contrast_pct(falling) == pytest.approx(10)
    assert contrast_pct(falling[::-1]) == pytest.approx(100 / 9)
    assert contrast_pct(np.repeat([0.0, 0.5], [50, 50]), whole=1.0) == pytest.approx(50)


def test_contrast_without_a_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="begins at 0"):
        contrast_pct(np.zeros(100))
    with pytest.raises(ValueError, match="3 values, 15% of them are none"):
        contrast_pct(np.ones(3))


def test_the_slope_is_per_minute_of_the_stream() -> None:
    minutes = np.arange(960) / FPS / 60
    assert slope_per_minute(25 - 0.5 * minutes, FPS) == pytest.approx(-0.5)
