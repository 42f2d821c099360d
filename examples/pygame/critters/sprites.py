"""The zoo: eight critters drawn from shapes, looking right, 56 px high, in walk and jump poses."""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .coats import (
    AMBER,
    ASH,
    BILL,
    BLUSH,
    BRONZE,
    COAL,
    COATS,
    CYAN,
    DUSK,
    GREEN,
    GREY,
    HOOF,
    IRON,
    LEMON,
    LIME,
    MOSS,
    NAVY,
    ORANGE,
    PATCH,
    PINK,
    RED,
    ROSE,
    RUST,
    SHADOW,
    SILVER,
    SLATE,
    SNOW,
    STEEL,
    VISOR,
    WHITE,
    YELLOW,
    Coat,
    classic_coat,
)
from .shapes import (
    INK,
    Colour,
    Part,
    box,
    circle,
    common,
    cone,
    ellipse,
    flat,
    inked,
    moved,
    paint,
    stroke,
    union,
)

SPRITE_SIZE = 56  # width and height of a sprite, px
BASELINE = 53  # the row of the soles
STEPS = 8  # poses of the walk cycle

_FLOOR = 52.2  # where a sole ends, so that the ink line below it fills row BASELINE

Pair = tuple[float, float]


class Pose(NamedTuple):
    """Where the limbs are: each of the two feet (px forward, px lifted), the body (px sunk)."""

    airborne: bool
    near: Pair
    far: Pair
    sink: float


def _pose(step: int, airborne: bool) -> Pose:
    if airborne or step == 0:
        return Pose(airborne, (0.0, 0.0), (0.0, 0.0), 0.0)
    swing, passing = sin(2 * pi * step / STEPS), cos(2 * pi * step / STEPS)
    near, far = (6 * swing, max(0.0, 4 * passing)), (-6 * swing, max(0.0, -4 * passing))
    return Pose(False, near, far, 1.6 * abs(swing))


def _eye(x: float, y: float, r: float = 5.4, iris: Colour = WHITE) -> list[Part]:
    """A big eye looking ahead."""
    return [flat(iris, circle(x, y, r)), *_pupil(x + 1.3, y + 0.3, 0.62 * r)]


def _pupil(x: float, y: float, r: float) -> list[Part]:
    """The dark of an eye with a glint."""
    return [
        flat(INK, ellipse(x, y, 0.9 * r, 1.1 * r)),
        flat(WHITE, circle(x - 0.35 * r, y - 0.5 * r, 0.5 * r)),
    ]


def _leg(hip: Pair, foot: Pair, fur: Colour, sock: Colour, r: float = 3.0) -> list[Part]:
    """A leg from the hip to the ground, whose foot is moved forward and lifted."""
    (x, y), (forward, lift) = hip, foot
    foot_x, foot_y = x + forward, _FLOOR - r - lift
    knee_x, knee_y = (x + foot_x) / 2, (y + foot_y) / 2
    return [
        inked(fur, cone((x, y, r), (foot_x, foot_y, r))),
        flat(sock, cone((knee_x, knee_y, r), (foot_x, foot_y, r))),
    ]


def _four_legs(pose: Pose, fur: Colour, shade: Colour, sock: Colour) -> list[Part]:
    """The legs of a walker on fours, which trots on the ground and stretches out in the air."""
    near_hind, far_hind, near_fore, far_fore = pose.far, pose.near, pose.near, pose.far
    if pose.airborne:
        near_hind, far_hind, near_fore, far_fore = (-6.0, 1.5), (-3.0, 0.0), (13.0, 8.0), (10.0, 12.0)
    return [
        *_leg((18, 39), far_hind, shade, sock),
        *_leg((37, 39), far_fore, shade, sock),
        *_leg((12, 39), near_hind, fur, sock),
        *_leg((31, 39), near_fore, fur, sock),
    ]


def _webbed(x: float, y: float, foot: Pair, colour: Colour) -> list[Part]:
    """A leg from the hip (x, y) with a flat foot pointing ahead."""
    foot_x, foot_y = x + foot[0], _FLOOR - 2.7 - foot[1]
    return [inked(colour, cone((x, y, 2.2), (foot_x, foot_y, 2.2)), ellipse(foot_x + 2, foot_y, 6, 2.7))]


def _leap(pose: Pose, parts: list[Part]) -> list[Part]:
    """A walker's body: it sinks in the stride and points its nose up in the air."""
    return moved(parts, 1.0, -0.12, 28, 26) if pose.airborne else moved(parts, pose.sink)


def _pig(pose: Pose) -> list[Part]:
    flap = -7.0 if pose.airborne else 0.0
    trunk, head = ellipse(24, 31.5, 16, 12.5), ellipse(36, 24, 13.5, 13)
    body = [
        inked(ROSE, stroke(1.5, (10, 31), (6, 30), (3.8, 26.5), (5.5, 23), (9, 24), (9, 27))),
        inked(PINK, trunk),
        flat(PATCH, common(trunk, union(ellipse(14, 27, 6, 5), ellipse(23, 39, 5, 4)))),
        inked(PINK, cone((43, 14, 5), (49, 10 + flap / 2, 1.6))),
        inked(PINK, head),
        flat(PATCH, common(head, ellipse(27.5, 19, 7, 8.5))),
        inked(PINK, cone((27.5, 14, 5.5), (21, 13 + flap, 1.8))),
        flat(ROSE, cone((27, 14, 2.8), (22.5, 13.2 + 0.8 * flap, 1.2))),
        *_eye(30.5, 20.5),
        *_eye(42.3, 20),
        inked(ROSE, ellipse(44.5, 29.5, 7.6, 6)),
        flat(HOOF, ellipse(42, 29.5, 1.7, 2.8), ellipse(47.8, 29.5, 1.7, 2.8)),
        flat(ROSE, circle(28, 29.5, 2.6)),
    ]
    return _four_legs(pose, PINK, BLUSH, HOOF) + _leap(pose, body)


def _cat(pose: Pose) -> list[Part]:
    trunk, tail = ellipse(22, 35, 15, 9), stroke(3, (11, 36), (7, 30), (6.5, 20), (8.5, 12), (12, 8))
    body = [
        inked(GREY, tail),
        flat(SLATE, common(tail, stroke(2, (0, 27), (12, 27))), common(tail, stroke(2, (0, 18), (14, 18)))),
        inked(GREY, trunk),
        flat(SLATE, common(trunk, union(*(cone((x, 25, 1.8), (x - 1, 35, 1.3)) for x in (10.5, 16.5, 22.5))))),
        inked(GREY, cone((43, 15, 5), (46.5, 5.5, 1)), cone((28, 15, 5), (25, 5.5, 1))),
        flat(ROSE, cone((43, 14, 2.2), (45.5, 8, 0.8)), cone((28, 14, 2.2), (26, 8, 0.8))),
        inked(GREY, ellipse(35.5, 24, 14.5, 12)),
        flat(SLATE, *(cone((x, 13, 1.8), ((x + 36) / 2, 17, 1.2)) for x in (31, 36, 41))),
        *_eye(29.8, 23, 5.4, LEMON),
        *_eye(42.2, 23, 5.4, LEMON),
        flat(WHITE, ellipse(37, 31.3, 7, 3.8)),
        flat(ROSE, ellipse(37.5, 28.8, 2.8, 2)),
        flat(INK, stroke(1, (46, 29.5), (53.5, 28)), stroke(1, (46, 32.5), (53, 34.5))),
        flat(INK, stroke(1, (28, 29.5), (20, 28)), stroke(1, (28, 32.5), (20.5, 34.5))),
    ]
    return _four_legs(pose, GREY, ASH, WHITE) + _leap(pose, body)


def _fox(pose: Pose) -> list[Part]:
    head, snout, tip = (
        ellipse(34, 23, 13, 11.5),
        cone((40, 27, 7.5), (50, 30, 2)),
        cone((9.6, 20, 6.6), (14, 9, 1.2)),
    )
    body = [
        inked(ORANGE, cone((14, 38, 3), (10, 26, 7.4)), cone((10, 26, 7.4), (9.6, 20, 6.6)), tip),
        flat(WHITE, common(tip, ellipse(13, 10, 12, 10))),
        inked(ORANGE, ellipse(23, 35.5, 14, 8.5)),
        flat(WHITE, common(ellipse(23, 35.5, 14, 8.5), circle(37, 37, 8))),
        inked(ORANGE, cone((41, 14, 5.5), (44, 4.5, 1)), cone((27, 15, 5.5), (24, 4.5, 1))),
        flat(COAL, cone((42.6, 10, 2.6), (44, 4.5, 1)), cone((25.5, 10, 2.6), (24, 4.5, 1))),
        inked(ORANGE, head, snout),
        flat(WHITE, common(snout, ellipse(42, 34, 14, 6.5)), common(head, ellipse(32, 33, 10, 6))),
        *_eye(29, 20.5),
        *_eye(40.5, 20),
        inked(COAL, ellipse(50.5, 28.5, 2, 1.6)),
    ]
    return _four_legs(pose, ORANGE, RUST, COAL) + _leap(pose, body)


def _rabbit(pose: Pose) -> list[Part]:
    fore, far_fore, hind, far_hind = pose.near, pose.far, pose.far, pose.near
    lean = 0.0
    if pose.airborne:
        fore, far_fore, hind, far_hind, lean = (12.0, 4.0), (12.0, 7.0), (-4.5, 2.0), (-3.0, 0.0), -9.0
    heel_x, heel_y = 12 + hind[0], _FLOOR - 3 - hind[1]
    legs = [
        *_leg((38, 39), far_fore, SHADOW, SHADOW),
        *_leg((19, 39), far_hind, SHADOW, SHADOW, 3.2),
        *_leg((32, 39), fore, SNOW, SNOW, 3.2),
    ]
    body, face = ellipse(22, 34.5, 15, 10), ellipse(35.5, 28.5, 14, 11.5)
    haunch = [inked(SNOW, cone((13, 37, 5.5), (heel_x, heel_y, 2.6)), ellipse(heel_x + 3, heel_y, 6, 3))]
    trunk = [inked(WHITE, circle(8.8, 32, 5.7)), inked(SNOW, body), flat(PATCH, common(body, ellipse(18, 29, 7, 5)))]
    head = [
        inked(SNOW, cone((39, 22, 3.6), (43 + lean, 6.5, 4))),
        flat(PINK, cone((39, 21, 1.8), (43 + lean, 7, 2.1))),
        inked(SNOW, cone((30, 22, 3.6), (26.5 + lean, 6.5, 4))),
        flat(PINK, cone((30, 21, 1.8), (26.5 + lean, 7, 2.1))),
        inked(SNOW, face),
        flat(PATCH, common(face, ellipse(29, 24, 7.5, 9))),
        *_pupil(30, 26.5, 4),
        *_pupil(43, 26.5, 4),
        flat(PINK, circle(27, 34, 2.8), circle(45.5, 34, 2.4)),
        flat(ROSE, ellipse(37.2, 32, 3, 2.1)),
        inked(WHITE, box(37.2, 37, 4.4, 3.4, 0.8)),
    ]
    return legs + moved(trunk, pose.sink) + haunch + moved(head, pose.sink)


def _frog(pose: Pose) -> list[Part]:
    near, far, sink = ((-8.0, 0.0), (8.0, 2.0), -6.0) if pose.airborne else (pose.near, pose.far, pose.sink)
    legs = _webbed(36, 42, far, MOSS) + _webbed(15, 42, near, GREEN)
    body = [inked(GREEN, ellipse(14, 39, 7, 6.5)), inked(GREEN, ellipse(43, 40, 5.5, 6))]
    if pose.airborne:
        body = [
            inked(GREEN, cone((14, 40, 3), (6.5, 33, 3.4))),
            inked(GREEN, cone((42, 40, 3), (49.5, 33, 3.4))),
        ]
    body += [
        inked(GREEN, ellipse(28, 36, 16, 10.5)),
        flat(LIME, ellipse(29.5, 40, 11, 5.5)),
        inked(GREEN, circle(18.5, 17.5, 8.2), circle(39.5, 17.5, 8.2), ellipse(29, 28, 20, 10.5)),
        *_eye(19, 16.8, 6),
        *_eye(40, 16.8, 6),
        flat(INK, stroke(1.3, (13.5, 28), (20, 32), (29.5, 33.5), (39, 32), (45.5, 28))),
        flat(MOSS, circle(28, 25.5, 1.3), circle(33, 25.5, 1.3)),
    ]
    return legs + moved(body, sink)


def _duck(pose: Pose) -> list[Part]:
    near, far = ((-9.0, 1.0), (-5.0, 0.0)) if pose.airborne else (pose.near, pose.far)
    wing = cone((24, 32, 6), (10, 13, 4)) if pose.airborne else cone((25.5, 32.5, 6.2), (14, 35, 3.5))
    body = [
        inked(YELLOW, ellipse(23, 34, 16, 10), cone((11, 32, 6), (5, 22.5, 1.4)), circle(34.5, 18.5, 13)),
        inked(AMBER, wing),
        inked(BILL, ellipse(46, 26, 5.6, 2.8)),
        inked(BILL, ellipse(46.5, 22.4, 6.8, 3)),
        *_eye(28.5, 16),
        *_eye(40, 15.5),
    ]
    if pose.airborne:
        body.insert(0, inked(AMBER, cone((28, 30, 5), (21, 7, 3.5))))
    return _webbed(27, 42, far, BRONZE) + _webbed(21, 42, near, BILL) + moved(body, pose.sink)


def _penguin(pose: Pose) -> list[Part]:
    near, far = ((-7.0, 2.0), (6.0, 0.0)) if pose.airborne else (pose.near, pose.far)
    near_tip, far_tip = ((5.0, 17.0), (51.0, 19.0)) if pose.airborne else ((9.0, 40.0), (47.5, 38.5))
    body = [
        inked(NAVY, cone((40, 27, 4), (*far_tip, 2.2))),
        inked(NAVY, ellipse(28, 32, 15, 14.5), ellipse(28.5, 18.5, 15, 15)),
        flat(WHITE, ellipse(31, 35.5, 10.5, 10.5)),
        flat(WHITE, circle(25.5, 18.5, 7.6), circle(37, 18.5, 6.6), ellipse(31.5, 23.5, 10, 5.5)),
        inked(DUSK, cone((15, 28, 4.4), (*near_tip, 2.4))),
        *_pupil(27, 18, 3.8),
        *_pupil(38, 18, 3.8),
        inked(BILL, cone((33.5, 25, 3.4), (43, 26, 1.3))),
    ]
    waddle = moved(body, pose.sink, -0.012 * pose.near[0], 28, 50)
    return _webbed(30, 44, far, BRONZE) + _webbed(24, 44, near, BILL) + waddle


def _robot(pose: Pose) -> list[Part]:
    near, far = ((-7.0, 3.0), (8.0, 1.0)) if pose.airborne else (pose.near, pose.far)
    near_hand, far_hand = ((10 + near[0] / 1.5, 39.0), (46 + far[0] / 1.5, 39.0))
    if pose.airborne:
        near_hand, far_hand = (5.5, 28.0), (50.5, 28.0)
    legs: list[Part] = []
    for x, (forward, lift), colour in ((31, far, IRON), (25, near, STEEL)):
        foot_x, foot_y = x + forward, _FLOOR - 2.8 - lift
        legs += [inked(IRON, stroke(2.2, (x, 40), (foot_x, foot_y)))]
        legs += [inked(colour, box(foot_x + 1, foot_y, 10, 5.6, 2))]
    body = [
        inked(IRON, stroke(2.4, (38, 34), far_hand)),
        inked(RED, circle(*far_hand, 3)),
        inked(STEEL, box(28, 36, 23, 12, 4)),
        flat(SILVER, box(30, 36, 13, 6.6, 2)),
        flat(RED, circle(27, 36, 2)),
        flat(YELLOW, circle(33, 36, 2)),
        inked(STEEL, stroke(2.4, (17, 34), near_hand)),
        inked(RED, circle(*near_hand, 3)),
        inked(SILVER, stroke(1, (28, 12), (28, 6))),
        inked(RED, circle(28, 6, 3.2)),
        inked(IRON, box(13, 20, 6, 9, 2), box(46, 20, 6, 9, 2)),
        inked(STEEL, box(29.5, 20, 31, 18, 5)),
        flat(VISOR, box(31.5, 20, 25, 12.5, 4)),
        flat(CYAN, box(26.5, 19.5, 6.6, 8, 2.5), box(38, 19.5, 6.6, 8, 2.5)),
    ]
    return legs + moved(body, pose.sink)


_ZOO: dict[str, Callable[[Pose], list[Part]]] = {
    "pig": _pig,
    "cat": _cat,
    "fox": _fox,
    "rabbit": _rabbit,
    "frog": _frog,
    "duck": _duck,
    "penguin": _penguin,
    "robot": _robot,
}


@lru_cache(maxsize=2048)  # 41 coats in 18 pictures each, and room
def critter_sprite(
    critter: str, facing: int, step: int, airborne: bool, coat: str | None = None
) -> NDArray[np.uint8]:
    """The critter as (56, 56, 4) RGBA with straight alpha, read-only; step 0 stands, the air has one pose.

    Without a coat it wears the classic one.
    """
    if critter not in _ZOO:
        raise ValueError(f"critter is {critter!r}, expected one of {', '.join(_ZOO)}")
    if facing not in (-1, 1):
        raise ValueError(f"facing is {facing!r}, expected -1 or 1")
    if step not in range(STEPS):
        raise ValueError(f"step is {step!r}, expected 0 to {STEPS - 1}")
    if coat is None:
        return critter_sprite(critter, facing, step, airborne, classic_coat(critter))
    if coat not in COATS[critter]:
        raise ValueError(f"coat of a {critter} is {coat!r}, expected one of {', '.join(COATS[critter])}")
    if airborne and step:
        return critter_sprite(critter, facing, 0, True, coat)
    if facing == -1:
        sprite = np.ascontiguousarray(critter_sprite(critter, 1, step, airborne, coat)[:, ::-1])
    else:
        sprite = paint(_dressed(_ZOO[critter](_pose(step, airborne)), COATS[critter][coat]), SPRITE_SIZE)
    sprite.flags.writeable = False
    return sprite


def _dressed(parts: list[Part], coat: Coat) -> list[Part]:
    """The drawing in the coat's colours; patches that it does not colour are left out."""
    return [
        part._replace(colour=coat.get(part.colour, part.colour))
        for part in parts
        if part.colour != PATCH or PATCH in coat
    ]
