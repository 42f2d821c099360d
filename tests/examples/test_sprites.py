"""The zoo of the pygame example: every critter is whole, bold, and unlike the others."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from critters.poses import STEPS
from critters.scene import CRITTERS
from critters.shapes import box, circle, flat, inked, paint
from critters.sprites import BASELINE, SPRITE_SIZE, critter_sprite

POSES = [(step, False) for step in range(STEPS)] + [(0, True)]

every_critter = pytest.mark.parametrize("critter", CRITTERS)


def _solid(sprite: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return sprite[..., 3] > 127


def _signature(critter: str) -> NDArray[np.float64]:
    """The standing critter's opaque colours over mid grey, in blocks of 8 px: what a coarse latent sees."""
    sprite = critter_sprite(critter, 1, 0, False).astype(np.float64)
    alpha = sprite[..., 3:] / 255
    shown = sprite[..., :3] * alpha + 128 * (1 - alpha)
    blocks: NDArray[np.float64] = shown.reshape(7, 8, 7, 8, 3).mean(axis=(1, 3))
    return blocks


@every_critter
@pytest.mark.parametrize("facing", [-1, 1])
@pytest.mark.parametrize(("step", "airborne"), POSES)
def test_a_sprite_is_a_read_only_square_of_rgba_bytes(critter: str, facing: int, step: int, airborne: bool) -> None:
    sprite = critter_sprite(critter, facing, step, airborne)
    assert sprite.shape == (SPRITE_SIZE, SPRITE_SIZE, 4)
    assert sprite.dtype == np.uint8
    assert not sprite.flags.writeable


@every_critter
@pytest.mark.parametrize(("step", "airborne"), POSES)
def test_looking_left_is_the_mirror_image_of_looking_right(critter: str, step: int, airborne: bool) -> None:
    right = critter_sprite(critter, 1, step, airborne)
    left = critter_sprite(critter, -1, step, airborne)
    assert np.array_equal(left, right[:, ::-1])
    assert not np.array_equal(left, right)


@every_critter
def test_drawing_a_critter_twice_gives_the_same_bytes(critter: str) -> None:
    first = critter_sprite(critter, 1, 3, False)
    critter_sprite.cache_clear()
    again = critter_sprite(critter, 1, 3, False)
    assert again is not first
    assert np.array_equal(again, first)


@every_critter
@pytest.mark.parametrize(("step", "airborne"), POSES)
def test_a_critter_is_big_and_no_part_of_it_is_cut_off(critter: str, step: int, airborne: bool) -> None:
    sprite = critter_sprite(critter, 1, step, airborne)
    rows, columns = np.nonzero(_solid(sprite))
    assert 0.3 < _solid(sprite).mean() < 0.75
    assert np.ptp(rows) >= 40
    assert np.ptp(columns) >= 40
    alpha = sprite[..., 3]
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert border.max() <= 127


@every_critter
@pytest.mark.parametrize("step", range(STEPS))
def test_a_foot_rests_on_the_baseline_in_every_step(critter: str, step: int) -> None:
    rows, _ = np.nonzero(_solid(critter_sprite(critter, 1, step, False)))
    assert rows.max() == BASELINE


@every_critter
def test_every_step_of_the_walk_looks_different(critter: str) -> None:
    walk = [critter_sprite(critter, 1, step, False).astype(int) for step in range(STEPS)]
    for one, other in combinations(walk, 2):
        assert (np.abs(one - other).max(axis=2) > 40).sum() > 40


@every_critter
def test_the_jump_pose_is_unlike_any_step_and_the_same_whatever_the_step(critter: str) -> None:
    jump = critter_sprite(critter, 1, 0, True)
    assert np.array_equal(critter_sprite(critter, 1, 5, True), jump)
    for step in range(STEPS):
        changed = _solid(jump) ^ _solid(critter_sprite(critter, 1, step, False))
        assert changed.sum() > 150


def test_no_two_critters_are_alike_in_coarse_colour() -> None:
    for one, other in combinations(CRITTERS, 2):
        difference = np.abs(_signature(one) - _signature(other)).mean()
        assert difference > 20, f"{one} and {other} differ by only {difference:.1f} of 255"


@every_critter
def test_a_critter_wears_a_dark_outline(critter: str) -> None:
    sprite = critter_sprite(critter, 1, 0, False)
    solid = np.pad(_solid(sprite), 1)
    inside = solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, :-2] & solid[1:-1, 2:]
    edge = _solid(sprite) & ~inside
    assert sprite[edge][:, :3].max(axis=1).mean() < 80


@pytest.mark.parametrize(
    ("critter", "facing", "step", "named"),
    [("dragon", 1, 0, "'dragon'"), ("pig", 0, 0, "facing is 0"), ("pig", 1, 8, "step is 8")],
)
def test_what_cannot_be_drawn_is_refused_by_name(critter: str, facing: int, step: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        critter_sprite(critter, facing, step, False)


def test_an_edge_is_blended_by_coverage_and_keeps_its_colour() -> None:
    image = paint([flat((200, 100, 0), box(4, 4, 4, 4.667, 0))], 8)
    assert image[4, 4].tolist() == [200, 100, 0, 255]
    assert image[1, 4].tolist() == [200, 100, 0, 85]
    assert image[0, 4].tolist() == [0, 0, 0, 0]


def test_the_ink_line_surrounds_the_union_and_not_its_parts() -> None:
    image = paint([inked((250, 250, 250), circle(8, 10, 5), circle(13, 10, 5))], 24)
    assert (image[10, 5:17, :3] == 250).all()
    assert image[10, 1:3, :3].max() < 50


def test_a_part_outside_the_picture_leaves_it_clear() -> None:
    assert not paint([inked((255, 0, 0), circle(40, 40, 5))], 16).any()
