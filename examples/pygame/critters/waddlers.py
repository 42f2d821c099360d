"""The critters on two legs, looking right."""

from .coats import (
    AMBER,
    BILL,
    BRONZE,
    CYAN,
    DUSK,
    GREEN,
    IRON,
    LIME,
    MOSS,
    NAVY,
    RED,
    SILVER,
    STEEL,
    VISOR,
    WHITE,
    YELLOW,
)
from .poses import FLOOR, Pose, eye, pupil, webbed
from .shapes import INK, Part, box, circle, cone, ellipse, flat, inked, moved, stroke


def frog(pose: Pose) -> list[Part]:
    """A wide mouth under two big eyes."""
    near, far, sink = ((-8.0, 0.0), (8.0, 2.0), -6.0) if pose.airborne else (pose.near, pose.far, pose.sink)
    legs = webbed(36, 42, far, MOSS) + webbed(15, 42, near, GREEN)
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
        *eye(19, 16.8, 6),
        *eye(40, 16.8, 6),
        flat(INK, stroke(1.3, (13.5, 28), (20, 32), (29.5, 33.5), (39, 32), (45.5, 28))),
        flat(MOSS, circle(28, 25.5, 1.3), circle(33, 25.5, 1.3)),
    ]
    return legs + moved(body, sink)


def duck(pose: Pose) -> list[Part]:
    """A bill, and wings that go up in the air."""
    near, far = ((-9.0, 1.0), (-5.0, 0.0)) if pose.airborne else (pose.near, pose.far)
    wing = cone((24, 32, 6), (10, 13, 4)) if pose.airborne else cone((25.5, 32.5, 6.2), (14, 35, 3.5))
    body = [
        inked(YELLOW, ellipse(23, 34, 16, 10), cone((11, 32, 6), (5, 22.5, 1.4)), circle(34.5, 18.5, 13)),
        inked(AMBER, wing),
        inked(BILL, ellipse(46, 26, 5.6, 2.8)),
        inked(BILL, ellipse(46.5, 22.4, 6.8, 3)),
        *eye(28.5, 16),
        *eye(40, 15.5),
    ]
    if pose.airborne:
        body.insert(0, inked(AMBER, cone((28, 30, 5), (21, 7, 3.5))))
    return webbed(27, 42, far, BRONZE) + webbed(21, 42, near, BILL) + moved(body, pose.sink)


def penguin(pose: Pose) -> list[Part]:
    """It waddles, and spreads its flippers in the air."""
    near, far = ((-7.0, 2.0), (6.0, 0.0)) if pose.airborne else (pose.near, pose.far)
    near_tip, far_tip = ((5.0, 17.0), (51.0, 19.0)) if pose.airborne else ((9.0, 40.0), (47.5, 38.5))
    body = [
        inked(NAVY, cone((40, 27, 4), (*far_tip, 2.2))),
        inked(NAVY, ellipse(28, 32, 15, 14.5), ellipse(28.5, 18.5, 15, 15)),
        flat(WHITE, ellipse(31, 35.5, 10.5, 10.5)),
        flat(WHITE, circle(25.5, 18.5, 7.6), circle(37, 18.5, 6.6), ellipse(31.5, 23.5, 10, 5.5)),
        inked(DUSK, cone((15, 28, 4.4), (*near_tip, 2.4))),
        *pupil(27, 18, 3.8),
        *pupil(38, 18, 3.8),
        inked(BILL, cone((33.5, 25, 3.4), (43, 26, 1.3))),
    ]
    waddle = moved(body, pose.sink, -0.012 * pose.near[0], 28, 50)
    return webbed(30, 44, far, BRONZE) + webbed(24, 44, near, BILL) + waddle


def robot(pose: Pose) -> list[Part]:
    """A box with a screen for a face."""
    near, far = ((-7.0, 3.0), (8.0, 1.0)) if pose.airborne else (pose.near, pose.far)
    near_hand, far_hand = ((10 + near[0] / 1.5, 39.0), (46 + far[0] / 1.5, 39.0))
    if pose.airborne:
        near_hand, far_hand = (5.5, 28.0), (50.5, 28.0)
    legs: list[Part] = []
    for x, (forward, lift), colour in ((31, far, IRON), (25, near, STEEL)):
        foot_x, foot_y = x + forward, FLOOR - 2.8 - lift
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
