"""Bytes to pixels: the client's own pictures. They are small and decode in well under a millisecond: no thread."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from engine_service.server.messages import Encoding


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
        return np.asarray(simplejpeg.decode_jpeg(payload, colorspace="RGB"), np.uint8)
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"must be a JPEG: {error}") from error
