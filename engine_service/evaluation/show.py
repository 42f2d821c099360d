"""The evaluation for people: a contact sheet, a plot, tables in markdown and on the screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from engine_service.evaluation.drift import LOOP_S
from engine_service.evaluation.examine import COLUMNS, RowResult
from engine_service.evaluation.pictures import Pictures
from engine_service.evaluation.scenes import Scenes

NAME_WIDTH = 110  # px beside each row of the sheet
SHEET_COLUMNS = 8
HEADINGS = {
    "prompt_accuracy_trained": "prompt, trained",
    "prompt_accuracy_held_out": "held out",
    "prompt_accuracy_paraphrase": "paraphrased",
    "state_error_px_median": "position error, median",
    "state_error_px_p95": "p95",
    "psnr_db": "PSNR",
    "ssim": "SSIM",
    "keyboard_accuracy": "keys",
    "flicker": "flicker",
    "drift_60s_pct": "drift 60 s",
    "drift_300s_pct": "drift 300 s",
    "dynamic_degree": "dynamic-lite",
    "calls_per_frame": "calls a frame",
    "fps_cpu": "fps here",
    "visible_latency_p95_ms": "visible p95",
}


def worded(column: str, value: float | None) -> str:
    """A number as people read it."""
    if value is None:
        return "-"
    if "accuracy" in column or column == "dynamic_degree":
        return f"{value:.1%}"
    units = {"_px": " px", "_db": " dB", "_pct": " %", "_ms": " ms"}
    unit = next((text for ending, text in units.items() if ending in column), "")
    digits = {"ssim": 3, "flicker": 4, "calls_per_frame": 2, "visible_latency_p95_ms": 0, "fps_cpu": 0}.get(column, 1)
    return f"{value:.{digits}f}{unit}"


def as_markdown(results: Mapping[str, RowResult], note: str) -> str:
    """The table, its 95 % intervals, and what the fixed columns have no place for."""
    blocks = [note]
    for part in (COLUMNS[:8], COLUMNS[8:]):
        lines = ["| | " + " | ".join(HEADINGS[column] for column in part) + " |", "|" + " --- |" * (len(part) + 1)]
        for name, result in results.items():
            cells = []
            for column in part:
                low_high = result.intervals.get(column)
                interval = f" ({_range(column, *low_high)})" if low_high else ""
                cells.append(worded(column, result.columns[column]) + interval)
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        blocks.append("\n".join(lines))
    more = list(dict.fromkeys(key for result in results.values() for key in result.more))
    lines = ["| | " + " | ".join(results) + " |", "|" + " --- |" * (len(results) + 1)]
    for key in more:
        cells = ["-" if key not in result.more else _plain(key, result.more[key]) for result in results.values()]
        lines.append(f"| {key.replace('_', ' ')} | " + " | ".join(cells) + " |")
    blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def scenes_markdown(scenes: Scenes, fps: float) -> str:
    """How fast a prompt shows, what redrawing keeps, and whether a place is still the same."""
    blocks = []
    lines = ["| transition | new critter seen after, median | p95 |", "|" + " --- |" * 3]
    for name, waits in scenes.frames_until_seen.items():
        median, p95 = (float(np.quantile(waits, share, method="higher")) for share in (0.5, 0.95))
        lines.append(f"| {name} | {_seconds(median, fps)} | {_seconds(p95, fps)} |")
    blocks.append("\n".join(lines))
    lines = ["| strength | redrawn critter recognised | background to the source |", "|" + " --- |" * 3]
    for strength, share in scenes.recognised.items():
        lines.append(f"| {strength:g} | {share:.1%} | {scenes.background_db[strength]:.1f} dB |")
    blocks.append("\n".join(lines))
    blocks.append(
        f"A place seen again after 30 s: {scenes.revisit_db:.1f} dB to its first visit, "
        f"{scenes.revisit_truth_db:.1f} dB to the game's own pictures."
    )
    return "\n\n".join(blocks)


def draw_redrawn(scenes: Scenes, file: Path) -> None:
    """The game's pictures above, below them what became of them at each strength."""
    names = ["sent", *(f"strength {strength:g}" for strength in scenes.recognised)]
    draw_sheet(dict(zip(names, scenes.sheet, strict=True)), file)


def print_table(results: Mapping[str, RowResult]) -> None:
    """Rows as columns: a screen is higher than the table is wide."""
    table = Table("", *results)
    for column in COLUMNS:
        table.add_row(HEADINGS[column], *(worded(column, result.columns[column]) for result in results.values()))
    Console().print(table)


def draw_sheet(rows: Mapping[str, Sequence[NDArray[np.uint8]] | Pictures], file: Path) -> None:
    """One line a row, one column a picture `(H, W, 3)`: the same moment of several recordings."""
    filled = {name: pictures for name, pictures in rows.items() if len(pictures)}
    shortest = min(len(pictures) for pictures in filled.values())
    num = min(SHEET_COLUMNS, shortest)
    chosen = np.linspace(0, shortest - 1, num).astype(int)
    height, width = next(iter(filled.values()))[0].shape[:2]
    sheet = Image.new("RGB", (NAME_WIDTH + num * width, len(filled) * height), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for line, (name, pictures) in enumerate(filled.items()):
        draw.text((6, line * height + height // 2 - 10), name, "black", font)
        for column, index in enumerate(chosen):
            sheet.paste(Image.fromarray(pictures[index]), (NAME_WIDTH + column * width, line * height))
    sheet.save(file)


def draw_plot(results: Mapping[str, RowResult], file: Path) -> None:
    """What a call buys (accuracy and position against calls a frame), and what minutes cost (PSNR loop by loop)."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    for name, result in results.items():
        calls = result.columns["calls_per_frame"]
        for axes, column in ((left, "prompt_accuracy_trained"), (middle, "state_error_px_p95")):
            value = result.columns[column]
            if calls is None and value is not None:
                axes.axhline(value, color="grey", linestyle=":", label=f"{name} (the ceiling)")
            elif calls is not None and value is not None:
                low, high = result.intervals[column]
                axes.errorbar([calls], [value], [[max(0, value - low)], [max(0, high - value)]], fmt="o", label=name)
        if "psnr_db" in result.loops and calls is not None:
            values = result.loops["psnr_db"]
            minutes = (np.arange(len(values)) + 0.5) * LOOP_S / 60
            right.plot(minutes, values, label=name)
    left.set(xlabel="denoiser calls a frame", ylabel="prompt accuracy, trained combinations", xscale="log")
    middle.set(xlabel="denoiser calls a frame", ylabel="position error p95, px", xscale="log", yscale="log")
    right.set(xlabel="minutes of the stream", ylabel="PSNR over each loop of nine seconds, dB")
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize=8)
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _seconds(frames: float, fps: float) -> str:
    return "never" if not np.isfinite(frames) else f"{(frames + 1) / fps:.2f} s"


def _range(column: str, low: float, high: float) -> str:
    if "accuracy" in column or column == "dynamic_degree":
        return f"{100 * low:.1f}..{100 * high:.1f}"
    digits = {"ssim": 3, "flicker": 4}.get(column, 1)
    return f"{low:.{digits}f}..{high:.{digits}f}"


def _plain(key: str, value: float) -> str:
    return f"{value:.1%}" if "accuracy" in key and "slope" not in key else f"{value:.3f}"
