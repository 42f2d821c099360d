"""When a chunk starts and when its frames leave: pure functions over a frozen state.

    wall   ----------|<-- cost -->|<margin>|--------------------------->
                   start        ready     due(first)  due(second) ...

Media time is tied to the wall by one anchor: `due(pts) = anchor + pts`, so the pace is exact however jittery
the chunks are. A chunk starts as late as its cost allows, because it samples the newest event when it starts.
Times are monotonic nanoseconds unless named otherwise; `pts_us` is media time.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class PacerConfig:
    """How patient the pacer is. Periods in microseconds, the rest in seconds or as ratios."""

    frame_period_us: int
    margin_s: float = 0.006  # a chunk aims to be ready this long before its first frame is due
    dead_band_s: float = 0.010  # a frame this late still counts as on time
    reanchor_s: float = 0.5  # from here on media time waits for the wall instead of jumping
    cost_fall: float = 0.2  # weight of a chunk that was cheaper than estimated
    cost_rise: float = 0.5  # weight of a dearer one: a missed deadline is worse than an early start
    spread: float = 2.5  # a chunk also starts earlier by so many mean deviations from the estimate
    spread_weight: float = 0.1  # of the newest deviation
    catch_up: float = 0.75  # shortest gap between two frames, in frame periods: no bursts

    def __post_init__(self) -> None:
        if self.frame_period_us <= 0:
            raise ValueError(f"frame_period_us is {self.frame_period_us}, must be above 0")
        for name in ("margin_s", "dead_band_s", "reanchor_s"):
            value = getattr(self, name)
            if not 0.0 <= value <= 10.0:
                raise ValueError(f"{name} is {value}, must be 0..10 seconds")
        if not 0.0 <= self.spread <= 10.0:
            raise ValueError(f"spread is {self.spread}, must be 0..10")
        for name in ("cost_fall", "cost_rise", "spread_weight", "catch_up"):
            value = getattr(self, name)
            if not 0.0 < value <= 1.0:
                raise ValueError(f"{name} is {value}, must be above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class PaceState:
    """What the pacer remembers of one session."""

    anchor_ns: int | None = None  # wall time at which pts 0 was or would be due; None: the next chunk sets it
    cost_s: float | None = None  # estimated time from a chunk's start to its first frame; None: not known yet
    deviation_s: float = 0.0  # how far chunks are from the estimate, on average
    ready_ns: int | None = None  # when the last chunk's first frame was ready
    release_ns: int | None = None  # when the last frame left or will leave


@dataclass(frozen=True, slots=True)
class PaceDecision:
    """What to do with a finished chunk and with the media time after it."""

    state: PaceState
    due_ns: tuple[int, ...]  # per frame: when its pts falls on the wall
    release_ns: tuple[int, ...]  # per frame: when to hand it over, never before it is due
    lateness_s: float  # of the first frame; negative is early
    skip_frames: int  # media time to move on by before the next chunk; these count as dropped.generate
    reanchored: bool  # media time was tied to the wall anew
    spent_s: (
        float | None
    )  # from the chunk's start, or when it should have been, to its first frame; None: the first one


def start_at(config: PacerConfig, state: PaceState, pts_us: int, num_frames: int) -> int | None:
    """When the next chunk should start, its first frame being `pts_us`; None means at once.

    The estimate counts for at most the chunk's own duration: an engine that is slower than that cannot keep
    up by starting earlier, and would only sample older events.
    """
    if state.anchor_ns is None or state.cost_s is None:
        return None
    chunk_s = num_frames * config.frame_period_us * 1e-6
    ahead_s = min(state.cost_s + config.spread * state.deviation_s, chunk_s) + config.margin_s
    return state.anchor_ns + pts_us * 1000 - round(ahead_s * 1e9)


def after_chunk(
    config: PacerConfig, state: PaceState, *, pts_us: int, num_frames: int, started_ns: int, ready_ns: int
) -> PaceDecision:
    """Account for a chunk of `num_frames` from `pts_us` on whose first frame is ready at `ready_ns`.

    Late by at most one chunk: tolerated, and made up by gaps of `catch_up` periods. Later: media time moves
    on by the whole frames that fit into the lateness. Later than `reanchor_s`: this frame is due now.
    """
    period_ns = config.frame_period_us * 1000
    # Frames of the last chunk may still wait for their release: a new anchor queues up behind them.
    soonest_ns = ready_ns if state.release_ns is None else max(ready_ns, state.release_ns + period_ns)
    new_anchor_ns = soonest_ns - pts_us * 1000
    fresh = state.anchor_ns is None
    anchor_ns = new_anchor_ns if state.anchor_ns is None else state.anchor_ns
    lateness_ns = ready_ns - (anchor_ns + pts_us * 1000)
    reanchored = lateness_ns >= round(config.reanchor_s * 1e9) and not fresh
    skip_frames = 0
    if reanchored:
        anchor_ns = new_anchor_ns
    elif lateness_ns > num_frames * period_ns:
        skip_frames = lateness_ns // period_ns
    due_ns = tuple(anchor_ns + pts_us * 1000 + i * period_ns for i in range(num_frames))
    release_ns = _spread(config, due_ns, ready_ns, state.release_ns)
    wanted_ns = start_at(config, state, pts_us, num_frames)
    spent_s = _spent(state, wanted_ns=wanted_ns, started_ns=started_ns, ready_ns=ready_ns)
    return PaceDecision(
        state=PaceState(
            anchor_ns=anchor_ns,
            cost_s=_cost_after(config, state, spent_s),
            deviation_s=_deviation_after(config, state, spent_s),
            ready_ns=ready_ns,
            release_ns=release_ns[-1],
        ),
        due_ns=due_ns,
        release_ns=release_ns,
        lateness_s=lateness_ns * 1e-9,
        skip_frames=skip_frames,
        reanchored=reanchored or fresh,
        spent_s=spent_s,
    )


def resumed(state: PaceState) -> PaceState:
    """After a pause: the next chunk starts at once and ties media time to the wall anew."""
    return replace(state, anchor_ns=None)


def rescaled(state: PaceState, factor: float) -> PaceState:
    """The next chunk is expected to cost so many times as much: on a better rung it has to start earlier. That one on a
    lower rung may start later is for measurement to say."""
    return state if state.cost_s is None else replace(state, cost_s=state.cost_s * max(1.0, factor))


def _spread(config: PacerConfig, due_ns: tuple[int, ...], ready_ns: int, previous_ns: int | None) -> tuple[int, ...]:
    """Release times: not before due, not before ready, not closer together than `catch_up` periods."""
    gap_ns = round(config.frame_period_us * 1000 * config.catch_up)
    releases: list[int] = []
    for due in due_ns:
        earliest = ready_ns if previous_ns is None else max(ready_ns, previous_ns + gap_ns)
        previous_ns = max(due, earliest)
        releases.append(previous_ns)
    return tuple(releases)


def _spent(state: PaceState, *, wanted_ns: int | None, started_ns: int, ready_ns: int) -> float | None:
    """What a chunk cost. Waiting for the device, busy with another session, is part of it."""
    if state.ready_ns is None:
        return None  # the first chunk also fills the buffer and warms everything up: it says nothing
    if wanted_ns is None:
        wanted_ns = started_ns
    # Before its own last chunk was ready this one could not have started: that wait is not its cost.
    return (ready_ns - min(max(wanted_ns, state.ready_ns), started_ns)) * 1e-9


def _cost_after(config: PacerConfig, state: PaceState, spent_s: float | None) -> float | None:
    """The new estimate."""
    if spent_s is None or state.cost_s is None:
        return spent_s
    weight = config.cost_rise if spent_s > state.cost_s else config.cost_fall
    return state.cost_s + weight * (spent_s - state.cost_s)


def _deviation_after(config: PacerConfig, state: PaceState, spent_s: float | None) -> float:
    """How far off estimates are, on average; one wild chunk counts for little more than a usual one."""
    if spent_s is None or state.cost_s is None:
        return state.deviation_s
    off_s = min(abs(spent_s - state.cost_s), 2 * state.deviation_s + config.margin_s)
    return state.deviation_s + config.spread_weight * (off_s - state.deviation_s)
