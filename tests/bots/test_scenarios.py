from dataclasses import replace
from itertools import islice, pairwise
from random import Random

import numpy as np
import pytest

from streamdit._fake_world import FAKE_WORLD, STEERED_WORLD
from streamdit._said import checked_actions
from streamdit.bots.boxes import BOX, boxes
from streamdit.bots.scenarios import SCENARIOS, critter_prompts, probe_state
from streamdit.bots.trajectories import in_range, wander, with_horizon
from streamdit.types import ActionInfo, StateField, WorldInfo

CRITTERS = WorldInfo(
    name="critters",
    description="",
    fps=16.0,
    width=128,
    height=128,
    state_fields=(
        StateField("x", 0.0, 128.0),
        StateField("y", 0.0, 48.0),
        StateField("facing", -1.0, 1.0),
        StateField("walk", 0.0, 1.0, periodic=True),
        StateField("camera", 0.0, 256.0, periodic=True),
        StateField("clock", 0.0, 1.0, periodic=True),
    ),
    profiles=FAKE_WORLD.profiles,
    default_profile="single",
    example_prompts=("a pig", "a cat", "a fox"),
)


@pytest.mark.parametrize("world", [CRITTERS, FAKE_WORLD], ids=lambda world: world.name)
def test_a_wanderer_never_leaves_the_worlds_ranges(world: WorldInfo) -> None:
    for values in islice(wander(world, Random(1)), 2000):
        for field, value in zip(world.state_fields, values, strict=True):
            assert field.min <= value <= field.max, field.name


def test_a_critter_walks_four_pixels_a_frame_and_the_camera_takes_over_at_the_edges() -> None:
    moved = []
    for before, after in pairwise(islice(wander(CRITTERS, Random(2)), 2000)):
        assert 40.0 <= after[0] <= 88.0
        step_px = abs(after[0] - before[0]) + min(abs(after[4] - before[4]), 256 - abs(after[4] - before[4]))
        moved.append(step_px)
        if step_px == 0.0:
            assert after[3] == 0.0  # stands
        else:
            assert (after[3] - before[3]) % 1.0 == pytest.approx(1 / 8)
        assert (after[5] - before[5]) % 1.0 == pytest.approx(1 / 16)
    assert set(moved) == {0.0, 4.0}


def test_a_jump_is_the_games_parabola() -> None:
    heights = [values[1] for values in islice(wander(CRITTERS, Random(3)), 2000)]
    first = next(index for index, height in enumerate(heights) if height > 0)
    assert heights[first : first + 9] == [10.0, 17.5, 22.5, 25.0, 25.0, 22.5, 17.5, 10.0, 0.0]


def test_the_same_seed_is_the_same_walk() -> None:
    runs = [list(islice(wander(CRITTERS, Random(5)), 200)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_the_horizon_is_what_then_happens() -> None:
    pairs = list(islice(with_horizon(wander(CRITTERS, Random(6)), 8), 50))
    for (_, horizon), (following, _) in pairwise(pairs):
        assert len(horizon) == 8
        assert horizon[0] == following


@pytest.mark.parametrize(("value", "wrapped"), [(0.25, 0.25), (1.0, 0.0), (-0.25, 0.75), (2.5, 0.5)])
def test_a_periodic_field_wraps_and_a_plain_one_clips(value: float, wrapped: float) -> None:
    assert in_range(StateField("walk", 0.0, 1.0, periodic=True), value) == pytest.approx(wrapped)
    assert in_range(StateField("x", 0.0, 1.0), value) == min(max(value, 0.0), 1.0)


def test_the_tour_asks_for_another_prompt_every_four_seconds() -> None:
    steps = islice(SCENARIOS["prompt-tour"](CRITTERS, Random(0)), 16 * 13)
    prompts = [(step.at_s, step.prompt) for step in steps if step.prompt is not None]
    assert prompts == [(0.0, "a pig"), (4.0, "a cat"), (8.0, "a fox"), (12.0, "a pig")]


def test_prompts_change_the_critter_and_nothing_else_every_three_seconds() -> None:
    world = replace(CRITTERS, example_prompts=("a pig walks", "a fox in a forest", "a cat"))
    steps = islice(SCENARIOS["prompts"](world, Random(0)), 16 * 10)
    prompts = [(step.at_s, step.prompt) for step in steps if step.prompt is not None]
    assert prompts == [(0.0, "a pig walks"), (3.0, "a fox walks"), (6.0, "a cat walks"), (9.0, "a pig walks")]
    assert critter_prompts(FAKE_WORLD) == FAKE_WORLD.example_prompts


def test_every_redrawn_picture_shows_the_box_where_its_state_says() -> None:
    steps = list(islice(SCENARIOS["redraw"](CRITTERS, Random(3)), 200))
    for step in steps:
        assert step.state is not None
        assert step.source is not None
        rows, columns = np.nonzero((step.source == BOX).all(axis=2))
        assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(step.state[0], abs=1)
        assert 96 - rows.max() - 1 == pytest.approx(step.state[1], abs=1)


def test_a_box_stays_in_the_picture_at_the_ends_of_its_range() -> None:
    for x, columns in ((0.0, slice(0, 12)), (128.0, slice(52, 64))):
        picture = boxes(FAKE_WORLD, (x, 0.5))
        assert picture.shape == (48, 64, 3)
        assert (picture[24:36, columns] == BOX).all()


def test_the_probe_moves_nothing_but_its_place() -> None:
    assert probe_state(CRITTERS, 0) == (32.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    assert probe_state(CRITTERS, 1) == (96.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    steps = list(islice(SCENARIOS["probe"](CRITTERS, Random(0)), 20))
    gaps_s = [after.at_s - before.at_s for before, after in pairwise(steps)]
    assert all(1.6 < gap_s < 2.4 for gap_s in gaps_s)
    assert len(set(gaps_s)) == len(gaps_s)
    assert [step.place for step in steps[:4]] == [0, 1, 0, 1]


def test_the_staller_stops_reading_once_and_the_idler_does_nothing() -> None:
    steps = list(islice(SCENARIOS["stall"](CRITTERS, Random(0)), 400))
    assert [(step.at_s, step.stop_reading_s) for step in steps if step.stop_reading_s] == [(4.0, 10.0)]
    assert list(SCENARIOS["idle"](CRITTERS, Random(0))) == []


def test_keys_are_pressed_in_turn_within_ranges_and_never_two_of_a_group() -> None:
    steps = list(islice(SCENARIOS["keys"](STEERED_WORLD, Random(4)), 600))
    assert (steps[0].at_s, steps[0].actions) == (0.0, {})
    assert all(after.at_s >= before.at_s for before, after in pairwise(steps))
    seen: dict[str, set[float]] = {}
    for step in steps:
        assert step.actions is not None
        assert step.state is None
        assert step.prompt is None
        assert not {"left", "right"} <= set(step.actions)
        assert step.actions == checked_actions(step.actions, STEERED_WORLD)  # what the SDK would send
        for name, value in step.actions.items():
            seen.setdefault(name, set()).add(value)
    assert {name: seen[name] for name in ("left", "right", "jump")} == {"left": {1.0}, "right": {1.0}, "jump": {1.0}}
    assert min(seen["throttle"]) < -0.9
    assert max(seen["throttle"]) > 0.9


def test_some_presses_are_shorter_than_a_frame() -> None:
    world = replace(STEERED_WORLD, actions=(ActionInfo("jump"),))
    steps = list(islice(SCENARIOS["keys"](world, Random(4)), 400))
    holds_s = [after.at_s - before.at_s for before, after in pairwise(steps) if before.actions]
    assert 0.05 < sum(hold_s < 1 / 16 for hold_s in holds_s) / len(holds_s) < 0.25
    assert all(before.actions != after.actions for before, after in pairwise(steps))


def test_the_same_seed_presses_the_same_keys() -> None:
    runs = [list(islice(SCENARIOS["keys"](STEERED_WORLD, Random(5)), 200)) for _ in range(2)]
    assert runs[0] == runs[1]
