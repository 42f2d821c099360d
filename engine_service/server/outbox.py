"""Flow control: finished frames on their way to one client. Pure; `now` is passed in.

HTTP/2 would take seconds of video for a client that stopped reading; credit is therefore counted in frames
the client acknowledged: at most `window` are sent and not acknowledged.
"""

from collections import deque
from dataclasses import dataclass

from engine_service.server.encoder import EncodedFrame
from engine_service.server.messages import Delivery
from engine_service.types import Drops
from streamdit import checks


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame that may be sent now, and what was lost since the one before it."""

    frame: EncodedFrame
    dropped_before: Drops


class Outbox:
    """Frames of one session, at most `size` waiting. The drop rule is the session's delivery.

    LATEST: frames leave at their release time; without credit the newest released frame waits and the ones it
    replaces are dropped; with credit, frames older than `stale_s` are dropped in favour of newer ones.
    LOCKSTEP: everything leaves at once, the worker makes no chunk before all was acknowledged.
    ALL: everything leaves at its release time and with credit; `overflowed` once `size` was not enough.
    """

    def __init__(
        self,
        delivery: Delivery,
        *,
        window: int,
        size: int | None = None,
        stale_s: float = 0.125,
        lost_before: Drops | None = None,
    ) -> None:
        """`lost_before`: what was lost before the first frame, with the connection that went before this one."""
        self._delivery = delivery
        self._window = window
        self._size = size or (64 if delivery is Delivery.LATEST else 256)
        self._stale_ns = round(stale_s * 1e9)
        self._waiting: deque[EncodedFrame] = deque()
        # Sent and not acknowledged, with what was lost before each; bounded by the window, in lockstep by the chunk.
        self._in_flight: deque[tuple[int, Drops]] = deque()
        self._newest_acked = 0
        self._lost = lost_before or Drops()  # since the last frame that was sent
        self.overflowed = False
        self.frames_generated = 0
        self.frames_sent = 0
        self.dropped = Drops()

    @property
    def settled(self) -> bool:
        """Nothing waits and everything sent was acknowledged."""
        return not self._waiting and not self._in_flight

    def lost_after(self, frame_id: int | None) -> Drops:
        """What is lost if nothing more is sent and `frame_id` is the newest that arrived; None: all that was sent."""
        lost = Drops()
        for sent_id, dropped_before in self._in_flight:
            if frame_id is not None and sent_id > frame_id:
                lost += dropped_before + Drops(network=1)
        skipped = sum(frame.skipped_before for frame in self._waiting)
        return lost + self._lost + Drops(generate=skipped, network=len(self._waiting))

    def put(self, frame: EncodedFrame) -> None:
        """Add a finished frame, in order of frame id."""
        self.frames_generated += 1
        self.dropped += Drops(generate=frame.skipped_before)
        if len(self._waiting) >= self._size:
            if self._delivery is not Delivery.LATEST:
                self.overflowed = True
                return
            self._drop_oldest()
        self._waiting.append(frame)

    def take(self, now_ns: int) -> Outgoing | None:
        """The frame to send now, if any; it counts as sent."""
        has_credit = self._delivery is Delivery.LOCKSTEP or len(self._in_flight) < self._window
        if self._delivery is Delivery.LATEST:
            self._drop_replaced(now_ns, has_credit)
        if not has_credit or not self._waiting or _release_ns(self._waiting[0]) > now_ns:
            return None
        frame = self._waiting.popleft()
        dropped_before = self._lost + Drops(generate=frame.skipped_before)
        self._lost = Drops()
        self._in_flight.append((frame.frame_id, dropped_before))
        self.frames_sent += 1
        return Outgoing(frame, dropped_before)

    def next_release_ns(self) -> int | None:
        """When `take` has something to do again; None if only an ack or a new frame changes that."""
        if not self._waiting:
            return None
        if self._delivery is Delivery.LOCKSTEP or len(self._in_flight) < self._window:
            return _release_ns(self._waiting[0])
        return None

    def ack(self, frame_id: int) -> bool:
        """Return the credit of every frame up to and including `frame_id`; False if that was none.

        Repeating an old one is harmless.

        Raises:
            Rejection: ACK_UNKNOWN_FRAME if it was never sent.
        """
        if 0 < frame_id <= self._newest_acked:
            return False
        checks.check_ack(frame_id, [sent_id for sent_id, _ in self._in_flight])
        while self._in_flight and self._in_flight[0][0] <= frame_id:
            self._newest_acked, _ = self._in_flight.popleft()
        return True

    def _drop_replaced(self, now_ns: int, has_credit: bool) -> None:
        while len(self._waiting) > 1 and _release_ns(self._waiting[1]) <= now_ns:
            if has_credit and _release_ns(self._waiting[0]) >= now_ns - self._stale_ns:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        frame = self._waiting.popleft()
        self._lost += Drops(network=1, generate=frame.skipped_before)
        self.dropped += Drops(network=1)


def _release_ns(frame: EncodedFrame) -> int:
    return 0 if frame.release_ns is None else frame.release_ns
