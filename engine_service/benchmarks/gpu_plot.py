"""One picture of a GPU's benchmark: micro-steps, sessions, and five minutes of serving with what NVML said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from engine_service.benchmarks import micro_steps, serving, sessions
from engine_service.benchmarks.parts import Row

READINGS = (("power_w", "power, W"), ("temperature_c", "temperature, C"), ("sm_clock_mhz", "SM clock, MHz"))


def draw(rows: Sequence[Row], file: Path, *, title: str) -> None:
    """PNG; a panel without anything to show says so."""
    figure = plt.figure(figsize=(12, 13), layout="constrained")
    figure.suptitle(title)
    grid = figure.add_gridspec(6, 2, height_ratios=(3, 2.4, 1.2, 1.2, 1.2, 0.9))
    _micro_steps(figure.add_subplot(grid[0, 0]), rows)
    _sessions(figure.add_subplot(grid[0, 1]), rows)
    over_time = figure.add_subplot(grid[1, :])
    panels = [figure.add_subplot(grid[i, :], sharex=over_time) for i in (2, 3, 4, 5)]
    found = next((row.values for row in rows if row.table == serving.SERIES and row.values), None)
    _serving(over_time, panels, {} if found is None else dict(found))
    figure.savefig(file, dpi=100)
    plt.close(figure)


def _micro_steps(axes: Axes, rows: Sequence[Row]) -> None:
    chosen = [row for row in rows if row.table == micro_steps.TABLE and row.values]
    axes.set_title("micro-step, median ms (bar) and p99 (mark)")
    if not chosen:
        _nothing(axes)
        return
    names = [f"{i + 1} {row.name}" for i, row in enumerate(chosen)]
    axes.barh(names, [_number(row, "median_ms") for row in chosen], color="tab:blue", alpha=0.7)
    axes.plot([_number(row, "p99_ms") for row in chosen], names, "k|", markersize=10)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)


def _sessions(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_title("ms a micro-step over sessions in a call")
    by_profile: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if row.table == sessions.STEPS and row.values:
            profile, count, *compiled = row.name.split(", ")
            by_profile.setdefault(", ".join([profile, *compiled]), []).append((int(count), _number(row, "step_ms")))
    if not by_profile:
        _nothing(axes)
        return
    for profile, points in by_profile.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=profile)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("sessions")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _serving(over_time: Axes, panels: Sequence[Axes], found: dict[str, Any]) -> None:
    over_time.set_title("serving: intervals between frames, ms")
    *of_readings, of_rungs = panels
    for axes in (over_time, *of_readings):
        axes.tick_params(labelbottom=False)
    if not found:
        _nothing(over_time)
        _nothing(of_rungs)
    else:
        over_time.plot(found["interval_at_s"], found["interval_ms"], ".", markersize=2)
        over_time.set_ylim(0, 1.1 * max(found["interval_ms"]))
        over_time.grid(alpha=0.3)
        of_rungs.set_ylim(-0.5, max(found["rung"]) + 0.5)
        of_rungs.set_yticks(range(max(found["rung"]) + 1))
        of_rungs.step(found["rung_at_s"], found["rung"], where="post", color="tab:red")
    for axes, (name, label) in zip(of_readings, READINGS, strict=True):
        axes.set_ylabel(label)
        points = [
            (at, reading[name])
            for at, reading in zip(found.get("reading_at_s", []), found.get("readings", []), strict=True)
            if reading[name] is not None
        ]
        if points:
            axes.plot(*zip(*points, strict=True))
            axes.grid(alpha=0.3)
        else:
            _nothing(axes)
    of_rungs.set_ylabel("rung")
    of_rungs.set_xlabel("s")


def _nothing(axes: Axes) -> None:
    axes.set_yticks([])
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color="grey")


def _number(row: Row, key: str) -> float:
    value = row.values[key]
    if not isinstance(value, int | float):
        raise TypeError(f"{row.name}: {key} is {value!r}, expected a number")
    return float(value)
