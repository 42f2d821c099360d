"""Bytes to pixels: the client's own pictures. JPEG takes milliseconds: not for an event loop."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from engine_service.server.messages import Encoding
from streamdit.jpeg import check_jpeg


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
        check_jpeg(payload, width, height)
    except ValueError as error:
        raise UnreadableError(str(error)) from error
    try:
        return np.asarray(simplejpeg.decode_jpeg(payload, colorspace="RGB"), np.uint8)
    except ValueError as error:
        raise UnreadableError(f"must be a JPEG: {error}") from error
