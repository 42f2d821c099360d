"""When a change shows: frames until pictures obey a jump of the critter or a new prompt.

Letters: T frames of a script.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEAR_PX = 8.0  # as near to the new place as a judge can tell of a picture just changed


def frames_until_seen(
    positions: NDArray[np.float64], jumps: Sequence[int], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Frames between each jump and the first picture that shows it; infinite where the next jump came first.

    positions `(T, 2)` are the judge's, places `(T, 2)` the true ones, px; frame `jumps[i]` is the first at its new
    place, so 0 means at once.
    """
    waited = []
    for jump, end in zip(jumps, [*jumps[1:], len(positions)], strict=True):
        distance = np.linalg.norm(positions[jump:end] - places[jump:end], axis=1)
        seen = np.flatnonzero(distance <= NEAR_PX)
        waited.append(float(seen[0]) if len(seen) else np.inf)
    return np.array(waited)


def visible_latency_ms(
    waited_frames: NDArray[np.float64], *, fps: float, frames_per_chunk: int, seconds_per_chunk: float
) -> NDArray[np.float64]:
    """Time from an event to the picture that shows it, of a stream whose chunks take so long to compute, ms.

    A chunk is begun just in time and shown when it is ready; a stream that computes longer than it plays shows its
    frames for longer.
    """
    slowdown = max(1.0, seconds_per_chunk * fps / frames_per_chunk)
    shown: NDArray[np.float64] = 1000 * (waited_frames / fps * slowdown + seconds_per_chunk)
    return shown


def spread_jumps(num_frames: int, every: int, rng: np.random.Generator) -> list[int]:
    """Frames at which something jumps: about every so many, in any phase of a chunk."""
    jumps, frame = [], every
    while frame < num_frames - every // 2:
        jumps.append(frame + int(rng.integers(-every // 4, every // 4 + 1)))
        frame += every
    return jumps
