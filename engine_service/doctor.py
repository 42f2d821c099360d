"""`streamdit-engine doctor`: what there is, what would be chosen, what is missing and how to mend it."""

import importlib.metadata
import os
import platform
import socket
import time

import torch
from rich.console import Console
from rich.table import Table

from engine_service.runtime.load import default_cache, load_runtime
from engine_service.runtime.world import EMBEDDED, WorldError, load_world
from engine_service.server.config import ServerConfig
from engine_service.stream.session import StreamSession

PACKAGES = (
    "torch",
    "openvino",
    "grpcio",
    "protobuf",
    "numpy",
    "simplejpeg",
    "av",
    "uvloop",
    "nvidia-ml-py",
    "tensorrt",
)
OPTIONAL = {"tensorrt", "uvloop"}
MEASURED_SHIFTS = 12


def examine() -> int:
    """Print the picture; 0 if the embedded worlds can be served at their pace, else 1."""
    table = Table("", "", "", show_header=False, box=None, pad_edge=False)
    healthy = True

    def row(good: bool | None, name: str, found: str) -> None:
        table.add_row({True: "[green]ok", False: "[red]no", None: "[dim]--"}[good], name, found)

    row(True, "machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    row(True, "python", platform.python_version())
    for package in PACKAGES:
        try:
            row(True, package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            healthy = healthy and package in OPTIONAL
            row(None if package in OPTIONAL else False, package, "not installed")
    has_cuda = torch.cuda.is_available()
    row(True if has_cuda else None, "CUDA", torch.cuda.get_device_name() if has_cuda else "none; the CPU it is")
    row(True, "graph cache", str(default_cache()))
    free = _port_is_free(ServerConfig().port)
    row(True if free else None, "port", f"{ServerConfig().port} {'is free' if free else 'is in use: serve --port N'}")
    for folder in sorted(path.parent for path in EMBEDDED.glob("*/world.toml")):
        try:
            world = load_world(folder).world
            found, quick = _measure(folder.name)
        except WorldError as error:
            row(False, folder.name, str(error))
            healthy = False
            continue
        row(quick, f"world {world.name}", found)
        healthy = healthy and quick
    Console().print(table)
    return 0 if healthy else 1


def _measure(name: str) -> tuple[str, bool]:
    """How fast a world's default profile runs here, and whether that is fast enough."""
    runtime = load_runtime(EMBEDDED / name)
    world = runtime.world
    player = StreamSession(runtime, profile=world.default_profile, seed=0)
    player.advance()
    start_s = time.perf_counter()
    for _ in range(MEASURED_SHIFTS):
        player.advance()
    fps = MEASURED_SHIFTS * player.frames_per_shift / (time.perf_counter() - start_s)
    words = f"{runtime.backend}, {world.default_profile}: {fps:.0f} frames a second, {world.fps:g} are needed"
    return words, fps >= world.fps


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
