"""What a game wants and the session was not told yet. Thread-safe, bounded, never waits."""

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit._said import ActionsWish, StateStep
from streamdit.session import Session
from streamdit.types import Steering

Command: TypeAlias = Callable[[Session], Awaitable[int]]
MAX_WAITING_COMMANDS = 16
MAX_WAITING_SOURCES = 8
MAX_WAITING_ACTIONS = 16  # sets that something was pressed in and let go of again


@dataclass(frozen=True, slots=True)
class SourceWish:
    """What `Session.source_frame` is called with."""

    rgb: NDArray[np.uint8]
    strength: float


@dataclass(frozen=True, slots=True)
class Wish:
    """All that was wanted since the last `take`: what is released first, then `values` and `fields` over them."""

    released: tuple[Steering, ...]
    prompt: PromptWish | None
    sources: tuple[SourceWish, ...]
    values: tuple[float, ...] | None
    fields: Mapping[str, float]
    horizon: tuple[StateStep, ...]
    actions: tuple[ActionsWish, ...]  # to be said one after another
    commands: tuple[Command, ...]


def worth_saying(held: Mapping[str, float], sets: Sequence[ActionsWish]) -> tuple[ActionsWish, ...]:
    """The newest set, and of those before it the ones without which a press would be lost. Pure.

    A press is something that is not 0 and that neither `held`, the set said last, nor any later one has: it came and
    went while nobody was told.
    """
    kept: list[ActionsWish] = []
    known = _pressed(held)
    for i, one in enumerate(reversed(sets)):
        pressed = _pressed(one.values)
        if i == 0 or pressed - known:
            kept.append(one)
        known |= pressed
    return tuple(reversed(kept[:MAX_WAITING_ACTIONS]))


def _pressed(values: Mapping[str, float]) -> set[str]:
    return {name for name, value in values.items() if value}


class Wishes:
    """A newer prompt, state or set of actions replaces a waiting one, but a press is never lost (`worth_saying`).

    Of commands 16 wait, of source frames 8, the oldest falls out. A release drops what waits of its kind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prompt: PromptWish | None = None
        self._sources: deque[SourceWish] = deque(maxlen=MAX_WAITING_SOURCES)
        self._values: tuple[float, ...] | None = None
        self._fields: dict[str, float] = {}
        self._horizon: tuple[StateStep, ...] = ()
        self._actions: tuple[ActionsWish, ...] = ()
        self._held: Mapping[str, float] = {}  # the set taken last
        self._released: dict[Steering, None] = {}
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
        horizon: Sequence[StateStep],
    ) -> None:
        """What is happening: all values at once, or some by name over those that wait."""
        with self._lock:
            if values is not None:
                self._values, self._fields = tuple(values), {}
            self._fields |= fields
            self._horizon = tuple(horizon)

    def actions(self, wish: ActionsWish) -> None:
        """All that is held from now on."""
        with self._lock:
            self._actions = worth_saying(self._held, (*self._actions, wish))

    def release(self, steering: Sequence[Steering]) -> None:
        """What is un-said, also of what waits."""
        with self._lock:
            self._released |= dict.fromkeys(steering)
            if Steering.PROMPT in steering:
                self._prompt = None
            if Steering.STATE in steering:
                self._values, self._fields, self._horizon = None, {}, ()
            if Steering.ACTIONS in steering:
                self._actions, self._held = (), {}

    def command(self, command: Command) -> None:
        """Pause, resume, reset ..., in order."""
        with self._lock:
            self._commands.append(command)

    def take(self) -> Wish:
        """Everything that waits, which then waits no more."""
        with self._lock:
            wish = Wish(
                released=tuple(self._released),
                prompt=self._prompt,
                sources=tuple(self._sources),
                values=self._values,
                fields=self._fields,
                horizon=self._horizon,
                actions=self._actions,
                commands=tuple(self._commands),
            )
            if self._actions:
                self._held = self._actions[-1].values
            self._released = {}
            self._prompt, self._values, self._fields, self._horizon, self._actions = None, None, {}, (), ()
            self._sources.clear()
            self._commands.clear()
            return wish
