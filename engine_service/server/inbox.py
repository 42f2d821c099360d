"""Checked events on their way to the worker thread."""

from dataclasses import replace
from itertools import takewhile

from engine_service.stream.newest import newest_actions, newest_state
from engine_service.types import (
    Actions,
    Event,
    Prompt,
    Release,
    Reset,
    SourceFrame,
    State,
    SwitchProfile,
    Transition,
)
from streamdit.types import Steering

MAX_SOURCE_FRAMES = 8  # twice what a chunk of the longest profile shows
CONDITIONING = Prompt | State | Actions | Release
KIND = {State: Steering.STATE, Actions: Steering.ACTIONS, Prompt: Steering.PROMPT}


class Inbox:
    """Events of one session in order of arrival; a newer one replaces what it makes pointless, so few ever wait.

    Of what steers, only the newest matters: a state, a set of actions or a prompt replaces the one that waits, and says
    what that one alone had said (`stream.newest`). A release un-says what waits. Of resets and of switches to another
    profile the newest counts. Prompts that take over in another way may both be wanted, and wait side by side: three
    at most. Of source frames the newest `MAX_SOURCE_FRAMES` wait. So at most 18 events do.

    Not thread-safe: the worker guards it.
    """

    def __init__(self) -> None:
        self._waiting: list[Event] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> tuple[int, ...]:
        """Add an event; the ids of those that it replaces, which nobody will take any more."""
        replaced: list[int] = []
        match event:
            case State() | Actions() | Prompt():
                event, replaced = self._joined(event)
            case Release():
                replaced = self._unsaid(event)
            case Reset() | SwitchProfile():
                replaced = self._discard(type(event), keep=0)
            case SourceFrame():
                replaced = self._discard(SourceFrame, keep=MAX_SOURCE_FRAMES - 1)
        self._waiting.append(event)
        return tuple(replaced)

    def drain(self) -> tuple[Event, ...]:
        """Take everything."""
        return self._take(self._waiting)

    def drain_conditioning(self) -> tuple[Event, ...]:
        """Take what steers and nothing else came before: what may change between two micro-steps.

        A source frame is no such thing: the buffer is redrawn at a shift, so the chunk being made cannot obey it.
        """
        return self._take(list(takewhile(lambda event: isinstance(event, CONDITIONING), self._waiting)))

    def _take(self, first: list[Event]) -> tuple[Event, ...]:
        self._waiting = self._waiting[len(first) :]
        return tuple(first)

    def _joined(self, event: State | Actions | Prompt) -> tuple[Event, list[int]]:
        """The event with what waits of its kind, since that was last un-said; that waits no more."""
        joined: Event = event
        kind = KIND[type(event)]
        replaced: list[int] = []
        for older in list(reversed(self._waiting)):
            if isinstance(older, Release) and kind in older.steering:
                break
            match older, joined:
                case State(), State():
                    joined = newest_state(older, joined)
                case Actions(), Actions():
                    joined = newest_actions(older, joined)
                case Prompt(), Prompt() if replaces(joined, older):
                    pass
                case _:
                    continue
            self._waiting.remove(older)
            replaced.insert(0, older.event_id)
        return joined, replaced

    def _unsaid(self, release: Release) -> list[int]:
        """Un-say what waits."""
        kept: list[Event] = []
        replaced = []
        for event in self._waiting:
            if isinstance(event, Release):
                left = replace(event, steering=event.steering - release.steering)
                if left.steering:
                    kept.append(left)
                    continue
            elif KIND.get(type(event)) not in release.steering:
                kept.append(event)
                continue
            replaced.append(event.event_id)
        self._waiting = kept
        return replaced

    def _discard(self, kind: type[Event], *, keep: int) -> list[int]:
        """Of this kind leave the newest `keep`."""
        those = [event for event in self._waiting if isinstance(event, kind)]
        discarded = those[: max(0, len(those) - keep)]
        self._waiting = [event for event in self._waiting if not any(event is each for each in discarded)]
        return [event.event_id for event in discarded]


def replaces(newer: Prompt, older: Prompt) -> bool:
    """Whether nobody could tell that the older prompt was there: one that forgets what is in flight leaves nothing of
    it, one that takes over gradually begins with it."""
    match newer.transition:
        case Transition.FAST:
            return True
        case Transition.IMMEDIATE:
            return older.transition is not Transition.FAST
        case Transition.SMOOTH:
            return older.transition is Transition.SMOOTH
