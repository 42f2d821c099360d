"""What goes to a session's client: messages as they come, and between them frames, each when it is due."""

import asyncio
from collections import deque
from collections.abc import Callable

from engine_service.server import convert
from engine_service.server.line import Line
from engine_service.server.metrics import Metrics
from engine_service.server.outbox import Outbox, Outgoing
from engine_service.server.tally import Tally
from engine_service.stream.clock import Clock

_LATE_NS = 10_000_000
# The loop's timers are good for a millisecond: a frame due within half of one leaves now.
_TIMER_SLACK_NS = 500_000


class Speaking:
    """The writing half of a session. Lives on the server's event loop.

    Beside the outbox at most `control_size` messages wait. Whoever reads what the client says waits for `room` while
    half of that does; what the engine adds beyond all of it is dropped, and `too_slow` is called with the reason.
    """

    def __init__(
        self,
        line: Line,
        outbox: Outbox,
        *,
        clock: Clock,
        metrics: Metrics,
        tally: Tally,
        too_slow: Callable[[str], None],
        control_size: int,
    ) -> None:
        self._line = line
        self._outbox = outbox
        self._clock = clock
        self._metrics = metrics
        self._tally = tally
        self._too_slow = too_slow
        self._control_size = control_size
        self._control: deque[convert.ToClient] = deque()
        self._room = asyncio.Event()  # the control messages got fewer
        self._wake = asyncio.Event()  # the writer has something to look at
        self._loop = asyncio.get_running_loop()
        self._last_sent_ns: int | None = None
        self._stopped = False

    @property
    def caught_up(self) -> bool:
        """No message waits; frames may."""
        return not self._control

    def tell(self, message: convert.ToClient) -> None:
        """Send a message before the next frame."""
        if len(self._control) >= self._control_size:
            self._too_slow(f"{self._control_size} messages wait to be read")
            return
        self._control.append(message)
        self._wake.set()

    def look(self) -> None:
        """The outbox has changed: a frame more, or credit for one."""
        self._wake.set()

    def stop(self) -> None:
        """Send what messages there are, but no frame any more, and be done."""
        self._stopped = True
        self._wake.set()
        self._room.set()

    async def room(self) -> None:
        """Wait until less than half of the messages wait that may, or this has stopped."""
        while len(self._control) * 2 >= self._control_size and not self._stopped:
            self._room.clear()
            await self._room.wait()

    async def run(self) -> None:
        """Send until `stop`."""
        while True:
            self._wake.clear()
            while self._control:
                message = self._control.popleft()
                self._room.set()
                await self._line.write(message)
            if self._stopped:
                return
            outgoing = self._outbox.take(self._clock.now_ns() + _TIMER_SLACK_NS)
            if outgoing is None:
                await self._sleep()
            else:
                await self._send(outgoing)

    async def _sleep(self) -> None:
        release_ns = self._outbox.next_release_ns()
        if release_ns is None:
            await self._wake.wait()
            return
        delay_s = max(0.0, (release_ns - self._clock.now_ns()) * 1e-9)
        timer = self._loop.call_later(delay_s, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    async def _send(self, outgoing: Outgoing) -> None:
        frame = outgoing.frame
        now_ns = self._clock.now_ns()
        await self._line.write(convert.frame(outgoing, now_ns=now_ns))
        drift_s = None if frame.due_ns is None else (now_ns - frame.due_ns) * 1e-9
        self._tally.frame(encode_s=frame.encode_ns * 1e-9, drift_s=drift_s, rung=frame.rung)
        interval_s = None if self._last_sent_ns is None else (now_ns - self._last_sent_ns) * 1e-9
        self._last_sent_ns = now_ns
        late = frame.due_ns is not None and now_ns - frame.due_ns > _LATE_NS
        self._metrics.frame_sent(outgoing.dropped_before, rung=frame.rung, late=late, interval_s=interval_s)
