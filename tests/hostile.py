"""Messages made to cost as much as they can, byte by byte, and how long they keep an event loop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MOST = 1_000_000  # bytes
MOST_ON_LOOP_S = 0.005  # of one message
TRIES = 3  # the garbage collector may come in between


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, content: bytes) -> bytes:
    """A field with a length: a message, a text, bytes or packed numbers."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def again(part: bytes) -> bytes:
    """As often as fits."""
    return part * (MOST // len(part))


@contextmanager
def longest_callback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long the event loop's longest callback computed, in seconds of its thread's processor time."""
    longest = [0.0]
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        longest[0] = max(longest[0], time.thread_time() - began)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", timed)
        yield longest
