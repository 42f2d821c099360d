"""Whether this process has just not run: a laptop that was shut, a debugger, SIGSTOP. Pure: clocks are arguments."""

BEATS_STILL = 2  # so many without a look, and it did not run
BEATS_AFTER = 5  # for so long a standstill explains what the engine did meanwhile: it may have to be read first


class StoodStill:
    """Tells a standstill from the gap between two looks at the clocks, of which one is due every `beat_s`.

    The monotonic clock rests while a machine sleeps, on most of them; the wall's goes on, but can be set: forward, it
    looks like a standstill.
    """

    def __init__(self, beat_s: float, monotonic_ns: int, wall_ns: int) -> None:
        self._beat_ns = beat_s * 1e9
        self._looked_ns = monotonic_ns
        self._wall_ns = wall_ns
        self._still_ns = 0
        self.woke_ns: int | None = None  # when it ran again after the last standstill, monotonic; None: it always ran

    def look(self, monotonic_ns: int, wall_ns: int) -> None:
        """This process runs now."""
        gap_ns = max(monotonic_ns - self._looked_ns, wall_ns - self._wall_ns)
        self._looked_ns, self._wall_ns = monotonic_ns, wall_ns
        if gap_ns > BEATS_STILL * self._beat_ns:
            self._still_ns, self.woke_ns = gap_ns, monotonic_ns

    def just_s(self, monotonic_ns: int) -> float:
        """How long it stood still, if that is over for five heartbeats at most; 0: it did not."""
        if self.woke_ns is None or monotonic_ns - self.woke_ns > BEATS_AFTER * self._beat_ns:
            return 0.0
        return self._still_ns * 1e-9
