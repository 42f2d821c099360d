"""Recordings of the game hold exactly what was drawn, what was held, and what the game said."""

import json
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from critters.actions import ACTIONS
from critters.captions import parse, read
from critters.classic import render
from critters.episode import BRANCH_FRAMES, Fork, Plan, play
from critters.layout import draw_layout
from critters.record import main, plan, record
from critters.scene import STATE_FIELDS, Scene, State
from critters.splits import LAYOUTS, held_out, scenes_of
from streamdit.recording import Recording

SCENE = Scene("robot", "beach", "sunset", "rain")


def a_plan(num_frames: int = 20, **more: object) -> Plan:
    return replace(
        Plan(name="r", scene=SCENE, split="train", num_frames=num_frames, seed="0", layout=7),
        **more,  # type: ignore[arg-type]
    )


def test_a_recording_reads_back_bit_for_bit_what_was_drawn(tmp_path: Path) -> None:
    assert record(a_plan(), tmp_path)
    recording = Recording.load(tmp_path / "r")
    frames, values = recording.read(), recording.states()
    assert frames.shape == (20, 128, 128, 3)
    for rgb, row in zip(frames, values, strict=True):
        assert np.array_equal(rgb, render(SCENE, State(*map(float, row)), draw_layout(7, "beach", "robot")))


def test_what_is_written_is_what_is_played_in_memory(tmp_path: Path) -> None:
    record(a_plan(), tmp_path)
    recording, episode = Recording.load(tmp_path / "r"), play(a_plan())
    assert recording.prompts() == list(episode.prompts)
    assert np.array_equal(recording.states(), episode.states)
    assert np.array_equal(recording.actions(), episode.actions)
    assert np.array_equal(recording.read(), episode.rgb)
    assert recording.action_infos == ACTIONS
    assert recording.labels == episode.labels


def test_a_recording_says_its_world_its_split_its_scene_and_its_state_fields(tmp_path: Path) -> None:
    record(a_plan(), tmp_path)
    recording = Recording.load(tmp_path / "r")
    assert (recording.world, recording.fps, recording.split) == ("critters", 16, "train")
    assert [recording.labels[slot] for slot in ("critter", "landscape", "time", "weather")] == [
        "robot",
        "beach",
        "sunset",
        "rain",
    ]
    assert [field.name for field in recording.state_fields] == [field.name for field in STATE_FIELDS]


def test_every_half_second_has_a_caption_of_its_own_and_says_what_it_names(tmp_path: Path) -> None:
    record(a_plan(num_frames=40), tmp_path)
    events = Recording.load(tmp_path / "r").events
    prompts = [event for event in events if event["type"] == "prompt"]
    assert [event["frame"] for event in prompts] == [0, 8, 16, 24, 32]
    assert [event["names"] for event in events if event["type"] == "names"] == [read(each["text"]) for each in prompts]


def test_full_captions_name_all_four_labels_and_nothing_else(tmp_path: Path) -> None:
    record(a_plan(num_frames=40, full_captions=True), tmp_path)
    prompts = set(Recording.load(tmp_path / "r").prompts())
    assert {parse(text) for text in prompts} == {SCENE}
    assert all(len(read(text)) == 4 for text in prompts)


def test_branches_are_recordings_that_say_where_they_left_their_parent(tmp_path: Path) -> None:
    other = replace(SCENE, critter="duck", time="night")
    forks = (Fork("keys", 12, SCENE, "k"), Fork("prompt", 20, other, "p"))
    record(a_plan(num_frames=48, forks=forks), tmp_path)
    parent, keys, prompt = (Recording.load(tmp_path / name) for name in ("r", "r-keys", "r-prompt"))
    assert {name: keys.metadata[name] for name in ("branch_of", "branch_frame", "branch_kind")} == {
        "branch_of": "r",
        "branch_frame": 12,
        "branch_kind": "keys",
    }
    assert keys.num_frames == prompt.num_frames == BRANCH_FRAMES
    assert np.array_equal(keys.states()[0], parent.states()[12])
    assert np.array_equal(prompt.states(), parent.states()[20 : 20 + BRANCH_FRAMES])
    assert (prompt.labels["critter"], prompt.labels["time"]) == ("duck", "night")
    assert "branch_of" not in parent.metadata


def test_the_same_plan_makes_the_same_recording(tmp_path: Path) -> None:
    for name in ("first", "second"):
        record(a_plan(), tmp_path / name)
    assert (tmp_path / "first/r/events.jsonl").read_text() == (tmp_path / "second/r/events.jsonl").read_text()


def test_a_finished_recording_is_kept_and_one_cut_short_is_made_again(tmp_path: Path) -> None:
    record(a_plan(), tmp_path)
    before = (tmp_path / "r/events.jsonl").read_text()
    assert record(a_plan(), tmp_path) is None
    session = json.loads((tmp_path / "r/session.json").read_text())
    (tmp_path / "r/session.json").write_text(json.dumps({**session, "finished": False}))
    (tmp_path / "r/video.mp4").write_bytes(b"half")
    assert record(a_plan(), tmp_path)
    assert (tmp_path / "r/events.jsonl").read_text() == before
    assert Recording.load(tmp_path / "r").num_frames == 20


def test_all_scenes_of_a_split_are_recorded_equally_often() -> None:
    plans = plan(count=3 * 43, num_frames=4, seed=0, split="held-out")
    assert Counter(each.scene for each in plans) == dict.fromkeys(held_out(), 3)
    assert plans[17].name == "held-out-00017"


def test_asking_for_more_recordings_leaves_the_first_ones_as_they_were() -> None:
    few, many = (plan(count=count, num_frames=64, seed=0, split="train") for count in (5, 500))
    assert many[:5] == few


def test_layouts_of_validation_and_test_never_occur_in_training() -> None:
    for name, numbers in LAYOUTS.items():
        drawn = {each.layout for each in plan(count=300, num_frames=4, seed=0, split="train", layouts=name)}
        assert len(drawn) == 300
        assert all(layout in numbers for layout in drawn)
    for one, other in combinations(LAYOUTS.values(), 2):
        assert not range(max(one.start, other.start), min(one.stop, other.stop))
    assert all(each.layout in LAYOUTS["train"] for each in plan(count=50, num_frames=4, seed=1, split="train"))
    assert all(each.layout in LAYOUTS["validation"] for each in plan(count=50, num_frames=4, seed=1, split="held-out"))
    assert not any(0 in numbers for numbers in LAYOUTS.values())


def test_half_branch_by_keys_a_third_by_prompts_and_those_that_teleport_not_at_all() -> None:
    plans = plan(count=2000, num_frames=64, seed=0, split="train")
    kinds = Counter(fork.kind for each in plans for fork in each.forks)
    assert kinds["keys"] / 2000 == pytest.approx(0.5, abs=0.03)
    assert kinds["prompt"] / 2000 == pytest.approx(0.35, abs=0.03)
    assert sum(each.teleports for each in plans) / 2000 == pytest.approx(0.15, abs=0.02)
    assert not any(each.forks for each in plans if each.teleports)
    for each in plans:
        for fork in each.forks:
            assert fork.frame % 2 == 0
            assert fork.frame + BRANCH_FRAMES <= 64
            assert fork.scene in scenes_of("train")
            assert (fork.scene == each.scene) == (fork.kind == "keys")


def test_a_recording_that_is_too_short_has_no_branches() -> None:
    assert not any(each.forks for each in plan(count=200, num_frames=24, seed=0, split="train"))


def test_classic_recordings_are_of_layout_0_and_have_no_branches() -> None:
    for each in plan(count=100, num_frames=64, seed=0, split="train", classic=True):
        assert (each.layout, each.full_captions, each.forks) == (0, True, ())


def test_the_command_records_resumes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(out=tmp_path, count=2, seconds=0.25)
    main(out=tmp_path, count=3, seconds=0.25)
    said = capsys.readouterr().out
    assert "1 made, 2 were there already" in said
    assert "standing" in said
    names = sorted(folder.name for folder in tmp_path.iterdir())
    assert names == ["train-00000", "train-00001", "train-00002"]
