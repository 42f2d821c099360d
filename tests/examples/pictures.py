"""Digests of classic pictures: every critter in many states, one digest for each landscape, time and weather."""

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critters.scene import CRITTERS, LANDSCAPES, TIMES, WEATHERS, Scene, State


def digests(draw: Callable[[Scene, State], NDArray[np.uint8]]) -> dict[str, str]:
    """What each place, time and weather looks like, drawn by `draw`."""
    found = {}
    for number, (landscape, time, weather) in enumerate(
        (landscape, time, weather) for landscape in LANDSCAPES for time in TIMES for weather in WEATHERS
    ):
        digest = hashlib.sha256()
        for turn, critter in enumerate(CRITTERS):
            step = number * len(CRITTERS) + turn
            state = State(
                x=float(20 + step * 7 % 88),
                y=(0.0, 0.0, 10.0, 22.5)[step % 4],
                facing=(1.0, -1.0)[step // 3 % 2],
                walk=step % 8 / 8,
                camera=float(step * 34 % 256),
                clock=step % 16 / 16,
            )
            digest.update(draw(Scene(critter, landscape, time, weather), state).tobytes())
        found[f"{landscape} {time} {weather}"] = digest.hexdigest()[:16]
    return found
