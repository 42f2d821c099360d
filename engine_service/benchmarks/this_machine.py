"""`make bench`: measure this machine and put the tables into docs/results.md, between its two marks."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
import torch
from rich import print as say

from engine_service.benchmarks.tables import markdown_table, this_place
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import find_world
from engine_service.server.encoder import encode
from engine_service.server.messages import Encoding
from engine_service.stream.clock import SystemClock
from engine_service.types import Frame
from streamdit.launch import LocalEngine

REPEATS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What to measure and for how long."""

    world: str = "critters"
    seconds: float = 60.0  # per scenario


def bench(options: BenchOptions) -> str:
    """All tables, as markdown."""
    sections = [_machine_line(), _step_table(options.world), _start_table(options.world), _play_table(options)]
    return "\n\n".join(sections)


def _machine_line() -> str:
    return f"Measured {this_place()}, by `make bench`."


def _median_ms(call: Any) -> float:
    times = []
    for _ in range(REPEATS):
        start_s = time.perf_counter()
        call()
        times.append(time.perf_counter() - start_s)
    return float(np.median(times) * 1e3)


def _step_table(world: str) -> str:
    """One micro-step per profile, the decoder and the encoder, on both backends, and how far apart they are."""
    runtimes = {name: load_runtime(find_world(world), backend=name) for name in ("torch", "openvino")}
    served = runtimes["torch"].world
    buffers = {name: _random_buffer(runtimes["torch"], p.num_latents) for name, p in served.profiles.items()}
    for inputs in buffers.values():  # graphs are compiled beside whoever is timed: let all of them be ready first
        runtimes["openvino"].denoiser.step(*inputs)
    rows = []
    for profile, partition in served.profiles.items():
        inputs = buffers[profile]
        results = {name: runtime.denoiser.step(*inputs) for name, runtime in runtimes.items()}
        difference = (results["torch"] - results["openvino"]).abs().max().item()
        times = {name: _median_ms(lambda r=r, i=inputs: r.denoiser.step(*i)) for name, r in runtimes.items()}
        shift_ms = 1e3 * served.frames_per_shift(profile) / served.fps
        rows.append(
            [
                f"micro-step, `{profile}` ({partition.num_latents} latents)",
                f"{times['torch']:.1f} ms",
                f"{times['openvino']:.1f} ms",
                f"{partition.steps_per_shift} per {shift_ms:.0f} ms",
                f"{difference:.1e}",
            ]
        )
    latent = torch.randn(1, *runtimes["torch"].latent_shape)
    pictures = {name: runtime.decoder.decode(latent, latent) for name, runtime in runtimes.items()}
    times = {name: _median_ms(lambda r=r: r.decoder.decode(latent, latent)) for name, r in runtimes.items()}
    off = int((pictures["torch"].int() - pictures["openvino"].int()).abs().max())
    rows.append(
        [
            f"decoder, {served.frames_per_latent} frames",
            f"{times['torch']:.1f} ms",
            f"{times['openvino']:.1f} ms",
            "1 per latent",
            f"{off} grey levels",
        ]
    )
    frame = Frame(1, 0, 0, pictures["torch"][0, 0].numpy(), 0, 0)
    clock = SystemClock()
    jpeg_ms = _median_ms(lambda: encode(frame, Encoding.JPEG, jpeg_quality=90, clock=clock))
    rows.append(["JPEG, quality 90", "", f"{jpeg_ms:.2f} ms", "1 per frame", ""])
    return markdown_table(["median", "torch", "OpenVINO", "how often", "largest difference"], rows)


def _random_buffer(runtime: Runtime, num_latents: int) -> tuple[Any, ...]:
    generator = torch.Generator().manual_seed(0)
    world = runtime.world
    latents = torch.randn(1, num_latents, *runtime.latent_shape, generator=generator)
    sigmas = torch.full((1, num_latents), 0.5)
    state = torch.tensor(world.resting_state).expand(1, num_latents, world.frames_per_latent, -1).contiguous()
    prompt = runtime.prompts.encode(runtime.prompts.tokens(world.example_prompts[0]))
    return latents, sigmas, torch.zeros_like(sigmas), state, prompt


def _start_table(world: str) -> str:
    """From the process's start to SERVING, with nothing cached and with everything."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for name in ("first start, graphs are converted", "every further start"):
            start_s = time.perf_counter()
            with LocalEngine(world=world, arguments=["--cache", cache]):
                rows.append([name, f"{time.perf_counter() - start_s:.1f} s"])
    probe = "import time; t = time.perf_counter(); import streamdit; print(time.perf_counter() - t)"
    seconds = [float(subprocess.check_output([sys.executable, "-c", probe], text=True)) for _ in range(5)]
    rows.append(["`import streamdit` alone", f"{np.median(seconds):.2f} s"])
    return markdown_table(["from process start to SERVING", "seconds"], rows)


def _play_table(options: BenchOptions) -> str:
    """Bots against a real engine on this machine."""
    rows = []
    for scenario, profile in (
        ("wander", "responsive"),
        ("probe", "responsive"),
        ("stall", "responsive"),
        ("wander", "balanced"),
        ("wander", "cinematic"),
    ):
        say(f"playing {scenario}, {profile}, {options.seconds:.0f} s")
        report, peak_bytes = _play(options, scenario, profile)
        rows.append(
            [
                f"{scenario}, `{profile}`",
                f"{report['fps']:.2f}",
                _percentile(report, "interval_ms", "p99"),
                _percentile(report, "interval_ms", "max"),
                f"{report['first_frame_ms']:.0f}",
                _percentile(report, "control_latency_ms", "p95"),
                _percentile(report, "visible_latency_ms", "p95"),
                str(report["late_frames"]),
                _stalled(report),
                f"{peak_bytes / 1e9:.2f} GB",
            ]
        )
    header = ["one player", "fps", "interval p99", "max", "first frame", "control p95", "visible p95", "late"]
    return markdown_table([*header, "age after stall", "engine memory, peak"], rows) + "\n\nTimes in ms, age in frames."


def _percentile(report: dict[str, Any], name: str, key: str) -> str:
    return "-" if report[name] is None else f"{report[name][key]:.0f}"


def _stalled(report: dict[str, Any]) -> str:
    stalls = report["scenario"].get("stalls")
    return "-" if not stalls or stalls[0] is None else f"{stalls[0]['first_shown_age_frames']:.1f}"


def _play(options: BenchOptions, scenario: str, profile: str) -> tuple[dict[str, Any], int]:
    with tempfile.TemporaryDirectory() as folder, LocalEngine(world=options.world) as engine:
        file = Path(folder) / "report.json"
        arguments = ["--address", engine.address, "--scenario", scenario, "--profile", profile]
        arguments += ["--seconds", str(options.seconds)]
        with _PeakMemory(engine.pid) as memory:
            subprocess.run(
                [sys.executable, "-m", "streamdit.bots", *arguments, "--report", str(file)],
                check=True,
                stderr=subprocess.DEVNULL,
            )
        report: dict[str, Any] = json.loads(file.read_text())
        return report, memory.peak_bytes


class _PeakMemory:
    """Resident memory of a process, sampled ten times a second from a thread."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._process = psutil.Process(pid)
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.peak_bytes = max(self.peak_bytes, self._process.memory_info().rss)
