"""Checked events on their way to the worker thread."""

from dataclasses import dataclass, replace
from itertools import takewhile

from engine_service.stream.newest import newest_actions, newest_state
from engine_service.types import Actions, Event, Prompt, Release, SourceFrame, State, Transition
from streamdit.types import Steering

MAX_SOURCE_FRAMES = 8  # twice what a chunk of the longest profile shows
MAX_REPLACED_IDS = 128  # of events that a newer one stands for; of more, the oldest go unreported
CONDITIONING = Prompt | State | Actions | Release
KIND = {State: Steering.STATE, Actions: Steering.ACTIONS, Prompt: Steering.PROMPT}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event, and the ids of those that it stands for."""

    event: Event
    replaced: tuple[int, ...] = ()


class Inbox:
    """At most `size` events, in order of arrival.

    Of what steers, only the newest matters: a state, a set of actions or a prompt replaces the one that waits, says
    what that one alone had said (`stream.newest`), and is obeyed in its name too: `take_replaced`. A release un-says
    what waits. Prompts that take over in another way may both be wanted, and wait side by side: three at most.
    Of source frames the newest `MAX_SOURCE_FRAMES` wait; the others are never answered.

    When full, the oldest state falls out, else the oldest source frame, else the oldest prompt, else the oldest
    event; `dropped` counts them, `replaced` those that a newer one replaced. Not thread-safe: the worker guards it.
    """

    def __init__(self, size: int = 64) -> None:
        if size < 1:
            raise ValueError(f"inbox size is {size}, must be at least 1")
        self._size = size
        self._waiting: list[_Waiting] = []
        self._replaced_ids: list[int] = []  # of what was drained
        self.dropped = 0
        self.replaced = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> bool:
        """Add an event; False if another one had to fall out."""
        added = _Waiting(event)
        match event:
            case State() | Actions() | Prompt():
                added = self._joined(event)
            case Release():
                added = self._unsaid(event)
            case SourceFrame() if self._count(SourceFrame) >= MAX_SOURCE_FRAMES:
                self._discard_first(SourceFrame)
                self.replaced += 1
        fits = len(self._waiting) < self._size
        if not fits:
            if not any(self._discard_first(kind) for kind in (State, SourceFrame, Prompt)):
                del self._waiting[0]
            self.dropped += 1
        self._waiting.append(added)
        return fits

    def drain(self) -> tuple[Event, ...]:
        """Take everything."""
        return self._take(self._waiting)

    def drain_conditioning(self) -> tuple[Event, ...]:
        """Take what steers and nothing else came before: what may change between two micro-steps.

        A source frame is no such thing: the buffer is redrawn at a shift, so the chunk being made cannot obey it.
        """
        return self._take(list(takewhile(lambda waiting: isinstance(waiting.event, CONDITIONING), self._waiting)))

    def take_replaced(self) -> tuple[int, ...]:
        """Ids that those drained since the last call stood for: they are obeyed by the same frames."""
        ids = tuple(self._replaced_ids)
        self._replaced_ids.clear()
        return ids

    def _take(self, first: list[_Waiting]) -> tuple[Event, ...]:
        self._waiting = self._waiting[len(first) :]
        for waiting in first:
            self._replaced_ids += waiting.replaced
        return tuple(waiting.event for waiting in first)

    def _joined(self, event: State | Actions | Prompt) -> _Waiting:
        """The event with what waits of its kind, since that was last un-said; that waits no more."""
        joined = _Waiting(event)
        kind = KIND[type(event)]
        for waiting in reversed(self._waiting):
            older = waiting.event
            if isinstance(older, Release) and kind in older.steering:
                break
            match older, joined.event:
                case State(), State() as newer:
                    joined = _standing_for(newest_state(older, newer), waiting, joined)
                case Actions(), Actions() as newer:
                    joined = _standing_for(newest_actions(older, newer), waiting, joined)
                case Prompt(), Prompt() as newer if _replaces(newer, older):
                    joined = _standing_for(newer, waiting, joined)
                case _:
                    continue
            self._waiting.remove(waiting)
            self.replaced += 1
        return joined

    def _unsaid(self, release: Release) -> _Waiting:
        """The release, after it has un-said what waits."""
        added = _Waiting(release)
        kept = []
        for waiting in self._waiting:
            event = waiting.event
            if isinstance(event, Release):
                event = replace(event, steering=event.steering - release.steering)
                if event.steering:
                    kept.append(replace(waiting, event=event))
                    continue
            elif KIND.get(type(event)) not in release.steering:
                kept.append(waiting)
                continue
            added = _standing_for(release, waiting, added)
            self.replaced += 1
        self._waiting = kept
        return added

    def _count(self, kind: type[Event]) -> int:
        return sum(isinstance(waiting.event, kind) for waiting in self._waiting)

    def _discard_first(self, kind: type[Event]) -> bool:
        for i, waiting in enumerate(self._waiting):
            if isinstance(waiting.event, kind):
                del self._waiting[i]
                return True
        return False


def _replaces(newer: Prompt, older: Prompt) -> bool:
    """Whether nobody could tell that the older prompt was there: one that forgets what is in flight leaves nothing of
    it, one that takes over gradually begins with it."""
    match newer.transition:
        case Transition.FAST:
            return True
        case Transition.IMMEDIATE:
            return older.transition is not Transition.FAST
        case Transition.SMOOTH:
            return older.transition is Transition.SMOOTH


def _standing_for(event: Event, older: _Waiting, newer: _Waiting) -> _Waiting:
    """An event that is obeyed in the name of both."""
    ids = (*older.replaced, older.event.event_id, *newer.replaced)
    return _Waiting(event, ids[-MAX_REPLACED_IDS:])
