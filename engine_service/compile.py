"""`streamdit-engine compile`: a world's graphs, or a preset's, become TensorRT plans; what is there already is kept."""

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import JustifyMethod
from rich.table import Table

from engine_service.accuracy import calibrate, measure
from engine_service.model.partition import PAPER
from engine_service.model.presets import PRESETS
from engine_service.model.world import World
from engine_service.runtime.export import (
    PRECISIONS,
    Graph,
    decoder_graph,
    encoder_graph,
    export_graph,
    micro_step_graph,
    micro_step_name,
    source_digest,
)
from engine_service.runtime.quantised import quantised_graph
from engine_service.runtime.tensorrt.builder import BuildOptions, build_plan, device_of
from engine_service.runtime.tensorrt.flavour import TENSORRT_RTX, Flavour, TensorRtError, load_flavour
from engine_service.runtime.tensorrt.plans import Plan, PlanCache, PlanKey, default_plans
from engine_service.runtime.untrained import untrained_networks
from engine_service.runtime.weights import Networks, load_networks
from engine_service.runtime.world import find_world, load_world
from streamdit.progress import shared

FP8 = "fp8"
AROUND_FP8 = "fp16"  # what is not a linear layer, and the decoder
CHOICES = (*PRECISIONS, FP8)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions:
    """What to compile, and for what."""

    world: str | None = None
    preset: str | None = None  # with random weights; one of both
    backend: str = TENSORRT_RTX
    precision: str = "fp16"
    targets: tuple[str, ...] = ()
    batches: tuple[int, ...] = (1,)  # sessions in one call
    out: Path | None = None  # None is the user's cache
    optimization_level: int = 3

    def __post_init__(self) -> None:
        if (self.world is None) == (self.preset is None):
            raise ValueError(f"world is {self.world!r} and preset {self.preset!r}, expected exactly one of them")
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset is {self.preset!r}, expected one of {', '.join(PRESETS)}")
        if self.precision not in CHOICES:
            raise ValueError(f"precision is {self.precision!r}, expected one of {', '.join(CHOICES)}")
        if not self.batches or min(self.batches) < 1:
            raise ValueError(f"batch is {', '.join(map(str, self.batches)) or 'empty'}, must be at least 1")


@dataclass(frozen=True, slots=True)
class Row:
    """One graph's outcome."""

    plan: Plan
    built: bool
    why: str


@dataclass(frozen=True, slots=True)
class _Job:
    """A graph that is made once it is known to be needed: quantising asks for calibration."""

    name: str
    origin: Graph  # what it is made from; the graph itself unless it is quantised
    make: Callable[[], Graph]


def compile_plans(options: CompileOptions) -> list[Row]:
    """Compile every graph that a world's profiles need, or a preset in the paper's partition.

    Raises:
        WorldError: the world is missing or damaged.
        TensorRtError: TensorRT is not here, or cannot compile a graph for these targets.
    """
    flavour = load_flavour(options.backend)
    device = device_of(flavour)
    name, networks, world = _load(options)
    cache = PlanCache(options.out or default_plans(name))
    jobs = _jobs(options, networks, world)
    rows = []
    with shared() as tell:
        for job in jobs:
            row = _compile(job, flavour, device, options, cache, _report(tell, job.name))
            tell(job.name, "compiled" if row.built else "found", 1.0)
            rows.append(row)
    return rows


def check(options: CompileOptions) -> Table:
    """What the precision costs on the world's own latents, against float32; computed here, in torch.

    Raises:
        ValueError: a preset has no weights worth a check.
    """
    if options.world is None:
        raise ValueError(f"preset is {options.preset!r}: random weights have no accuracy to lose; check a world")
    inside = _inside(options.precision)
    folder = load_world(find_world(options.world))
    networks = load_networks(folder)
    graph = micro_step_graph(networks, inside, PAPER.num_latents, 1)
    if options.precision == FP8:
        graph = quantised_graph(graph, FP8, calibrate(networks, folder.world))
    table = Table(title=f"{options.precision} against float32", title_justify="left")
    for heading in ("profile", "latent rms", "largest", "frames, PSNR dB", "decoder alone, PSNR dB"):
        table.add_column(heading, justify="left" if heading == "profile" else "right")
    for loss in measure(folder.world, networks, graph, PRECISIONS[inside]):
        numbers = (f"{loss.frames_psnr_db:.1f}", f"{loss.decoder_psnr_db:.1f}")
        table.add_row(loss.profile, f"{loss.latent_rms:.4f}", f"{loss.largest_rms:.4f}", *numbers)
    return table


def words_of(text: str) -> tuple[str, ...]:
    """`sm89,sm120` as typed; nothing is an empty list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def numbers_of(name: str, text: str) -> tuple[int, ...]:
    """`1,2,4` as typed, rising, each once.

    Raises:
        ValueError: something in it is no number.
    """
    try:
        return tuple(sorted({int(word) for word in words_of(text)}))
    except ValueError as error:
        raise ValueError(f"{name} is {text!r}, expected whole numbers with commas between them") from error


def as_table(rows: Sequence[Row]) -> Table:
    """What was compiled, what was there already, and why."""
    table = Table(title=str(rows[0].plan.path.parent), title_justify="left")
    for heading in ("graph", "bytes", "seconds", "", "why"):
        justify: JustifyMethod = "right" if heading in ("bytes", "seconds") else "left"
        table.add_column(heading, justify=justify, no_wrap=heading != "why")
    for row in rows:
        how = "built" if row.built else "cached"
        table.add_row(row.plan.name, f"{row.plan.num_bytes:,}", f"{row.plan.built_s:.1f}", how, row.why)
    return table


def _load(options: CompileOptions) -> tuple[str, Networks, World | None]:
    """Its folder's name, its networks, and the world where it is one."""
    if options.preset is not None:
        dtype = PRECISIONS[_inside(options.precision)]
        return f"preset-{options.preset}", untrained_networks(PRESETS[options.preset], dtype), None
    assert options.world is not None
    folder = load_world(find_world(options.world))
    return folder.world.name, load_networks(folder), folder.world


def _jobs(options: CompileOptions, networks: Networks, world: World | None) -> list[_Job]:
    inside = _inside(options.precision)
    partitions = [PAPER] if world is None else world.profiles.values()
    inputs = functools.cache(lambda: calibrate(networks, world))  # once for all graphs, if at all
    jobs = []
    for length in sorted({partition.num_latents for partition in partitions}):
        for batch in options.batches:
            graph = micro_step_graph(networks, inside, length, batch)
            if options.precision == FP8:
                jobs.append(_quantised(graph, micro_step_name(FP8, length, batch), inputs))
            else:
                jobs.append(_as_it_is(graph))
    jobs += [_as_it_is(decoder_graph(networks, inside, batch)) for batch in options.batches]
    return [*jobs, _as_it_is(encoder_graph(networks, inside))]


def _as_it_is(graph: Graph) -> _Job:
    return _Job(graph.name, graph, lambda: graph)


def _quantised(graph: Graph, name: str, inputs: Callable[[], dict[str, float]]) -> _Job:
    return _Job(name, graph, lambda: quantised_graph(graph, name, inputs()))


def _compile(
    job: _Job,
    flavour: Flavour,
    device: str,
    options: CompileOptions,
    cache: PlanCache,
    report: Callable[[str, float], bool],
) -> Row:
    build = BuildOptions(
        targets=options.targets,
        # Ours is the CUDA graph; TensorRT-RTX would otherwise allocate memory in the middle of it.
        flags=("REQUIRE_USER_ALLOCATION",) if flavour.name == TENSORRT_RTX else (),
        optimization_level=options.optimization_level,
        decomposable=options.precision == "fp32",
    )
    key = PlanKey(
        graph="",
        source=source_digest(job.origin, job.name),
        flavour=flavour.name,
        version=flavour.version,
        cuda_major=flavour.cuda_major,
        device=device,
        targets=build.targets,
        shapes=job.origin.shapes(),
        flags=build.flags,
        optimization_level=build.optimization_level,
        decomposable=build.decomposable,
    )
    known = cache.look_up(job.name, key.of_source())
    if known.plan is not None:
        return Row(known.plan, built=False, why="same weights, code and TensorRT")
    report("exporting", 0.0)
    with _workshop(cache.folder) as folder:
        file = Path(folder) / f"{job.name}.onnx"
        try:
            key = key.with_graph(export_graph(job.make(), file))
        except OSError as error:
            raise TensorRtError(f"{file} cannot be exported ({error}); free some room, or choose --out") from error
        found = cache.look_up(job.name, key.of_graph())
        if found.plan is not None:
            plan = cache.write(job.name, key, found.plan.read(), found.plan.built_s)
            return Row(plan, built=False, why="the same graph")
        timing = cache.folder / f"timing.{flavour.version}.{device.replace(' ', '-')}.cache"
        built = build_plan(
            flavour, file, build, timing_cache=None if flavour.builds_without_gpu else timing, progress=report
        )
    return Row(cache.write(job.name, key, built.data, built.seconds), built=True, why=known.why)


def _workshop(folder: Path) -> "tempfile.TemporaryDirectory[str]":
    """Graphs lie beside their plans while they are compiled: they may be larger than the system's own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="exported-", dir=folder)


def _report(tell: Callable[[str, str, float], None], name: str) -> Callable[[str, float], bool]:
    def report(phase: str, share: float) -> bool:
        tell(name, phase.lower(), min(share, 0.99))  # it is whole once the plan is written
        return True

    return report


def _inside(precision: str) -> str:
    return AROUND_FP8 if precision == FP8 else precision
