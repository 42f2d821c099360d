"""What the game knows of the engine: it may be there, come later, or go away; the game plays on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamdit.checks import MAX_HORIZON_FRAMES
from streamdit.live import LiveSession, LiveStatus
from streamdit.stats import SessionStats
from streamdit.types import PromptTransition, Steering, WorldInfo

from .actions import ACTIONS
from .steering import Steer, ways_to_steer, why_not_keys

NAMES = tuple(action.name for action in ACTIONS)


class Link(Protocol):
    """Never waits and never raises: a game loop calls it sixteen times a second."""

    @property
    def connected(self) -> bool | None:
        """Whether a session is open; None if nobody asked for one."""

    @property
    def trouble(self) -> str:
        """Why there is no session, in a sentence for people; empty while there is one."""

    @property
    def ways(self) -> tuple[Steer, ...]:
        """How the session's world can be steered; nothing while there is no session."""

    @property
    def why_not_keys(self) -> str:
        """Why the keys cannot steer it, in a sentence for people; empty if they can, or there is no session."""

    def state(self, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        """What is happening now and what is expected at the next frames."""

    def actions(self, held: Mapping[str, float]) -> None:
        """The keys that are down, by name: all of them."""

    def release(self) -> None:
        """Neither state nor keys are said any more: the engine goes on by itself."""

    def prompt(self, text: str, transition: PromptTransition) -> None:
        """What the world should be, and how it becomes so."""

    @property
    def takes_source_frames(self) -> bool:
        """Whether there is a session whose world redraws pictures."""

    def source_frame(self, rgb: NDArray[np.uint8], strength: float) -> None:
        """A picture to be redrawn."""

    def picture(self) -> NDArray[np.uint8] | None:
        """The newest generated picture (H, W, 3); None while there is no session."""

    def news(self) -> list[str]:
        """What the engine had to say since the last call."""

    def stats(self) -> SessionStats | None:
        """The session's measurements; None while there is none."""


@dataclass(frozen=True, slots=True)
class NoEngine:
    """The link of a game that plays alone."""

    trouble: str = "no engine: start one and pass --address HOST:PORT"
    connected: None = None
    takes_source_frames: bool = False
    ways: tuple[Steer, ...] = ()
    why_not_keys: str = ""

    def actions(self, held: Mapping[str, float]) -> None:
        """Nobody hears it."""

    def release(self) -> None:
        """Nothing was said."""

    def state(self, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        """Nobody hears it."""

    def prompt(self, text: str, transition: PromptTransition) -> None:
        """Nobody hears it."""

    def source_frame(self, rgb: NDArray[np.uint8], strength: float) -> None:
        """Nobody redraws it."""

    def picture(self) -> None:
        """There is none."""

    def news(self) -> list[str]:
        """There is none."""
        return []

    def stats(self) -> None:
        """There are none."""


class EngineLink:
    """The link over a live session, which dials again by itself when the connection breaks."""

    def __init__(self, live: LiveSession, address: str) -> None:
        self._live = live
        self._address = address

    @property
    def connected(self) -> bool:
        """Whether a session is open."""
        return self._live.status is LiveStatus.PLAYING

    @property
    def trouble(self) -> str:
        """Why there is no session."""
        if self.connected:
            return ""
        closed, error = self._live.closed, self._live.error
        if closed is not None:
            return f"engine at {self._address} ended the session: {closed.detail or closed.reason.name}"
        doing = "still trying" if error is None else "trying again"
        return f"no engine at {self._address}, {doing}; playing classic meanwhile"

    @property
    def _world(self) -> WorldInfo | None:
        """The session's, while there is one."""
        opened = self._live.opened
        return opened.world if self.connected and opened is not None else None

    @property
    def ways(self) -> tuple[Steer, ...]:
        """By keys, by state, freely: what the session's world can."""
        return () if self._world is None else ways_to_steer(self._world, NAMES)

    @property
    def why_not_keys(self) -> str:
        """Why the session's world cannot be steered by keys."""
        return "" if self._world is None else why_not_keys(self._world, NAMES)

    def actions(self, held: Mapping[str, float]) -> None:
        """Sent when there is a session; the newest set wins, and no press is lost."""
        self._live.actions(held)

    def release(self) -> None:
        """Sent for what the world may leave open; the rest has to be said on."""
        world = self._world
        may_be_open = () if world is None else world.may_be_open
        open_now = [one for one in (Steering.STATE, Steering.ACTIONS) if one in may_be_open]
        if open_now:
            self._live.release(*open_now)

    def state(self, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        """Sent when there is a session; a newer state replaces one that waits."""
        opened = self._live.opened
        num_ahead = MAX_HORIZON_FRAMES if opened is None else opened.max_horizon_frames
        self._live.state(values, horizon=horizon[:num_ahead])

    def prompt(self, text: str, transition: PromptTransition) -> None:
        """Sent when there is a session, and again after every reconnect."""
        self._live.prompt(text, transition=transition)

    @property
    def takes_source_frames(self) -> bool:
        """Whether the session's world redraws pictures."""
        return self._world is not None and self._world.takes_source_frames

    def source_frame(self, rgb: NDArray[np.uint8], strength: float) -> None:
        """Sent if there is a session that takes it; a picture that would come late is of no use."""
        if self.takes_source_frames:
            self._live.source_frame(rgb, strength=strength)

    def picture(self) -> NDArray[np.uint8] | None:
        """The newest frame's pixels."""
        frame = self._live.latest() if self.connected else None
        return None if frame is None else frame.rgb()

    def news(self) -> list[str]:
        """Rejections and notices, without those that repeat."""
        notices = [notice.detail for notice in self._live.take_notices()]
        return list(dict.fromkeys(detail for detail in notices if detail))

    def stats(self) -> SessionStats | None:
        """The present session's."""
        return self._live.stats() if self.connected else None
