"""Two clocks and the road between: offset from heartbeats, jitter from arrivals, percentiles of anything.

Everything here is pure: times are arguments. Media time (pts_us), the client's clock and the server's clock
are never added to each other; only differences of one clock are.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The middle and the tail of a series, in the series' unit."""

    p50: float
    p95: float
    p99: float
    max: float


def percentile(ordered: list[float], share: float) -> float:
    """Linear interpolation between the closest ranks; `ordered` rises and is not empty."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentiles(series: list[float] | deque[float]) -> Percentiles | None:
    """p50, p95, p99 and max; None for an empty series, for nothing was measured."""
    if not series:
        return None
    ordered = sorted(series)
    return Percentiles(percentile(ordered, 0.50), percentile(ordered, 0.95), percentile(ordered, 0.99), ordered[-1])


class RunningPercentiles:
    """Percentiles of the last `window` values; older ones fall out."""

    def __init__(self, window: int = 256) -> None:
        self._values: deque[float] = deque(maxlen=window)

    def add(self, value: float) -> None:
        """One more value."""
        self._values.append(value)

    def summary(self) -> Percentiles | None:
        """Of the values in the window; None before the first."""
        return percentiles(self._values)


class ClockOffset:
    """Server clock minus client clock, as NTP does it: the sample with the shortest round trip is the best.

    Half of that round trip bounds the error. Samples older than the last `window` heartbeats fall out, so a
    drifting clock is followed.
    """

    def __init__(self, window: int = 8) -> None:
        self._samples: deque[tuple[int, float]] = deque(maxlen=window)  # (round trip us, offset us)

    def heartbeat(self, sent_us: int, server_us: int, received_us: int) -> None:
        """One echo: client time when sent, server time when answered, client time when received."""
        round_trip_us = received_us - sent_us
        if round_trip_us < 0:
            raise ValueError(f"received at {received_us} us, before it was sent at {sent_us} us")
        self._samples.append((round_trip_us, server_us - (sent_us + received_us) / 2))

    @property
    def offset_us(self) -> float | None:
        """Add it to a client time to get the server's; None before the first heartbeat."""
        return min(self._samples)[1] if self._samples else None

    @property
    def round_trip_ms(self) -> float | None:
        """The shortest of the window; None before the first heartbeat."""
        return min(self._samples)[0] / 1000 if self._samples else None


class ArrivalJitter:
    """How far arrivals stray from media time: |arrival gap - pts gap| of neighbours, as in RFC 3550 6.4.1.

    A dropped frame widens both gaps and is no jitter; `intervals` are plain arrival gaps, where it does show.
    """

    def __init__(self, window: int = 256) -> None:
        self._deviations_ms = RunningPercentiles(window)
        self._intervals_ms = RunningPercentiles(window)
        self._last: tuple[int, int] | None = None

    def arrived(self, arrival_ns: int, pts_us: int) -> None:
        """One frame came in."""
        if self._last is not None:
            last_arrival_ns, last_pts_us = self._last
            interval_ms = (arrival_ns - last_arrival_ns) / 1e6
            self._intervals_ms.add(interval_ms)
            self._deviations_ms.add(abs(interval_ms - (pts_us - last_pts_us) / 1e3))
        self._last = (arrival_ns, pts_us)

    def jitter_ms(self) -> Percentiles | None:
        """Of the window; None before the second frame."""
        return self._deviations_ms.summary()

    def interval_ms(self) -> Percentiles | None:
        """Gaps between arrivals; None before the second frame."""
        return self._intervals_ms.summary()
