"""Bytes to pixels: the client's own pictures. Small, and decoded on the event loop in a fraction of a millisecond."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from engine_service.server.messages import Encoding

_BASELINE = 0xC0
_OTHER_FRAMES = {*range(0xC1, 0xD0)} - {0xC4, 0xC8, 0xCC}  # start-of-frame markers of every other kind of JPEG
_START_OF_SCAN = 0xDA


class UnreadableError(ValueError):
    """Not a picture of that size; the message says what would be."""


def decode(payload: bytes, encoding: Encoding, *, width: int, height: int) -> NDArray[np.uint8]:
    """A picture of `(height, width, 3)`.

    Raises:
        UnreadableError: the bytes are none, or one of another size.
    """
    if encoding is Encoding.RGB24:
        if len(payload) != height * width * 3:
            raise UnreadableError(f"must be {height * width * 3} bytes long, {width}x{height} RGB")
        return np.frombuffer(payload, np.uint8).reshape(height, width, 3)
    try:
        found_height, found_width, _, _ = simplejpeg.decode_jpeg_header(payload)
        if (found_width, found_height) != (width, height):
            raise UnreadableError(f"must be {width}x{height}, the JPEG is {found_width}x{found_height}")
        if not _is_baseline(payload):
            raise UnreadableError("must be a baseline JPEG, it is another kind")
        return np.asarray(simplejpeg.decode_jpeg(payload, colorspace="RGB"), np.uint8)
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"must be a JPEG: {error}") from error


def _is_baseline(jpeg: bytes) -> bool:
    """Whether its frame is sequential. A progressive one may hold thousands of empty scans, and every scan is a pass
    over the picture: 60 kB of them kept the event loop, and so all sessions, for 150 ms."""
    at = 2  # after the start-of-image marker
    while at + 4 <= len(jpeg):
        marker = jpeg[at + 1]
        if marker == _BASELINE:
            return True
        if jpeg[at] != 0xFF or marker == _START_OF_SCAN or marker in _OTHER_FRAMES:
            return False
        if marker == 0xFF:  # fill before a marker
            at += 1
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return False
