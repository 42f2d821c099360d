"""A session on an injected clock: the pacer and the governor that serve players, and a device that is a trace."""

from dataclasses import dataclass
from random import Random

from engine_service.model.ladder import Rung
from engine_service.pacing.traces import Trace, traces
from engine_service.stream.governor import GovernorConfig, GovernorState, Measurement, begin, govern
from engine_service.stream.pacer import PacerConfig, PaceState, after_chunk, rescaled, start_at

LATE_NS = 10_000_000  # as the server counts
DECODING = 0.15  # share of rung 0's shift that no rung saves


@dataclass(frozen=True, slots=True)
class Shift:
    """One chunk as it came about."""

    at_s: float
    load: float  # what it cost, as a share of its media time
    rung: int
    num_late: int  # of its frames
    num_skipped: int  # frames right after it
    reason: str  # why the next one is on another rung; empty: it is not


@dataclass(frozen=True, slots=True)
class Run:
    """A trace, played."""

    trace: Trace
    shifts: tuple[Shift, ...]
    num_frames: int  # made

    @property
    def num_late(self) -> int:
        """Frames that left too late, or never."""
        return sum(shift.num_late + shift.num_skipped for shift in self.shifts)

    @property
    def late_pct(self) -> float:
        """Of all frames that were due."""
        return 100 * self.num_late / (self.num_frames + sum(shift.num_skipped for shift in self.shifts))

    @property
    def mean_rung(self) -> float:
        """0 is what was asked for."""
        return sum(shift.rung for shift in self.shifts) / len(self.shifts)

    @property
    def changes(self) -> tuple[Shift, ...]:
        """Where the rung changed."""
        return tuple(shift for shift in self.shifts if shift.reason)


def compare(rungs: tuple[Rung, ...], *, num_frames: int, frame_period_us: int, seed: int) -> list[tuple[Run, Run]]:
    """Every trace twice: without the governor, and with it."""
    return [
        (
            simulate(trace, rungs, num_frames, frame_period_us, governed=False, seed=seed),
            simulate(trace, rungs, num_frames, frame_period_us, governed=True, seed=seed),
        )
        for trace in traces()
    ]


def simulate(
    trace: Trace, rungs: tuple[Rung, ...], num_frames: int, frame_period_us: int, *, governed: bool, seed: int = 0
) -> Run:
    """Play a trace on a ladder whose shifts show `num_frames` each. The first shift warms up and is not counted."""
    chance = Random(seed)
    pace_config, config = PacerConfig(frame_period_us=frame_period_us), GovernorConfig()
    budget_s = num_frames * frame_period_us * 1e-6
    pace, state = PaceState(), begin(tuple(rung.work for rung in rungs))
    now_ns, pts_us = 0, 0
    shifts: list[Shift] = []
    while now_ns < trace.seconds * 1e9:
        start_ns = start_at(pace_config, pace, pts_us, num_frames)
        now_ns = now_ns if start_ns is None else max(now_ns, start_ns)
        started_ns = now_ns
        trace_load = trace.load(now_ns * 1e-9, chance)
        load = trace_load * _share(rungs, state)
        now_ns += round(load * budget_s * 1e9)
        decision = after_chunk(
            pace_config, pace, pts_us=pts_us, num_frames=num_frames, started_ns=started_ns, ready_ns=now_ns
        )
        pace, rung, reason = decision.state, state.rung, ""
        if governed and decision.spent_s is not None:
            fixed_s = trace_load * DECODING * budget_s
            measured = Measurement(cost_s=decision.spent_s, fixed_s=fixed_s, budget_s=budget_s, num_frames=num_frames)
            chosen = govern(config, state, measured, trace.watch(now_ns * 1e-9), now_ns)
            state, reason = chosen.state, chosen.reason
            pace = rescaled(pace, chosen.cost_factor)
        pairs = zip(decision.due_ns, decision.release_ns, strict=True)
        num_late = sum(release_ns - due_ns > LATE_NS for due_ns, release_ns in pairs)
        shifts.append(Shift(started_ns * 1e-9, load, rung, num_late, decision.skip_frames, reason))
        pts_us += (num_frames + decision.skip_frames) * frame_period_us
    return Run(trace, tuple(shifts), num_frames * len(shifts))


def _share(rungs: tuple[Rung, ...], state: GovernorState) -> float:
    """What a shift on the rung in force costs, as a share of one on rung 0."""
    return DECODING + (1 - DECODING) * rungs[state.rung].work / rungs[0].work
