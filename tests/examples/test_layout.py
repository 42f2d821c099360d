"""Layout 0 is what always was; every other number is another place, drawn cheaply and the same each time."""

import json
import time
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from critters.classic import render
from critters.coats import COATS
from critters.kinds import BACKGROUNDS, KINDS, LARGE, SMALL
from critters.landscapes import backdrop
from critters.layout import Layout, draw_layout, in_view
from critters.lexicon import LANDMARK_WORDS
from critters.scene import CRITTERS, LANDSCAPES, PERIOD, Scene, State
from critters.sheet import coats, places, save
from critters.sprites import critter_sprite
from tests.examples.pictures import digests

SEEDS = range(1, 25)

every_landscape = pytest.mark.parametrize("landscape", LANDSCAPES)


def test_layout_0_is_the_classic_picture_bit_for_bit() -> None:
    kept = json.loads((Path(__file__).parent / "classic_digests.json").read_text())
    assert digests(render) == kept
    assert digests(lambda scene, state: render(scene, state, draw_layout(0, scene.landscape, scene.critter))) == kept


@every_landscape
def test_the_same_number_gives_the_same_layout_and_picture(landscape: str) -> None:
    first = draw_layout(5, landscape, "cat")
    picture = render(Scene("cat", landscape, "day", "clear"), State(), first)
    draw_layout.cache_clear()
    backdrop.cache_clear()
    again = draw_layout(5, landscape, "cat")
    assert again == first
    assert again is not first
    assert np.array_equal(render(Scene("cat", landscape, "day", "clear"), State(), again), picture)


def test_24_layouts_are_24_places_to_the_eye() -> None:
    for landscape in LANDSCAPES:
        scene = Scene("cat", landscape, "day", "clear")
        pictures = [render(scene, State(), draw_layout(seed, landscape, "cat")).astype(np.int16) for seed in SEEDS]
        changed = [(np.abs(one - other) > 24).any(axis=2).mean() for one, other in combinations(pictures, 2)]
        assert min(changed) > 0.03
        assert np.median(changed) > 0.2


@every_landscape
def test_the_scenery_does_not_depend_on_the_critter_nor_the_coat_on_the_landscape(landscape: str) -> None:
    assert len({draw_layout(9, landscape, critter).scenery for critter in CRITTERS}) == 1
    assert draw_layout(9, landscape, "fox").coat == draw_layout(9, "city", "fox").coat
    assert draw_layout(9, landscape, "fox").scenery.sky == draw_layout(9, "city", "fox").scenery.sky


@every_landscape
def test_every_kind_of_the_landscape_is_drawn_now_and_then_and_no_other(landscape: str) -> None:
    sceneries = [draw_layout(seed, landscape, "pig").scenery for seed in range(1, 400)]
    assert {each.kind for scenery in sceneries for each in scenery.near} == {*LARGE[landscape], *SMALL[landscape]}
    assert {each.kind for scenery in sceneries for each in scenery.far} == set(BACKGROUNDS[landscape].kinds)
    assert {scenery.tint for scenery in sceneries} == {0, 1, 2}


@every_landscape
def test_near_landmarks_do_not_stand_in_one_another(landscape: str) -> None:
    for seed in range(1, 300):
        near = sorted(draw_layout(seed, landscape, "pig").scenery.near, key=lambda each: each.x)
        assert len(near) >= 2
        for one, other in pairwise([*near, replace(near[0], x=near[0].x + PERIOD)]):
            room = (KINDS[one.kind].width * one.size + KINDS[other.kind].width * other.size) / 2
            assert other.x - one.x >= room - 1, (seed, one, other)


@every_landscape
@pytest.mark.parametrize("seed", [3, 8])
def test_a_drawn_landscape_meets_itself_after_one_period(landscape: str, seed: int) -> None:
    scene, layout = Scene("fox", landscape, "sunset", "rain"), draw_layout(seed, landscape, "fox")
    here = render(scene, State(camera=37.0), layout)
    assert np.array_equal(render(scene, State(camera=37.0 + PERIOD), layout), here)


def test_all_coats_of_a_critter_are_worn_and_look_different() -> None:
    for critter in CRITTERS:
        assert {draw_layout(seed, "city", critter).coat for seed in range(1, 200)} == set(COATS[critter])
        assert 4 <= len(COATS[critter]) <= 6
        looks = [critter_sprite(critter, 1, 0, False, coat).astype(int) for coat in COATS[critter]]
        for one, other in combinations(looks, 2):
            changed = np.abs(one[..., :3] - other[..., :3]).max(axis=2) > 40
            assert changed.mean() > 0.03, critter


def test_only_the_coat_changes_a_critters_outline_never() -> None:
    for critter in CRITTERS:
        outlines = [critter_sprite(critter, -1, 3, False, coat)[..., 3] for coat in COATS[critter]]
        assert all(np.array_equal(each, outlines[0]) for each in outlines)


def test_what_is_in_view_is_on_the_screen() -> None:
    layout = draw_layout(0, "meadow", "pig")
    assert [each.kind for each in in_view(layout, 0.0)] == ["tree", "bush"]
    assert {each.kind for each in in_view(layout, 172.0)} == {"barn", "fence", "tree"}


def test_every_large_kind_can_be_named() -> None:
    assert {kind for kinds in LARGE.values() for kind in kinds} <= LANDMARK_WORDS.keys()


@pytest.mark.parametrize(
    ("seed", "landscape", "critter", "complaint"),
    [
        (-1, "city", "pig", "layout seed is -1"),
        (1, "moon", "pig", "landscape is 'moon'"),
        (1, "city", "cow", "critter is 'cow'"),
    ],
)
def test_a_layout_of_nothing_known_is_named(seed: int, landscape: str, critter: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw_layout(seed, landscape, critter)


def test_a_layout_of_another_scene_and_an_unknown_coat_are_named() -> None:
    layout: Layout = draw_layout(4, "city", "pig")
    with pytest.raises(ValueError, match=r"layout 4 was drawn for \(pig, city\), the scene is \(pig, beach\)"):
        render(Scene("pig", "beach", "day", "clear"), State(), layout)
    with pytest.raises(ValueError, match="coat of a pig is 'plaid'"):
        critter_sprite("pig", 1, 0, False, "plaid")


def test_a_backdrop_is_drawn_quickly() -> None:
    best = 1.0
    for seed in range(100, 108):
        scenery = draw_layout(seed, "city", "pig").scenery
        start = time.perf_counter()
        backdrop(scenery, "night", "snow")
        best = min(best, time.perf_counter() - start)
    assert best < 0.06


def test_the_sheets_hold_24_places_and_every_coat(tmp_path: Path) -> None:
    assert places().shape == (4 * 130, 6 * 130, 3)
    rows, most = len(CRITTERS), max(map(len, COATS.values()))
    assert coats().shape == (rows * 76, most * 74, 3)
    save(coats(), tmp_path / "coats.png")
    assert (tmp_path / "coats.png").stat().st_size > 10_000


def test_no_cloud_hides_the_sun() -> None:
    for seed in range(1, 200):
        sky = draw_layout(seed, "beach", "pig").scenery.sky
        assert all(abs(x - sky.sun[0]) > 30 for x, _, _ in sky.clouds)
