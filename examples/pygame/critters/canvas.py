"""A wrapping canvas of flat shapes with smooth edges, and the layers it turns into."""

import math
from collections.abc import Callable, Iterator, Sequence
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
_MOST_COLOURS = 256  # on one canvas, nothing among them


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
    """Flat shapes painted one over another; what leaves one side comes back at the other.

    The samples hold numbers of colours, not colours: painting is cheap, and only a px with an edge in it is averaged.
    """

    def __init__(self, width: int, tone: Tone = plain, *, dark: bool = False) -> None:
        self.width = width
        self._dark = dark
        self._tone = tone
        self._samples = np.zeros((SIZE * _FINE, width * _FINE), np.uint8)
        self._numbers: dict[Colour | None, int] = {None: 0}  # a colour's number; nothing painted yet is 0

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: str, *, glow: str = "") -> None:
        """A box; one with a glow shows that colour, untoned, when the canvas is dark."""
        left, right = (math.ceil(x * _FINE - 0.5) for x in (x0, x1))
        top, bottom = (min(SIZE * _FINE, max(0, math.ceil(y * _FINE - 0.5))) for y in (y0, y1))
        for view, _ in self._columns(left, right):
            self._samples[top:bottom, view] = self._number(colour, glow)

    def polygon(self, points: Sequence[Point], colour: str, *, glow: str = "") -> None:
        """A filled polygon, even-odd where it crosses itself."""

        def inside(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
            odd = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
            for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
                if ay != by:
                    crossed = np.flatnonzero((ay > y[:, 0]) != (by > y[:, 0]))  # rows without a gap
                    if crossed.size:
                        rows = slice(crossed[0], crossed[-1] + 1)
                        odd[rows] ^= x < ax + (y[rows] - ay) * (bx - ax) / (by - ay)
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
        rows = self._samples[round(top * _FINE) :]
        wanted = np.array(self._tone(rgb(colour)), np.float32)
        washed = np.zeros(_MOST_COLOURS, np.uint8)
        for painted, number in list(self._numbers.items()):
            if painted is not None:
                before = np.array(painted, np.float32)
                red, green, blue = (before + (wanted - before) * np.float32(share)).tolist()
                washed[number] = self._number_of((red, green, blue))
        rows[:] = washed[rows]

    def layer(self) -> Layer:
        """The finished strip."""
        colours = np.zeros((len(self._numbers), 4), np.float32)  # red, green, blue, coverage
        for colour, number in self._numbers.items():
            if colour is not None:
                colours[number] = (*colour, 1.0)
        blocks = self._samples.reshape(SIZE, _FINE, self.width, _FINE)
        first = blocks[:, 0, :, 0]
        strip = _finished(colours)[first]  # (SIZE, width, 4)
        edges = np.nonzero((blocks != first[:, None, :, None]).any(axis=(1, 3)))
        strip[edges] = _finished(colours[blocks[edges[0], :, edges[1]]].mean(axis=(1, 2)))
        turn = np.arange(self.width + SIZE) % self.width
        strip = strip[:, turn]
        return Layer(self.width, strip[..., :3].copy(), np.repeat(256 - strip[..., 3:], 3, axis=2))

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
        if top >= bottom:
            return
        columns, rows = np.arange(left, right), np.arange(top, bottom)
        covered = inside((columns[None, :] + 0.5) / _FINE, (rows[:, None] + 0.5) / _FINE)
        number = self._number(colour, glow)
        for view, part in self._columns(left, right):
            self._samples[top:bottom, view][covered[:, part]] = number

    def _columns(self, left: int, right: int) -> Iterator[tuple[slice, slice]]:
        """The stretches of the canvas that the columns left..right fall on, and which of those columns each takes."""
        wide = self.width * _FINE
        start = left
        while start < right:
            stop = min(right, (start // wide + 1) * wide)
            yield slice(start % wide, start % wide + stop - start), slice(start - left, stop - left)
            start = stop

    def _number(self, colour: str, glow: str) -> int:
        return self._number_of(rgb(glow) if glow and self._dark else self._tone(rgb(colour)))

    def _number_of(self, colour: Colour) -> int:
        number = self._numbers.setdefault(colour, len(self._numbers))
        if number >= _MOST_COLOURS:
            raise ValueError(f"a canvas holds {_MOST_COLOURS - 1} colours, and this is one more")
        return number


def _finished(mean: NDArray[np.float32]) -> Pixels:
    """Mean colours and coverages, (..., 4), as a layer keeps them: colour times coverage, coverage of 256."""
    solid = np.round(mean[..., 3:] * 256.0)
    straight = mean[..., :3] / np.maximum(mean[..., 3:], 1e-6)
    paint = np.floor(np.clip(np.round(straight), 0, 255) * solid / 256.0)
    return np.concatenate([paint, solid], axis=-1).astype(np.uint16)
