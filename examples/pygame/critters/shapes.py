"""A small drawing kit: shapes are signed distance functions, a drawing is a list of parts, back to front."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from math import cos, sin
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTLINE = 1.8  # width of the ink line around an inked part, px
SAMPLES = 3  # samples per pixel, along each side

Plane = NDArray[np.floating[Any]]
Shape = Callable[[Plane, Plane], Plane]  # distance of the points (x, y) to the edge, < 0 inside
Colour = tuple[int, int, int]
Disc = tuple[float, float, float]  # x, y, radius

INK: Colour = (38, 26, 44)


class Part(NamedTuple):
    """One flat colour patch and the width of the ink line around it."""

    colour: Colour
    shape: Shape
    outline: float


def _length(x: Plane, y: Plane) -> Plane:
    length: Plane = np.sqrt(x * x + y * y)  # twice as fast as hypot, which guards against overflow
    return length


def inked(colour: Colour, *shapes: Shape) -> Part:
    """The union of the shapes in one colour with a dark line around it."""
    return Part(colour, union(*shapes), OUTLINE)


def flat(colour: Colour, *shapes: Shape) -> Part:
    """The union of the shapes in one colour, without a line."""
    return Part(colour, union(*shapes), 0.0)


def ellipse(cx: float, cy: float, rx: float, ry: float) -> Shape:
    """An axis-aligned ellipse; the distance is a first-order estimate, good near the edge."""

    def distance(x: Plane, y: Plane) -> Plane:
        u, v = (x - cx) / rx, (y - cy) / ry
        radius = _length(u, v)
        return radius * (radius - 1) / (_length(u / rx, v / ry) + 1e-6)

    return distance


def circle(cx: float, cy: float, r: float) -> Shape:
    """A disc."""
    return lambda x, y: _length(x - cx, y - cy) - r


def cone(start: Disc, end: Disc) -> Shape:
    """A round-ended limb from one disc to another, its radius going from the first's to the second's."""
    (x0, y0, r0), (x1, y1, r1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy

    def distance(x: Plane, y: Plane) -> Plane:
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / length2, 0, 1)
        return _length(x - x0 - along * dx, y - y0 - along * dy) - (r0 + along * (r1 - r0))

    return distance


def stroke(r: float, *points: tuple[float, float]) -> Shape:
    """A pen line of radius r through the points."""
    return union(*(cone((*start, r), (*end, r)) for start, end in pairwise(points)))


def box(cx: float, cy: float, width: float, height: float, corner: float) -> Shape:
    """A rectangle with round corners."""

    def distance(x: Plane, y: Plane) -> Plane:
        u = np.abs(x - cx) - (width / 2 - corner)
        v = np.abs(y - cy) - (height / 2 - corner)
        inside: Plane = np.minimum(np.maximum(u, v), 0)
        return inside + _length(np.maximum(u, 0), np.maximum(v, 0)) - corner

    return distance


def union(*shapes: Shape) -> Shape:
    """Everything inside any of the shapes."""

    def distance(x: Plane, y: Plane) -> Plane:
        nearest = shapes[0](x, y)
        for shape in shapes[1:]:
            nearest = np.minimum(nearest, shape(x, y))
        return nearest

    return distance if len(shapes) > 1 else shapes[0]


def common(one: Shape, other: Shape) -> Shape:
    """What lies inside both shapes."""
    return lambda x, y: np.maximum(one(x, y), other(x, y))


def moved(parts: Iterable[Part], down: float, turn: float = 0.0, cx: float = 0.0, cy: float = 0.0) -> list[Part]:
    """The parts turned by an angle (radians, clockwise) about (cx, cy), then shifted down."""
    c, s = cos(turn), sin(turn)

    def move(shape: Shape) -> Shape:
        def distance(x: Plane, y: Plane) -> Plane:
            u, v = x - cx, y - cy - down
            return shape(c * u + s * v + cx, c * v - s * u + cy)

        return distance

    return [part._replace(shape=move(part.shape)) for part in parts]


@lru_cache(maxsize=4)
def _points(size: int, per_pixel: int) -> tuple[Plane, Plane]:
    ticks = (np.arange(size * per_pixel, dtype=np.float32) + 0.5) / per_pixel
    x, y = np.meshgrid(ticks, ticks)
    return x, y


def _window(part: Part, size: int) -> tuple[slice, slice]:
    """The rows and columns of samples that hold the part, found from the pixel centres."""
    near = part.shape(*_points(size, 1)) < part.outline + 1.5
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not rows.size:
        return slice(0), slice(0)
    return (
        slice(rows[0] * SAMPLES, (rows[-1] + 1) * SAMPLES),
        slice(columns[0] * SAMPLES, (columns[-1] + 1) * SAMPLES),
    )


def paint(parts: Iterable[Part], size: int) -> NDArray[np.uint8]:
    """The parts painted back to front on a clear square of `size` px: RGBA, straight alpha, anti-aliased."""
    x, y = _points(size, SAMPLES)
    palette = [(0, 0, 0, 0), (*INK, 255)]
    indices = np.zeros(x.shape, np.intp)
    for part in parts:
        window = _window(part, size)
        distance = part.shape(x[window], y[window])
        if part.outline:
            indices[window][distance < part.outline] = 1
        indices[window][distance < 0] = len(palette)
        palette.append((*part.colour, 255))
    samples = np.array(palette, np.float32)[indices].reshape(size, SAMPLES, size, SAMPLES, 4)
    pixels = samples.mean(axis=(1, 3))
    pixels[..., :3] *= 255 / np.maximum(pixels[..., 3:], 1)  # clear samples are black: weigh by coverage
    image: NDArray[np.uint8] = np.rint(pixels).astype(np.uint8)
    return image
