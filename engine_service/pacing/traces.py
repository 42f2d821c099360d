"""What may happen to an engine's step times, and what NVML would say of it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from engine_service.types import GpuReading

# What a shift on rung 0 costs, as a share of its media time; the second argument is the trace's own chance.
Load: TypeAlias = Callable[[float, Random], float]
# What NVML says at a time, in seconds; None: there is no GPU to ask.
Watch: TypeAlias = Callable[[float], GpuReading | None]

SECONDS = 600.0
CLOCK_MHZ = 1980


def unwatched(_now_s: float) -> None:
    """An engine without NVML: on a CPU, or with a driver that tells nothing."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One story."""

    name: str
    story: str
    load: Load
    watch: Watch = unwatched
    seconds: float = SECONDS


def traces() -> Iterator[Trace]:
    """All stories, each ten minutes long."""
    yield Trace("steady", "a shift always takes 60 % of its time", lambda _now_s, _chance: 0.6)
    yield Trace("noisy", "70 % on average, log-normal by 12 %", lambda _now_s, chance: 0.7 * _noise(chance, 0.12))
    yield Trace("spikes", "60 %, and one shift in fifty takes three times as long", _spikes)
    yield Trace("slow ramp", "from 50 % up to 150 % in five minutes, and back", _ramp)
    yield Trace(
        "throttle",
        "60 %; for two minutes the clocks are halved; NVML is polled four times a second",
        _throttled,
        _watch_throttle,
    )
    yield Trace("throttle, unseen", "the same without NVML: the fast loop alone", _throttled)
    yield Trace("co-tenant", "60 %; for two minutes another process takes 45 % of the GPU", _shared, _watch_shared)
    yield Trace("overload", "180 % for two minutes: only the lowest rung fits", _overload)


def _noise(chance: Random, deviation: float) -> float:
    return math.exp(chance.gauss(0.0, deviation))


def _spikes(_now_s: float, chance: Random) -> float:
    return 0.6 * (3.0 if chance.random() < 0.02 else 1.0) * _noise(chance, 0.02)


def _ramp(now_s: float, chance: Random) -> float:
    half = SECONDS / 2
    return (0.5 + (1.0 - abs(now_s - half) / half)) * _noise(chance, 0.03)


def _while_troubled(now_s: float) -> bool:
    return 200.1 <= now_s < 320.1  # between two polls


def _throttled(now_s: float, chance: Random) -> float:
    return 0.6 * (2.0 if _while_troubled(now_s) else 1.0) * _noise(chance, 0.03)


def _shared(now_s: float, chance: Random) -> float:
    return 0.6 / (0.55 if _while_troubled(now_s) else 1.0) * _noise(chance, 0.03)


def _overload(now_s: float, chance: Random) -> float:
    return (1.8 if _while_troubled(now_s) else 0.6) * _noise(chance, 0.03)


def _watch_throttle(now_s: float) -> GpuReading:
    throttled = _while_troubled(_polled(now_s))
    clock_mhz = CLOCK_MHZ // 2 if throttled else CLOCK_MHZ
    return _reading(now_s, clock_mhz, ("hardware slowdown",) if throttled else (), 0)


def _watch_shared(now_s: float) -> GpuReading:
    return _reading(now_s, CLOCK_MHZ, (), 45 if _while_troubled(_polled(now_s)) else 0)


def _polled(now_s: float) -> float:
    """When the newest reading was taken: four times a second, so it is up to 250 ms old."""
    return math.floor(now_s * 4) / 4


def _reading(now_s: float, clock_mhz: int, reasons: tuple[str, ...], other_pct: int) -> GpuReading:
    return GpuReading(
        time_ns=round(_polled(now_s) * 1e9),
        name="simulated GPU",
        sm_clock_mhz=clock_mhz,
        sm_clock_max_mhz=CLOCK_MHZ,
        throttle_reasons=reasons,
        other_gpu_pct=other_pct,
    )
