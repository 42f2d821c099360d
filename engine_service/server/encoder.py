"""Pixels to bytes; runs in the worker thread, right after the frame was decoded."""

from dataclasses import dataclass

import numpy as np
import simplejpeg

from engine_service.server.messages import Encoding
from engine_service.stream.clock import Clock
from engine_service.types import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFrame:
    """A frame ready for the wire. Times are the engine's monotonic clock, nanoseconds."""

    frame_id: int
    pts_us: int
    last_event_id: int
    encoding: Encoding
    width: int  # pixels
    height: int
    payload: bytes
    generate_start_ns: int
    generate_end_ns: int
    encode_ns: int  # how long it took
    rung: int = 0
    skipped_before: int = 0  # frames media time was moved on by right before this one
    due_ns: int | None = None  # when its pts falls on the wall; None: no clock is involved
    release_ns: int | None = None  # when to send it; None: at once


def encode(frame: Frame, encoding: Encoding, *, jpeg_quality: int, clock: Clock) -> EncodedFrame:
    """JPEG at 4:4:4 chroma - small bright shapes on flat ground bleed otherwise - or the plain pixels."""
    start_ns = clock.now_ns()
    rgb = np.ascontiguousarray(frame.rgb)  # (H, W, 3)
    match encoding:
        case Encoding.JPEG:
            payload = simplejpeg.encode_jpeg(rgb, quality=jpeg_quality, colorsubsampling="444")
        case Encoding.RGB24:
            payload = rgb.tobytes()
    return EncodedFrame(
        frame_id=frame.frame_id,
        pts_us=frame.pts_us,
        last_event_id=frame.last_event_id,
        encoding=encoding,
        width=rgb.shape[1],
        height=rgb.shape[0],
        payload=payload,
        generate_start_ns=frame.generate_start_ns,
        generate_end_ns=frame.generate_end_ns,
        encode_ns=clock.now_ns() - start_ns,
    )
