"""The life of one open stream: a reader, a writer, a heartbeat, and an end that always has a reason.

grpc.aio cuts the whole call when a task that reads or writes is cancelled, so only these three tasks touch
it, and they end by the call's end: `call.cancel()`, await them, then the channel may close (grpc #42125).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import grpc
import grpc.aio

from streamdit import _convert, _convert_client
from streamdit._queues import Inbox, Outbox
from streamdit._stood_still import StoodStill
from streamdit.errors import SessionClosed
from streamdit.frames import Frame
from streamdit.stats import SessionMeter
from streamdit.types import (
    Closed,
    ClosedReason,
    Delivery,
    Draining,
    EventApplied,
    EventRejected,
    Notice,
    Opened,
    ServerStats,
)

HEARTBEAT_EVERY_S = 2.0
BEATS_WHILE_HELD = 4  # within `actions_timeout_s`
SILENT_HEARTBEATS = 5  # nothing heard for so many: the connection is lost
CLOSE_TIMEOUT_S = 1.0  # how long the engine may take to confirm
MAX_WAITING_FRAMES = 256  # of a consumer that must see all of them; more are not acknowledged
MAX_WAITING_ANSWERS = 2048
MAX_UNASKED_FRAMES = 1024  # an engine that sends on without credit is cut off
CATCH_UP_S = 0.05
# grpc.aio puts this in place of the real status when a write fails before the end was read.
LOST_STATUS = "Internal error from Core"
ACK, HEARTBEAT = "ack", "heartbeat"
ACTIONS_RELEASED = "ACTIONS_RELEASED"  # the notice's code


def now_us() -> int:
    """This client's monotonic clock as it travels on the wire."""
    return time.monotonic_ns() // 1000


class Stream:
    """An opened call and everything that is on its way in or out.

    `let_go` is called when the engine, for this side's silence, holds its actions no more. It must not wait.
    """

    def __init__(
        self,
        call: _convert.PlayCall,
        opened: Opened,
        meter: SessionMeter,
        heartbeat_every_s: float,
        let_go: Callable[[], None],
    ) -> None:
        latest = opened.delivery is Delivery.LATEST
        self.opened = opened
        self.meter = meter
        self.outbox = Outbox()
        self.inbox = Inbox(max(1, opened.window) if latest else MAX_WAITING_FRAMES, drop_oldest=latest)
        self.notices: deque[EventRejected | Notice | Draining] = deque(maxlen=64)
        self.applied: deque[EventApplied] = deque(maxlen=MAX_WAITING_ANSWERS)
        self.received_frame_id = 0  # the newest; 0: none
        self.closed: Closed | None = None
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._unacked: Frame | None = None  # the newest frame received
        self._call = call
        self._heartbeat_every_s = heartbeat_every_s
        self._let_go = let_go
        # Often enough to hold actions while nothing else is to be said.
        held_s = opened.actions_timeout_s if opened.world.actions else 0.0
        self._beat_every_s = min(heartbeat_every_s, held_s / BEATS_WHILE_HELD) if held_s else heartbeat_every_s
        self._cut: Closed | None = None  # set when this side cuts the call
        self._close_asked = False
        self._listening_since_ns: int | None = None  # None while the reader is not reading
        self._still = StoodStill(self._beat_every_s, time.monotonic_ns(), time.time_ns())
        self.stood_still = False  # shortly before it ended; then the engine may have given it up for that alone
        self._life = asyncio.create_task(self._live(), name=f"session {opened.session_id}")

    # ------------------------------------------------------------------------------------------------ the end

    async def close(self, detail: str) -> Closed:
        """Ask the engine to end, wait for its word for a second at most, then cut."""
        if self.closed is None and not self._close_asked:
            self._close_asked = True
            self.outbox.append(_convert_client.close_message(now_us(), detail))
            self.outbox.finish()
            self.inbox.end()
            if not self._may_read.is_set():
                self.go_on()
        try:
            await asyncio.wait({self._life}, timeout=CLOSE_TIMEOUT_S)
            if not self._life.done():
                self._cut_off(Closed(ClosedReason.CLIENT_CLOSED, "the engine did not confirm in time"))
        except asyncio.CancelledError:
            self._cut_off(Closed(ClosedReason.CLIENT_CLOSED, "cancelled while closing"))
            raise
        return await self.wait_closed()

    async def wait_closed(self) -> Closed:
        """Returns when the stream has ended and nothing of it runs any more."""
        await asyncio.shield(self._life)
        assert self.closed is not None
        return self.closed

    def raise_if_closed(self) -> None:
        """SessionClosed once the stream has ended or `close` was called."""
        if self.closed is not None:
            raise SessionClosed(self.closed)
        if self._close_asked:
            raise SessionClosed(Closed(ClosedReason.CLIENT_CLOSED, "close() was called"))

    def _cut_off(self, closed: Closed) -> None:
        self._cut = self._cut or closed
        self._call.cancel()

    async def _live(self) -> None:
        helpers = [asyncio.create_task(self._write()), asyncio.create_task(self._beat())]
        for helper in helpers:
            helper.add_done_callback(self._helper_ended)
        closed = Closed(ClosedReason.CONNECTION_LOST, "the reader stopped")
        try:
            closed = await self._read()
        finally:
            self._call.cancel()  # nothing to do if it is over already
            self.outbox.finish()
            self.inbox.end()
            helpers[1].cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self.closed = self._explained(closed)

    def _explained(self, closed: Closed) -> Closed:
        """With what only this side knows: that it did not run meanwhile."""
        self._look_at_clocks()
        still_s = self._still.just_s(time.monotonic_ns())
        self.stood_still = still_s > 0
        if not self.stood_still or closed.reason is ClosedReason.CLIENT_CLOSED:
            return closed
        known = f"this process had stood still for {still_s:.0f} s"
        return replace(closed, detail=f"{closed.detail}; {known}" if closed.detail else known)

    def _look_at_clocks(self) -> None:
        self._still.look(time.monotonic_ns(), time.time_ns())

    def _helper_ended(self, helper: asyncio.Task[None]) -> None:
        """A task that dies takes the session along: without it nothing would ever be sent again."""
        error = None if helper.cancelled() else helper.exception()
        if error is not None:
            self._cut_off(Closed(ClosedReason.CLIENT_CLOSED, f"this side failed: {error!r}"))

    # ------------------------------------------------------------------------------------------- three tasks

    async def _read(self) -> Closed:
        """Take everything off the wire until it ends; returns why it ended."""
        closed: Closed | None = None
        try:
            while True:
                await self._may_read.wait()
                self._listening_since_ns = time.monotonic_ns()
                message = await self._call.read()
                self._listening_since_ns = None
                if not isinstance(message, bytes):  # end of stream
                    break
                item = _convert.incoming(message, time.monotonic_ns())
                if isinstance(item, Closed):
                    closed = item
                    self.outbox.finish()
                elif isinstance(item, Frame):
                    self._take_frame(item)
                else:
                    self._take_news(item)
        except grpc.aio.AioRpcError as error:
            return closed or self._cut or _ending(error)
        except ValueError as error:  # what was not asked for, or more than a message may hold
            return Closed(ClosedReason.ENGINE_FAILED, f"the engine broke the contract: {error}")
        except Exception as error:  # no path is known
            return closed or self._cut or Closed(ClosedReason.CLIENT_CLOSED, f"this side failed: {error!r}")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._cut = self._cut or Closed(ClosedReason.CONNECTION_LOST, "the channel was closed on this side")
        if self._close_asked:
            closed = closed or self._cut or Closed(ClosedReason.CLIENT_CLOSED, "the engine ended the stream")
        return closed or self._cut or Closed(ClosedReason.CONNECTION_LOST, "the stream ended without a reason")

    def _take_frame(self, frame: Frame) -> None:
        """Raises ValueError: it is not of the world's size."""
        world = self.opened.world
        if (frame.width, frame.height) != (world.width, world.height):
            size = f"{frame.width}x{frame.height}"
            raise ValueError(f"frame {frame.frame_id} is {size}, world {world.name} is {world.width}x{world.height}")
        self.meter.arrived(frame)
        self.received_frame_id = frame.frame_id
        self.inbox.put(frame)
        self._unacked = frame
        if self.opened.delivery is not Delivery.LOCKSTEP and not self.inbox.crowded:
            self.acknowledge(frame)
        if len(self.inbox) > MAX_UNASKED_FRAMES:
            detail = f"{len(self.inbox)} frames wait here and the engine sends on"
            self._cut_off(Closed(ClosedReason.TOO_SLOW, detail))

    async def next_frame(self) -> Frame | None:
        """What the consumer sees next; None after the last."""
        frame = await self.inbox.get()
        if self._unacked is not None and self.opened.delivery is Delivery.ALL and not self.inbox.crowded:
            self.acknowledge(self._unacked)
        return frame

    def _take_news(self, item: _convert.Incoming | None) -> None:
        match item:
            case EventApplied():
                self.applied.append(item)
            case EventRejected():
                self.meter.rejected(item.event_id)
                self.notices.append(item)
            case Notice():
                self.meter.noticed(item)
                self.notices.append(item)
                if item.code == ACTIONS_RELEASED:
                    self._let_go()
            case Draining():
                self.notices.append(item)
            case ServerStats():
                self.meter.told(item)
            case _convert.HeartbeatEcho(sent_us, server_us):
                self.meter.heartbeat(sent_us, server_us, now_us())
            case _:  # from a newer engine
                pass

    def acknowledge(self, frame: Frame) -> None:
        """Give credit back for everything up to `frame`."""
        if self._unacked is not None and self._unacked.frame_id <= frame.frame_id:
            self._unacked = None
        message = _convert_client.ack_message(frame.frame_id, frame.received_time_ns // 1000, now_us())
        self.outbox.replace(ACK, message)

    async def _write(self) -> None:
        try:
            while (message := await self.outbox.next()) is not None:
                await self._may_write.wait()
                self._look_at_clocks()
                if self._still.woke_ns is not None:  # as in `go_on`: the end may wait to be read
                    awake_s = (time.monotonic_ns() - self._still.woke_ns) * 1e-9
                    if awake_s < CATCH_UP_S:
                        await asyncio.sleep(CATCH_UP_S - awake_s)
                await self._call.write(message)
            await self._call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return  # the call is over; the reader learns why

    def hang(self) -> None:
        """Neither read nor write until `go_on`."""
        self._may_read.clear()
        self._may_write.clear()

    def go_on(self) -> None:
        """Read on, and write once what waits was read: a failed write makes grpc.aio forget the unread end."""
        self._may_read.set()
        asyncio.get_running_loop().call_later(CATCH_UP_S, self._may_write.set)

    async def _beat(self) -> None:
        while True:
            self.outbox.replace(HEARTBEAT, _convert_client.heartbeat_message(now_us()))
            await asyncio.sleep(self._beat_every_s)
            self._look_at_clocks()
            since_ns = self._listening_since_ns
            silence_s = SILENT_HEARTBEATS * self._heartbeat_every_s
            if since_ns is None:
                continue
            since_ns = max(since_ns, self._still.woke_ns or 0)  # a process that stood still has not listened either
            if time.monotonic_ns() - since_ns > silence_s * 1e9:
                self._cut_off(Closed(ClosedReason.CONNECTION_LOST, f"nothing heard for {silence_s} s"))


def _ending(error: grpc.aio.AioRpcError) -> Closed:
    """Why a call broke, from its status."""
    refused = _convert.rejection(error.trailing_metadata())
    if refused is not None:
        return Closed(ClosedReason.REJECTED, str(refused))
    if error.code() is grpc.StatusCode.INTERNAL and error.details() == LOST_STATUS:
        return Closed(ClosedReason.CONNECTION_LOST, "the engine ended the call while this side was sending")
    return Closed(ClosedReason.CONNECTION_LOST, f"{error.code().name}: {error.details()}")
