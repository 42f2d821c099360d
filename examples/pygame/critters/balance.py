"""What is going on in recordings: how many frames stand, walk, fly and turn."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .scene import PERIOD, STATE_FIELDS

_X, _Y, _FACING, _WALK, _CAMERA = (
    [field.name for field in STATE_FIELDS].index(name) for name in ("x", "y", "facing", "walk", "camera")
)
_NEAR = 2  # frames: so close to a change of facing a frame belongs to the turn
_FASTEST = 4.0  # px a frame; what is faster was put elsewhere


@dataclass(frozen=True, slots=True)
class Balance:
    """Frames by what happens in them. A frame near a turn counts as turning, whatever else it does."""

    standing: int = 0
    walking: int = 0
    airborne: int = 0
    turning: int = 0

    @property
    def num_frames(self) -> int:
        """All of them."""
        return self.standing + self.walking + self.airborne + self.turning

    def share(self, name: str) -> float:
        """How many of all frames are of this kind, 0..1."""
        return int(getattr(self, name)) / max(1, self.num_frames)

    def __add__(self, other: "Balance") -> "Balance":
        return Balance(
            self.standing + other.standing,
            self.walking + other.walking,
            self.airborne + other.airborne,
            self.turning + other.turning,
        )

    def __str__(self) -> str:
        kinds = ("standing", "walking", "airborne", "turning")
        return "\n".join(f"{name:10}{self.share(name):7.1%}{getattr(self, name):9} frames" for name in kinds)


def balance(states: NDArray[np.float32]) -> Balance:
    """Count the frames of one recording; states (T, S), one a frame."""
    steps = np.diff(states, axis=0)
    travel = steps[:, _X] + (steps[:, _CAMERA] + PERIOD / 2) % PERIOD - PERIOD / 2
    put_elsewhere = np.abs(travel) > _FASTEST
    turning = np.zeros(len(states), np.bool_)
    for frame in np.flatnonzero((steps[:, _FACING] != 0) & ~put_elsewhere) + 1:
        turning[max(0, frame - _NEAR) : frame + _NEAR + 1] = True
    moving = (states[:, _WALK] != 0) | np.concatenate([[False], (travel != 0) & ~put_elsewhere])
    airborne = ~turning & (states[:, _Y] > 0)
    walking = ~turning & ~airborne & moving
    standing = ~turning & ~airborne & ~moving
    return Balance(*(int(kind.sum()) for kind in (standing, walking, airborne, turning)))


def total(balances: Iterable[Balance]) -> Balance:
    """All together."""
    return sum(balances, Balance())
