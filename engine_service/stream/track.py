"""The game's state over media time: what the client said, what it expects, and what is held after that."""

from collections.abc import Sequence


class StateTrack:
    """Values by frame number. Each `State` event is anchored to the first frame made after it."""

    def __init__(self, initial: Sequence[float]) -> None:
        self._first_frame = 0
        self._steps: tuple[tuple[float, ...], ...] = (tuple(initial),)

    def update(self, frame: int, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        """From `frame` on: `values`, then the horizon, then its last entry held."""
        self._first_frame = frame
        self._steps = (tuple(values), *(tuple(step) for step in horizon))

    def at(self, frame: int) -> tuple[float, ...]:
        """Values in force at a frame; before the first known frame, the first known values."""
        index = min(max(frame - self._first_frame, 0), len(self._steps) - 1)
        return self._steps[index]
