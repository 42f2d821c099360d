"""JPEGs, whole and broken, and what the Python SDK says of each, as JSON: name, bytes in base64, words or null."""

import base64
import io
import json
import random
from collections.abc import Iterator

import numpy as np
import simplejpeg
from PIL import Image

from streamdit.jpeg import MAX_SEGMENTS, check_jpeg

SIZE = 64
RAMP = np.linspace(0, 255, SIZE * SIZE * 3).reshape(SIZE, SIZE, 3).astype(np.uint8)
PLAIN = simplejpeg.encode_jpeg(RAMP, quality=90, colorsubsampling="444")
TEM, RST0, SOI, EOI = b"\xff\x01", b"\xff\xd0", b"\xff\xd8", b"\xff\xd9"


def made_by_pillow(mode: str = "RGB", **options: object) -> bytes:
    """The ramp."""
    file = io.BytesIO()
    Image.fromarray(RAMP).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def behind(marker: bytes, jpeg: bytes = PLAIN) -> bytes:
    """The picture, with something before its first segment."""
    return SOI + marker + jpeg[2:]


def of_many_scans(num_scans: int) -> bytes:
    """Its only scan, again and again."""
    start = PLAIN.index(b"\xff\xda")
    return PLAIN[:start] + (PLAIN[start:].removesuffix(EOI)[:10] + b"\x00" * 4) * num_scans + EOI


def of_two_headers() -> bytes:
    """Its frame header, twice."""
    start = PLAIN.index(b"\xff\xc0")
    stop = start + 2 + int.from_bytes(PLAIN[start + 2 : start + 4], "big")
    return PLAIN[:stop] + PLAIN[start:]


def cases() -> Iterator[tuple[str, bytes]]:
    """Those of the Python SDK's tests."""
    progressive = made_by_pillow(progressive=True)
    yield "plain", PLAIN
    yield "pillow's", made_by_pillow()
    yield "with a comment", made_by_pillow(comment="drawn by hand")
    yield "subsampled", made_by_pillow(subsampling=2, quality=40)
    yield "grey", made_by_pillow(mode="L")
    yield "with restarts", made_by_pillow(restart_marker_blocks=2)
    yield "with a profile", made_by_pillow(optimize=True, icc_profile=bytes(3000))
    yield "fill bytes", behind(b"\xff\xff")
    yield "trailing bytes", PLAIN + b"trailing bytes"
    yield "nothing", b""
    yield "one byte", b"\xff"
    yield "no picture", b"no picture"
    yield "start alone", SOI
    yield "cut in a table", PLAIN[:100]
    yield "cut later", PLAIN[:300]
    yield "progressive", progressive
    yield "progressive behind TEM", behind(TEM, progressive)
    yield "progressive behind RST0", behind(RST0, progressive)
    yield "plain behind RST7", behind(b"\xff\xd7")
    yield "hidden", SOI + TEM + b"\xff\xfe\x00\x04" + b"\xff\xc0" + progressive[2:]
    yield "two starts", behind(SOI)
    yield "an end before the picture", behind(EOI)
    yield "arithmetic", behind(b"\xff\xcc\x00\x04\x00\x00")
    yield "another kind", PLAIN.replace(b"\xff\xc0", b"\xff\xc9")
    yield "extended", PLAIN.replace(b"\xff\xc0", b"\xff\xc1")
    yield "CMYK", made_by_pillow(mode="CMYK")
    yield "two scans", of_many_scans(2)
    yield "many scans", of_many_scans(3000)
    yield "two pictures", PLAIN + PLAIN
    yield "a scan of one component", PLAIN.replace(b"\xff\xda\x00\x0c\x03", b"\xff\xda\x00\x08\x01")
    yield "as many segments as may be", behind(b"\xff\xfe\x00\x02" * (MAX_SEGMENTS + 1))
    yield "filled up", behind(b"\xff" * 1_000_000)
    yield "a length of one", behind(b"\xff\xfe\x00\x01")
    yield "two frame headers", of_two_headers()
    yield "huge", PLAIN.replace(SIZE.to_bytes(2, "big") * 2, b"\xff\x00\xff\x00", 1)
    chance = random.Random(7)
    head = PLAIN.index(b"\xff\xda") + 20
    for index in range(400):
        broken = bytearray(PLAIN)
        for _ in range(chance.randrange(1, 4)):
            broken[chance.randrange(head)] = chance.choice((0xFF, 0x00, 0x01, 0xC0, 0xC2, 0xDA, chance.randrange(256)))
        yield f"broken {index}", bytes(broken[: chance.choice((len(broken), chance.randrange(len(broken))))])


for name, jpeg in cases():
    said = None
    try:
        check_jpeg(jpeg, SIZE, SIZE)
    except ValueError as error:
        said = str(error)
    print(json.dumps([name, base64.b64encode(jpeg).decode(), said]))
