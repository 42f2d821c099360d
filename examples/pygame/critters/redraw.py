"""Video-to-video: which picture of the game's own the engine is to redraw, and how freely."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .boxes import render_boxes
from .scene import State

STEPS = 10  # of the strength, from one end to the other


class Source(Enum):
    """What is sent with every tick."""

    OFF = "off"
    BOXES = "boxes"
    CLASSIC = "classic"

    @property
    def next(self) -> "Source":
        """What V sends after this."""
        sources = list(Source)
        return sources[(sources.index(self) + 1) % len(sources)]


@dataclass(frozen=True, slots=True)
class Redraw:
    """A choice; every key makes another one."""

    source: Source = Source.OFF
    step: int = 5

    @property
    def strength(self) -> float:
        """0 gives the picture back, 1 keeps nothing of it."""
        return self.step / STEPS

    def switched(self) -> "Redraw":
        """The next source."""
        return replace(self, source=self.source.next)

    def stronger(self, steps: int) -> "Redraw":
        """Redrawn more freely; less so with negative steps."""
        return replace(self, step=min(STEPS, max(0, self.step + steps)))

    def picture(self, state: State, classic: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """What to send, (128, 128, 3); None while it is off."""
        match self.source:
            case Source.OFF:
                return None
            case Source.BOXES:
                return render_boxes(state)
            case Source.CLASSIC:
                return classic

    def __str__(self) -> str:
        return "off" if self.source is Source.OFF else f"{self.source.value}, strength {self.strength:.1f}"
