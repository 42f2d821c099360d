"""What a game wants and the session was not told yet. Thread-safe, bounded, never waits."""

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit.session import Session

Command: TypeAlias = Callable[[Session], Awaitable[int]]
MAX_WAITING_COMMANDS = 16
MAX_WAITING_SOURCES = 8


@dataclass(frozen=True, slots=True)
class SourceWish:
    """What `Session.source_frame` is called with."""

    rgb: NDArray[np.uint8]
    strength: float


@dataclass(frozen=True, slots=True)
class Wish:
    """All that was wanted since the last `take`; `values` first, then `fields` over them."""

    prompt: PromptWish | None
    sources: tuple[SourceWish, ...]
    values: tuple[float, ...] | None
    fields: Mapping[str, float]
    horizon: tuple[tuple[float, ...], ...]
    commands: tuple[Command, ...]


class Wishes:
    """A newer prompt or state replaces a waiting one; of commands 16 wait, of source frames 8, the oldest falls out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompt: PromptWish | None = None
        self._sources: deque[SourceWish] = deque(maxlen=MAX_WAITING_SOURCES)
        self._values: tuple[float, ...] | None = None
        self._fields: dict[str, float] = {}
        self._horizon: tuple[tuple[float, ...], ...] = ()
        self._commands: deque[Command] = deque(maxlen=MAX_WAITING_COMMANDS)

    def prompt(self, prompt: PromptWish) -> None:
        """What the world should be."""
        with self._lock:
            self._prompt = prompt

    def source(self, source: SourceWish) -> None:
        """A picture to be redrawn."""
        with self._lock:
            self._sources.append(source)

    def state(
        self,
        values: Sequence[float] | None,
        fields: Mapping[str, float],
        horizon: Sequence[Sequence[float]],
    ) -> None:
        """What is happening: all values at once, or some by name over those that wait."""
        with self._lock:
            if values is not None:
                self._values, self._fields = tuple(values), {}
            self._fields |= fields
            self._horizon = tuple(tuple(step) for step in horizon)

    def command(self, command: Command) -> None:
        """Pause, resume, reset ..., in order."""
        with self._lock:
            self._commands.append(command)

    def take(self) -> Wish:
        """Everything that waits, which then waits no more."""
        with self._lock:
            wish = Wish(
                self._prompt, tuple(self._sources), self._values, self._fields, self._horizon, tuple(self._commands)
            )
            self._prompt, self._values, self._fields, self._horizon = None, None, {}, ()
            self._sources.clear()
            self._commands.clear()
            return wish
