"""Visible latency: event sent -> the pixels show it, found in the frames themselves after the run. Pure.

The probe keeps all but its place fixed. Frames that came a second or more after a teleport are settled; their mean
is what that place looks like. A frame shows the new place once it is nearer to its look than to the old one's.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamdit.bots.take import EventNote, FrameNote

SETTLED_S = 1.0


def looks(
    thumbnails: NDArray[np.uint8], arrivals_ns: NDArray[np.int64], teleports: Sequence[EventNote]
) -> dict[int, NDArray[np.float32]]:
    """The mean settled frame of each place, (h, w), from thumbnails (T, h, w); without places never settled."""
    settled: dict[int, list[NDArray[np.uint8]]] = {}
    for index, teleport in enumerate(teleports):
        until_ns = teleports[index + 1].sent_ns if index + 1 < len(teleports) else arrivals_ns[-1] + 1
        chosen = (arrivals_ns >= teleport.sent_ns + SETTLED_S * 1e9) & (arrivals_ns < until_ns)  # (T,)
        if teleport.place is not None:
            settled.setdefault(teleport.place, []).extend(thumbnails[chosen])
    return {place: np.mean(seen, axis=0, dtype=np.float32) for place, seen in settled.items() if seen}


def visible_latencies_ms(
    frames: Sequence[FrameNote], thumbnails: Sequence[NDArray[np.uint8]], events: Sequence[EventNote]
) -> list[float | None]:
    """One per teleport; None where the new place was not seen before the next teleport.

    The first only goes to where the probe begins, and one in the last second had no time to be seen: not counted.
    """
    teleports = [event for event in events if event.place is not None]
    if len(teleports) < 2 or not frames:
        return []
    arrivals_ns = np.array([frame.arrival_ns for frame in frames], np.int64)  # (T,)
    shown = np.stack(list(thumbnails)).astype(np.float32)  # (T, h, w)
    look = looks(np.stack(list(thumbnails)), arrivals_ns, teleports)
    distance = {place: np.abs(shown - mean).mean(axis=(1, 2)) for place, mean in look.items()}  # (T,)
    latencies: list[float | None] = []
    for index in range(1, len(teleports)):
        old, new = teleports[index - 1], teleports[index]
        last = index + 1 == len(teleports)
        until_ns = arrivals_ns[-1] + 1 if last else teleports[index + 1].sent_ns
        if last and until_ns - new.sent_ns < SETTLED_S * 1e9:
            break
        if old.place not in distance or new.place not in distance:
            latencies.append(None)
            continue
        nearer = distance[new.place] < distance[old.place]  # (T,)
        seen = np.flatnonzero(nearer & (arrivals_ns >= new.sent_ns) & (arrivals_ns < until_ns))
        latencies.append(float(arrivals_ns[seen[0]] - new.sent_ns) / 1e6 if len(seen) else None)
    return latencies
