"""`make demo`: an engine, a bot that tours the prompts for half a minute, and what is left to look at.

Leaves demo/play.mp4, demo/sheet.png, demo/report.json and demo/report.png, and prints ten lines about them.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import print as say

from streamdit.launch import LocalEngine


def main(
    out: Annotated[Path, typer.Option(help="Where the four files go.")] = Path("demo"),
    seconds: Annotated[float, typer.Option(min=1.0, help="How long the bot plays.")] = 30.0,
    scenario: Annotated[str, typer.Option(help="Any of streamdit-bots'.")] = "prompt-tour",
) -> None:
    """Play headless over a real socket and leave a film, a sheet and a report."""
    film = out / "film"
    shutil.rmtree(film, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    with LocalEngine() as engine:
        bots = [sys.executable, "-m", "streamdit.bots", "--address", engine.address, "--scenario", scenario]
        wishes = ["--seconds", str(seconds), "--report", str(out / "report.json"), "--record", str(film)]
        played = subprocess.run([*bots, *wishes], stderr=subprocess.PIPE, text=True, check=False)
    if played.returncode:
        raise SystemExit(f"the bot failed:\n{played.stderr}")
    (film / "bot-0" / "video.mp4").replace(out / "play.mp4")
    (film / "bot-0" / "sheet.png").replace(out / "sheet.png")
    shutil.rmtree(film)
    for line in summary(json.loads((out / "report.json").read_text()), out):
        say(line)


def summary(report: dict[str, Any], out: Path) -> list[str]:
    """Ten lines of a report, for people."""

    def measured(name: str, key: str) -> str:
        found = report[name]
        return "not measured" if found is None else f"{found[key]:.1f} ms"

    server, drops = report["server"], report["dropped"]
    return [
        f"world      {server['world']}, {server['profile']}, on {server['backend']}",
        f"frames     {report['frames']} at {report['fps']:.2f} a second",
        f"interval   p50 {measured('interval_ms', 'p50')}, p99 {measured('interval_ms', 'p99')}, "
        f"longest {measured('interval_ms', 'max')}",
        f"late       {report['late_frames']} frames",
        f"dropped    generate {drops['generate']}, encode {drops['encode']}, network {drops['network']}",
        f"first      frame after {report['first_frame_ms']:.0f} ms",
        f"control    p50 {measured('control_latency_ms', 'p50')}, p95 {measured('control_latency_ms', 'p95')}",
        f"errors     {len(report['errors'])}",
        f"film       {out / 'play.mp4'}, one frame a second on {out / 'sheet.png'}",
        f"report     {out / 'report.json'}, as plots on {out / 'report.png'}",
    ]


if __name__ == "__main__":
    typer.run(main)
