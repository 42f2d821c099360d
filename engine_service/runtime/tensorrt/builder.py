"""From an ONNX file to a plan: one builder for both flavours, strongly typed only.

Precision is written in the graph (weights and casts, QuantizeLinear for fp8), never asked for by a flag; flags are set
by name, since their numbers differ between versions. TensorRT-RTX builds for listed targets without a GPU; the full
TensorRT builds on the very card a plan is for.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine_service.runtime.export import PROTOBUF_BYTES
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError
from engine_service.runtime.tensorrt.plans import ANY_TARGET, replace_file

# What is being done, and how much of it, 0..1; False stops the build.
Progress = Callable[[str, float], bool]
MAX_QUOTED_LINES = 4
OUT_OF_MEMORY = ("out of memory", "outofmemory", "bad_alloc", "memory allocation", "cudaerrormemoryallocation")


class BuildError(TensorRtError):
    """A graph that TensorRT does not compile; the message names the node or quotes the builder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What a plan depends on besides its graph."""

    targets: tuple[str, ...] = ()  # "sm89", ...; TensorRT-RTX alone, () is its default: Ampere and later
    flags: tuple[str, ...] = ()
    optimization_level: int = 3  # 0..5, TensorRT's own default
    decomposable: bool = False  # attention without a kernel of its own becomes several; float32 has none

    def __post_init__(self) -> None:
        if not 0 <= self.optimization_level <= 5:
            raise ValueError(f"optimisation level is {self.optimization_level}, must be 0..5")


@dataclass(frozen=True, slots=True)
class Built:
    """A plan in memory."""

    data: bytes
    seconds: float
    warnings: tuple[str, ...]
    shapes: tuple[str, ...]  # of the plan's inputs and outputs, as the graph states them


@dataclass(slots=True)
class BuildLog:
    """What a builder said, worst first in mind: it is quoted when a build fails."""

    lines: list[tuple[str, str]] = field(default_factory=list)  # severity, message

    def of(self, *severities: str) -> list[str]:
        """Messages of these severities, each once, in order."""
        return list(dict.fromkeys(message for severity, message in self.lines if severity in severities))


def device_of(flavour: Flavour) -> str:
    """The card a flavour's plans are tied to here.

    Raises:
        TensorRtError: plans are made on the card, and there is none.
    """
    return ANY_TARGET if flavour.builds_without_gpu else str(flavour.require_driver().gpus[0])


def build_plan(
    flavour: Flavour,
    file: Path,
    options: BuildOptions,
    *,
    timing_cache: Path | None = None,
    progress: Progress = lambda _phase, _share: True,
) -> Built:
    """Compile an ONNX file.

    timing_cache: what an earlier build measured on this card, read and rewritten; TensorRT-RTX measures nothing.

    Raises:
        BuildError: the graph, the flags or the targets do not suit this TensorRT, or memory ran out.
        TensorRtError: the card is needed and there is no driver.
    """
    if not flavour.builds_without_gpu:
        flavour.require_driver()  # before any class is touched
        if options.targets:
            raise BuildError(
                f"targets are {', '.join(options.targets)}, but {flavour.name} compiles for the card it runs on: "
                "leave --targets out, or use --backend tensorrt-rtx"
            )
    if file.stat().st_size >= PROTOBUF_BYTES:
        raise BuildError(
            f"{file} has {file.stat().st_size:,} bytes; an ONNX file ends at {PROTOBUF_BYTES:,}: "
            "export it with its weights in a file beside it"
        )
    trt, log = flavour.module, BuildLog()
    start_s = time.perf_counter()
    logger = _logger(trt, log)
    try:
        builder = trt.Builder(logger)
    except TypeError as error:  # pybind11: the factory returned nullptr
        raise _failed(file, log, f"{flavour.name} gives no builder ({error})") from error
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(file)):
        raise _unreadable(file, parser)
    if options.decomposable:
        _make_decomposable(trt, network)
    config = builder.create_builder_config()
    monitor = _monitor(trt, progress)  # kept alive until the build is over
    config.progress_monitor = monitor
    config.builder_optimization_level = options.optimization_level
    for name in options.flags:
        if not hasattr(trt.BuilderFlag, name):
            raise BuildError(f"{flavour.name} {flavour.version} has no builder flag {name}")
        config.set_flag(getattr(trt.BuilderFlag, name))
    _set_targets(flavour, config, options.targets, log, file)
    cache = _set_timing_cache(config, timing_cache)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise _failed(file, log, f"{flavour.name} {flavour.version} cannot compile it{_for(options)}")
    if cache is not None and timing_cache is not None:
        replace_file(timing_cache, bytes(cache.serialize()))
    return Built(bytes(plan), time.perf_counter() - start_s, tuple(log.of("WARNING")), _shapes(network))


def _logger(trt: Any, log: BuildLog) -> Any:
    """A logger that keeps every line; TensorRT calls it from several threads."""

    class KeepingLogger(trt.ILogger):  # type: ignore[misc]  # the base is whichever module was asked for
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity.name != "VERBOSE":
                log.lines.append((severity.name, message.strip()))

    return KeepingLogger()


def _monitor(trt: Any, progress: Progress) -> Any:
    """Tells how far the outermost phase is; a phase inside counts as its share of the step it is in."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.phases: dict[str, tuple[int, int]] = {}  # steps done, steps in all; outermost first
            self.furthest = 0.0

        def phase_start(self, phase: str, _parent: str | None, num_steps: int) -> None:
            self.phases[phase] = (0, max(1, num_steps))
            progress(phase, self._share())

        def step_complete(self, phase: str, step: int) -> bool:
            if phase in self.phases:
                self.phases[phase] = (step + 1, self.phases[phase][1])
            return progress(phase, self._share())

        def phase_finish(self, phase: str) -> None:
            self.phases.pop(phase, None)

        def _share(self) -> float:
            share, width = 0.0, 1.0
            for done, steps in list(self.phases.values()):
                share += width * min(done, steps) / steps
                width /= steps
            self.furthest = max(self.furthest, min(share, 1.0))  # never back, though a phase ends before its step
            return self.furthest

    return Monitor()


def _make_decomposable(trt: Any, network: Any) -> None:
    for i in range(network.num_layers):
        layer = network.get_layer(i)
        if layer.type == trt.LayerType.ATTENTION_INPUT:
            layer.__class__ = trt.IAttentionInputLayer  # get_layer gives the base class: this is how one casts
            layer.attention.decomposable = True


def _set_targets(flavour: Flavour, config: Any, targets: tuple[str, ...], log: BuildLog, file: Path) -> None:
    if not targets:
        return
    known = flavour.module.ComputeCapability
    config.num_compute_capabilities = len(targets)
    for i, target in enumerate(targets):
        capability = getattr(known, target.upper(), None)
        if capability is None:
            names = sorted(
                (name for name in known.__members__ if name.startswith("SM")), key=lambda name: int(name[2:])
            )
            offered = ", ".join(name.lower() for name in names)
            raise BuildError(f"target is {target!r}, {flavour.name} {flavour.version} compiles for {offered}")
        if not config.set_compute_capability(capability, i):
            raise _failed(file, log, f"{flavour.name} {flavour.version} refuses the target {target}")


def _set_timing_cache(config: Any, file: Path | None) -> Any:
    """What was measured before, or a new cache; None where nothing is measured."""
    if file is None:
        return None
    cache = config.create_timing_cache(file.read_bytes() if file.exists() else b"")
    # False: a cache of another version or card is refused, and this build measures anew.
    config.set_timing_cache(cache, ignore_mismatch=False)
    return cache


def _shapes(network: Any) -> tuple[str, ...]:
    ends = [network.get_input(i) for i in range(network.num_inputs)]
    ends += [network.get_output(i) for i in range(network.num_outputs)]
    return tuple(f"{end.name} {end.dtype.name.lower()} {'x'.join(map(str, end.shape))}" for end in ends)


def _unreadable(file: Path, parser: Any) -> BuildError:
    """Each error by node and operator; ours are named after the part of the network they come from."""
    words = []
    for i in range(parser.num_errors):
        error = parser.get_error(i)
        node = f"node {error.node_name()} ({error.node_operator()}): " if error.node_name() else ""
        words.append(f"{node}{' '.join(error.desc().split())}")
    quoted = "; ".join(words) or "no reason given"
    return _out_of_memory(file, quoted) or BuildError(f"{file.name} is not a graph TensorRT can read: {quoted}")


def _out_of_memory(file: Path, quoted: str) -> BuildError | None:
    if not any(words in quoted.lower() for words in OUT_OF_MEMORY):
        return None
    return BuildError(
        f"{file.name}: memory ran out while compiling; stop what else uses it, ask for a smaller --batch "
        f"or preset, or compile on a machine with more ({quoted})"
    )


def _failed(file: Path, log: BuildLog, what: str) -> BuildError:
    lines = log.of("INTERNAL_ERROR", "ERROR")
    quoted = "; ".join(lines[-MAX_QUOTED_LINES:]) or "it does not say why"
    exhausted = _out_of_memory(file, " ".join(lines))
    if exhausted is not None:
        return exhausted
    if "not supported by a dedicated kernel" in quoted:
        what = f"{what}: attention of this precision or shape has no kernel; use fp16 or bf16, or make it decomposable"
    unsuited = re.search(
        r"target\(s\) ([\w, ]+), because the model contains HW-specific datatypes: (\w+)", " ".join(lines)
    )
    if unsuited:
        what = f"{what}: {unsuited[1]} cannot compute in {unsuited[2]}; use fp16 or bf16, or leave that target out"
    return BuildError(f"{file.name}: {what}: {quoted}")


def _for(options: BuildOptions) -> str:
    return f" for {', '.join(options.targets)}" if options.targets else ""
