"""streamdit-bots: play headless and report how it went.

    streamdit-bots --address localhost:50051 --bots 4 --seconds 30 --scenario wander --report report.json

Leaves FILE.json, FILE.png beside it, and with --record a folder per bot: a recording and sheet.png.
Exit status 1 if any bot had no session or no frame.
"""

import asyncio
import json
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from streamdit.bots.bot import KNOWN_SCENARIOS, BotPlan, play
from streamdit.bots.plot import draw_report, draw_sheet
from streamdit.bots.replay import Replay
from streamdit.bots.report import build
from streamdit.bots.take import Take
from streamdit.errors import RecordingError, StreamDiTError
from streamdit.recording import Recording
from streamdit.types import TRANSITIONS, PromptTransition, ServerInfo

console = Console(stderr=True)


async def play_all(plan: BotPlan, num_bots: int) -> tuple[list[Take], ServerInfo | None]:
    """All bots at once, each over a connection of its own; what the engine said about itself."""
    info = None
    try:
        async with plan.client() as client:
            info = await client.server_info()
    except StreamDiTError as error:
        failed = Take(0, errors=[str(error)])
        return [failed], None
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} frames")
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        fps = next((w.fps for w in info.worlds if plan.world in ("", w.name)), 0.0)
        bar = progress.add_task(f"{num_bots} x {plan.scenario}", total=plan.seconds * fps * num_bots)
        takes = await asyncio.gather(*(play(plan, bot, lambda: progress.advance(bar)) for bot in range(num_bots)))
    return list(takes), info


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
    except (ValueError, RecordingError) as error:
        raise typer.BadParameter(str(error)) from error
    takes, info = asyncio.run(play_all(plan, bots))
    options: dict[str, object] = {"transition": transition, "strength": strength}
    if recording is not None:
        options["recording"] = str(recording)
    built = build(scenario, seconds, takes, info, options=options)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(built, indent=2) + "\n", encoding="utf-8")
    draw_report(takes, built, report.with_suffix(".png"))
    if record is not None:
        for take in (take for take in takes if take.frames):
            folder = record / f"bot-{take.bot}"
            draw_sheet(Recording.load(folder), folder / "sheet.png")
    for key in ("frames", "fps", "interval_ms", "control_latency_ms", "visible_latency_ms", "dropped"):
        console.print(f"{key:20} {built[key]}")
    for problem in built["errors"]:
        console.print(problem, style="red", markup=False)
    if not all(take.frames for take in takes):
        raise typer.Exit(1)


def main() -> None:
    """The console script."""
    typer.run(run)


if __name__ == "__main__":
    main()
