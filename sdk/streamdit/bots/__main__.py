"""streamdit-bots: play headless and report how it went.

    streamdit-bots --address localhost:50051 --bots 4 --seconds 30 --scenario wander --report report.json

Leaves FILE.json, FILE.png beside it, and with --record a folder per bot: a recording and sheet.png.
Exit status 1 if any bot had no session or no frame, lost its session before its time or could not record it all, or if
the report could not be written; 128 and the signal's number after SIGINT, SIGTERM or SIGHUP, which end the run early
with recordings and report.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from streamdit.bots.bot import KNOWN_SCENARIOS, BotPlan, play
from streamdit.bots.plot import draw_report, draw_sheet
from streamdit.bots.replay import Replay
from streamdit.bots.report import build
from streamdit.bots.stopping import Stopping
from streamdit.bots.take import Take
from streamdit.errors import RecordingError, StreamDiTError
from streamdit.progress import counted
from streamdit.recording import Recording
from streamdit.types import TRANSITIONS, PromptTransition, ServerInfo

console = Console(stderr=True)


async def play_all(
    plan: BotPlan, num_bots: int, stopping: Stopping | None = None
) -> tuple[list[Take], ServerInfo | None]:
    """All bots at once, each over a connection of its own; what the engine said about itself.

    Args:
        stopping: ends them early on a signal; for the main thread.
    """
    info = None
    try:
        async with plan.client() as client:
            info = await client.server_info()
    except StreamDiTError as error:
        failed = Take(0, errors=[str(error)])
        return [failed], None
    fps = next((w.fps for w in info.worlds if plan.world in ("", w.name)), 0.0)
    frames = round(plan.seconds * fps * num_bots)
    with counted(f"{num_bots} x {plan.scenario}", frames, unit="frames") as advance:
        tasks = [asyncio.create_task(play(plan, bot, advance)) for bot in range(num_bots)]
        with nullcontext() if stopping is None else stopping.cancels(tasks):
            takes = await asyncio.gather(*tasks)
    return list(takes), info


def prepare(report: Path, record: Path | None, num_bots: int) -> None:
    """Make the folders.

    Raises:
        ValueError: the report would be written over by its picture, or a recording is there already.
        OSError: a folder cannot be made.
    """
    if report.suffix.lower() == ".png":
        raise ValueError(f"--report is {report}: it is JSON, and its picture goes beside it as .png; say .json")
    if report.is_dir():
        raise ValueError(f"--report is {report}, a folder; expected a file")
    report.parent.mkdir(parents=True, exist_ok=True)
    if record is not None:
        for folder in (record / f"bot-{bot}" for bot in range(num_bots)):
            if (folder / "session.json").exists():
                raise ValueError(f"--record is {record}: {folder.name} holds a recording already")
        record.mkdir(parents=True, exist_ok=True)


def write_report(built: dict[str, Any], report: Path) -> bool:
    """Whether it is in its file; if it cannot be, it goes to stdout."""
    text = json.dumps(built, indent=2) + "\n"
    try:
        unfinished = report.with_name(report.name + ".tmp")
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, report)
    except OSError as error:
        console.print(f"the report cannot be written, here it is: {error}", style="red", markup=False)
        sys.stdout.write(text)
        return False
    return True


def draw(takes: Sequence[Take], built: dict[str, Any], report: Path, record: Path | None) -> bool:
    """Whether the pictures could be drawn; a line for each that could not."""
    drawn = True
    sheets = [] if record is None else [record / f"bot-{take.bot}" for take in takes if take.frames]
    pictures: list[tuple[Path, Callable[[Path], None]]] = [
        (report.with_suffix(".png"), lambda path: draw_report(takes, built, path)),
        *((folder / "sheet.png", lambda path: draw_sheet(Recording.load(path.parent), path)) for folder in sheets),
    ]
    for path, draw_into in pictures:
        try:
            draw_into(path)
        except (OSError, RecordingError) as error:
            console.print(f"{path} cannot be drawn: {error}", style="red", markup=False)
            drawn = False
    return drawn


def run(
    address: Annotated[str, typer.Option(help="The engine, HOST:PORT.")],
    report: Annotated[Path, typer.Option(help="Where report.json goes; report.png goes beside it.")],
    bots: Annotated[int, typer.Option(min=1, help="How many play at once.")] = 1,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="How long each session lasts. Default: 10, or as long as the replay.")
    ] = None,
    scenario: Annotated[str, typer.Option(help=" | ".join(KNOWN_SCENARIOS))] = "wander",
    recording: Annotated[Path | None, typer.Option(help="replay: the recording that is said again.")] = None,
    record: Annotated[Path | None, typer.Option(help="Folder for one recording per bot.")] = None,
    world: Annotated[str, typer.Option(help="Default: the engine's.")] = "",
    profile: Annotated[str, typer.Option(help="Default: the world's.")] = "",
    prompt: Annotated[
        str | None,
        typer.Option(
            help="Default: left open where the world can, else its first example. replay: instead of its prompts."
        ),
    ] = None,
    transition: Annotated[str, typer.Option(help="How prompts take over: " + " | ".join(TRANSITIONS))] = "immediate",
    strength: Annotated[float, typer.Option(help="redraw: 0 gives the pictures back, 1 keeps nothing of them.")] = 0.6,
    seed: Annotated[int, typer.Option(help="Of the scenario; every bot adds its number.")] = 0,
    tls: Annotated[bool, typer.Option("--tls", help="TLS, with the system's certificates.")] = False,
    ca: Annotated[Path | None, typer.Option(help="TLS, with the certificates of this PEM file.")] = None,
    token: Annotated[str | None, typer.Option(help="The engine's.", envvar="STREAMDIT_TOKEN")] = None,
) -> None:
    """Play headless and report how it went."""
    try:
        replay = None if recording is None else Replay(Recording.load(recording), with_prompts=prompt is None)
        if seconds is None:
            seconds = 10.0 if replay is None else replay.seconds
        plan = BotPlan(
            address=address,
            scenario=scenario,
            seconds=seconds,
            world=world,
            profile=profile,
            prompt=prompt,
            transition=cast(PromptTransition, transition),  # checked there
            strength=strength,
            seed=seed,
            record=record,
            replay=replay,
            secure=tls,
            ca=ca,
            token=token,
        )
        prepare(report, record, bots)
    except (ValueError, OSError, RecordingError) as error:
        raise typer.BadParameter(str(error)) from error
    stopping = Stopping()
    takes, info = asyncio.run(play_all(plan, bots, stopping))
    options: dict[str, object] = {"transition": transition, "strength": strength}
    if recording is not None:
        options["recording"] = str(recording)
    if stopping.signal is not None:
        options["stopped_by"] = signal.Signals(stopping.signal).name
    built = build(scenario, seconds, takes, info, options=options)
    written = write_report(built, report)
    for key in ("frames", "fps", "interval_ms", "control_latency_ms", "visible_latency_ms", "dropped"):
        console.print(f"{key:20} {built[key]}")
    for problem in built["errors"]:
        console.print(problem, style="red", markup=False)
    drawn = draw(takes, built, report, record)
    if stopping.signal is not None:
        raise typer.Exit(128 + stopping.signal)
    if not (written and drawn and all(take.complete for take in takes)):
        raise typer.Exit(1)


def main() -> None:
    """The console script."""
    typer.run(run)


if __name__ == "__main__":
    main()
