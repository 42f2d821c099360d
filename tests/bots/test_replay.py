"""Recordings said again, over a real stream to a fake engine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from streamdit.bots.__main__ import run as command
from streamdit.bots.bot import BotPlan, play
from streamdit.bots.replay import Replay
from streamdit.bots.take import Take
from streamdit.errors import RecordingError
from streamdit.recording import Recorder, Recording
from streamdit.testing import FAKE_WORLD, STEERED_WORLD, FakeEngine, WallTicks
from streamdit.types import ActionInfo, StateField, Steering, WorldInfo
from streamdit.wire import engine_pb2 as pb

BLACK = np.zeros((48, 64, 3), np.uint8)


def recorded(folder: Path, world: WorldInfo = STEERED_WORLD) -> Recording:
    """A second: all kinds of things are said, some before the first frame."""
    with Recorder(
        folder,
        fps=16.0,
        width=64,
        height=48,
        state_fields=world.state_fields,
        actions=world.actions,
        metadata={"seed": 5},
    ) as recorder:
        for frame in range(16):
            if frame == 0:
                recorder.prompt("a square on ice")
                recorder.state([32.0], fields=["x"])
                recorder.actions({"left": 1.0})
            if frame == 2:
                recorder.state([0.25], fields=["spin"])
                recorder.actions({"jump": 1.0, "throttle": -0.5})
            if frame == 3:
                recorder.prompt("a square on sand", transition="smooth", smooth_frames=4)
            if frame == 4:
                recorder.state([64.0, 0.5])
            if frame == 6:
                recorder.release("state", "prompt")
                recorder.event("gap", num_frames=4)
            if frame == 8:
                recorder.actions({})
            recorder.frame(BLACK)
    return Recording.load(folder)


async def said(plan: BotPlan, world: WorldInfo = STEERED_WORLD) -> tuple[Take, FakeEngine]:
    async with FakeEngine(world=world, tick=lambda: WallTicks(16.0)) as engine:
        return await play(replace(plan, address=engine.address), 0), engine


def plan_of(recording: Recording, **wishes: Any) -> BotPlan:
    replay = Replay(recording, with_prompts="prompt" not in wishes)
    return BotPlan(address="x:1", scenario="replay", seconds=replay.seconds, replay=replay, **wishes)


def told(recording: Recording, kind: str) -> list[dict[str, Any]]:
    """The events of one kind, without their times."""
    events = [event for event in recording.events if event["type"] == kind]
    return [{key: value for key, value in event.items() if key not in ("frame", "t_us")} for event in events]


def sets(engine: FakeEngine) -> list[dict[str, float]]:
    return [{value.name: value.value for value in body.values} for body in engine.bodies("actions")]


async def test_what_was_recorded_is_said_again_in_its_order(tmp_path: Path) -> None:
    take, engine = await said(plan_of(recorded(tmp_path)))
    assert take.errors == []
    opening = engine.bodies("open")[0]
    assert (opening.prompt.text, opening.seed) == ("a square on ice", 5)
    assert (list(opening.state.fields), list(opening.state.values)) == (["x"], [32.0])
    assert [value.name for value in opening.actions.values] == ["left"]
    spin, both = engine.bodies("state")
    assert (list(spin.fields), list(spin.values)) == (["spin"], [0.25])
    assert [list(step.values) for step in spin.horizon] == [[0.25], [0.5], [0.5]]  # until it is released
    assert (list(both.fields), list(both.values)) == ([], [64.0, 0.5])
    assert sets(engine) == [{"jump": 1.0, "throttle": -0.5}, {}]
    (prompt,) = engine.bodies("prompt")
    assert (prompt.text, prompt.transition, prompt.smooth_frames) == (
        "a square on sand", pb.PROMPT_TRANSITION_SMOOTH, 4
    )  # fmt: skip
    (control,) = engine.bodies("control")
    assert list(control.release.steering) == [pb.STEERING_STATE, pb.STEERING_PROMPT]


def test_it_is_said_at_the_times_of_its_frames_and_lost_frames_count(tmp_path: Path) -> None:
    replay = Replay(recorded(tmp_path))
    assert [step.at_s * 16 for step in replay.steps(STEERED_WORLD)] == [2, 2, 3, 4, 6, 12]
    assert replay.seconds == 20 / 16


async def test_the_film_of_a_replay_comes_to_what_it_replays(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "first")
    take, _ = await said(plan_of(recording, record=tmp_path, profile="single"))
    assert take.errors == []
    again = Recording.load(tmp_path / "bot-0")

    for kind in ("prompt", "state", "actions", "release"):
        assert told(again, kind) == told(recording, kind)
    assert again.prompts()[-1] == ""


async def test_a_prompt_of_ones_own_stays_in_force(tmp_path: Path) -> None:
    _, engine = await said(plan_of(recorded(tmp_path), prompt="a square on grass"))
    assert engine.bodies("open")[0].prompt.text == "a square on grass"
    assert not engine.bodies("prompt")
    (control,) = engine.bodies("control")
    assert list(control.release.steering) == [pb.STEERING_STATE]


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        (
            replace(STEERED_WORLD, actions=(ActionInfo("left"),)),
            "the recording holds the action 'jump', and world 'keys' takes: left",
        ),
        (
            replace(STEERED_WORLD, state_fields=(StateField("x", 0.0, 128.0),)),
            "the recording states the field 'spin', and world 'keys' has: x",
        ),
        (
            replace(STEERED_WORLD, may_be_open=(Steering.PROMPT, Steering.ACTIONS)),
            "the recording releases 'state', and world 'keys' can leave open: prompt, actions",
        ),
    ],
)
async def test_a_world_that_it_does_not_fit_is_refused_in_words(tmp_path: Path, world: WorldInfo, problem: str) -> None:
    take, _ = await said(plan_of(recorded(tmp_path)), world)
    assert take.errors == [f"bot 0: {problem}"]
    assert not take.frames


async def test_what_cannot_be_said_again_is_named(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        recorder.frame(BLACK)
        recorder.event("source_frame", strength=0.5)
        recorder.frame(BLACK)
    take, _ = await said(plan_of(Recording.load(tmp_path)), FAKE_WORLD)
    assert take.notices == ["bot 0: 1 source frames are not sent: the recording holds no pictures of them"]
    assert take.errors == []


async def test_a_world_without_actions_hears_the_states_that_go_with_them(tmp_path: Path) -> None:
    world = replace(STEERED_WORLD, actions=(), steered_by=(Steering.PROMPT, Steering.STATE))
    take, engine = await said(plan_of(recorded(tmp_path)), world)
    assert take.errors == []
    assert take.notices == ["bot 0: 3 sets of actions are not sent: world 'keys' takes none, the states are"]
    assert len(engine.bodies("state")) == 2
    assert not engine.bodies("actions")


async def test_actions_alone_are_not_for_a_world_without(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48, actions=STEERED_WORLD.actions) as recorder:
        recorder.actions({"jump": 1.0})
        recorder.frame(BLACK)
    take, _ = await said(plan_of(Recording.load(tmp_path)), FAKE_WORLD)
    assert take.errors == ["bot 0: the recording holds the action 'jump', and world 'square' takes: nothing"]


async def test_a_world_that_is_not_there_is_the_engines_to_refuse(tmp_path: Path) -> None:
    take, _ = await said(plan_of(recorded(tmp_path), world="atlantis"))
    assert take.errors == ["bot 0: UNKNOWN_WORLD: open.world is 'atlantis', this engine serves keys"]


def test_a_broken_recording_is_named_before_anything_is_played(tmp_path: Path) -> None:
    recorded(tmp_path)
    (tmp_path / "events.jsonl").write_text('{"frame": 0, "type": "actions", "held": {"fly": 1.0}}\n')
    with pytest.raises(RecordingError, match="actions at frame 0 hold 'fly'"):
        Replay(Recording.load(tmp_path))


def test_the_command_replays_a_folder_and_refuses_one_without(tmp_path: Path) -> None:
    app = Typer()
    app.command()(command)
    recorded(tmp_path / "recording")
    with FakeEngine.in_thread(world=STEERED_WORLD, tick=lambda: WallTicks(16.0)) as engine:
        arguments = f"--address {engine.address} --scenario replay --report {tmp_path / 'report.json'}".split()
        ran = CliRunner().invoke(app, [*arguments, "--recording", str(tmp_path / "recording")])
        assert ran.exit_code == 0, ran.output
        assert len(engine.bodies("actions")) == 2
        for wrong in ([], ["--recording", str(tmp_path)]):
            refused = CliRunner().invoke(app, [*arguments, *wrong])
            assert refused.exit_code == 2
    with pytest.raises(ValueError, match="scenario is 'replay': replay needs a recording"):
        BotPlan(address="x:1", scenario="replay", seconds=1.0)
