"""What the zoo's critters share: poses, legs and eyes."""

from math import cos, pi, sin
from typing import NamedTuple

from .coats import WHITE
from .shapes import INK, Colour, Part, circle, cone, ellipse, flat, inked, moved

FLOOR = 52.2  # where a sole ends, so that the ink line below it fills row BASELINE
STEPS = 8  # poses of the walk cycle

Pair = tuple[float, float]


class Pose(NamedTuple):
    """Where the limbs are: each of the two feet (px forward, px lifted), the body (px sunk)."""

    airborne: bool
    near: Pair
    far: Pair
    sink: float


def pose_of(step: int, airborne: bool) -> Pose:
    """The pose of a step of the walk, or the one of the air."""
    if airborne or step == 0:
        return Pose(airborne, (0.0, 0.0), (0.0, 0.0), 0.0)
    swing, passing = sin(2 * pi * step / STEPS), cos(2 * pi * step / STEPS)
    near, far = (6 * swing, max(0.0, 4 * passing)), (-6 * swing, max(0.0, -4 * passing))
    return Pose(False, near, far, 1.6 * abs(swing))


def eye(x: float, y: float, r: float = 5.4, iris: Colour = WHITE) -> list[Part]:
    """A big eye looking ahead."""
    return [flat(iris, circle(x, y, r)), *pupil(x + 1.3, y + 0.3, 0.62 * r)]


def pupil(x: float, y: float, r: float) -> list[Part]:
    """The dark of an eye with a glint."""
    return [
        flat(INK, ellipse(x, y, 0.9 * r, 1.1 * r)),
        flat(WHITE, circle(x - 0.35 * r, y - 0.5 * r, 0.5 * r)),
    ]


def leg(hip: Pair, foot: Pair, fur: Colour, sock: Colour, r: float = 3.0) -> list[Part]:
    """A leg from the hip to the ground, whose foot is moved forward and lifted."""
    (x, y), (forward, lift) = hip, foot
    foot_x, foot_y = x + forward, FLOOR - r - lift
    knee_x, knee_y = (x + foot_x) / 2, (y + foot_y) / 2
    return [
        inked(fur, cone((x, y, r), (foot_x, foot_y, r))),
        flat(sock, cone((knee_x, knee_y, r), (foot_x, foot_y, r))),
    ]


def four_legs(pose: Pose, fur: Colour, shade: Colour, sock: Colour) -> list[Part]:
    """The legs of a walker on fours, which trots on the ground and stretches out in the air."""
    near_hind, far_hind, near_fore, far_fore = pose.far, pose.near, pose.near, pose.far
    if pose.airborne:
        near_hind, far_hind, near_fore, far_fore = (-6.0, 1.5), (-3.0, 0.0), (13.0, 8.0), (10.0, 12.0)
    return [
        *leg((18, 39), far_hind, shade, sock),
        *leg((37, 39), far_fore, shade, sock),
        *leg((12, 39), near_hind, fur, sock),
        *leg((31, 39), near_fore, fur, sock),
    ]


def webbed(x: float, y: float, foot: Pair, colour: Colour) -> list[Part]:
    """A leg from the hip (x, y) with a flat foot pointing ahead."""
    foot_x, foot_y = x + foot[0], FLOOR - 2.7 - foot[1]
    return [inked(colour, cone((x, y, 2.2), (foot_x, foot_y, 2.2)), ellipse(foot_x + 2, foot_y, 6, 2.7))]


def leap(pose: Pose, parts: list[Part]) -> list[Part]:
    """A walker's body: it sinks in the stride and points its nose up in the air."""
    return moved(parts, 1.0, -0.12, 28, 26) if pose.airborne else moved(parts, pose.sink)
