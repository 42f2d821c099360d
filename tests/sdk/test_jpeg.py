"""What is no small, plain JPEG is refused by its markers, whatever it hides behind."""

import io
import time

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from streamdit._source import decode_picture
from streamdit.jpeg import MAX_SEGMENTS, check_jpeg
from streamdit.types import Encoding

SIZE = 64
RAMP = np.linspace(0, 255, SIZE * SIZE * 3).reshape(SIZE, SIZE, 3).astype(np.uint8)
PLAIN = simplejpeg.encode_jpeg(RAMP, quality=90, colorsubsampling="444")
TEM, RST0, SOI, EOI = b"\xff\x01", b"\xff\xd0", b"\xff\xd8", b"\xff\xd9"


def made_by_pillow(mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(RAMP).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def behind(marker: bytes, jpeg: bytes) -> bytes:
    """The picture, with something before its first segment."""
    return SOI + marker + jpeg[2:]


def of_many_scans(jpeg: bytes, num_scans: int) -> bytes:
    """Its only scan, again and again: a pass over the picture each."""
    start = jpeg.index(b"\xff\xda")
    return jpeg[:start] + (jpeg[start:].removesuffix(EOI)[:10] + b"\x00" * 4) * num_scans + EOI


PROGRESSIVE = made_by_pillow(progressive=True)


def hidden(segment: bytes) -> bytes:
    """A frame header that a walk by lengths takes for the inside of a segment and the decoder sees: the walk takes the
    bytes after a marker that has no length for one."""
    return SOI + TEM + b"\xff\xfe\x00\x04" + b"\xff\xc0" + segment


@pytest.mark.parametrize(
    "jpeg",
    [
        PLAIN,
        made_by_pillow(),
        made_by_pillow(comment="drawn by hand"),
        made_by_pillow(subsampling=2, quality=40),
        made_by_pillow(mode="L"),
        made_by_pillow(restart_marker_blocks=2),
        made_by_pillow(optimize=True, icc_profile=bytes(3000)),
        SOI + b"\xff\xff" + PLAIN[2:],  # fill bytes
        PLAIN + b"trailing bytes",
    ],
)
def test_what_encoders_make_is_decoded(jpeg: bytes) -> None:
    assert decode_picture(jpeg, Encoding.JPEG, SIZE, SIZE).shape == (SIZE, SIZE, 3)


@pytest.mark.parametrize(
    ("jpeg", "message"),
    [
        (b"", "does not begin"),
        (b"no picture", "does not begin"),
        (SOI, "breaks off"),
        (PLAIN[:100], "breaks off"),
        (PLAIN[:300], "breaks off"),
        (PROGRESSIVE, "baseline JPEG, it is another kind"),
        (behind(TEM, PROGRESSIVE), "without a length"),
        (behind(RST0, PROGRESSIVE), "without a length"),
        (behind(b"\xff\xd7", PLAIN), "without a length"),
        (hidden(PROGRESSIVE[2:]), "without a length"),
        (behind(SOI, PLAIN), "that no baseline JPEG has there"),
        (behind(b"\xff\xcc\x00\x04\x00\x00", PLAIN), "another kind"),
        (PLAIN.replace(b"\xff\xc0", b"\xff\xc9"), "another kind"),
        (PLAIN.replace(b"\xff\xc0", b"\xff\xc1"), "another kind"),
        (made_by_pillow(mode="CMYK"), "grey or of three components, it has 4"),
        (of_many_scans(PLAIN, 2), "one scan, it holds more"),
        (of_many_scans(PLAIN, 3000), "one scan, it holds more"),
        (PLAIN + PLAIN, "one scan, it holds more"),
        (PLAIN.replace(b"\xff\xda\x00\x0c\x03", b"\xff\xda\x00\x08\x01"), "some of the components only"),
        (behind(b"\xff\xfe\x00\x02" * (MAX_SEGMENTS + 1), PLAIN), "at most 64 segments"),
        (behind(b"\xff" * 1_000_000, PLAIN), "filled up"),
        (behind(b"\xff\xfe\x00\x01", PLAIN), "breaks off"),
    ],
)
def test_what_is_no_plain_jpeg_is_refused(jpeg: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_picture(jpeg, Encoding.JPEG, SIZE, SIZE)


def test_two_frame_headers_are_refused() -> None:
    start = PLAIN.index(b"\xff\xc0")
    header = PLAIN[start : start + 2 + int.from_bytes(PLAIN[start + 2 : start + 4], "big")]
    with pytest.raises(ValueError, match="two frame headers"):
        check_jpeg(PLAIN[:start] + header + PLAIN[start:], SIZE, SIZE)


def test_a_picture_of_another_size_is_refused_before_it_is_decoded() -> None:
    huge = PLAIN.replace(SIZE.to_bytes(2, "big") * 2, b"\xff\x00\xff\x00", 1)
    with pytest.raises(ValueError, match="must be 64x64, the JPEG is 65280x65280"):
        decode_picture(huge, Encoding.JPEG, SIZE, SIZE)


def test_a_megabyte_of_scans_costs_nothing() -> None:
    attack = behind(TEM, of_many_scans(PROGRESSIVE, 60_000))[: 1 << 20]
    began = time.perf_counter()
    with pytest.raises(ValueError, match="baseline"):
        check_jpeg(attack, SIZE, SIZE)
    assert time.perf_counter() - began < 0.005
