"""Recordings of the game hold exactly what the classic renderer drew, and what the game said."""

from collections import Counter
from itertools import islice, pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from critters.captions import parse
from critters.classic import render
from critters.players import PLAYERS
from critters.record import Plan, main, plan, record, states
from critters.scene import STATE_FIELDS, Scene, State
from critters.splits import held_out
from streamdit.recording import Recording

SCENE = Scene("robot", "beach", "sunset", "rain")


def a_plan(folder: Path, seed: str = "0", num_frames: int = 20) -> Plan:
    return Plan(folder=folder, scene=SCENE, split="train", num_frames=num_frames, seed=seed)


def test_a_recording_reads_back_bit_for_bit_what_classic_draws(tmp_path: Path) -> None:
    assert record(a_plan(tmp_path / "r"))
    recording = Recording.load(tmp_path / "r")
    frames, values = recording.read(), recording.states()
    assert frames.shape == (20, 128, 128, 3)
    for rgb, row in zip(frames, values, strict=True):
        assert np.array_equal(rgb, render(SCENE, State(*map(float, row))))


def test_a_recording_says_its_world_its_split_its_scene_and_its_state_fields(tmp_path: Path) -> None:
    record(a_plan(tmp_path / "r"))
    recording = Recording.load(tmp_path / "r")
    assert (recording.world, recording.fps, recording.split) == ("critters", 16, "train")
    assert [recording.labels[slot] for slot in ("critter", "landscape", "time", "weather")] == [
        "robot",
        "beach",
        "sunset",
        "rain",
    ]
    assert [field.name for field in recording.state_fields] == [field.name for field in STATE_FIELDS]


def test_every_second_has_a_caption_of_its_own_that_says_the_scene(tmp_path: Path) -> None:
    record(a_plan(tmp_path / "r", num_frames=40))
    events = [event for event in Recording.load(tmp_path / "r").events if event["type"] == "prompt"]
    assert [event["frame"] for event in events] == [0, 16, 32]
    assert {parse(event["text"]) for event in events} == {SCENE}


def test_the_same_plan_makes_the_same_recording(tmp_path: Path) -> None:
    for name in ("first", "second"):
        record(a_plan(tmp_path / name))
    assert (tmp_path / "first/events.jsonl").read_text() == (tmp_path / "second/events.jsonl").read_text()


def test_a_finished_recording_is_kept_and_one_cut_short_is_made_again(tmp_path: Path) -> None:
    record(a_plan(tmp_path / "r"))
    before = (tmp_path / "r/events.jsonl").read_text()
    assert not record(a_plan(tmp_path / "r"))
    (tmp_path / "r/session.json").unlink()
    (tmp_path / "r/video.mp4").write_bytes(b"half")
    assert record(a_plan(tmp_path / "r"))
    assert (tmp_path / "r/events.jsonl").read_text() == before
    assert Recording.load(tmp_path / "r").num_frames == 20


def test_all_scenes_of_a_split_are_recorded_equally_often(tmp_path: Path) -> None:
    plans = plan(tmp_path, count=3 * 43, num_frames=4, seed=0, split="held-out")
    assert Counter(each.scene for each in plans) == dict.fromkeys(held_out(), 3)
    assert plans[17].folder.name == "held-out-00017"


def test_asking_for_more_recordings_leaves_the_first_ones_as_they_were(tmp_path: Path) -> None:
    few, many = (plan(tmp_path, count=count, num_frames=4, seed=0, split="train") for count in (5, 500))
    assert many[:5] == few


def test_a_teleporting_player_is_elsewhere_about_once_a_second() -> None:
    xs = [state.x for state in islice(states("stander", True, Random(0)), 160)]
    far = sum(abs(after - before) > 4 for before, after in pairwise(xs))
    assert 5 <= far <= 13


@pytest.mark.parametrize("player", PLAYERS)
def test_without_teleports_nothing_jumps_further_than_a_tick_allows(player: str) -> None:
    xs = [state.x for state in islice(states(player, False, Random(1)), 200)]
    assert max(abs(after - before) for before, after in pairwise(xs)) <= 4


def test_the_command_records_resumes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(out=tmp_path, count=2, seconds=0.25)
    main(out=tmp_path, count=3, seconds=0.25)
    assert "1 made, 2 were there already" in capsys.readouterr().out
    names = sorted(folder.name for folder in tmp_path.iterdir())
    assert names == ["train-00000", "train-00001", "train-00002"]
