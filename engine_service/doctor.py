"""`streamdit-engine doctor`: what there is, what would be chosen, what is missing and how to mend it."""

import importlib.metadata
import os
import platform
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pynvml
import torch
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine_service.model.world import World
from engine_service.runtime.cache import NoCacheError
from engine_service.runtime.choice import TENSORRT_BACKENDS, Facts, choose_backend
from engine_service.runtime.load import default_cache, facts_for, load_runtime
from engine_service.runtime.machine import torch_gpu
from engine_service.runtime.tensorrt.driver import DriverError, probe_driver
from engine_service.runtime.tensorrt.flavour import TensorRtError, load_flavour
from engine_service.runtime.tensorrt.plans import default_plans
from engine_service.runtime.world import EMBEDDED, WorldError, load_world
from engine_service.server.config import ServerConfig
from engine_service.stream.gpu import GpuError, GpuSampler
from engine_service.stream.session import StreamSession

NEEDED = ("torch", "openvino", "grpcio", "protobuf", "numpy", "simplejpeg", "av", "nvidia-ml-py")
# What each is for: without it the engine serves all the same.
OPTIONAL = {"onnx": "compile exports with it", "uvloop": "steadier timers"}
# Flags of /proc/cpuinfo, and what they are to inference.
FEATURES = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
}
MEASURED_SHIFTS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture."""

    good: bool | None  # None: worth knowing, no fault
    name: str
    found: str
    needed: bool = False  # a fault here is one of the engine


def examine(console: Console | None = None) -> int:
    """Print the picture; 0 if the embedded worlds can be served at their pace, else 1."""
    console = console or Console()
    healthy = True
    for title, rows in (
        ("machine", machine_rows()),
        ("NVIDIA", nvidia_rows()),
        ("libraries", library_rows()),
        ("worlds", world_rows()),
    ):
        table = Table("", "", "", title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
        for row in rows:
            mark = {True: "[green]ok", False: "[red]no", None: "[dim]--"}[row.good]
            table.add_row(mark, escape(row.name), escape(row.found))  # pip install 'streamdit[tensorrt]' is no markup
            healthy = healthy and not (row.needed and row.good is False)
        console.print(table)
    return 0 if healthy else 1


def machine_rows() -> Iterator[Row]:
    """Processor, Python, where things are kept, the port."""
    yield Row(True, "system", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}")
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpu_features(cpuinfo.read_text(encoding="utf-8")) if cpuinfo.exists() else None
    known = "its features are not told here" if flags is None else ", ".join(flags) or "none of AVX2, AVX-512 and AMX"
    yield Row(True, "processor", f"{os.cpu_count()} cores, {known}")
    yield _cache_row()
    port = ServerConfig().port
    free = _port_is_free(port)
    yield Row(True if free else None, "port", f"{port} {'is free' if free else 'is in use: serve --port N'}")


def _cache_row() -> Row:
    """Whether converted graphs can be kept; without, every start converts them again."""
    try:
        folder = default_cache()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Row(True, "graph cache", str(folder))
    except (OSError, NoCacheError) as error:
        return Row(None, "graph cache", f"none, starts take longer: {error}")


def cpu_features(cpuinfo: str) -> list[str]:
    """What of a processor matters to inference, from the text of /proc/cpuinfo, least first."""
    flags = next((line.partition(":")[2].split() for line in cpuinfo.splitlines() if line.startswith("flags")), [])
    return [name for flag, name in FEATURES.items() if flag in flags]


def nvidia_rows() -> Iterator[Row]:
    """Driver, cards, NVML, and whether torch can use them; none is a fault."""
    try:
        driver = probe_driver()
    except DriverError as error:
        yield Row(None, "driver", str(error))
        return
    version = ".".join(map(str, driver.cuda_version))
    try:
        yield Row(True, "driver", f"{_nvml_driver_version()}, CUDA {version} at most")
    except (GpuError, pynvml.NVMLError) as error:
        yield Row(None, "driver", f"CUDA {version} at most; NVML is not there, so the governor sees no clocks: {error}")
    for index, gpu in enumerate(driver.gpus):
        yield Row(True, f"GPU {index}", f"{gpu}{_memory(index)}")
    name, missing = torch_gpu()
    yield Row(name is not None, "torch on it", name or missing)


def library_rows() -> Iterator[Row]:
    """Versions, or how to get them."""
    for package in NEEDED:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield Row(False, package, "not installed: pip install 'streamdit[engine]'", needed=True)
            continue
        cuda = torch.version.cuda
        yield Row(True, package, f"{version}, {f'CUDA {cuda}' if cuda else 'CPU'}" if package == "torch" else version)
    for package, purpose in OPTIONAL.items():
        try:
            yield Row(True, package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Row(None, package, f"not installed; {purpose}: pip install {package}")
    for flavour in TENSORRT_BACKENDS:
        try:
            yield Row(True, flavour, load_flavour(flavour).version)
        except TensorRtError as error:
            yield Row(None, flavour, str(error))


def world_rows() -> Iterator[Row]:
    """Of each embedded world: its plans, what `auto` takes and why, and how fast every profile is."""
    for folder in sorted(path.parent for path in EMBEDDED.glob("*/world.toml")):
        try:
            world = load_world(folder).world
            facts = facts_for(folder)
            yield from plan_rows(world.name, facts)
            choice = choose_backend(facts)
            yield Row(True, f"{world.name}: auto", f"{choice.backend}: {choice.why}")
            yield from _speed_rows(folder, world)
        except WorldError as error:
            yield Row(False, folder.name, str(error), needed=True)


def plan_rows(world: str, facts: Facts) -> Iterator[Row]:
    """TensorRT's plans of a world, and whether they fit this machine."""
    try:
        folder = default_plans(world)
        count = len(list(folder.glob("*.plan")))
        yield Row(True if count else None, f"{world}: plans", f"{count} in {folder}")
    except NoCacheError as error:
        count = 0
        yield Row(None, f"{world}: plans", f"none: {error}")
    for flavour, missing in facts.no_plans.items():
        if count or not missing:
            yield Row(None if missing else True, f"{world}: {flavour}", missing or "its plans fit this card")


def _speed_rows(folder: Path, world: World) -> Iterator[Row]:
    """Measured now, briefly; only the default profile has to keep the pace."""
    runtime = load_runtime(folder)
    for profile in world.profiles:
        player = StreamSession(runtime, profile=profile, seed=0)
        player.advance()
        start_s = time.perf_counter()
        for _ in range(MEASURED_SHIFTS):
            player.advance()
        fps = MEASURED_SHIFTS * player.frames_per_shift / (time.perf_counter() - start_s)
        is_default = profile == world.default_profile
        yield Row(
            fps >= world.fps,
            f"{world.name}: {profile}",
            f"{runtime.backend}: {fps:.0f} fps, {world.fps:g} are needed{', default' if is_default else ''}",
            needed=is_default,
        )


def _nvml_driver_version() -> str:
    pynvml.nvmlInit()
    try:
        return str(pynvml.nvmlSystemGetDriverVersion())
    finally:
        pynvml.nvmlShutdown()


def _memory(index: int) -> str:
    """How much of a card's memory is used, if NVML tells."""
    try:
        sampler = GpuSampler(str(index))
    except GpuError:
        return ""
    try:
        reading = sampler.read(time.monotonic_ns())
    finally:
        sampler.close()
    if reading.memory_total_bytes is None or reading.memory_used_bytes is None:
        return ""
    return f", {reading.memory_used_bytes / 1e9:.1f} of {reading.memory_total_bytes / 1e9:.1f} GB used"


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
