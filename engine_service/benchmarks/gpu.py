"""`streamdit-engine bench --gpu`: all parts of the GPU's benchmark, each with its time, and where their rows go."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich import print as say

from engine_service.benchmarks.acceptance import measure_acceptance
from engine_service.benchmarks.accuracy import AccuracyPlan, measure_accuracy
from engine_service.benchmarks.gpu_page import page
from engine_service.benchmarks.gpu_plot import draw
from engine_service.benchmarks.micro_steps import ON_CPU, ON_CUDA, MicroStepPlan, Variant, measure_micro_steps
from engine_service.benchmarks.parts import Deadline, Row, run_part
from engine_service.benchmarks.pictures import PicturesPlan, measure_pictures
from engine_service.benchmarks.serving import SERIES, ServingPlan, measure_serving
from engine_service.benchmarks.sessions import SessionsPlan, measure_sessions
from engine_service.benchmarks.tables import this_place
from engine_service.benchmarks.timing import WARM_UP
from engine_service.model.presets import PRESETS, Preset
from engine_service.page import check_marks, write_between_marks

MARKS = "gpu"
LIMIT_S = 560.0  # of the whole command on a GPU; serving comes last and takes what is left, up to what was asked
# The most seconds a part may take on a GPU, its process's start included.
BUDGETS_S = {"TensorRT-RTX": 20.0, "micro-steps": 160.0, "pictures": 40.0, "sessions": 80.0, "accuracy": 25.0}
SERVING_START_S = 240.0  # more than is served: the engine compiles its graphs first
SLOWER_ON_CPU = 6.0  # a dry run is no measurement: it may take its time


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBenchOptions:
    """What is measured, where, and how long players play."""

    preset: Preset
    preset_name: str
    device: str = "cuda"
    world: str = "critters"
    quick: bool = False
    serve_s: float = 300.0
    variants: tuple[Variant, ...] | None = None  # None: those of the device

    @property
    def dry_run(self) -> bool:
        """Without a GPU the command is tried, not the GPU."""
        return self.device == "cpu"

    def __post_init__(self) -> None:
        if self.device not in ("cuda", "cpu"):
            raise ValueError(f"device is {self.device!r}, expected cuda or cpu")
        if self.serve_s < 0:
            raise ValueError(f"serve seconds is {self.serve_s}, must be 0 (no serving) or more")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ValueError(
                "there is no CUDA device here: install the NVIDIA driver and a torch with CUDA, "
                "or try the command without measuring anything by --device cpu --preset streamdit-tiny"
            )


@dataclass(frozen=True, slots=True)
class GpuReport:
    """All rows, and where they were found."""

    preset: str
    place: str
    card: str | None
    dry_run: bool
    rows: tuple[Row, ...]


def preset_named(name: str) -> Preset:
    """A preset that is steered by text alone.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in PRESETS:
        raise ValueError(f"preset is {name!r}, expected one of {', '.join(PRESETS)}")
    return PRESETS[name]


def measure_gpu(options: GpuBenchOptions) -> Iterator[GpuReport]:
    """Run every part; the report so far after each. What a part cannot measure is in its rows, in words."""
    rows: list[Row] = []

    def tell(row: Row) -> None:
        rows.append(row)
        if row.table != SERIES:
            say(row.name, row.trouble or {key: value for key, value in row.values.items() if value is not None})

    card = torch.cuda.get_device_name() if options.device == "cuda" else None
    limit = Deadline.in_seconds(LIMIT_S * (SLOWER_ON_CPU if options.dry_run else 1.0))
    for name, most_s, part, arguments in _parts(options):
        budget_s = max(1.0, min(most_s, limit.left_s))
        say(f"[bold]{name}[/bold], at most {budget_s:.0f} s")
        run_part(part, *arguments, name=name, budget_s=budget_s, tell=tell)
        yield GpuReport(options.preset_name, this_place(), card, options.dry_run, tuple(rows))


def budgets(options: GpuBenchOptions) -> dict[str, float]:
    """The most seconds of every part that will run."""
    factor = SLOWER_ON_CPU if options.dry_run else 1.0
    found = {name: factor * seconds for name, seconds in BUDGETS_S.items()}
    if options.serve_s:
        found["serving"] = options.serve_s + factor * SERVING_START_S
    return found


def write_report(report: GpuReport, file: Path) -> None:
    """The tables between the page's marks; beside the page `gpu.json` with every row, and `gpu.png`."""
    plot = file.with_name("gpu.png")
    draw(report.rows, plot, title=f"{report.card or 'dry run without a GPU'}: {report.preset}")
    data: dict[str, Any] = {
        "preset": report.preset,
        "place": report.place,
        "card": report.card,
        "dry_run": report.dry_run,
        "rows": [{"table": r.table, "name": r.name, "values": r.values, "trouble": r.trouble} for r in report.rows],
    }
    file.with_name("gpu.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    write_between_marks(file, MARKS, f"{as_markdown(report)}\n\n![What was measured]({plot.name})")


def as_markdown(report: GpuReport) -> str:
    """The whole section."""
    return page(report.rows, preset=report.preset, place=report.place, card=report.card, dry_run=report.dry_run)


def check_page(file: Path) -> None:
    """Ten minutes are not spent for a page that cannot take them.

    Raises:
        ValueError: it has no marks.
        OSError: it cannot be read.
    """
    check_marks(file, MARKS)


def _parts(options: GpuBenchOptions) -> list[tuple[str, float, Callable[..., None], tuple[object, ...]]]:
    seconds = budgets(options)
    variants = options.variants or (ON_CPU if options.dry_run else ON_CUDA)
    few = options.quick or options.dry_run
    micro_steps = MicroStepPlan(
        preset=options.preset,
        device=options.device,
        variants=variants,
        most_calls=4 if options.dry_run else 15 if few else 40,
        most_s=2.0 if few else 5.0,
        warm_up=0 if options.dry_run else WARM_UP,
    )
    fastest = variants[0] if options.dry_run else ON_CUDA[5]
    pictures = PicturesPlan(
        preset=options.preset, device=options.device, fastest=fastest, most_calls=4 if options.dry_run else 20
    )
    sessions = SessionsPlan(world=options.world, device=options.device, compiled=not options.dry_run)
    if options.dry_run:
        sessions = replace(sessions, batches=(1, 2, 4), most_calls=4)
    accuracy = AccuracyPlan(world=options.world, device=options.device, prompts=1 if few else 4)
    parts: list[tuple[str, Callable[..., None], tuple[object, ...]]] = [
        ("TensorRT-RTX", measure_acceptance, ()),
        ("micro-steps", measure_micro_steps, (micro_steps,)),
        ("pictures", measure_pictures, (pictures,)),
        ("sessions", measure_sessions, (sessions,)),
        ("accuracy", measure_accuracy, (accuracy,)),
    ]
    if options.serve_s:
        serving = ServingPlan(world=options.world, seconds=options.serve_s, gpu=not options.dry_run)
        parts.append(("serving", measure_serving, (serving,)))
    return [(name, seconds[name], part, arguments) for name, part, arguments in parts]
