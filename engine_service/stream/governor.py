"""Which rung of the quality ladder a session is on: pure functions over a frozen state, asked after every chunk.

    load = what a shift cost / the media time it made            rung 0 is what the client asked for

The fast loop watches the clock: a load beyond the budget less its headroom, twice in a row, drops to the best rung that
is expected to fit; calm raises by one rung. The slow loop reads NVML: where the chip slows down, or someone else
takes it, the ceiling falls before a frame is late, and stays until the cause is gone for a while. What a shift would
cost on another rung: its fixed part, decoding and encoding, and the rest in proportion to the rungs' work.
Times are monotonic nanoseconds unless named otherwise.
"""

from dataclasses import dataclass, replace

from engine_service.types import GpuReading

# How much of the chip is left under a throttle whose clocks are not told (nvml.h: "by a factor of 2 or more").
_LEFT_BY_HARDWARE, _LEFT_BY_SOFTWARE = 0.5, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorConfig:
    """How quick to drop and how slow to rise. Shares of the budget, frames, seconds."""

    headroom: float = 0.10  # of the budget, kept free
    raise_below: float = 0.80  # a rung is raised to only if its load is expected below this
    smallest_gain: float = 0.02  # a lower rung that saves less is passed over
    min_gap_frames: int = 8  # between two changes, unless frames are late
    raise_after_s: float = 3.0  # without a miss
    trial_s: float = 10.0  # a raise that misses sooner has failed
    retry_s: float = 60.0  # until a failed raise may be tried again; doubles each time
    longest_retry_s: float = 900.0
    hold_s: float = 5.0  # the ceiling stays for so long after its cause was seen last
    stale_s: float = 3.0  # a reading older than this says nothing
    full_memory: float = 0.97  # from this share on, memory is a cause
    hot_margin_c: int = 2  # and from this far below the slowdown's temperature, heat
    weight: float = 0.2  # of the newest shift in the mean

    def __post_init__(self) -> None:
        for name in ("headroom", "raise_below", "smallest_gain", "full_memory", "weight"):
            value = getattr(self, name)
            if not 0.0 < value < 1.0:
                raise ValueError(f"{name} is {value}, must be between 0 and 1")
        if self.raise_below >= 1 - self.headroom:
            raise ValueError(f"raise_below is {self.raise_below}, must be below 1 - headroom, {1 - self.headroom}")
        for name in ("raise_after_s", "trial_s", "retry_s", "longest_retry_s", "hold_s", "stale_s", "min_gap_frames"):
            value = getattr(self, name)
            if value < 0:
                raise ValueError(f"{name} is {value}, must be at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One shift on the rung in force."""

    cost_s: float  # from where it should have started to its last frame, waiting for the device included
    fixed_s: float  # of that, what no rung saves: decoding and encoding
    budget_s: float  # media time of its frames
    num_frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernorState:
    """What the governor remembers of one session."""

    work: tuple[float, ...]  # of each rung, relative to each other
    rung: int = 0
    ceiling: int = 0  # no rung better than this; 0 allows all
    cause: str = ""  # of the ceiling
    cause_ns: int = 0  # when it was last seen
    load: float | None = None  # mean since the last change
    fixed: float = 0.0  # of that, mean of what no rung saves
    capacity: float = 1.0  # mean share of the chip that was left for us, over the same shifts
    num_shifts: int = 0  # in those means
    fresh: bool = True  # the shift after a change pays for the change: it says nothing
    missed: tuple[float, ...] = ()  # loads of the last misses in a row, at most two
    frames_since: int | None = None  # frames since the last change; None: there was none
    calm_ns: int | None = None  # since when there was no miss
    raised_ns: int | None = None  # when the last raise was, while it may still fail
    retry_s: float = 0.0  # of the last failed raise
    retry_ns: int | None = None  # when it may be tried again


@dataclass(frozen=True, slots=True)
class RungDecision:
    """The rung of the next chunk."""

    state: GovernorState
    rung: int
    reason: str  # why it changed, with the numbers; empty: it did not
    cost_factor: float = 1.0  # what a shift is expected to cost on it, by what it cost before


def begin(work: tuple[float, ...]) -> GovernorState:
    """On the best rung of a ladder, given how much work each rung is, relative to the others.

    Raises:
        ValueError: there is no rung, or one is no work.
    """
    if not work or min(work) <= 0:
        raise ValueError(f"work is {work}, needs at least one rung and numbers above 0")
    return GovernorState(work=work)


def restarted(state: GovernorState, work: tuple[float, ...]) -> GovernorState:
    """The client chose another profile: its ladder from the top, below the ceiling that is in force."""
    ceiling = min(state.ceiling, len(work) - 1)
    return replace(begin(work), rung=ceiling, ceiling=ceiling, cause=state.cause, cause_ns=state.cause_ns)


def govern(
    config: GovernorConfig, state: GovernorState, measured: Measurement, reading: GpuReading | None, now_ns: int
) -> RungDecision:
    """Account for a shift and the newest GPU reading; which rung the next shift is made on."""
    pressure = _pressure(config, reading, now_ns)
    if state.fresh:
        since = None if state.frames_since is None else state.frames_since + measured.num_frames
        state = replace(state, fresh=False, calm_ns=now_ns, frames_since=since)
        return RungDecision(_hold(config, state, pressure, now_ns), state.rung, "")
    # At the whole chip's speed, before this shift: one that a throttle fell into is half one thing, half the other.
    unhindered = None if state.load is None else state.load * state.capacity
    state = _count(config, state, measured, pressure, now_ns)
    state = _lower_ceiling(config, state, unhindered, measured, pressure, now_ns)
    may_change = state.frames_since is None or state.frames_since >= config.min_gap_frames
    if state.rung < state.ceiling and may_change:
        return _change(state, state.ceiling, state.cause, now_ns)
    late = len(state.missed) == 2 and min(state.missed) > 1.0
    if len(state.missed) == 2 and (may_change or late):
        return _drop(config, state, measured, pressure, now_ns)
    if may_change:
        return _rise(config, state, measured, now_ns)
    return RungDecision(state, state.rung, "")


# ---------------------------------------------------------------------------------------------- the fast loop


def _count(
    config: GovernorConfig, state: GovernorState, measured: Measurement, pressure: "_Pressure", now_ns: int
) -> GovernorState:
    load = measured.cost_s / measured.budget_s
    fixed = measured.fixed_s / measured.budget_s
    weight = 1.0 if state.load is None else config.weight
    misses = load > 1 - config.headroom
    failed = state.raised_ns is not None and now_ns - state.raised_ns < config.trial_s * 1e9
    return replace(
        state,
        load=load if state.load is None else state.load + weight * (load - state.load),
        fixed=state.fixed + weight * (fixed - state.fixed),
        capacity=state.capacity + weight * (pressure.capacity - state.capacity),
        num_shifts=state.num_shifts + 1,
        missed=(*state.missed, load)[-2:] if misses else (),
        frames_since=None if state.frames_since is None else state.frames_since + measured.num_frames,
        calm_ns=now_ns if misses or state.calm_ns is None else state.calm_ns,
        raised_ns=state.raised_ns if failed else None,
        retry_s=state.retry_s if failed or state.raised_ns is None else 0.0,  # the trial was passed
    )


def _drop(
    config: GovernorConfig, state: GovernorState, measured: Measurement, pressure: "_Pressure", now_ns: int
) -> RungDecision:
    load = sum(state.missed) / 2
    rung = _best_below(config, state, load)
    if rung == state.rung:
        return RungDecision(state, rung, "")
    first, second = (f"{missed * measured.budget_s * 1e3:.0f}" for missed in state.missed)
    reason = f"two shifts took {first} and {second} ms of {measured.budget_s * 1e3:.0f} ms"
    if pressure.cause:
        reason += f": {pressure.cause}"
    if state.raised_ns is not None:  # the raise has failed
        retry_s = min(config.longest_retry_s, state.retry_s * 2 or config.retry_s)
        state = replace(state, retry_s=retry_s, retry_ns=now_ns + round(retry_s * 1e9))
    return _change(replace(state, load=load), rung, reason, now_ns)


def _rise(config: GovernorConfig, state: GovernorState, measured: Measurement, now_ns: int) -> RungDecision:
    load = state.load
    if state.rung <= state.ceiling or load is None or state.calm_ns is None or state.num_shifts < 4:
        return RungDecision(state, state.rung, "")
    calm_s = (now_ns - state.calm_ns) * 1e-9
    if calm_s < config.raise_after_s:
        return RungDecision(state, state.rung, "")
    if state.retry_ns is not None and now_ns < state.retry_ns:
        return RungDecision(state, state.rung, "")
    expected = _expected(state, load, state.rung - 1)
    if expected > config.raise_below:
        return RungDecision(state, state.rung, "")
    budget_ms = measured.budget_s * 1e3
    reason = f"{load * budget_ms:.0f} ms of {budget_ms:.0f} ms for {calm_s:.0f} s"
    return _change(replace(state, raised_ns=now_ns), state.rung - 1, reason, now_ns)


def _expected(state: GovernorState, load: float, rung: int) -> float:
    """The load on another rung, if it is `load` on this one."""
    fixed = min(state.fixed, load)
    return fixed + (load - fixed) * state.work[rung] / state.work[state.rung]


def _best_below(config: GovernorConfig, state: GovernorState, load: float) -> int:
    """The best rung below that is expected to fit, else the one that saves most; this one if none saves anything."""
    gains = [
        rung
        for rung in range(state.rung + 1, len(state.work))
        if _expected(state, load, rung) <= load * (1 - config.smallest_gain)
    ]
    for rung in gains:
        if _expected(state, load, rung) <= 1 - config.headroom:
            return rung
    return min(gains, key=lambda rung: state.work[rung], default=state.rung)


def _change(state: GovernorState, rung: int, reason: str, now_ns: int) -> RungDecision:
    factor = 1.0 if not state.load else _expected(state, state.load, rung) / state.load
    changed = replace(
        state,
        rung=rung,
        load=None,
        num_shifts=0,
        fresh=True,
        missed=(),
        frames_since=0,
        calm_ns=now_ns,
        raised_ns=state.raised_ns if rung < state.rung else None,
    )
    return RungDecision(changed, rung, reason, factor)


# ---------------------------------------------------------------------------------------------- the slow loop


@dataclass(frozen=True, slots=True)
class _Pressure:
    """What a reading says against the engine."""

    capacity: float = 1.0  # share of the chip that is left for us
    crowded: bool = False  # memory is full, or the chip is about to be too hot: a rung less in any case
    cause: str = ""


def _pressure(config: GovernorConfig, reading: GpuReading | None, now_ns: int) -> _Pressure:
    if reading is None or reading.lost or now_ns - reading.time_ns > config.stale_s * 1e9:
        return _Pressure()
    capacity, causes = _throttle(reading)
    if reading.other_gpu_pct:
        capacity *= max(0.05, 1 - reading.other_gpu_pct / 100)
        causes.append(f"another process uses {reading.other_gpu_pct} % of the GPU")
    crowded = False
    used, total = reading.memory_used_bytes, reading.memory_total_bytes
    if used is not None and total and used / total >= config.full_memory:
        crowded = True
        causes.append(f"{100 * used / total:.0f} % of the GPU's memory is used")
    if reading.margin_c is not None and reading.margin_c <= config.hot_margin_c:
        crowded = True
        causes.append(f"the GPU is {reading.margin_c} degrees from slowing down")
    return _Pressure(capacity, crowded, "; ".join(causes))


def _throttle(reading: GpuReading) -> tuple[float, list[str]]:
    """What is left under the throttle in force, and its words."""
    if not reading.throttle_reasons:
        return 1.0, []
    words = " and ".join(reading.throttle_reasons)
    clock, clock_max = reading.sm_clock_mhz, reading.sm_clock_max_mhz
    if clock is None or not clock_max:
        by_hardware = any("hardware" in reason or "brake" in reason for reason in reading.throttle_reasons)
        return (_LEFT_BY_HARDWARE if by_hardware else _LEFT_BY_SOFTWARE), [words]
    return max(0.05, min(1.0, clock / clock_max)), [f"{words}, {clock} of {clock_max} MHz"]


def _lower_ceiling(
    config: GovernorConfig,
    state: GovernorState,
    unhindered: float | None,
    measured: Measurement,
    pressure: _Pressure,
    now_ns: int,
) -> GovernorState:
    """Lower it if the rung in force would not fit any more under what the reading says."""
    if pressure.cause and state.load is not None:
        expected = state.load if unhindered is None else unhindered / pressure.capacity
        wanted = state.rung
        if expected > 1 - config.headroom and expected > state.load * (1 + config.smallest_gain):
            wanted = _best_below(config, state, expected)
        if pressure.crowded:
            wanted = max(wanted, min(1, len(state.work) - 1))
        if wanted > state.ceiling and wanted > 0 and (wanted > state.rung or pressure.crowded):
            budget_ms = measured.budget_s * 1e3
            reason = f"{pressure.cause}: {state.load * budget_ms:.0f} ms of {budget_ms:.0f} ms"
            if expected > state.load * (1 + config.smallest_gain):
                reason += f" would become {expected * budget_ms:.0f} ms"
            return replace(state, ceiling=wanted, cause=reason, cause_ns=now_ns)
    return _hold(config, state, pressure, now_ns)


def _hold(config: GovernorConfig, state: GovernorState, pressure: _Pressure, now_ns: int) -> GovernorState:
    """The ceiling stays while its cause does, and comes back when that is gone for a while."""
    if state.ceiling == 0 or pressure.cause:
        return replace(state, cause_ns=now_ns)
    if now_ns - state.cause_ns >= config.hold_s * 1e9:
        return replace(state, ceiling=0, cause="")
    return state
