"""Players on a real engine for some minutes, and what NVML says of the GPU meanwhile."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.stream.gpu import GpuConfig, GpuError, GpuMonitor
from engine_service.types import GpuReading
from streamdit.bots.__main__ import play_all
from streamdit.bots.bot import BotPlan
from streamdit.bots.report import build
from streamdit.bots.take import Take
from streamdit.launch import LocalEngine

TABLE, SERIES = "serving", "serving series"
SHORTEST_S, ENDING_S = 5.0, 8.0  # playing at all is worth, and what comes after takes
CHARTED_HZ = 2.0  # of NVML, which renews most values a few times a second at most


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingPlan:
    """Who plays what for how long, or for as long as time is left; without a GPU its readings are left out."""

    world: str
    seconds: float
    backend: str = "auto"
    num_players: int = 2  # an engine compiles for every number of sessions it may meet: few start sooner
    profile: str = "responsive"
    gpu: bool = True


@dataclass(slots=True)
class Played:
    """What came of it; times in seconds from the first player's start."""

    intervals: list[tuple[float, float]] = field(default_factory=list)  # at, ms
    rungs: list[tuple[float, int]] = field(default_factory=list)
    readings: list[tuple[float, GpuReading]] = field(default_factory=list)


def measure_serving(plan: ServingPlan, tell: Tell, deadline: Deadline) -> None:
    """One row of numbers, and one whose values are the series behind the plot, as lists by name."""
    played = Played()
    name = f"{plan.num_players} players, `{plan.profile}`"
    attempt(tell, TABLE, name, partial(_measure, plan, played, deadline), deadline=deadline, needs_s=SHORTEST_S)
    if played.intervals:
        attempt(tell, SERIES, name, lambda: series(played), deadline=deadline)


def _measure(plan: ServingPlan, played: Played, deadline: Deadline) -> Mapping[str, Value]:
    arguments = ["--backend", plan.backend, "--max-sessions", str(plan.num_players)]
    with LocalEngine(world=plan.world, arguments=arguments) as engine:
        seconds = max(1.0, min(plan.seconds, deadline.left_s - ENDING_S))
        bots = BotPlan(address=engine.address, scenario="wander", seconds=seconds, profile=plan.profile)
        with _watched(plan.gpu) as (readings, silence):
            takes, info = asyncio.run(play_all(bots, plan.num_players))
    report = build("wander", seconds, takes, info)
    if not any(take.frames for take in takes):
        raise ValueError(f"no frames came: {'; '.join(report['errors'])}")
    began_ns = min(take.began_ns for take in takes if take.frames)
    played.intervals = sorted(point for take in takes for point in _intervals(take, began_ns))
    played.rungs = sorted(((f.arrival_ns - began_ns) / 1e9, f.rung) for take in takes for f in take.frames)
    played.readings = [((reading.time_ns - began_ns) / 1e9, reading) for reading in readings]
    return {
        "seconds": seconds,
        "backend": info.backend if info is not None else None,
        "fps": report["fps"],
        "interval_p50_ms": report["interval_ms"]["p50"],
        "interval_p99_ms": report["interval_ms"]["p99"],
        "interval_max_ms": report["interval_ms"]["max"],
        "frames": report["frames"],
        "late_frames": report["late_frames"],
        "dropped": sum(report["dropped"].values()),
        "rungs": ", ".join(sorted({str(rung) for _, rung in played.rungs})),
        **readings_summary(readings),
        "gpu_silence": silence[0] if silence else None,
    }


def readings_summary(readings: list[GpuReading]) -> dict[str, Value]:
    """Means and extremes of what was told; None for what was not."""

    def told(name: str) -> list[float]:
        return [float(value) for reading in readings if (value := getattr(reading, name)) is not None]

    def of(name: str, reduce: Any) -> float | None:
        values = told(name)
        return reduce(values) if values else None

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    reasons = sorted({reason for reading in readings for reason in reading.throttle_reasons or ()})
    return {
        "power_mean_w": of("power_w", mean),
        "power_max_w": of("power_w", max),
        "temperature_max_c": of("temperature_c", max),
        "sm_clock_min_mhz": of("sm_clock_mhz", min),
        "sm_clock_mean_mhz": of("sm_clock_mhz", mean),
        "gpu_mean_pct": of("gpu_pct", mean),
        "memory_used_bytes": of("memory_used_bytes", max),
        "throttled": ", ".join(reasons) if readings else None,
    }


def series(played: Played) -> dict[str, Any]:
    """The lists that the plot and the JSON want."""
    return {
        "interval_at_s": [round(at, 3) for at, _ in played.intervals],
        "interval_ms": [round(ms, 2) for _, ms in played.intervals],
        "rung_at_s": [round(at, 3) for at, _ in played.rungs],
        "rung": [rung for _, rung in played.rungs],
        "reading_at_s": [round(at, 3) for at, _ in played.readings],
        "readings": [asdict(reading) for _, reading in played.readings],
    }


def _intervals(take: Take, began_ns: int) -> list[tuple[float, float]]:
    arrivals = [frame.arrival_ns for frame in take.frames]
    return [((b - began_ns) / 1e9, (b - a) / 1e6) for a, b in pairwise(arrivals)]


@contextmanager
def _watched(gpu: bool) -> Iterator[tuple[list[GpuReading], list[str]]]:
    """NVML's readings while inside, and why there are none."""
    readings: list[GpuReading] = []
    if not gpu:
        yield readings, ["no GPU was asked for"]
        return
    monitor = GpuMonitor(GpuConfig(rate_hz=CHARTED_HZ), hear=readings.append)
    try:
        monitor.start()
    except GpuError as error:
        yield readings, [str(error)]
        return
    try:
        yield readings, []
    finally:
        monitor.stop()
