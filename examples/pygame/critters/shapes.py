"""A small drawing kit: shapes are signed distance functions, a drawing is a list of parts, back to front."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from math import cos, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTLINE = 1.8  # width of the ink line around an inked part, px
SAMPLES = 3  # samples per pixel, along each side

Plane = NDArray[np.float32]
Shape = Callable[[Plane, Plane], Plane]  # distance of the points (x, y) to the edge, < 0 inside
Colour = tuple[int, int, int]

INK: Colour = (38, 26, 44)


class Part(NamedTuple):
    """One flat colour patch and the width of the ink line around it."""

    colour: Colour
    shape: Shape
    outline: float


def _length(x: Plane, y: Plane) -> Plane:
    return np.sqrt(x * x + y * y)  # half the time of hypot, which guards against overflow


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
        radius = np.sqrt(u * u + v * v)
        slope = np.sqrt((u / rx) ** 2 + (v / ry) ** 2) + 1e-6
        return radius * (radius - 1) / slope

    return distance


def circle(cx: float, cy: float, r: float) -> Shape:
    """A disc."""
    return lambda x, y: _length(x - cx, y - cy) - r


def cone(x0: float, y0: float, r0: float, x1: float, y1: float, r1: float) -> Shape:
    """A round-ended limb from one point to another whose radius goes from r0 to r1."""
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy

    def distance(x: Plane, y: Plane) -> Plane:
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / length2, 0, 1)
        return _length(x - x0 - along * dx, y - y0 - along * dy) - (r0 + along * (r1 - r0))

    return distance


def stroke(r: float, *points: tuple[float, float]) -> Shape:
    """A pen line of radius r through the points."""
    return union(*(cone(*start, r, *end, r) for start, end in pairwise(points)))


def box(cx: float, cy: float, width: float, height: float, corner: float) -> Shape:
    """A rectangle with round corners."""

    def distance(x: Plane, y: Plane) -> Plane:
        u = np.abs(x - cx) - (width / 2 - corner)
        v = np.abs(y - cy) - (height / 2 - corner)
        return _length(np.maximum(u, 0), np.maximum(v, 0)) + np.minimum(np.maximum(u, v), 0) - corner

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
def _grid(size: int) -> tuple[Plane, Plane]:
    ticks = (np.arange(size * SAMPLES, dtype=np.float32) + 0.5) / np.float32(SAMPLES)
    x, y = np.meshgrid(ticks, ticks)
    return x, y


def paint(parts: Iterable[Part], size: int) -> NDArray[np.uint8]:
    """The parts painted back to front on a clear square of `size` px: RGBA, straight alpha, anti-aliased."""
    x, y = _grid(size)
    palette = [(0, 0, 0, 0), (*INK, 255)]
    indices = np.zeros(x.shape, np.intp)
    for part in parts:
        distance = part.shape(x, y)
        if part.outline:
            indices[distance < part.outline] = 1
        indices[distance < 0] = len(palette)
        palette.append((*part.colour, 255))
    samples = np.array(palette, np.float32)[indices].reshape(size, SAMPLES, size, SAMPLES, 4)
    mean = samples.mean(axis=(1, 3))
    alpha = mean[..., 3:]
    mean[..., :3] *= 255 / np.maximum(alpha, 1)  # clear samples are black: weigh colours by coverage
    return np.rint(mean).astype(np.uint8)
