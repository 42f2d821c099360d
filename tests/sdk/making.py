"""Frames for tests that need one without an engine."""

import numpy as np
import simplejpeg

from streamdit.frames import Frame
from streamdit.types import Drops, Encoding


def frame(
    frame_id: int = 1,
    *,
    last_event_id: int = 0,
    received_time_ns: int = 0,
    encoding: Encoding = Encoding.RGB24,
    payload: bytes | None = None,
    dropped: Drops | None = None,
) -> Frame:
    """A grey 8 x 4 frame at 16 fps."""
    rgb = np.full((4, 8, 3), 100, np.uint8)
    packed = rgb.tobytes() if encoding is Encoding.RGB24 else simplejpeg.encode_jpeg(rgb, 90, "RGB", "444")
    return Frame(
        frame_id=frame_id,
        pts_us=(frame_id - 1) * 62_500,
        last_event_id=last_event_id,
        encoding=encoding,
        width=8,
        height=4,
        payload=packed if payload is None else payload,
        generate_start_us=0,
        generate_end_us=0,
        send_us=0,
        encode_us=0,
        rung=0,
        dropped_before=dropped or Drops(),
        received_time_ns=received_time_ns,
    )
