"""Sessions whose connection broke, kept for a while so that their client may come back."""

import asyncio
import logging
from dataclasses import dataclass

from engine_service.server.messages import SessionPlan
from engine_service.server.seat import Seat
from engine_service.server.steered import Steered
from engine_service.server.worker import Worker
from engine_service.types import Drops

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A session without a client: what the next connection needs to go on with it."""

    plan: SessionPlan
    seat: Seat
    newest_event_id: int
    unsent: Drops  # frames that were made and never left
    steered: Steered
    heard_ns: int  # when its client last said anything


class Lobby:
    """At most `size` abandoned sessions, each for `keep_s`; the oldest has to go when it is full.

    They compute nothing, but their buffers stay in memory. Lives on the server's event loop.
    """

    def __init__(self, worker: Worker, *, keep_s: float, size: int) -> None:
        self._worker = worker
        self._keep_s = keep_s
        self._size = size
        self._waiting: dict[str, Abandoned] = {}  # by resume token, oldest first
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, token: str) -> bool:
        return token in self._waiting

    def keep(self, abandoned: Abandoned) -> None:
        """Hold its seat until its client comes back or `keep_s` have passed."""
        token = abandoned.plan.resume_token
        if len(self._waiting) >= self._size:
            self._give_up(next(iter(self._waiting)))
        self._worker.hold(abandoned.seat)
        self._waiting[token] = abandoned
        self._timers[token] = asyncio.get_running_loop().call_later(self._keep_s, self._give_up, token)
        log.info("session %s is kept for %g s", abandoned.plan.session_id, self._keep_s)

    def take(self, token: str) -> Abandoned | None:
        """The session of this token, held no longer by the lobby; None if it is not, or no more, here."""
        abandoned = self._waiting.pop(token, None)
        if abandoned is not None:
            self._timers.pop(token).cancel()
        return abandoned

    def clear(self) -> None:
        """Give all of them up."""
        for token in list(self._waiting):
            self._give_up(token)

    def _give_up(self, token: str) -> None:
        abandoned = self.take(token)
        if abandoned is not None:
            self._worker.leave(abandoned.seat)
            log.info("session %s: its client did not come back", abandoned.plan.session_id)
