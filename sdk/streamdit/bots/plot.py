"""Pictures of a run: `report.png` from takes, `sheet.png` from a recording."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from streamdit.bots.report import control_latencies_ms, intervals_ms
from streamdit.bots.take import Take
from streamdit.bots.visible import visible_latencies_ms
from streamdit.recording import Recording

COLUMNS = 6
CAPTION_PX = 44
MIN_WIDTH_PX = 160  # of a picture on the sheet, so that its caption can be read
MAX_PICTURES = 60


def draw_report(takes: Sequence[Take], report: dict[str, Any], path: Path) -> None:
    """Intervals over time, their histogram, and the latencies; PNG."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's may be none here, and matplotlib refuses it where it is imported
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(12, 7))
    (over_time, histogram), (latency, text) = figure.subplots(2, 2)
    for take in takes:
        arrivals_s = [(frame.arrival_ns - take.began_ns) / 1e9 for frame in take.frames[1:]]
        over_time.plot(arrivals_s, intervals_ms(take), ".", markersize=2, label=f"bot {take.bot}")
    over_time.set(title="frame intervals", xlabel="s", ylabel="ms")
    gaps_ms = np.array([gap for take in takes for gap in intervals_ms(take)])
    if len(gaps_ms):
        over_time.set_ylim(0, float(np.percentile(gaps_ms, 99.5)) * 1.5)
        histogram.hist(np.minimum(gaps_ms, np.percentile(gaps_ms, 99.5)), bins=60)
    histogram.set(title="frame intervals", xlabel="ms", ylabel="frames")
    control_ms = [ms for take in takes for ms in control_latencies_ms(take)]
    seen_ms = [
        ms
        for take in takes
        if take.thumbnails
        for ms in visible_latencies_ms(take.frames, take.thumbnails, take.events)
        if ms is not None
    ]
    for name, series in (("control", control_ms), ("visible", seen_ms)):
        if series:
            latency.plot(np.sort(series), np.linspace(0, 100, len(series)), label=name)
            latency.legend(loc="lower right")
    latency.set(title="latency from event to frame", xlabel="ms", ylabel="% of events at most")
    text.axis("off")
    text.text(0, 1, _words(report), va="top", family="monospace", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def _words(report: dict[str, Any]) -> str:
    lines = []
    for key in (
        "frames",
        "fps",
        "interval_ms",
        "late_frames",
        "dropped",
        "first_frame_ms",
        "control_latency_ms",
        "visible_latency_ms",
    ):
        value = report[key]
        shown = "not measured" if value is None else value
        if isinstance(value, dict):
            shown = "  ".join(f"{name} {number:g}" for name, number in value.items())
        lines.append(f"{key:20} {shown}")
    server = report["server"]
    lines += ["", *(f"{key:20} {server[key]}" for key in server), f"{'errors':20} {len(report['errors'])}"]
    return "\n".join(lines)


def draw_sheet(recording: Recording, path: Path) -> None:
    """One frame a second, the prompt and state it obeys under it; at most a minute of them; PNG."""
    step = max(1, round(recording.fps))
    chosen = list(range(0, recording.num_frames, step))[:MAX_PICTURES]
    scale = max(1, -(-MIN_WIDTH_PX // recording.width))
    width, height = recording.width * scale, recording.height * scale
    columns = max(1, min(COLUMNS, len(chosen)))
    rows = max(1, -(-len(chosen) // columns))
    sheet = Image.new("RGB", (columns * width, rows * (height + CAPTION_PX)), "white")
    draw = ImageDraw.Draw(sheet)
    wanted = set(chosen)
    last = chosen[-1] + 1 if chosen else 0
    for index, rgb in enumerate(recording.frames(0, last)):
        if index not in wanted:
            continue
        row, column = divmod(index // step, columns)
        left, top = column * width, row * (height + CAPTION_PX)
        picture = Image.fromarray(rgb).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(picture, (left, top))
        draw.multiline_text((left + 2, top + height + 1), caption(recording, index, width), fill="black", spacing=0)
    sheet.save(path)


def caption(recording: Recording, index: int, width_px: int) -> str:
    """When a frame is shown, the prompt it obeys and what was said of its state; four lines at most."""
    values = " ".join(
        f"{field.name}={value:.4g}"
        for field, value in zip(recording.state_fields, recording.states(unsaid=math.nan)[index], strict=True)
        if not math.isnan(value)  # open
    )
    seconds = f"{recording.times_us()[index] / 1e6:.0f} s"
    lines = [seconds, *_wrapped(recording.prompts()[index], width_px), *_wrapped(values, width_px)]
    return "\n".join(lines[:4])


def _wrapped(text: str, width_px: int) -> list[str]:
    """Lines that fit, 6 px a letter in PIL's default font; two at most."""
    room = max(8, width_px // 6)
    return wrap(text, room)[:2]
