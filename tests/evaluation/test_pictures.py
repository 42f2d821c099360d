"""Measures of pictures, on pictures whose answer can be worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_service.evaluation.pictures import (
    consistency,
    flicker,
    flow,
    is_dynamic,
    psnr_db,
    seams,
    smoothness,
    ssim,
)

RNG = np.random.default_rng(0)
TEXTURE = np.kron(RNG.integers(0, 256, (24, 40, 3)), np.ones((4, 4, 1))).astype(np.uint8)  # (96, 160, 3)


def pan(pixels_per_frame: int, num_frames: int = 32) -> NDArray[np.uint8]:
    """A window that slides over a texture, there and back."""
    offsets = [(i * pixels_per_frame) % 64 for i in range(num_frames)]
    return np.stack([TEXTURE[:, offset : offset + 96] for offset in offsets])


def grey(*levels: int) -> NDArray[np.uint8]:
    return np.stack([np.full((16, 16, 3), level, np.uint8) for level in levels])


def test_the_signal_to_noise_ratio_is_what_the_textbook_says() -> None:
    truth = grey(100)
    np.testing.assert_allclose(psnr_db(truth + np.uint8(10), truth), 20 * np.log10(255 / 10))
    np.testing.assert_allclose(psnr_db(truth, truth), 60.0)


def test_structural_similarity_is_one_for_equals_and_falls_with_noise() -> None:
    truth = pan(1, 2)
    noisy = np.clip(truth + RNG.normal(0, 40, truth.shape), 0, 255).astype(np.uint8)
    np.testing.assert_allclose(ssim(truth, truth), 1.0)
    assert (ssim(noisy, truth) < 0.9).all()


def test_flicker_is_vbenchs_formula() -> None:
    assert flicker(grey(10, 10, 10)) == 1
    assert flicker(grey(0, 255)) == 0
    assert flicker(grey(10, 20, 50)) == pytest.approx((255 - 20) / 255)


def test_seams_tell_borders_of_chunks_from_their_inside() -> None:
    assert seams(grey(0, 1, 11, 12, 22, 23), 2) == (10, 1)


def test_one_frame_has_no_flicker_and_says_so() -> None:
    with pytest.raises(ValueError, match="1 frames, a difference needs at least 2"):
        flicker(grey(1))
    with pytest.raises(ValueError, match="1 frames, consistency needs at least 2"):
        consistency([np.ones(3)])
    with pytest.raises(ValueError, match="2 frames, smoothness needs at least 3"):
        smoothness(grey(1, 2))


def test_flow_is_as_long_as_the_pan() -> None:
    frames = pan(3, 2)
    inside = flow(frames[0], frames[1])[20:-20, 20:-20]
    np.testing.assert_allclose(np.median(inside.reshape(-1, 2), axis=0), [-3, 0], atol=0.3)


def test_a_still_video_is_not_dynamic_and_a_running_one_is() -> None:
    """6 px of 256 are 2.25 px of 96, between pictures an eighth of a second apart."""
    assert not is_dynamic(pan(0), fps=16)
    assert is_dynamic(pan(3), fps=16)
    assert not is_dynamic(pan(1), fps=16), "2 px between pictures two frames apart"


def test_steady_motion_is_smoother_than_shaking() -> None:
    steady = pan(2, 16)
    shaking = np.stack([steady[i] if i % 2 == 0 else steady[(i * 7) % 16] for i in range(16)])
    assert smoothness(grey(7, 7, 7)) == 1
    assert smoothness(steady) > smoothness(shaking)


def test_consistency_is_vbenchs_mean_of_likeness_to_the_last_and_the_first() -> None:
    right, up = np.array([1.0, 0.0]), np.array([0.0, 2.0])
    assert consistency([right, right, right]) == pytest.approx(1)
    assert consistency([right, up]) == 0
    assert consistency([right, up, up]) == pytest.approx((0 + (1 + 0) / 2) / 2)
    assert consistency([right, -right]) == 0, "negative likeness counts as none"
