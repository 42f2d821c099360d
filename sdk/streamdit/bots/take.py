"""What one bot brought home: notes of every frame and event, taken as they happened. Times are the bot's clock."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamdit.frames import Frame
from streamdit.types import Closed, ClosedReason, Drops, Opened

THUMBNAIL_PX = 64  # wide, at least; enough to see where the critter is


@dataclass(frozen=True, slots=True)
class FrameNote:
    """A frame without its picture."""

    frame_id: int
    pts_us: int
    last_event_id: int
    arrival_ns: int
    rung: int
    num_bytes: int
    dropped: Drops
    generate_us: int
    encode_us: int


@dataclass(frozen=True, slots=True)
class EventNote:
    """An event as it was sent; `place` is the probe's."""

    event_id: int
    kind: str
    sent_ns: int
    place: int | None = None


@dataclass(slots=True)
class Take:
    """One bot's run; grows while it plays."""

    bot: int
    opened: Opened | None = None
    began_ns: int = 0
    closed: Closed | None = None
    frames: list[FrameNote] = field(default_factory=list)
    events: list[EventNote] = field(default_factory=list)
    thumbnails: list[NDArray[np.uint8]] = field(default_factory=list)  # probe: one (h, w) per frame
    stall_ns: tuple[int, int] | None = None  # reading stopped, reading went on
    num_replaced: int = 0  # frames this bot was too slow to look at
    notices: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lost_film: bool = False  # not all of it could be recorded

    @property
    def complete(self) -> bool:
        """Whether it played as long as it wanted to, and its recording is whole."""
        ended = self.closed is not None and self.closed.reason is ClosedReason.CLIENT_CLOSED
        return bool(self.frames) and ended and not self.lost_film


def frame_note(frame: Frame) -> FrameNote:
    """What is kept of every frame."""
    return FrameNote(
        frame_id=frame.frame_id,
        pts_us=frame.pts_us,
        last_event_id=frame.last_event_id,
        arrival_ns=frame.received_time_ns,
        rung=frame.rung,
        num_bytes=len(frame.payload),
        dropped=frame.dropped_before,
        generate_us=frame.generate_end_us - frame.generate_start_us,
        encode_us=frame.encode_us,
    )


def thumbnail(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey and at most 127 px wide, (H, W, 3) -> (h, w): small enough to keep every frame of a probe."""
    stride = max(1, rgb.shape[1] // THUMBNAIL_PX)
    grey: NDArray[np.uint8] = rgb[::stride, ::stride].mean(axis=2).astype(np.uint8)  # (h, w)
    return grey
