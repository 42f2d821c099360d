"""A client's two-way stream, message by message."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterator
from typing import Protocol

from engine_service.server import convert, convert_client
from engine_service.server.messages import ClientMessage
from engine_service.server.rejection import Rejection


class Line(Protocol):
    """What a session needs of the transport; grpc's servicer context is one."""

    async def read(self) -> object:
        """The next message's bytes, or `grpc.aio.EOF`."""

    async def write(self, message: convert.ToClient, /) -> None:
        """Hand a message to the transport; waits while the client does not read."""


async def next_message(line: Line) -> ClientMessage | None:
    """What the client says next; None when it will say nothing more.

    Raises:
        Rejection: EMPTY_MESSAGE if the bytes are no `ClientMessage`, or the limit that they pass; the next message may
            be a good one.
    """
    raw = await line.read()
    return convert_client.read(raw) if isinstance(raw, bytes) else None


MAX_AHEAD = 64  # messages that are read before it is their turn
LARGE_BYTES = 65536  # of a message: beyond one of these nothing more is read ahead


class Incoming:
    """What a client says, in order; while one message is still being worked on, those after it can be looked at."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ahead: deque[ClientMessage | Rejection | None] = deque()
        self._reading: asyncio.Task[ClientMessage | Rejection | None] | None = None
        self._full = False  # what was read ahead takes much memory

    def __iter__(self) -> Iterator[ClientMessage]:
        """What was read ahead and can be understood; it stays where it is."""
        return (item for item in self._ahead if item is not None and not isinstance(item, Rejection))

    async def next(self) -> ClientMessage | None:
        """As `next_message`."""
        item = self._ahead.popleft() if self._ahead else await self._read()
        self._full = self._full and bool(self._ahead)
        if isinstance(item, Rejection):
            raise item
        return item

    async def read_during(self, work: Awaitable[None]) -> None:
        """Return when `work` is done; read ahead meanwhile."""
        working = asyncio.ensure_future(work)
        try:
            while not working.done() and len(self._ahead) < MAX_AHEAD and not self._full and None not in self._ahead:
                reading = self._begin()
                await asyncio.wait({working, reading}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    self._ahead.append(await self._read())
            await working
        finally:
            working.cancel()

    def stop(self) -> None:
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> ClientMessage | Rejection | None:
        item = await self._begin()
        self._reading = None
        return item

    def _begin(self) -> asyncio.Task[ClientMessage | Rejection | None]:
        if self._reading is None:
            self._reading = asyncio.create_task(self._one(), name="read ahead")
        return self._reading

    async def _one(self) -> ClientMessage | Rejection | None:
        raw = await self._line.read()
        if not isinstance(raw, bytes):
            return None
        self._full = self._full or len(raw) > LARGE_BYTES
        try:
            return convert_client.read(raw)
        except Rejection as rejection:
            return rejection
