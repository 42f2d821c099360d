"""The two bounded queues of a session: what waits to be sent, what waits to be looked at. Event loop only."""

import asyncio
from collections import deque

from streamdit._convert import ClientMessage
from streamdit.frames import Frame


class Outbox:
    """Messages on their way to the engine, in order.

    Room for `size` events: a sender awaits `room()`, then appends. Acks and heartbeats ask for no room:
    a waiting one is replaced by the newer.
    """

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._messages: deque[tuple[str, ClientMessage]] = deque()
        self._finished = False
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def room(self) -> None:
        """Returns when one more event fits or nothing will be sent any more."""
        while len(self._messages) >= self._size and not self._finished:
            self._room.clear()
            await self._room.wait()

    def append(self, message: ClientMessage) -> None:
        """To the end; after `finish` it is dropped, for there is nobody to send it to."""
        if not self._finished:
            self._messages.append(("event", message))
            self._filled.set()

    def replace(self, kind: str, message: ClientMessage) -> None:
        """To the end, instead of one of the same kind that still waits."""
        for waiting in self._messages:
            if waiting[0] == kind:
                self._messages.remove(waiting)
                break
        if not self._finished:
            self._messages.append((kind, message))
            self._filled.set()

    def finish(self) -> None:
        """What waits is still sent; `next` then answers None."""
        self._finished = True
        self._filled.set()
        self._room.set()

    async def next(self) -> ClientMessage | None:
        """The oldest message, waiting for one; None after the last."""
        while not self._messages and not self._finished:
            self._filled.clear()
            await self._filled.wait()
        if not self._messages:
            return None
        self._room.set()
        return self._messages.popleft()[1]


class Inbox:
    """Frames the consumer has not asked for yet.

    With `drop_oldest` at most `size` wait and the oldest falls out, counted. Without, nothing is dropped: while
    `size` or more wait the inbox is `crowded` and acks are withheld, which stops the engine.
    """

    def __init__(self, size: int, *, drop_oldest: bool) -> None:
        self._size = size
        self._drop_oldest = drop_oldest
        self._frames: deque[Frame] = deque()
        self._ended = False
        self._filled = asyncio.Event()
        self.num_replaced = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def crowded(self) -> bool:
        """Whether the consumer should catch up before more is asked for."""
        return not self._drop_oldest and len(self._frames) >= self._size

    def put(self, frame: Frame) -> None:
        """The newest frame; dropped once `end` was called."""
        if self._ended:
            return
        if self._drop_oldest and len(self._frames) >= self._size:
            self._frames.popleft()
            self.num_replaced += 1
        self._frames.append(frame)
        self._filled.set()

    def end(self) -> None:
        """Frames that wait can still be had; then `get` answers None."""
        self._ended = True
        self._filled.set()

    async def get(self) -> Frame | None:
        """The oldest waiting frame; None after the last."""
        while not self._frames and not self._ended:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft() if self._frames else None
