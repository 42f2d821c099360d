"""The game blocks: its rules, its pictures, and recordings that training can read."""

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from blocks.captions import caption, names_of
from blocks.eye import find_dot
from blocks.game import ACTIONS, LEFT_END, RIGHT_END, STEP, Dot, Keys, play, tick
from blocks.record import moments, other_scene, other_way, record
from blocks.scene import LAYOUTS, SCENES, Scene, draw_layout, render
from engine_service.runtime.world import find_world, load_world
from engine_service.training.frames import load_clips
from streamdit.recording import Recording

WORLD = find_world("blocks")


def test_keys_walk_and_both_together_do_not_nor_beyond_the_ends() -> None:
    assert tick(Dot(x=36), Keys(left=True)).x == 36 - STEP
    assert tick(Dot(x=36), Keys(left=True, right=True)).x == 36
    assert play(Dot(x=36), [Keys(right=True)] * 30)[-1].x == RIGHT_END
    assert play(Dot(x=36), [Keys(left=True)] * 30)[-1].x == LEFT_END


def test_a_jump_rises_while_it_is_held_and_falls_when_it_is_not() -> None:
    flight = play(Dot(), [Keys(jump=True)] * 4 + [Keys()] * 4)
    assert [dot.y for dot in flight] == [8, 16, 24, 24, 16, 8, 0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_the_eye_finds_the_dot_where_the_game_drew_it(seed: int) -> None:
    rng = random.Random(seed)
    scene, layout = rng.choice(SCENES), draw_layout(rng.randrange(1000))
    x, y = rng.randrange(LEFT_END, RIGHT_END + 1), rng.choice((0, 8, 16, 24))
    seen = find_dot(render(scene, layout, x, y))
    assert (seen.x, seen.y, seen.dot, seen.error) == (x, y, scene.dot, 0.0)


def test_layouts_are_always_the_same_and_nobody_shares_them() -> None:
    assert draw_layout(7) == draw_layout(7)
    assert len({draw_layout(number).heights for number in range(1, 200)}) > 190
    numbers = [set(layouts) for layouts in LAYOUTS.values()]
    assert sum(map(len, numbers)) == len(set.union(*numbers))


def test_captions_name_any_part_and_never_what_is_not_there() -> None:
    rng = random.Random(1)
    scene = Scene("pink", "green", "dusk")
    named = [names_of(caption(scene, rng)) for _ in range(300)]
    assert {frozenset(names) for names in named} >= {frozenset(), frozenset({"sky"}), frozenset({"dot", "bars", "sky"})}
    assert all(getattr(scene, name) == value for names in named for name, value in names.items())
    assert all("bars" in names_of(caption(scene, rng, surely=frozenset({"bars"}))) for _ in range(50))


def test_a_scene_that_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="bars is 'plaid', expected one of red, green"):
        Scene(bars="plaid")


def test_a_frame_shows_the_effect_of_its_own_keys_in_branches_too() -> None:
    played = moments(40, random.Random(3))
    branch = other_way(played, 10, random.Random(4))
    for each in (played, branch):
        assert all(tick(before.dot, after.keys) == after.dot for before, after in pairwise(each))
    assert branch[0] == played[10]
    assert branch[1].keys.direction != played[11].keys.direction
    assert other_scene(SCENES[0], random.Random(1)) != SCENES[0]


def test_recordings_are_what_the_world_is_trained_on(tmp_path: Path) -> None:
    for index in range(8):
        record(index, out=tmp_path / "recordings", num_frames=24, seed=5, split="train")
    world = load_world(WORLD).world
    clips = load_clips(tmp_path / "recordings", world, tmp_path)
    assert clips.rgb.shape == (8, 24, world.height, world.width, 3)
    assert clips.actions.shape == (8, 24, len(ACTIONS))
    assert clips.branches is not None
    first = Recording.load(tmp_path / "recordings" / "train-00000")
    scene = Scene(**{name: str(first.labels[name]) for name in ("dot", "bars", "sky")})
    x, y = clips.states[0, 5]
    wanted = render(scene, draw_layout(int(first.metadata["layout"])), float(x), float(y))
    assert np.array_equal(clips.rgb[0, 5], wanted)
