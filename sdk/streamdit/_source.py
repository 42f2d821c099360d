"""A game's own picture on its way to the engine."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from streamdit.types import Encoding


def encode_source(rgb: NDArray[np.uint8], width: int, height: int, jpeg_quality: int) -> tuple[bytes, Encoding]:
    """uint8 `(height, width, 3)` as JPEG at 4:4:4 chroma, or as plain pixels with quality 0.

    Raises:
        ValueError: the picture is of another shape or type.
    """
    if rgb.shape != (height, width, 3) or rgb.dtype != np.uint8:
        raise ValueError(f"source frame is {rgb.dtype} {rgb.shape}, the world takes uint8 {(height, width, 3)}")
    pixels = np.ascontiguousarray(rgb)
    if jpeg_quality == 0:
        return pixels.tobytes(), Encoding.RGB24
    return simplejpeg.encode_jpeg(pixels, quality=jpeg_quality, colorsubsampling="444"), Encoding.JPEG
