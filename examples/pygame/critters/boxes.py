"""The grey-box renderer: sky, ground, landmarks and critter as plain boxes, for the engine to redraw."""

import math

import numpy as np
from numpy.typing import NDArray

from .landscapes import GROUND
from .scene import PERIOD, SIZE, State

_SKY, _GROUND, _LANDMARK, _CRITTER, _NOSE = 206, 150, 120, 74, 98  # brightness, 0..255
_BODY_WIDTH, _BODY_HEIGHT = 40, 40  # px
_NOSE_SIDE = 12
_LANDMARK_WIDTH, _LANDMARK_HEIGHT = 28, 44
_LANDMARKS = (32, 160)  # px of camera travel: the middles of the boxes that stand in the landscape


def render_boxes(state: State) -> NDArray[np.uint8]:
    """The picture of a state in any scene, (128, 128, 3), grey; the prompt alone says what the boxes are."""
    grey = np.full((SIZE, SIZE), _SKY, np.uint8)
    grey[GROUND:] = _GROUND
    for middle in _LANDMARKS:
        left = (middle - state.camera + SIZE) % PERIOD - SIZE
        _box(grey, left, GROUND, _LANDMARK_WIDTH, _LANDMARK_HEIGHT, _LANDMARK)
    feet = GROUND - state.y
    _box(grey, state.x, feet, _BODY_WIDTH, _BODY_HEIGHT, _CRITTER)
    nose = state.x + math.copysign((_BODY_WIDTH + _NOSE_SIDE) / 2, state.facing)
    _box(grey, nose, feet - _BODY_HEIGHT / 3, _NOSE_SIDE, _NOSE_SIDE, _NOSE)
    return np.repeat(grey[..., None], 3, axis=2)  # (H, W, 3)


def _box(grey: NDArray[np.uint8], middle: float, bottom: float, width: int, height: int, brightness: int) -> None:
    """A box that stands on the row `bottom`, cut off where it leaves the picture."""
    left, low = round(middle - width / 2), round(bottom)
    grey[max(0, low - height) : max(0, low), max(0, left) : max(0, left + width)] = brightness
