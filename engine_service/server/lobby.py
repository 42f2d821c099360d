"""Sessions whose connection broke, kept for a while so that their client may come back."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine_service.server.answers import Answers
from engine_service.server.messages import SessionPlan
from engine_service.server.outbox import Outbox
from engine_service.server.seat import Delivered, Seat
from engine_service.server.steered import Steered
from engine_service.server.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A session without a client: what the next connection needs to go on with it."""

    plan: SessionPlan
    seat: Seat
    newest_event_id: int
    outbox: Outbox  # knows which frames its client may not have received
    answers: Answers
    steered: Steered
    heard_ns: int  # when its client last said anything
    inherit: Callable[[Callable[[Delivered], None]], None]  # who receives what its chunk in hand still gives


class Lobby:
    """Abandoned sessions, each for `keep_s`; they count among those that the engine serves at once.

    They compute nothing, but their buffers stay in memory. Lives on the server's event loop.
    """

    def __init__(self, worker: Worker, *, keep_s: float) -> None:
        self._worker = worker
        self._keep_s = keep_s
        self._waiting: dict[str, Abandoned] = {}  # by resume token, oldest first
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def session_ids(self) -> frozenset[str]:
        """Of those that wait."""
        return frozenset(abandoned.plan.session_id for abandoned in self._waiting.values())

    def keep(self, abandoned: Abandoned) -> None:
        """Hold its seat until its client comes back or `keep_s` have passed."""
        token = abandoned.plan.resume_token
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
