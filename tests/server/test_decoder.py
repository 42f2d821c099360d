"""A client's picture arrives as it was sent, or is refused with what would have fitted."""

import io

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from engine_service.server.decoder import UnreadableError, decode
from engine_service.server.messages import Encoding

RAMP = np.linspace(0, 255, 16 * 24 * 3).reshape(16, 24, 3).astype(np.uint8)


def other_jpeg(*, progressive: bool) -> bytes:
    """The ramp as another library writes it, with a comment before the picture."""
    file = io.BytesIO()
    Image.fromarray(RAMP).save(
        file, "JPEG", quality=95, subsampling=0, progressive=progressive, comment="drawn by hand"
    )
    return file.getvalue()


def test_plain_pixels_are_taken_as_they_are() -> None:
    np.testing.assert_array_equal(decode(RAMP.tobytes(), Encoding.RGB24, width=24, height=16), RAMP)


def test_a_jpeg_is_decoded_to_nearly_what_it_was() -> None:
    payload = simplejpeg.encode_jpeg(RAMP, quality=95, colorsubsampling="444")
    decoded = decode(payload, Encoding.JPEG, width=24, height=16)
    assert decoded.shape == RAMP.shape
    assert np.abs(decoded.astype(int) - RAMP).max() <= 8


def test_a_baseline_jpeg_of_another_maker_is_decoded_too() -> None:
    decoded = decode(other_jpeg(progressive=False), Encoding.JPEG, width=24, height=16)
    assert np.abs(decoded.astype(int) - RAMP).max() <= 8


@pytest.mark.parametrize(
    ("payload", "encoding", "message"),
    [
        (b"12", Encoding.RGB24, "must be 1152 bytes long, 24x16 RGB"),
        (b"12", Encoding.JPEG, "must be a JPEG"),
        (simplejpeg.encode_jpeg(RAMP[:8]), Encoding.JPEG, "must be 24x16, the JPEG is 24x8"),
        (simplejpeg.encode_jpeg(RAMP)[:200], Encoding.JPEG, "must be"),
        (other_jpeg(progressive=True), Encoding.JPEG, "must be a baseline JPEG"),
    ],
)
def test_what_is_no_such_picture_is_refused(payload: bytes, encoding: Encoding, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        decode(payload, encoding, width=24, height=16)
