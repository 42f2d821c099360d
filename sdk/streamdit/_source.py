"""A picture on the wire: a game's own on its way to the engine, and any back to pixels."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from streamdit.checks import check_whole
from streamdit.jpeg import check_jpeg
from streamdit.types import Encoding

MAX_PAYLOAD_BYTES = 1_000_000  # gRPC takes 1 MiB a message


def encode_source(rgb: NDArray[np.uint8], width: int, height: int, jpeg_quality: int) -> tuple[bytes, Encoding]:
    """uint8 `(height, width, 3)` as JPEG at 4:4:4 chroma, or as plain pixels with quality 0.

    Raises:
        ValueError: the picture is of another shape or type, or too large for one message; no such quality.
    """
    check_picture(rgb, width, height)
    check_whole(jpeg_quality, "jpeg_quality", 0, 100, "; 0 sends plain pixels")
    pixels = np.ascontiguousarray(rgb)
    encoding = Encoding.JPEG if jpeg_quality else Encoding.RGB24
    if encoding is Encoding.JPEG:
        payload = simplejpeg.encode_jpeg(pixels, quality=jpeg_quality, colorsubsampling="444")
    else:
        payload = pixels.tobytes()
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"source frame is {len(payload)} bytes as {encoding.name}, a message holds {MAX_PAYLOAD_BYTES}"
        )
    return payload, encoding


def check_picture(rgb: NDArray[np.uint8], width: int, height: int) -> None:
    """A picture of the world's size.

    Raises:
        ValueError: it is of another shape or type.
    """
    if not isinstance(rgb, np.ndarray):
        raise ValueError(f"source frame is {type(rgb).__name__}, the world takes uint8 {(height, width, 3)}")
    if rgb.shape != (height, width, 3) or rgb.dtype != np.uint8:
        raise ValueError(f"source frame is {rgb.dtype} {rgb.shape}, the world takes uint8 {(height, width, 3)}")


def decode_picture(payload: bytes, encoding: Encoding, width: int, height: int) -> NDArray[np.uint8]:
    """uint8 `(height, width, 3)`. A JPEG's markers are read first, for whoever sent it may be a stranger.

    Raises:
        ValueError: the payload is no picture, one of another size, or no baseline JPEG of one scan.
    """
    if encoding is Encoding.RGB24:
        if len(payload) != height * width * 3:
            raise ValueError(f"must be {height * width * 3} bytes long, {width}x{height} RGB")
        return np.frombuffer(payload, np.uint8).reshape(height, width, 3)
    check_jpeg(payload, width, height)
    try:
        rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(payload, colorspace="RGB")
    except ValueError as error:
        raise ValueError(f"must be a JPEG: {error}") from error
    return rgb
