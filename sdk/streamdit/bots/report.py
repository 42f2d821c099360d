"""From takes to `report.json`. Pure but for `machine`. What was not measured is None, never 0."""

import os
import platform
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from streamdit.bots.take import FrameNote, Take
from streamdit.bots.visible import visible_latencies_ms
from streamdit.clock import percentiles
from streamdit.types import Drops, ServerInfo
from streamdit.version import VERSION

LATE = 1.5  # frame periods between two arrivals
STALE_FRAMES = 4  # older than this on arrival is a stale frame


def intervals_ms(take: Take) -> list[float]:
    """Between neighbouring arrivals, all of them, pauses and drops included."""
    arrivals_ns = [frame.arrival_ns for frame in take.frames]
    return [(after - before) / 1e6 for before, after in pairwise(arrivals_ns)]


def control_latencies_ms(take: Take) -> list[float]:
    """Event sent -> first frame that carries its id or a later one; events no frame obeyed are left out."""
    latencies: list[float] = []
    frames = iter(take.frames)
    frame = next(frames, None)
    for event in take.events:  # ids rise, so do those in the frames
        while frame is not None and frame.last_event_id < event.event_id:
            frame = next(frames, None)
        if frame is None:
            break
        latencies.append((frame.arrival_ns - event.sent_ns) / 1e6)
    return latencies


def fps(take: Take) -> float | None:
    """Frames over the time from the first to the last."""
    if len(take.frames) < 2:
        return None
    return (len(take.frames) - 1) * 1e9 / (take.frames[-1].arrival_ns - take.frames[0].arrival_ns)


def ages_frames(take: Take) -> list[float]:
    """How old every frame was on arrival, in frame periods, against the freshest frame of the run."""
    if take.opened is None or not take.frames:
        return []
    lag_us = [frame.arrival_ns / 1000 - frame.pts_us for frame in take.frames]
    return [(lag - min(lag_us)) / take.opened.world.frame_period_us for lag in lag_us]


def stall(take: Take) -> dict[str, Any] | None:
    """What a client was fed that had stopped reading: `shown` is what a game draws one frame period later."""
    if take.stall_ns is None or take.opened is None:
        return None
    stopped_ns, went_on_ns = take.stall_ns
    ages = ages_frames(take)
    after = [(frame, age) for frame, age in zip(take.frames, ages, strict=True) if frame.arrival_ns > went_on_ns]
    shown_ns = went_on_ns + take.opened.world.frame_period_us * 1000
    shown = [age for frame, age in after if frame.arrival_ns <= shown_ns] or [age for _, age in after[:1]]
    return {
        "stopped_s": (went_on_ns - stopped_ns) / 1e9,
        "first_received_age_frames": round(after[0][1], 2) if after else None,
        "first_shown_age_frames": round(shown[-1], 2) if shown else None,
        "stale_frames_received": sum(age > STALE_FRAMES for _, age in after),
        "window": take.opened.window,
    }


def dropped(take: Take) -> Drops:
    """The engine's own count over the session, or what the frames told when it could not say."""
    if take.closed is not None and take.closed.totals is not None:
        return take.closed.totals.dropped
    return sum((frame.dropped for frame in take.frames), Drops())


def summary(series: Sequence[float], *keys: str) -> dict[str, float] | None:
    """The percentiles named, rounded to a microsecond; None for an empty series."""
    found = percentiles(list(series))
    return None if found is None else {key: round(getattr(found, key), 3) for key in keys}


def machine() -> dict[str, Any]:
    """Where the bots ran."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "sdk": VERSION,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def server(info: ServerInfo | None, takes: Sequence[Take]) -> dict[str, Any]:
    """What was played on; {} if no engine answered."""
    told: dict[str, Any] = {}
    if info is not None:
        told = {"version": info.server_version, "backend": info.backend, "device": info.device}
    opened = next((take.opened for take in takes if take.opened is not None), None)
    if opened is not None:
        told |= {
            "world": opened.world.name,
            "profile": opened.profile,
            "fps": opened.world.fps,
            "size": [opened.world.width, opened.world.height],
            "encoding": opened.encoding.name,
            "delivery": opened.delivery.name,
            "window": opened.window,
        }
    return told


def first_frames_ms(takes: Sequence[Take]) -> list[float]:
    """Session asked for -> first frame, per bot."""
    return [(take.frames[0].arrival_ns - take.began_ns) / 1e6 for take in takes if take.frames]


def build(
    scenario: str,
    seconds: float,
    takes: Sequence[Take],
    info: ServerInfo | None,
    *,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report of one run; its keys are fixed in the README. `options` of the scenario are repeated in it."""
    gaps_ms = [gap for take in takes for gap in intervals_ms(take)]
    late = 0
    for take in takes:
        if take.opened is not None:
            limit_ms = LATE * take.opened.world.frame_period_us / 1000
            late += sum(gap > limit_ms for gap in intervals_ms(take))
    seen_ms = [ms for take in takes for ms in _visible(take)]
    drops = sum((dropped(take) for take in takes), Drops())
    speeds = [speed for take in takes if (speed := fps(take)) is not None]
    first_ms = first_frames_ms(takes)
    return {
        "frames": sum(len(take.frames) for take in takes),
        "fps": round(sum(speeds) / len(speeds), 3) if speeds else None,  # mean over bots
        "interval_ms": summary(gaps_ms, "p50", "p95", "p99", "max"),
        "late_frames": late if gaps_ms else None,
        "dropped": {"generate": drops.generate, "encode": drops.encode, "network": drops.network},
        "first_frame_ms": round(max(first_ms), 3) if first_ms else None,  # of the slowest bot
        "control_latency_ms": summary([ms for take in takes for ms in control_latencies_ms(take)], "p50", "p95", "max"),
        "visible_latency_ms": summary([ms for ms in seen_ms if ms is not None], "p50", "p95", "max"),
        "errors": [error for take in takes for error in take.errors],
        "machine": machine(),
        "server": server(info, takes),
        "scenario": {**_extras(scenario, seconds, takes, seen_ms), **(options or {})},
    }


def _visible(take: Take) -> list[float | None]:
    return visible_latencies_ms(take.frames, take.thumbnails, take.events) if take.thumbnails else []


def _extras(scenario: str, seconds: float, takes: Sequence[Take], seen_ms: Sequence[float | None]) -> dict[str, Any]:
    frames: list[FrameNote] = [frame for take in takes for frame in take.frames]
    extras: dict[str, Any] = {
        "name": scenario,
        "bots": len(takes),
        "seconds": seconds,
        "events": sum(len(take.events) for take in takes),
        "notices": [notice for take in takes for notice in take.notices],
        "replaced_at_bot": sum(take.num_replaced for take in takes),
        "frame_bytes": summary([frame.num_bytes for frame in frames], "p50", "max"),
        "rungs": {str(rung): sum(f.rung == rung for f in frames) for rung in sorted({f.rung for f in frames})},
        "rung_changes": sum(later.rung != sooner.rung for take in takes for sooner, later in pairwise(take.frames)),
        "per_bot_fps": [None if (speed := fps(take)) is None else round(speed, 3) for take in takes],
    }
    if scenario in ("prompt-tour", "prompts"):
        extras["prompts"] = sum(event.kind == "prompt" for take in takes for event in take.events)
    if scenario == "keys":
        extras["action_sets"] = sum(event.kind == "actions" for take in takes for event in take.events)
    if scenario == "redraw":
        extras["source_frames"] = sum(event.kind == "source_frame" for take in takes for event in take.events)
    if scenario == "probe":
        extras["teleports"] = len(seen_ms)
        extras["teleports_not_seen"] = sum(ms is None for ms in seen_ms)
    if scenario == "stall":
        extras["stalls"] = [stall(take) for take in takes]
    return extras
