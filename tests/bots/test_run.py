"""The whole command against a fake engine, short."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from streamdit._fake_world import FAKE_WORLD
from streamdit.bots.__main__ import run as command
from streamdit.bots.bot import BotPlan, play
from streamdit.bots.boxes import SKY
from streamdit.bots.report import build
from streamdit.bots.take import Take
from streamdit.recording import Recording
from streamdit.testing import STEERED_WORLD, FakeEngine, Misbehaviour, WallTicks
from streamdit.types import Steering, WorldInfo
from streamdit.wire import engine_pb2 as pb

app = Typer()
app.command()(command)


def test_the_command_leaves_report_picture_recording_and_sheet(tmp_path: Path) -> None:
    report = tmp_path / "out" / "report.json"
    with FakeEngine.in_thread(tick=lambda: WallTicks(16.0)) as engine:
        arguments = f"--address {engine.address} --bots 2 --seconds 1.5 --scenario prompt-tour --report {report}"
        arguments += " --transition smooth"
        ran = CliRunner().invoke(app, [*arguments.split(), "--record", str(tmp_path / "rec")])
    assert ran.exit_code == 0, ran.output
    told = json.loads(report.read_text())
    assert told["errors"] == []
    assert told["frames"] >= 40
    assert told["server"]["backend"] == "fake"
    assert told["control_latency_ms"]["p50"] < 500
    assert told["scenario"]["bots"] == 2
    assert (told["scenario"]["transition"], told["scenario"]["prompts"]) == ("smooth", 2)
    with Image.open(report.with_suffix(".png")) as picture:
        assert picture.width >= 1000
    recording = Recording.load(tmp_path / "rec" / "bot-1")
    assert recording.read().shape[1:] == (48, 64, 3)
    assert recording.prompts()[0] == "a square on grass"
    assert recording.states()[-1][0] != 64.0
    with Image.open(tmp_path / "rec" / "bot-0" / "sheet.png") as sheet:
        assert sheet.width == 2 * 64 * 3


def test_without_an_engine_the_command_fails_and_says_why(tmp_path: Path) -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(reject="SERVER_FULL")) as engine:
        arguments = f"--address {engine.address} --seconds 1 --report {tmp_path / 'report.json'}"
        ran = CliRunner().invoke(app, arguments.split())
    assert ran.exit_code == 1
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["errors"] == ["bot 0: SERVER_FULL: told to refuse with SERVER_FULL"]
    assert told["fps"] is None


def test_an_unknown_scenario_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    arguments = ["--address", "x:1", "--report", str(tmp_path / "r.json"), "--scenario", "fly"]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 2
    with pytest.raises(
        ValueError, match="expected one of wander, prompt-tour, prompts, redraw, probe, keys, free, idle, stall"
    ):
        BotPlan(address="x:1", scenario="fly", seconds=1.0)


async def test_a_bot_whose_engine_goes_away_brings_home_what_it_saw() -> None:
    dropping = Misbehaviour(drop_after_frames=5)
    async with FakeEngine(misbehaviour=dropping, tick=lambda: WallTicks(64.0)) as engine:
        take = await play(BotPlan(address=engine.address, scenario="idle", seconds=30.0), 0)
    assert len(take.frames) == 5
    assert take.errors == ["bot 0: closed, CONNECTION_LOST: UNAVAILABLE: told to drop the connection"]


async def test_probes_keep_one_small_picture_per_frame() -> None:
    async with FakeEngine(tick=lambda: WallTicks(64.0)) as engine:
        plan = BotPlan(address=engine.address, scenario="probe", seconds=0.3)
        takes = await asyncio.gather(play(plan, 0), play(plan, 1))
    for take in takes:
        assert take.errors == []
        assert len(take.thumbnails) == len(take.frames) > 5
        assert take.thumbnails[0].shape == (48, 64)


async def play_filmed(engine: FakeEngine, folder: Path, **wishes: Any) -> tuple[Take, Recording]:
    take = await play(BotPlan(address=engine.address, record=folder, **wishes), 0)
    assert take.errors == []
    return take, Recording.load(folder / "bot-0")


async def test_prompts_take_over_as_the_option_says_and_the_recording_keeps_it(tmp_path: Path) -> None:
    async with FakeEngine(tick=lambda: WallTicks(16.0)) as engine:
        take, recording = await play_filmed(engine, tmp_path, scenario="prompts", seconds=1.0, transition="fast")
        (prompt,) = engine.bodies("prompt")
    assert (prompt.text, prompt.transition) == ("a square on grass", pb.PROMPT_TRANSITION_FAST)
    assert [event.kind for event in take.events].count("prompt") == 1
    filmed = [event.get("transition") for event in recording.events if event["type"] == "prompt"]
    assert filmed == [None, "fast"]  # the opening prompt, and the scenario's


async def test_redraw_sends_a_picture_with_every_state_and_gets_it_back_in_part(tmp_path: Path) -> None:
    async with FakeEngine(tick=lambda: WallTicks(16.0)) as engine:
        take, recording = await play_filmed(engine, tmp_path, scenario="redraw", seconds=1.0, strength=0.0)
        sources, states = engine.bodies("source_frame"), engine.bodies("state")
    assert len(sources) > 8
    assert abs(len(sources) - len(states)) <= 1
    assert {source.strength for source in sources} == {0.0}
    assert "source_frame" in {event.kind for event in take.events}
    assert "source_frame" in {event["type"] for event in recording.events}
    corner = recording.read()[-1][2, 2].astype(int)
    assert np.abs(corner - SKY).max() < 12  # lossy twice


async def test_a_world_that_takes_no_pictures_ends_the_scenario_with_its_name() -> None:
    async with FakeEngine(world=replace(FAKE_WORLD, takes_source_frames=False)) as engine:
        take = await play(BotPlan(address=engine.address, scenario="redraw", seconds=0.2), 0)
    assert take.errors == ["bot 0: world 'square' takes no source frames"]


async def test_keys_plays_by_actions_alone_and_the_recording_keeps_them(tmp_path: Path) -> None:
    async with FakeEngine(world=STEERED_WORLD, tick=lambda: WallTicks(16.0)) as engine:
        take, recording = await play_filmed(engine, tmp_path, scenario="keys", seconds=2.0, profile="single", seed=3)
        sets, opening = engine.bodies("actions"), engine.bodies("open")[0]
    assert len(sets) > 4
    assert {event.kind for event in take.events} == {"actions"}
    assert not engine.bodies("state")
    assert not opening.HasField("state")
    report = build("keys", 2.0, [take], None)
    assert report["scenario"]["action_sets"] == len(take.events)
    assert 0 < report["control_latency_ms"]["p50"] <= report["control_latency_ms"]["p95"] < 1000
    held = recording.actions()  # (T, A)
    assert held.any()
    assert [action.name for action in recording.action_infos] == ["left", "right", "jump", "throttle"]
    assert recording.prompts()[0] == ""
    cells = recording.read()[:, -3, [8, 24, 40]]  # (T, 3 buttons, 3): lit where the button is held
    assert np.array_equal(cells.mean(axis=2) > 127, held[:, :3] > 0)


async def test_free_says_nothing_where_the_prompt_may_be_open_too() -> None:
    async with FakeEngine(world=STEERED_WORLD, tick=lambda: WallTicks(64.0)) as engine:
        plan = BotPlan(address=engine.address, scenario="free", seconds=0.3)
        takes = [await play(plan, 0), await play(replace(plan, prompt="a square on ice"), 1)]
        silent, asking = engine.bodies("open")
    assert all(take.frames and not take.events and not take.errors for take in takes)
    assert (silent.HasField("prompt"), silent.HasField("state"), silent.HasField("actions")) == (False, False, False)
    assert (asking.prompt.text, asking.HasField("state")) == ("a square on ice", False)
    assert not engine.bodies("actions") + engine.bodies("state") + engine.bodies("prompt")


@pytest.mark.parametrize(
    ("scenario", "world", "problem"),
    [
        ("keys", FAKE_WORLD, "scenario keys presses actions, and world 'square' takes none"),
        (
            "free",
            FAKE_WORLD,
            "scenario free says only the prompt, and world 'square' cannot leave its state open: "
            "it can leave open nothing",
        ),
        (
            "free",
            replace(STEERED_WORLD, may_be_open=(Steering.PROMPT,)),
            "scenario free says only the prompt, and world 'keys' cannot leave its state and actions open: "
            "it can leave open prompt",
        ),
    ],
)
async def test_a_world_that_cannot_be_played_so_is_refused_in_words(
    scenario: str, world: WorldInfo, problem: str
) -> None:
    async with FakeEngine(world=world) as engine:
        take = await play(BotPlan(address=engine.address, scenario=scenario, seconds=5.0), 0)
    assert take.errors == [f"bot 0: {problem}"]
    assert not take.frames


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"transition": "slow"}, "transition is 'slow', expected one of immediate, smooth, fast"),
        ({"strength": 1.5}, r"strength is 1.5, expected 0\.\.1"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BotPlan(address="x:1", scenario="redraw", seconds=1.0, **wrong)
