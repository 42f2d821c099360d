"""What the game says over media time: what was said, what it expects, what is held after that, and what is open."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine_service.stream.newest import held_for_a_frame, newest_actions
from engine_service.types import Actions
from streamdit.types import ActionInfo

REMEMBERED_UPDATES = 64  # older ones fall out; references reach back a few frames
OPEN = math.nan  # nobody said a value: it is the model's to invent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Said(Generic[T]):
    """One event's values, anchored to the first frame made after it."""

    first_frame: int
    steps: tuple[T, ...]  # the value, then the horizon

    def at(self, frame: int) -> T:
        return self.steps[min(max(frame - self.first_frame, 0), len(self.steps) - 1)]

    def onward(self, frame: int) -> tuple[T, ...]:
        """The steps from a frame on."""
        return self.steps[min(max(frame - self.first_frame, 0), len(self.steps) - 1) :]


class _Line(Generic[T]):
    """Values by frame number: the past as it was, the future as the newest event expects it."""

    def __init__(self, initial: T) -> None:
        self._said = deque([_Said(0, (initial,))], maxlen=REMEMBERED_UPDATES)

    def update(self, frame: int, steps: tuple[T, ...]) -> None:
        """From `frame` on: the steps, the last one held."""
        if self._said[-1].first_frame == frame:
            self._said.pop()  # nothing was made in between
        self._said.append(_Said(frame, steps))

    def begin(self, frame: int, past: tuple[T, ...], onward: tuple[T, ...]) -> None:
        """Forget everything: the frames before `frame` were `past`, from it on there is `onward`."""
        self._said.clear()
        self._said.append(_Said(frame - len(past), past))
        self._said.append(_Said(frame, onward))

    def at(self, frame: int) -> T:
        """In force at a frame; before the first known frame, the first known value."""
        return self._of(frame).at(frame)

    def onward(self, frame: int) -> tuple[T, ...]:
        """What is in force from a frame on, as far as is known."""
        return self._of(frame).onward(frame)

    def _of(self, frame: int) -> _Said[T]:
        for said in reversed(self._said):
            if said.first_frame <= frame:
                return said
        return self._said[0]


class StateTrack:
    """The game's state, field by field."""

    def __init__(self, initial: Sequence[float]) -> None:
        """`initial` holds until something is said; `OPEN` where the world may invent."""
        self._initial = tuple(initial)
        self._lines = tuple(_Line(value) for value in self._initial)
        self._said = [False] * len(self._initial)

    def update(
        self,
        frame: int,
        values: Sequence[float],
        horizon: Sequence[Sequence[float]] = (),
        fields: Sequence[int] | None = None,
    ) -> None:
        """From `frame` on: `values`, then the horizon, then its last entry held; of `fields`, or of all of them."""
        for place, field in enumerate(range(len(self._lines)) if fields is None else fields):
            self._lines[field].update(frame, (values[place], *(step[place] for step in horizon)))
            self._said[field] = True

    def release(self, frame: int) -> None:
        """From `frame` on, nothing was ever said."""
        for line, initial in zip(self._lines, self._initial, strict=True):
            line.update(frame, (initial,))
        self._said = [False] * len(self._lines)

    def begin(self, frame: int, num_frames: int, past: Sequence[Sequence[float]]) -> None:
        """The `num_frames` frames before `frame` were `past`, or open where there is none; what was said goes on.

        A field that nobody has said, and that cannot be open, goes on as the past left it.
        """
        for field, (line, initial) in enumerate(zip(self._lines, self._initial, strict=True)):
            onward = line.onward(frame)
            if past:
                before = tuple(step[field] for step in past)
                if not self._said[field] and not math.isnan(initial):
                    onward = before[-1:]
            else:
                before = (OPEN if math.isnan(initial) else onward[0],) * num_frames
            line.begin(frame, before, onward)

    def at(self, frame: int) -> tuple[float, ...]:
        """Values in force at a frame, `OPEN` where there is none."""
        return tuple(line.at(frame) for line in self._lines)


class ActionTrack:
    """The actions held: the newest set wins, and a press shorter than a frame counts for one."""

    def __init__(self, actions: Sequence[ActionInfo], *, may_be_open: bool) -> None:
        """Until a set is said: open where the world may invent, else nothing is held."""
        self._actions = tuple(actions)
        self._unsaid = (OPEN if may_be_open else 0.0,) * len(self._actions)
        self._line = _Line(self._unsaid)
        self._frame: int | None = None  # of the newest set
        self._newest: Actions | None = None  # what was said at that frame
        self._before = self._unsaid  # what was in force before it

    def update(self, frame: int, event: Actions) -> None:
        """From `frame` on: the set, then its horizon, then its last entry held."""
        if frame != self._frame:
            self._before = self._line.at(frame - 1)
        elif self._newest is not None:  # that frame was not made yet
            event = newest_actions(self._newest, event)
        self._frame, self._newest = frame, event
        first = held_for_a_frame(event, self._before, self._actions)
        self._line.update(frame, (first, *(event.horizon or (event.values,))))

    def release(self, frame: int) -> None:
        """From `frame` on, no set was ever said."""
        self._newest = None
        self._line.update(frame, (self._unsaid,))

    def begin(self, frame: int, num_frames: int, past: Sequence[tuple[float, ...]]) -> None:
        """The `num_frames` frames before `frame` were `past`, or unsaid where there is none; what was said goes on."""
        self._line.begin(frame, tuple(past) or (self._unsaid,) * num_frames, self._line.onward(frame))

    def at(self, frame: int) -> tuple[float, ...]:
        """The set in force at a frame, all of it `OPEN` where there is none."""
        return self._line.at(frame)
