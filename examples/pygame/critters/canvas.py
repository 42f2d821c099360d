"""A wrapping canvas of flat shapes with smooth edges, and the layers it turns into."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from .scene import SIZE

Colour: TypeAlias = tuple[float, float, float]
Tone: TypeAlias = Callable[[Colour], Colour]
Point: TypeAlias = tuple[float, float]
Pixels: TypeAlias = NDArray[np.uint16]

_FINE = 4  # samples per px along each axis


def rgb(code: str) -> Colour:
    """The colour written as `#rrggbb`."""
    return (float(int(code[1:3], 16)), float(int(code[3:5], 16)), float(int(code[5:7], 16)))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with `share` of it replaced by the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return (red, green, blue)


def plain(colour: Colour) -> Colour:
    """The tone that changes nothing."""
    return colour


@dataclass(frozen=True, slots=True)
class Layer:
    """A see-through strip that repeats sideways, ready to be laid over a picture."""

    width: int
    paint: Pixels  # (SIZE, width + SIZE, 3), colour already multiplied by coverage
    clear: Pixels  # (SIZE, width + SIZE, 3), 256 where the strip is empty, 0 where it is solid

    def over(self, picture: Pixels, left: int) -> Pixels:
        """The picture with this strip on top, the screen's left edge standing at `left` in the strip."""
        view = slice(left % self.width, left % self.width + SIZE)
        return cast(Pixels, self.paint[:, view] + (picture * self.clear[:, view] >> 8))


class Canvas:
    """Flat shapes painted one over another; what leaves one side comes back at the other."""

    def __init__(self, width: int, tone: Tone = plain, *, dark: bool = False) -> None:
        self.width = width
        self._dark = dark
        self._tone = tone
        self._pixels = np.zeros((SIZE * _FINE, width * _FINE, 4), np.float32)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: str, *, glow: str = "") -> None:
        """A box; one with a glow shows that colour, untoned, when the canvas is dark."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, glow=glow)

    def polygon(self, points: Sequence[Point], colour: str, *, glow: str = "") -> None:
        """A filled polygon, even-odd where it crosses itself."""

        def inside(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
            odd = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
            for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
                if ay != by:
                    odd ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
            return odd

        xs, ys = [x for x, _ in points], [y for _, y in points]
        self._fill((min(xs), min(ys), max(xs), max(ys)), inside, colour, glow)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: str, *, glow: str = "") -> None:
        """A filled ellipse around (x, y)."""
        self._fill(
            (x - rx, y - ry, x + rx, y + ry),
            lambda px, py: ((px - x) / rx) ** 2 + ((py - y) / ry) ** 2 < 1.0,
            colour,
            glow,
        )

    def stroke(self, points: Sequence[Point], thickness: float, colour: str) -> None:
        """A round-ended thick line through the points."""
        half = thickness / 2
        for (ax, ay), (bx, by) in pairwise(points):
            dx, dy = bx - ax, by - ay
            nx, ny = (half * d / (math.hypot(dx, dy) or 1.0) for d in (-dy, dx))
            self.polygon([(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)], colour)
        for x, y in points:
            self.ellipse(x, y, half, half, colour)

    def wash(self, top: float, colour: str, share: float) -> None:
        """Mix a share of the colour into everything painted below the row `top`."""
        rows = self._pixels[round(top * _FINE) :]
        wanted = np.array(self._tone(rgb(colour)), np.float32)
        rows[..., :3] += (wanted - rows[..., :3]) * np.float32(share)

    def layer(self) -> Layer:
        """The finished strip."""
        cover = self._pixels[..., 3:]
        paint = _shrink(self._pixels[..., :3] * cover)
        solid = np.round(_shrink(cover) * 256.0)
        straight = paint / np.maximum(_shrink(cover), 1e-6)
        paint = np.floor(np.clip(np.round(straight), 0, 255) * solid / 256.0)
        clear = np.repeat(256.0 - solid, 3, axis=2)
        turn = np.arange(self.width + SIZE) % self.width
        return Layer(self.width, paint[:, turn].astype(np.uint16), clear[:, turn].astype(np.uint16))

    def _fill(
        self,
        box: tuple[float, float, float, float],
        inside: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
        colour: str,
        glow: str,
    ) -> None:
        """Paint the samples of the box that lie inside the shape."""
        left, right = math.floor(box[0] * _FINE), math.ceil(box[2] * _FINE)
        top, bottom = max(0, math.floor(box[1] * _FINE)), min(SIZE * _FINE, math.ceil(box[3] * _FINE))
        columns, rows = np.arange(left, right), np.arange(top, bottom)
        covered = inside((columns[None, :] + 0.5) / _FINE, (rows[:, None] + 0.5) / _FINE)
        at_row, at_column = np.nonzero(covered)
        toned = rgb(glow) if glow and self._dark else self._tone(rgb(colour))
        self._pixels[rows[at_row], columns[at_column] % (self.width * _FINE)] = (*toned, 1.0)


def _shrink(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the samples of each px."""
    height, width, depth = fine.shape
    blocks = fine.reshape(height // _FINE, _FINE, width // _FINE, _FINE, depth)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
