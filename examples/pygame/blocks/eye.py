"""Where the dot is in a picture, by looking: the place at which a dot, drawn there, differs least."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .scene import DOTS, GROUND, RADIUS, dot_pixels


class Seen(NamedTuple):
    """A dot in a picture."""

    x: float  # middle, px from the left
    y: float  # height above the ground, px
    dot: str  # its colour
    error: float  # mean difference from a dot drawn there, in grey levels: a ghost has much


def find_dot(rgb: NDArray[np.uint8]) -> Seen:
    """The most dot-like place of a picture `(H, W, 3)`, to a pixel."""
    side = 2 * RADIUS + 1
    views = sliding_window_view(rgb.astype(np.int16), (side, side), axis=(0, 1))  # (rows, columns, 3, side, side)
    best = Seen(0, 0, "", np.inf)
    for dot in DOTS:
        drawn, inside = dot_pixels(dot)  # (side, side, 3), (side, side)
        wanted = drawn[inside].astype(np.int16)  # (n, 3)
        errors = np.abs(views.transpose(0, 1, 3, 4, 2)[:, :, inside] - wanted).mean((2, 3))  # (rows, columns)
        row, column = np.unravel_index(int(errors.argmin()), errors.shape)
        if errors[row, column] < best.error:
            best = Seen(float(column + RADIUS), float(GROUND - side - row), dot, float(errors[row, column]))
    return best
