"""A frame and the mailbox a game loop reads it from. H W: height and width in pixels."""

import threading
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamdit._source import decode_picture
from streamdit.types import Drops, Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture and what it knew. Still packed: a frame that is never shown costs no decoding.

    `*_us` of generation and sending are the server's monotonic clock, `received_time_ns` the client's,
    `pts_us` media time.
    """

    frame_id: int  # 1, 2, 3, ...; a gap is a drop
    pts_us: int
    last_event_id: int  # the newest event whose conditioning reached this frame
    encoding: Encoding
    width: int
    height: int
    payload: bytes = field(repr=False)
    generate_start_us: int
    generate_end_us: int
    send_us: int
    encode_us: int
    rung: int
    dropped_before: Drops
    received_time_ns: int
    _decoded: list[NDArray[np.uint8]] = field(default_factory=list, init=False, repr=False, compare=False)

    def rgb(self) -> NDArray[np.uint8]:
        """The picture, uint8 (H, W, 3), row-major RGB, read-only; decoded on the first call and kept.

        Raises:
            ValueError: the payload is not what `encoding`, `width` and `height` say.
        """
        if not self._decoded:
            rgb = self._decode()
            rgb.flags.writeable = False
            self._decoded.append(rgb)
        return self._decoded[0]

    def _decode(self) -> NDArray[np.uint8]:
        try:
            return decode_picture(self.payload, self.encoding, self.width, self.height)
        except ValueError as error:
            raise ValueError(f"frame {self.frame_id} is {len(self.payload)} bytes long, {error}") from error


class LatestFrame:
    """Holds the newest frame for a reader at another pace. Thread-safe; never waits.

    Room for one frame: a newer one replaces it, and `num_replaced` counts those nobody took.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._fresh = False
        self.num_replaced = 0

    def put(self, frame: Frame) -> None:
        """Newest wins."""
        with self._lock:
            self.num_replaced += self._fresh
            self._frame, self._fresh = frame, True

    def take(self) -> Frame | None:
        """The newest frame if it was not taken before, else None."""
        with self._lock:
            if not self._fresh:
                return None
            self._fresh = False
            return self._frame

    def peek(self) -> Frame | None:
        """The newest frame, taken or not; None before the first."""
        with self._lock:
            return self._frame
