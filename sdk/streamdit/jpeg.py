"""A JPEG's markers, read before anything is decoded: who sent it may be a stranger.

A few kilobytes may claim to be gigabytes, or hold thousands of scans, each of which is a pass over the whole picture.
What neither side ever sends is refused by its markers, in microseconds: progressive and arithmetic coding, CMYK, more
than one scan or picture.
"""

MAX_SEGMENTS = 64  # before the picture: tables, comments, colour profiles

_START_OF_IMAGE = b"\xff\xd8"
_ANOTHER_SCAN = b"\xff\xda"  # never inside a scan: there every 0xFF is followed by 0x00 or a restart marker
_BASELINE, _SCAN = 0xC0, 0xDA
_PASSED_OVER = {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)}  # Huffman and quantisation tables, restarts, comments
_OTHER_FRAMES = {*range(0xC1, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ARITHMETIC = 0xCC
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


def check_jpeg(payload: bytes, width: int, height: int) -> None:
    """Return if the bytes begin as a baseline JPEG of that size in one scan, grey or of three components.

    Raises:
        ValueError: they do not; the message says what they would have to be.
    """
    if payload[:2] != _START_OF_IMAGE:
        raise ValueError("must be a JPEG: it does not begin as one")
    num_components = 0  # 0: no frame header yet
    at = 2
    for _ in range(MAX_SEGMENTS):
        marker, at = _marker(payload, at)
        if marker in _OTHER_FRAMES or marker == _ARITHMETIC:
            raise ValueError(f"must be a baseline JPEG, it is another kind (marker 0xFF{marker:02X})")
        if marker not in _PASSED_OVER and marker not in (_BASELINE, _SCAN):
            kind = "without a length" if marker in _WITHOUT_LENGTH else "that no baseline JPEG has there"
            raise ValueError(f"must be a baseline JPEG, it holds a marker {kind} (0xFF{marker:02X})")
        segment, at = _segment(payload, at)
        if marker == _BASELINE:
            if num_components:
                raise ValueError("must hold one picture, the JPEG holds two frame headers")
            num_components = _components(segment, width, height)
        elif marker == _SCAN:
            _check_scan(segment, num_components)
            if payload.find(_ANOTHER_SCAN, at) >= 0:
                raise ValueError("must be a JPEG of one scan, it holds more")
            return
    raise ValueError(f"must be a JPEG with at most {MAX_SEGMENTS} segments before its picture, it has more")


def _marker(payload: bytes, at: int) -> tuple[int, int]:
    """The marker at that place, after fill bytes, and where it ends."""
    if payload[at : at + 1] != b"\xff":
        raise ValueError("must be a JPEG: it breaks off, or a marker is missing")
    end = at + 1
    while payload[end : end + 1] == b"\xff":
        end += 1
        if end - at > MAX_SEGMENTS:
            raise ValueError("must be a JPEG: it is filled up with 0xFF")
    if end >= len(payload):
        raise ValueError("must be a JPEG: it breaks off before its picture")
    return payload[end], end + 1


def _segment(payload: bytes, at: int) -> tuple[bytes, int]:
    """What the marker that ended there carries, and where that ends."""
    length = int.from_bytes(payload[at : at + 2], "big")
    end = at + length
    if length < 2 or end > len(payload):
        raise ValueError("must be a JPEG: it breaks off before its picture")
    return payload[at + 2 : end], end


def _components(header: bytes, width: int, height: int) -> int:
    """How many components a frame header has, if the rest fits."""
    if len(header) < 6 or len(header) != 6 + 3 * header[5]:
        raise ValueError("must be a JPEG: its frame header has another length than it says")
    precision, found_height, found_width, num_components = (
        header[0], int.from_bytes(header[1:3], "big"), int.from_bytes(header[3:5], "big"), header[5],
    )  # fmt: skip
    if (found_width, found_height) != (width, height):
        raise ValueError(f"must be {width}x{height}, the JPEG is {found_width}x{found_height}")
    if precision != 8:
        raise ValueError(f"must be a JPEG of 8 bits, it has {precision}")
    if num_components not in (1, 3):
        raise ValueError(f"must be a JPEG in grey or of three components, it has {num_components}")
    return num_components


def _check_scan(header: bytes, num_components: int) -> None:
    if not num_components:
        raise ValueError("must be a JPEG: its picture comes before its size")
    if len(header) != 4 + 2 * num_components or header[0] != num_components:
        raise ValueError("must be a JPEG of one scan, this one's holds some of the components only")
