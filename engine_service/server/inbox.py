"""Checked events on their way to the worker thread."""

from itertools import takewhile

from engine_service.types import Event, Prompt, SourceFrame, State

MAX_SOURCE_FRAMES = 8  # twice what a chunk of the longest profile shows


class Inbox:
    """At most `size` events, in order of arrival.

    Drop rule: only the newest state matters, so a state replaces the one that waits; of source frames the newest
    `MAX_SOURCE_FRAMES` wait. When full, the oldest state falls out, else the oldest source frame, else the oldest
    prompt, else the oldest event; `dropped` counts them, `replaced` the states and source frames.
    Not thread-safe: the worker guards it.
    """

    def __init__(self, size: int = 64) -> None:
        if size < 1:
            raise ValueError(f"inbox size is {size}, must be at least 1")
        self._size = size
        self._events: list[Event] = []
        self.dropped = 0
        self.replaced = 0

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: Event) -> bool:
        """Add an event; False if another one had to fall out."""
        if isinstance(event, State) and self._discard_first(State):
            self.replaced += 1
        if isinstance(event, SourceFrame) and self._count(SourceFrame) >= MAX_SOURCE_FRAMES:
            self._discard_first(SourceFrame)
            self.replaced += 1
        fits = len(self._events) < self._size
        if not fits:
            if not any(self._discard_first(kind) for kind in (State, SourceFrame, Prompt)):
                del self._events[0]
            self.dropped += 1
        self._events.append(event)
        return fits

    def drain(self) -> tuple[Event, ...]:
        """Take everything."""
        events = tuple(self._events)
        self._events.clear()
        return events

    def drain_conditioning(self) -> tuple[Event, ...]:
        """Take the prompts and states that nothing else came before: what may change between two micro-steps.

        A source frame is no such thing: the buffer is redrawn at a shift, so the chunk being made cannot obey it.
        """
        events = tuple(takewhile(lambda event: isinstance(event, Prompt | State), self._events))
        del self._events[: len(events)]
        return events

    def _count(self, kind: type[SourceFrame]) -> int:
        return sum(isinstance(event, kind) for event in self._events)

    def _discard_first(self, kind: type[Event]) -> bool:
        for i, event in enumerate(self._events):
            if isinstance(event, kind):
                del self._events[i]
                return True
        return False
