"""What a game wants and the session was not told yet. Thread-safe, bounded, never waits."""

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from streamdit.session import Session

Command: TypeAlias = Callable[[Session], Awaitable[int]]
MAX_WAITING_COMMANDS = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """All that was wanted since the last `take`; `values` first, then `fields` over them."""

    prompt: str | None
    values: tuple[float, ...] | None
    fields: Mapping[str, float]
    horizon: tuple[tuple[float, ...], ...]
    commands: tuple[Command, ...]


class Wishes:
    """A newer prompt or state replaces a waiting one; of commands 16 wait, the oldest falls out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompt: str | None = None
        self._values: tuple[float, ...] | None = None
        self._fields: dict[str, float] = {}
        self._horizon: tuple[tuple[float, ...], ...] = ()
        self._commands: deque[Command] = deque(maxlen=MAX_WAITING_COMMANDS)

    def prompt(self, text: str) -> None:
        """What the world should be."""
        with self._lock:
            self._prompt = text

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
            wish = Wish(self._prompt, self._values, self._fields, self._horizon, tuple(self._commands))
            self._prompt, self._values, self._fields, self._horizon = None, None, {}, ()
            self._commands.clear()
            return wish
