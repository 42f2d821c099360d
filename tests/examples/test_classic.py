"""The hand-written renderer is a pure, periodic function of the words and the state."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from critters.classic import render
from critters.landscapes import GROUND, backdrop
from critters.layout import draw_layout
from critters.scene import CRITTERS, LANDSCAPES, PERIOD, SIZE, TIMES, WEATHERS, Scene, State, all_scenes
from critters.sprites import SPRITE_SIZE

SCENE = Scene("fox", "meadow", "day", "clear")


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.int_]:
    """The largest channel difference at each px."""
    return np.asarray(np.abs(one.astype(np.int_) - other.astype(np.int_)).max(axis=2))


def drawn_over(scene: Scene, state: State) -> NDArray[np.bool_]:
    """Where the picture differs from its backdrop: the critter and its shadow, in clear weather."""
    empty = backdrop(draw_layout(0, scene.landscape, scene.critter).scenery, scene.time, scene.weather).seen_from(
        int(state.camera)
    )
    return difference(render(scene, state), empty.astype(np.uint8)) > 0


def test_a_picture_is_128_by_128_rgb_bytes() -> None:
    picture = render(SCENE, State())
    assert picture.shape == (SIZE, SIZE, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("weather", WEATHERS)
def test_the_same_scene_and_state_always_give_the_same_picture(weather: str) -> None:
    scene = replace(SCENE, weather=weather)
    state = State(x=70.3, y=12.6, facing=-1, walk=0.4, camera=91.2, clock=0.37)
    first = render(scene, state)
    render(replace(scene, landscape="city"), State())
    assert np.array_equal(first, render(scene, state))


def test_drawing_on_a_picture_does_not_spoil_the_next_one() -> None:
    first = render(SCENE, State())
    kept = first.copy()
    first[:] = 0
    assert np.array_equal(render(SCENE, State()), kept)


@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize("camera", [0.0, 37.5, 129.0, 255.7])
def test_the_landscape_meets_itself_after_one_period(landscape: str, camera: float) -> None:
    scene = replace(SCENE, landscape=landscape)
    here = render(scene, State(camera=camera))
    assert np.array_equal(here, render(scene, State(camera=camera + PERIOD)))


def test_a_place_looks_the_same_when_the_walker_returns() -> None:
    before = render(SCENE, State(camera=40))
    for step in range(40):
        render(SCENE, State(camera=40 + step * 5, walk=step / 8 % 1))
    assert np.array_equal(render(SCENE, State(camera=40)), before)


@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_places_a_screen_apart_can_be_told_apart(landscape: str) -> None:
    scene = replace(SCENE, landscape=landscape)
    places = [render(scene, State(camera=camera)) for camera in (0, 64, 128, 192)]
    for index, place in enumerate(places):
        for other in places[index + 1 :]:
            assert (difference(place, other) > 24).mean() > 0.06


@pytest.mark.parametrize("camera", [0.0, 100.0, 200.0])
def test_the_ground_moves_with_the_camera_and_the_sky_stays(camera: float) -> None:
    scene = replace(SCENE, landscape="city")
    here, ahead = (render(scene, State(x=0, camera=at)) for at in (camera, camera + 8))
    assert np.array_equal(here[115:, 48:], ahead[115:, 40:-8])
    assert (difference(here[115:, 48:], ahead[115:, 48:]) > 0).any()
    sky, sky_ahead = (render(SCENE, State(camera=at))[:24] for at in (camera, camera + 8))
    assert np.array_equal(sky, sky_ahead)


@pytest.mark.parametrize(
    ("word", "values"),
    [("critter", CRITTERS), ("landscape", LANDSCAPES), ("time", TIMES), ("weather", WEATHERS)],
)
def test_every_word_changes_the_picture(word: str, values: tuple[str, ...]) -> None:
    pictures = [render(replace(SCENE, **{word: value}), State()) for value in values]
    for index, picture in enumerate(pictures):
        for other in pictures[index + 1 :]:
            assert (difference(picture, other) > 24).mean() > 0.02


def test_every_backdrop_has_a_palette_of_its_own() -> None:
    scenes = {(scene.landscape, scene.time, scene.weather): scene for scene in all_scenes()}
    means = np.array([render(scene, State(x=-64)).mean(axis=(0, 1)) for scene in scenes.values()])
    apart = np.abs(means[:, None] - means[None]).max(axis=2)
    assert apart[~np.eye(len(means), dtype=bool)].min() > 0.5


@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_weather_meets_itself_after_one_turn(weather: str) -> None:
    scene = replace(SCENE, weather=weather)
    start = render(scene, State(clock=0))
    assert np.array_equal(render(scene, State(clock=1)), start)
    assert np.array_equal(render(scene, State(clock=0.9999)), start)


@pytest.mark.parametrize(("weather", "fall"), [("rain", 8), ("snow", 4)])
def test_weather_falls_the_same_way_every_frame_across_the_wrap(weather: str, fall: int) -> None:
    scene = replace(SCENE, weather=weather)
    turn = [render(scene, State(x=-64, clock=frame / 16)) for frame in range(16)]
    dry = np.median(turn, axis=0).astype(np.uint8)
    wet = [difference(picture, dry) > 8 for picture in turn]
    for frame, drops in enumerate(wet):
        moved = np.roll(drops, fall, axis=0)
        assert (moved & wet[(frame + 1) % 16]).sum() > 0.8 * drops.sum() > 0


def test_clear_weather_ignores_the_clock() -> None:
    assert np.array_equal(render(SCENE, State(clock=0.1)), render(SCENE, State(clock=0.6)))


@pytest.mark.parametrize("critter", CRITTERS)
@pytest.mark.parametrize("x", [40.0, 64.0, 90.4])
def test_the_critter_stands_on_the_ground_where_the_state_says(critter: str, x: float) -> None:
    rows, columns = np.nonzero(drawn_over(replace(SCENE, critter=critter), State(x=x)))
    assert abs((columns.min() + columns.max()) / 2 - x) <= 7
    assert GROUND - SPRITE_SIZE <= rows.min() < GROUND - 36
    assert GROUND <= rows.max() <= GROUND + 5


def test_a_jump_lifts_the_critter_and_leaves_its_shadow() -> None:
    standing, jumping = (drawn_over(SCENE, State(y=y)) for y in (0.0, 40.0))
    assert jumping[GROUND].any()
    assert not jumping[GROUND - 20 : GROUND - 6].any()
    assert 30 <= np.nonzero(standing)[0].min() - np.nonzero(jumping)[0].min() <= 50


def test_every_px_of_height_moves_a_jumping_critter_by_one_row() -> None:
    low, high = (drawn_over(SCENE, State(y=y))[:100].any(axis=1) for y in (30.0, 31.0))
    assert np.flatnonzero(low)[0] == np.flatnonzero(high)[0] + 1


def test_facing_the_other_way_and_walking_change_the_critter_alone() -> None:
    standing = render(SCENE, State())
    for state in (State(facing=-1), State(walk=0.25)):
        changed = np.nonzero(difference(standing, render(SCENE, state)))
        assert changed[0].size > 40
        assert changed[1].min() >= 64 - SPRITE_SIZE // 2
        assert changed[1].max() < 64 + SPRITE_SIZE // 2


@pytest.mark.parametrize(("x", "shift"), [(0.0, -64), (10.0, -54), (118.0, 54), (128.0, 64)])
def test_a_critter_at_the_edge_is_cut_off_not_wrapped(x: float, shift: int) -> None:
    whole, cut = drawn_over(SCENE, State()), drawn_over(SCENE, State(x=x))
    expected = np.zeros_like(whole)
    if shift < 0:
        expected[:, :shift] = whole[:, -shift:]
    else:
        expected[:, shift:] = whole[:, :-shift]
    assert cut.any()
    assert (cut != expected).sum() < 0.02 * whole.sum()


def test_a_critter_far_outside_leaves_the_backdrop_alone() -> None:
    assert not drawn_over(SCENE, State(x=-64)).any()
    assert not drawn_over(SCENE, State(x=192)).any()


@pytest.mark.parametrize("time", TIMES)
def test_the_critter_stays_bright_enough_to_recognise(time: str) -> None:
    scene = Scene("duck", "forest", time, "clear")
    picture = render(scene, State())
    critter = drawn_over(scene, State())
    critter[100:] = False
    assert np.percentile(picture[critter].max(axis=1), 75) > 170
