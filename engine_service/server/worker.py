"""One device, one thread: the worker owns all players and makes the most urgent chunk, and with it those that fit."""

import logging
import threading
from collections.abc import Callable

from engine_service.server.claim import Claim, made_together, most_urgent
from engine_service.server.governed import no_gpu
from engine_service.server.messages import PlayerFactory, SessionPlan
from engine_service.server.seat import Delivered, Failed, Seat
from engine_service.stream.batch import Calls, play
from engine_service.stream.clock import Clock
from engine_service.stream.governor import GovernorConfig
from engine_service.types import Event, GpuReading, Pause, Resume

log = logging.getLogger(__name__)


class Worker:
    """Sleeps on a condition until a seat is due; no polling.

    Seats are served by due time: a paced session's is its chunk start, a lockstep session's the moment its
    last frame was acknowledged. Sessions due together are denoised in one batch, where the device gains by it
    (docs/decisions/0011). A player that raises loses its seat, the others do not notice.
    """

    def __init__(
        self,
        factory: PlayerFactory,
        *,
        clock: Clock,
        governor: GovernorConfig | None = None,
        newest_reading: Callable[[], GpuReading | None] = no_gpu,
        died: Callable[[str], None] | None = None,
    ) -> None:
        """`newest_reading` of the GPU is asked after every chunk and must not wait. `died` is called in the worker's
        thread, with the reason, if that ends by anything but `stop`: nothing is computed any more."""
        self._died = died
        self._factory = factory
        self._governor = governor
        self._newest_reading = newest_reading
        self._clock = clock
        self._seats: list[Seat] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        if self._thread is not None:
            raise RuntimeError("the worker is already running")
        self._thread = threading.Thread(target=self._live, name="streamdit-worker", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the chunk in hand, then join the thread; a chunk that hangs is given up after `timeout_s`.

        May be repeated, also while it runs: a second signal does so.
        """
        with self._changed:
            self._stopping = True
            self._seats.clear()
            self._changed.notify()
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
            if thread.is_alive():
                log.error("the worker still computes after %g s and is left behind", timeout_s)
            self._thread = None

    def sit(self, plan: SessionPlan, deliver: Callable[[Delivered], None]) -> Seat:
        """Give a session a seat; its player is created in the worker thread.

        `deliver` is called there with everything that comes of it; it must not block.
        """
        seat = Seat(
            plan,
            clock=self._clock,
            deliver=deliver,
            governor=self._governor,
            newest_reading=self._newest_reading,
        )
        with self._changed:
            self._seats.append(seat)
            self._changed.notify()
        return seat

    def post(self, seat: Seat, event: Event) -> tuple[int, ...]:
        """Hand a checked event over for the seat's next micro-step; the ids of those that it replaces."""
        with self._changed:
            replaced = seat.post(event)
            if isinstance(event, Pause | Resume):
                # Other events wait for the chunk's start anyway.
                self._changed.notify()
            return replaced

    def permit(self, seat: Seat) -> None:
        """Lockstep: the seat's next chunk may be made."""
        with self._changed:
            seat.permit()
            self._changed.notify()

    def hold(self, seat: Seat) -> None:
        """Make nothing for this seat until it is handed over; a chunk in hand is finished and ignored."""
        with self._changed:
            seat.hold()
            self._changed.notify()

    def hand_over(self, seat: Seat, deliver: Callable[[Delivered], None]) -> bool:
        """Go on with a held seat for another connection; False if its player failed meanwhile."""
        with self._changed:
            if seat not in self._seats:
                return False
            seat.hand_over(deliver)
            self._changed.notify()
            return True

    def leave(self, seat: Seat) -> None:
        """Free a seat; a chunk in hand is finished and then ignored. Leaving twice is harmless."""
        with self._changed:
            if seat in self._seats:
                self._seats.remove(seat)
                self._changed.notify()

    def turn(self) -> float | None:
        """Make one batch of chunks, or one player, if a seat is due, and return 0.

        Otherwise return how many seconds until one is; None if only a change of the seats decides that.
        """
        with self._changed:
            seats, claims = self._claims()
            first = most_urgent(claims)
            if first is None:
                return None
            now_ns = self._clock.now_ns()
            if claims[first].due_ns > now_ns:
                return (claims[first].due_ns - now_ns) * 1e-9
            chosen = [seats[i] for i in made_together(claims, first, now_ns)]
            work = [self._work(seat) for seat in chosen]
        for seat, outcome in zip(chosen, play(work), strict=True):
            if outcome is not None:
                log.error("session %s failed", seat.plan.session_id, exc_info=outcome)
                self.leave(seat)
                seat.deliver(Failed(_why(outcome)))
        return 0.0

    def _work(self, seat: Seat) -> Calls[None]:
        """A seat's next chunk, or its player, not begun yet."""
        if not seat.has_player:
            return seat.make_player(self._factory)
        events, toggles = seat.take()
        return seat.make_chunk(events, toggles, lambda: self._news(seat))

    def _news(self, seat: Seat) -> tuple[Event, ...]:
        with self._changed:
            return seat.take_news()

    def _claims(self) -> tuple[list[Seat], list[Claim]]:
        """The seats that want something, and what."""
        claims = [(seat, claim) for seat in self._seats if (claim := seat.claim()) is not None]
        return [seat for seat, _ in claims], [claim for _, claim in claims]

    def _live(self) -> None:
        """A player's own failure costs its session; what comes up to here is the engine's, and costs all of them."""
        try:
            self._run()
        except BaseException as error:
            log.exception("the worker has died")
            if self._died is not None:
                self._died(f"the engine's worker has died: {_why(error)}")

    def _run(self) -> None:
        while True:
            wait_s = self.turn()
            with self._changed:
                if self._stopping:
                    return
                if wait_s == 0.0:
                    continue
                # Something may have changed since the turn: look again under the lock before sleeping.
                _, claims = self._claims()
                first = most_urgent(claims)
                if first is None:
                    self._changed.wait()
                elif (wait_ns := claims[first].due_ns - self._clock.now_ns()) > 0:
                    self._changed.wait(wait_ns * 1e-9)


def _why(error: BaseException) -> str:
    """What a client reads of a player's failure; where an operator can help, with the remedy."""
    name = type(error).__name__
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":  # torch's own is no MemoryError
        return f"the device is out of memory ({error}): serve fewer sessions (--max-sessions) or a smaller profile"
    return f"{name}: {error}"
