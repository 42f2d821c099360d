import tracemalloc

import numpy as np
import pytest

from streamdit.frames import LatestFrame
from streamdit.types import Encoding
from tests.sdk.making import frame


@pytest.mark.parametrize("encoding", list(Encoding))
def test_every_encoding_decodes_to_the_same_picture(encoding: Encoding) -> None:
    rgb = frame(encoding=encoding).rgb()
    assert rgb.dtype == np.uint8
    assert rgb.shape == (4, 8, 3)
    assert np.abs(rgb.astype(int) - 100).max() <= 1


def test_a_frame_is_decoded_once_and_cannot_be_painted_on() -> None:
    one = frame(encoding=Encoding.JPEG)
    assert one.rgb() is one.rgb()
    with pytest.raises(ValueError, match="read-only"):
        one.rgb()[0, 0, 0] = 1


def test_a_payload_of_the_wrong_size_is_an_error_only_when_it_is_looked_at() -> None:
    broken = frame(payload=b"123")
    with pytest.raises(ValueError, match="frame 1 is 3 bytes long, must be 96 bytes long, 8x4 RGB"):
        broken.rgb()


def test_a_jpeg_that_claims_to_be_huge_is_refused_before_it_is_decoded() -> None:
    jpeg = bytearray(frame(encoding=Encoding.JPEG).payload)
    size = jpeg.index(b"\xff\xc0") + 5  # height and width of its start of frame, 16 bits each
    jpeg[size : size + 4] = (12_000).to_bytes(2, "big") * 2
    tracemalloc.start()
    with pytest.raises(ValueError, match="must be 8x4, the JPEG is 12000x12000"):
        frame(encoding=Encoding.JPEG, payload=bytes(jpeg)).rgb()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_the_mailbox_gives_each_frame_once_and_shows_it_as_often_as_wanted() -> None:
    mailbox = LatestFrame()
    assert mailbox.take() is None
    assert mailbox.peek() is None
    first = frame(1)
    mailbox.put(first)
    assert mailbox.take() is first
    assert mailbox.take() is None
    assert mailbox.peek() is first


def test_the_newest_frame_wins_and_the_ones_nobody_took_are_counted() -> None:
    mailbox = LatestFrame()
    for frame_id in (1, 2, 3):
        mailbox.put(frame(frame_id))
    newest = mailbox.take()
    assert newest is not None
    assert newest.frame_id == 3
    assert mailbox.num_replaced == 2
    mailbox.put(frame(4))
    assert mailbox.num_replaced == 2
