"""What is being played: the true game, how the engine is steered, and what to say about it. Knows no window.

The true game runs beside the generated one, by the same keys. With the keys as steering the engine hears nothing else;
with the state it hears where the true dot is; freely it hears only the prompt, if there is one.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from critters.steering import Steer
from streamdit.frames import Frame
from streamdit.live import LiveStatus
from streamdit.stats import SessionStats
from streamdit.types import Closed, Start

from .game import Dot, Keys, tick
from .scene import FPS, Scene, draw_layout, render

TOAST_S = 4.0
HORIZON = 4  # frames that a state is predicted ahead


class Engine(Protocol):
    """As much of a `LiveSession` as the game uses; nothing in it waits."""

    def actions(self, *held: Any) -> None:
        """All that is held."""

    def state(self, values: Sequence[float], *, horizon: Sequence[Sequence[float]]) -> None:
        """Where the dot is, and will be."""

    def release(self, *steering: Any) -> None:
        """Un-say it."""

    def prompt(self, text: str) -> None:
        """What the world should be."""

    def reset(self, seed: int) -> None:
        """Another dream."""

    def latest(self) -> Frame | None:
        """The newest picture."""

    def take_notices(self) -> Sequence[Any]:
        """What the engine had to say."""

    def stats(self) -> SessionStats | None:
        """What was measured."""

    @property
    def status(self) -> LiveStatus:
        """Whether there is a session."""

    @property
    def closed(self) -> Closed | None:
        """Why there will be none any more."""

    @property
    def error(self) -> Exception | None:
        """Why there is none now."""


def beginning() -> Start:
    """The true game's first two frames, for the engine to go on from: keys alone do not say what they move."""
    rgb = render(Scene(), draw_layout(1), *Dot().state())
    return Start(
        frames=np.stack([rgb, rgb]), states=[Dot().state() for _ in range(2)], actions=[{}, {}], jpeg_quality=0
    )


class Play:
    """One game. All times are seconds, and given."""

    def __init__(self, engine: Engine, *, prompt: str = "", steer: Steer = Steer.KEYS) -> None:
        self.engine = engine
        self.prompt = prompt
        self.steer = steer
        self.dot = Dot()
        self.scene, self.layout = Scene(), draw_layout(1)
        self.side_by_side = False
        self.num_ticks = 0
        self.seed = 0
        self._toast, self._toast_until = "", 0.0

    def tick(self, keys: Keys) -> None:
        """One frame of the game, 1/16 s."""
        self.dot = tick(self.dot, keys)
        self.num_ticks += 1
        if self.steer is Steer.KEYS:
            self.engine.actions(*keys.held())
        elif self.steer is Steer.STATE:
            ahead, horizon = self.dot, []
            for _ in range(HORIZON):
                ahead = tick(ahead, replace(keys, jump=False))
                horizon.append(ahead.state())
            self.engine.state(self.dot.state(), horizon=horizon)

    def next_steering(self, now: float) -> None:
        """Keys, state, free, and again; what was said before is released."""
        self.steer = self.steer.next(Steer)
        self.engine.release("actions", "state")
        self.say(
            {
                Steer.KEYS: "keys: the engine hears what is held, and nothing of the game",
                Steer.STATE: "state: the engine hears where the true dot is",
                Steer.FREE: "free: the engine goes on by itself",
            }[self.steer],
            now,
        )

    def ask(self, prompt: str, now: float) -> None:
        """Another world; nothing leaves it open."""
        self.prompt = prompt
        if prompt:
            self.engine.prompt(prompt)
        else:
            self.engine.release("prompt")
        self.say(f"prompt: {prompt}" if prompt else "prompt: left open", now)

    def dream(self, now: float) -> None:
        """Another seed, and another layout of the true game."""
        self.seed += 1
        self.dot = Dot()
        self.layout = draw_layout(random.Random(self.seed).randrange(1, 1000))
        self.engine.reset(self.seed)
        self.say(f"seed {self.seed}", now)

    def say(self, text: str, now: float) -> None:
        """A line that stays for a while."""
        self._toast, self._toast_until = text, now + TOAST_S

    def toast(self, now: float) -> str:
        """What is to be read now; "": nothing. Why there is no session comes first, then the engine's news."""
        news = [each.detail for each in self.engine.take_notices() if each.detail]
        if news:
            self.say(news[-1], now)
        return self.trouble or (self._toast if now < self._toast_until else "")

    @property
    def trouble(self) -> str:
        """Why there is no session, and whether another one may come; "": there is one."""
        closed, error = self.engine.closed, self.engine.error
        if closed is not None:
            return f"the session is over: {closed.detail or closed.reason.name}"
        if self.engine.status is LiveStatus.PLAYING:
            return ""
        return f"no session: {error}; trying again" if error else "no session yet"

    def generated(self) -> NDArray[np.uint8] | None:
        """The newest picture `(H, W, 3)`; None before the first."""
        frame = self.engine.latest()
        return None if frame is None else frame.rgb()

    def true(self) -> NDArray[np.uint8]:
        """The game's own picture `(H, W, 3)`."""
        return render(self.scene, self.layout, *self.dot.state())


def ticks_due(num_ticks: int, began_s: float, now: float) -> int:
    """How many frames of the game are to be played now; a game that was held up goes on without a burst."""
    return min(max(0, int((now - began_s) * FPS) - num_ticks), 4)
