"""The game's state over media time: what the client said, what it expects, and what is held after that."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

REMEMBERED_UPDATES = 64  # older ones fall out; references reach back a few frames


@dataclass(frozen=True, slots=True)
class _Said:
    """One event's values, anchored to the first frame made after it."""

    first_frame: int
    steps: tuple[tuple[float, ...], ...]  # the values, then the horizon

    def at(self, frame: int) -> tuple[float, ...]:
        return self.steps[min(max(frame - self.first_frame, 0), len(self.steps) - 1)]


class StateTrack:
    """Values by frame number: the past as it was, the future as the newest event expects it."""

    def __init__(self, initial: Sequence[float]) -> None:
        self._said = deque([_Said(0, (tuple(initial),))], maxlen=REMEMBERED_UPDATES)

    def update(self, frame: int, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        """From `frame` on: `values`, then the horizon, then its last entry held."""
        if self._said[-1].first_frame == frame:
            self._said.pop()  # nothing was made in between
        self._said.append(_Said(frame, (tuple(values), *(tuple(step) for step in horizon))))

    def at(self, frame: int) -> tuple[float, ...]:
        """Values in force at a frame; before the first known frame, the first known values."""
        for said in reversed(self._said):
            if said.first_frame <= frame:
                return said.at(frame)
        return self._said[0].at(frame)
