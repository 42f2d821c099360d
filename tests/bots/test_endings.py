"""How the command ends: by a signal, a full disk, an engine that is killed; real processes, and their exit status."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer import Typer
from typer.testing import CliRunner

from streamdit.bots.__main__ import run as command
from streamdit.bots.bot import BotPlan, play, to_the_end
from streamdit.bots.film import Film
from streamdit.bots.plot import caption
from streamdit.client import connect
from streamdit.frames import Frame
from streamdit.recording import Recorder, Recording
from streamdit.testing import STEERED_WORLD, FakeEngine, Misbehaviour, WallTicks
from streamdit.types import StateField

app = Typer()
app.command()(command)


def bots(address: str, folder: Path, *more: str, before: str = "", **env: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, with `before` run ahead of it."""
    code = f"{before}\nfrom streamdit.bots.__main__ import main\nmain()"
    arguments = ["--address", address, "--report", str(folder / "report.json"), "--record", str(folder / "rec"), *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_film(folder: Path, size: int = 3000) -> None:
    video = folder / "rec" / "bot-0" / "video.mp4"
    deadline_s = time.monotonic() + 60
    while not (video.exists() and video.stat().st_size > size):
        assert time.monotonic() < deadline_s, "no film"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_a_whole_recording_and_the_report(tmp_path: Path, number: signal.Signals) -> None:
    with FakeEngine.in_thread(tick=lambda: WallTicks(16.0)) as engine:
        run = bots(engine.address, tmp_path, "--seconds", "60")
        wait_for_film(tmp_path)
        run.send_signal(number)
        _, complaints = run.communicate(timeout=60)
    assert run.returncode == 128 + number, complaints
    recording = Recording.load(tmp_path / "rec" / "bot-0")
    assert recording.finished
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["frames"] >= recording.num_frames > 0
    assert told["scenario"]["stopped_by"] == number.name
    assert told["errors"] == []
    assert (tmp_path / "report.png").exists()
    assert (tmp_path / "rec" / "bot-0" / "sheet.png").exists()


def test_a_killed_run_leaves_a_recording_that_opens(tmp_path: Path) -> None:
    with FakeEngine.in_thread(tick=lambda: WallTicks(16.0)) as engine:
        run = bots(engine.address, tmp_path, "--seconds", "60")
        wait_for_film(tmp_path, size=8000)
        run.kill()
        run.communicate(timeout=60)
    recording = Recording.load(tmp_path / "rec" / "bot-0")
    assert not recording.finished
    assert len(recording.read()) == recording.num_frames > 8


def test_a_full_disk_ends_the_film_but_not_the_run_and_not_its_report(tmp_path: Path) -> None:
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, resource.RLIM_INFINITY))"
    with FakeEngine.in_thread(tick=lambda: WallTicks(32.0)) as engine:
        run = bots(engine.address, tmp_path, "--seconds", "6", before=before)
        _, complaints = run.communicate(timeout=60)
    assert run.returncode == 1
    told = json.loads((tmp_path / "report.json").read_text())
    recording = Recording.load(tmp_path / "rec" / "bot-0")
    assert told["frames"] > recording.num_frames + 8 > 8
    (error,) = told["errors"]
    assert error.startswith(f"bot 0: {tmp_path}/rec/bot-0: frame ")
    assert "cannot be written" in error
    assert "Traceback" not in complaints


def test_a_report_that_cannot_be_written_is_printed(tmp_path: Path) -> None:
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400, resource.RLIM_INFINITY))"
    with FakeEngine.in_thread(tick=lambda: WallTicks(32.0)) as engine:
        arguments = ["--seconds", "1"]
        run = bots(engine.address, tmp_path, *arguments, before=before)
        printed, complaints = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "the report cannot be written, here it is" in complaints
    assert json.loads(printed[printed.index("{\n") :])["server"]["backend"] == "fake"
    assert "Traceback" not in complaints


def test_an_engine_that_goes_away_is_a_failed_run(tmp_path: Path) -> None:
    dropping = Misbehaviour(drop_after_frames=5)
    with FakeEngine.in_thread(misbehaviour=dropping, tick=lambda: WallTicks(64.0)) as engine:
        arguments = f"--address {engine.address} --seconds 20 --report {tmp_path / 'r.json'}"
        ran = CliRunner().invoke(app, arguments.split())
    assert ran.exit_code == 1
    assert json.loads((tmp_path / "r.json").read_text())["frames"] == 5


def test_a_notebooks_backend_for_plots_is_not_ours(tmp_path: Path) -> None:
    with FakeEngine.in_thread(tick=lambda: WallTicks(32.0)) as engine:
        run = bots(engine.address, tmp_path, "--seconds", "0.5", MPLBACKEND="inline")
        _, complaints = run.communicate(timeout=60)
    assert run.returncode == 0, complaints
    assert (tmp_path / "report.png").exists()


@pytest.mark.parametrize("name", ["report.png", "report.PNG"])
def test_a_report_that_its_picture_would_write_over_is_refused(tmp_path: Path, name: str) -> None:
    ran = CliRunner().invoke(app, ["--address", "x:1", "--report", str(tmp_path / name)])
    assert ran.exit_code == 2
    assert "it is JSON" in " ".join(ran.output.replace("│", " ").split())


def test_a_recording_that_is_there_already_is_told_before_anything_is_played(tmp_path: Path) -> None:
    with Recorder(tmp_path / "bot-1", fps=16.0, width=64, height=48):
        pass
    arguments = ["--address", "x:1", "--bots", "2", "--report", str(tmp_path / "r.json"), "--record", str(tmp_path)]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 2
    assert "bot-1 holds a recording already" in " ".join(ran.output.replace("│", " ").split())


async def test_the_recording_is_finished_after_the_frame_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time ends while a frame is written; its thread is slow, and the file is closed by another call."""
    going_on, overlaps = threading.Lock(), []
    write, finish = Film.frame, Film.finish

    def slow(self: Film, frame: Frame, rgb: NDArray[np.uint8]) -> None:
        with going_on:
            threading.Event().wait(0.05)
            write(self, frame, rgb)

    def watched(self: Film) -> None:
        overlaps.append(going_on.locked())
        finish(self)

    monkeypatch.setattr(Film, "frame", slow)
    monkeypatch.setattr(Film, "finish", watched)
    async with FakeEngine(tick=lambda: WallTicks(64.0)) as engine:
        for run in range(4):
            plan = BotPlan(address=engine.address, scenario="idle", seconds=0.3, record=tmp_path / str(run))
            take = await play(plan, 0)
            assert take.errors == []
            assert Recording.load(tmp_path / str(run) / "bot-0").num_frames == len(take.frames)
    assert overlaps == [False] * 4


async def test_a_stall_keeps_its_time_in_the_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamdit.bots.scenarios.STALL_AFTER_S", 0.5)
    monkeypatch.setattr("streamdit.bots.scenarios.STALL_FOR_S", 1.5)
    async with FakeEngine(tick=lambda: WallTicks(16.0)) as engine:
        plan = BotPlan(address=engine.address, scenario="stall", seconds=3.0, record=tmp_path)
        take = await play(plan, 0)
    recording = Recording.load(tmp_path / "bot-0")
    seen_s = (take.frames[-1].pts_us - take.frames[0].pts_us) / 1e6 + 1 / 16
    assert recording.num_frames / 16 < 2.5 < seen_s
    assert recording.seconds == pytest.approx(seen_s)
    assert sum(recording.gaps.values()) > 8
    assert len(recording.read()) == recording.num_frames


async def test_what_a_silent_bot_no_longer_holds_is_not_held_in_its_recording(tmp_path: Path) -> None:
    frames = 0
    async with (
        FakeEngine(world=STEERED_WORLD, actions_timeout_s=0.0, tick=lambda: WallTicks(16.0)) as engine,
        connect(engine.address) as client,
        client.play(actions=["jump"]) as session,
    ):
        film = Film(tmp_path / "bot-0", session, "keys")
        async for frame in session:
            if frames == 3:
                film.let_go(frame.last_event_id + 1, {"jump": 1.0})
            if frames == 5:
                await session.actions("jump")
            film.frame(frame, frame.rgb())
            frames += 1
            if frames > 5 and frame.last_event_id:
                break
        film.finish()
    held = Recording.load(tmp_path / "bot-0").actions()[:, 2]
    assert held[:3].tolist() == [1, 1, 1]
    assert held[3:6].tolist() == [0, 0, 0]
    assert held[-1] == 1


def test_a_sheet_does_not_print_what_nobody_said(tmp_path: Path) -> None:
    fields = [StateField("x", 0, 128), StateField("spin", 0, 1)]
    with Recorder(tmp_path / "r", fps=1.0, width=160, height=120, state_fields=fields) as recorder:
        recorder.frame(np.zeros((120, 160, 3), np.uint8))
        recorder.state([3.0], fields=["x"])
        recorder.gap(4)
        recorder.frame(np.zeros((120, 160, 3), np.uint8))
    recording = Recording.load(tmp_path / "r")
    assert [caption(recording, index, 160) for index in range(2)] == ["0 s", "5 s\nx=3"]


async def test_a_picture_that_waits_its_turn_when_the_time_is_up_is_looked_at_all_the_same() -> None:
    seen: list[str] = []
    busy = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(busy.wait)
        looking = asyncio.create_task(to_the_end(thread, seen.append, "the last frame"))
        await asyncio.sleep(0)
        looking.cancel()
        await asyncio.sleep(0)
        busy.set()
        with pytest.raises(asyncio.CancelledError):
            await looking
    assert seen == ["the last frame"]


async def test_what_goes_wrong_after_the_time_is_up_is_told() -> None:
    busy = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(busy.wait)
        looking = asyncio.create_task(to_the_end(thread, int, "no number"))
        await asyncio.sleep(0)
        looking.cancel()
        busy.set()
        with pytest.raises(ValueError, match="no number"):
            await looking
