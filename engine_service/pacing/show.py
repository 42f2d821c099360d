"""What the simulation found, as a table and as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from engine_service.model.ladder import Rung
from engine_service.pacing.simulate import Run

ALONE, GOVERNED, LIMIT, INK = "#c8553d", "#2a6f97", "#8a8f98", "#22252b"
COLUMNS = 2

Pair = tuple[Run, Run]  # a trace without the governor, and with it


def as_markdown(pairs: Sequence[Pair], rungs: Sequence[Rung], budget_ms: float) -> str:
    """Late frames without the governor and with it, and what that cost in quality."""
    lines = [
        f"A shift has {budget_ms:.0f} ms. Late: sent more than 10 ms after it was due, or skipped. "
        f"Rungs: {'; '.join(f'{number} {rung.words}' for number, rung in enumerate(rungs))}.",
        "",
        "| trace | what happens | frames | late without | late with | mean rung | changes |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for alone, governed in pairs:
        lines.append(
            f"| {alone.trace.name} | {alone.trace.story} | {governed.num_frames} | {_late(alone)} | {_late(governed)} "
            f"| {governed.mean_rung:.2f} | {len(governed.changes)} |"
        )
    return "\n".join(lines)


def plot(pairs: Sequence[Pair], num_rungs: int, budget_ms: float, file: Path) -> None:
    """A panel per trace: what a shift takes, the budget, and the rung in force below."""
    num_rows = -(-len(pairs) // COLUMNS)
    with plt.rc_context({"font.size": 9, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": LIMIT}):
        figure = plt.figure(figsize=(12, 2.75 * num_rows + 0.7), layout="constrained")
        outer = figure.add_gridspec(num_rows, COLUMNS)
        for number, (alone, governed) in enumerate(pairs):
            cell = outer[number // COLUMNS, number % COLUMNS].subgridspec(2, 1, height_ratios=(3, 1), hspace=0.0)
            upper = figure.add_subplot(cell[0])
            lower = figure.add_subplot(cell[1], sharex=upper)
            _times(upper, alone, governed, budget_ms)
            _rungs(lower, governed, num_rungs)
            if number % COLUMNS:
                upper.set_ylabel("")
                lower.set_ylabel("")
        figure.legend(
            *figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False, fontsize=10
        )
        figure.savefig(file, dpi=110)
        plt.close(figure)


def _times(axes: Axes, alone: Run, governed: Run, budget_ms: float) -> None:
    for run, colour, label in ((alone, ALONE, "without governor"), (governed, GOVERNED, "with governor")):
        at = [shift.at_s for shift in run.shifts]
        axes.plot(at, [shift.load * budget_ms for shift in run.shifts], color=colour, lw=0.8, label=label)
    late = [shift.at_s for shift in governed.shifts if shift.num_late or shift.num_skipped]
    top = 2.15 * budget_ms
    axes.plot(late, [top * 0.97] * len(late), "|", color=GOVERNED, ms=6, label="a late frame in spite of it")
    axes.axhline(budget_ms, color=LIMIT, lw=1, ls="--", label=f"budget, {budget_ms:.0f} ms")
    axes.set_ylim(0, top)
    axes.set_xlim(0, governed.trace.seconds)
    axes.set_ylabel("a shift takes (ms)")
    axes.tick_params(labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(governed.trace.name, loc="left", fontweight="bold", fontsize=10)
    axes.set_title(f"late frames {_late(alone)} → {_late(governed)}", loc="right", fontsize=9)


def _rungs(axes: Axes, run: Run, num_rungs: int) -> None:
    at = [shift.at_s for shift in run.shifts]
    axes.fill_between(at, [shift.rung for shift in run.shifts], step="post", color=GOVERNED, alpha=0.35, lw=0)
    axes.set_ylim(num_rungs - 0.6, -0.15)  # rung 0 on top, as on a ladder
    axes.set_yticks(range(num_rungs))
    axes.tick_params(labelsize=7)
    axes.set_ylabel("rung")
    axes.set_xlabel("seconds")
    axes.spines[["top", "right"]].set_visible(False)


def _late(run: Run) -> str:
    return f"{run.late_pct:.2f} %" if run.num_late else "none"
