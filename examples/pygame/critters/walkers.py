"""The critters on four legs, looking right."""

from .coats import ASH, BLUSH, COAL, GREY, HOOF, LEMON, ORANGE, PATCH, PINK, ROSE, RUST, SHADOW, SLATE, SNOW, WHITE
from .poses import FLOOR, Pose, eye, four_legs, leap, leg, pupil
from .shapes import INK, Part, box, circle, common, cone, ellipse, flat, inked, moved, stroke, union


def pig(pose: Pose) -> list[Part]:
    """A snout and ears that flap in the air."""
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
        *eye(30.5, 20.5),
        *eye(42.3, 20),
        inked(ROSE, ellipse(44.5, 29.5, 7.6, 6)),
        flat(HOOF, ellipse(42, 29.5, 1.7, 2.8), ellipse(47.8, 29.5, 1.7, 2.8)),
        flat(ROSE, circle(28, 29.5, 2.6)),
    ]
    return four_legs(pose, PINK, BLUSH, HOOF) + leap(pose, body)


def cat(pose: Pose) -> list[Part]:
    """Stripes, whiskers and a tail that stands up."""
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
        *eye(29.8, 23, 5.4, LEMON),
        *eye(42.2, 23, 5.4, LEMON),
        flat(WHITE, ellipse(37, 31.3, 7, 3.8)),
        flat(ROSE, ellipse(37.5, 28.8, 2.8, 2)),
        flat(INK, stroke(1, (46, 29.5), (53.5, 28)), stroke(1, (46, 32.5), (53, 34.5))),
        flat(INK, stroke(1, (28, 29.5), (20, 28)), stroke(1, (28, 32.5), (20.5, 34.5))),
    ]
    return four_legs(pose, GREY, ASH, WHITE) + leap(pose, body)


def fox(pose: Pose) -> list[Part]:
    """A bushy tail with a white tip."""
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
        *eye(29, 20.5),
        *eye(40.5, 20),
        inked(COAL, ellipse(50.5, 28.5, 2, 1.6)),
    ]
    return four_legs(pose, ORANGE, RUST, COAL) + leap(pose, body)


def rabbit(pose: Pose) -> list[Part]:
    """Long ears, which lie back in the air."""
    fore, far_fore, hind, far_hind = pose.near, pose.far, pose.far, pose.near
    lean = 0.0
    if pose.airborne:
        fore, far_fore, hind, far_hind, lean = (12.0, 4.0), (12.0, 7.0), (-4.5, 2.0), (-3.0, 0.0), -9.0
    heel_x, heel_y = 12 + hind[0], FLOOR - 3 - hind[1]
    legs = [
        *leg((38, 39), far_fore, SHADOW, SHADOW),
        *leg((19, 39), far_hind, SHADOW, SHADOW, 3.2),
        *leg((32, 39), fore, SNOW, SNOW, 3.2),
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
        *pupil(30, 26.5, 4),
        *pupil(43, 26.5, 4),
        flat(PINK, circle(27, 34, 2.8), circle(45.5, 34, 2.4)),
        flat(ROSE, ellipse(37.2, 32, 3, 2.1)),
        inked(WHITE, box(37.2, 37, 4.4, 3.4, 0.8)),
    ]
    return legs + moved(trunk, pose.sink) + haunch + moved(head, pose.sink)
