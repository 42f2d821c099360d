"""One session on the asyncio side: what the client says goes to the worker, what the worker makes goes out.

The caller's task writes, a task of its own reads; the loop's timers watch for silence and tell the time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from engine_service.log import printable
from engine_service.model.world import World
from engine_service.server import convert, messages
from engine_service.server.answers import Answers
from engine_service.server.config import ServerConfig
from engine_service.server.governed import RungChanged
from engine_service.server.hearing import Decode, Hearing
from engine_service.server.line import Incoming, Line
from engine_service.server.lobby import Abandoned
from engine_service.server.messages import Delivery, SessionPlan
from engine_service.server.metrics import Metrics
from engine_service.server.outbox import Outbox
from engine_service.server.rejection import Rejection
from engine_service.server.seat import Delivered, Failed, Frames, Late, Made
from engine_service.server.silence import Silence
from engine_service.server.speaking import Speaking
from engine_service.server.tally import Tally, Totals
from engine_service.server.worker import Worker
from engine_service.stream.clock import Clock
from engine_service.types import Actions, Applied, Closed, ClosedReason, Event, FarPrompt, UnknownWords
from streamdit import checks

log = logging.getLogger(__name__)

_STATS_PERIOD_S = 1.0
_HALF_CLOSE_S = 0.1
_HANG_UP_S = 0.5


class Play:
    """A session from `opened` to `closed`."""

    def __init__(
        self,
        plan: SessionPlan,
        line: Line,
        *,
        worker: Worker,
        config: ServerConfig,
        clock: Clock,
        metrics: Metrics,
        active_sessions: Callable[[], int],
        keep: Callable[[Abandoned], None],
        read_prompt: Callable[[World, str], Awaitable[None]],
        decode: Decode = asyncio.to_thread,
        resumed: Abandoned | None = None,
        received_frame_id: int | None = None,
        control_size: int = 1024,
    ) -> None:
        """`keep` takes the session if the client vanishes; `resumed` is the one this one goes on with, of which the
        client has received the frames up to `received_frame_id`. Beside frames at most `control_size` messages wait
        for the client (`Speaking`)."""
        self._plan = plan
        self._line = line
        self._incoming = Incoming(line)
        self._worker = worker
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._active_sessions = active_sessions
        self._keep = keep
        lost_before = None if resumed is None else resumed.outbox.lost_after(received_frame_id)
        self._outbox = Outbox(plan.delivery, window=plan.window, lost_before=lost_before)
        self._answers = Answers() if resumed is None else resumed.answers
        self._tally = Tally()
        self._speaking = Speaking(
            line,
            self._outbox,
            clock=clock,
            metrics=metrics,
            tally=self._tally,
            too_slow=self._too_slow,
            control_size=control_size,
        )
        self._end: Closed | Rejection | None = None
        self._patience = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._resumed_after = None if resumed is None else resumed.newest_event_id
        self._began_ns = clock.now_ns()
        self._hearing = Hearing(
            plan,
            self._post,
            self._skip,
            lambda world, text: self._incoming.read_during(read_prompt(world, text)),
            decode,
            newest_event_id=self._resumed_after or 0,
            steered=None if resumed is None else resumed.steered,
        )
        self._silence = Silence(
            clock,
            idle_timeout_s=config.idle_timeout_s,
            actions_timeout_s=0.0 if plan.delivery is Delivery.LOCKSTEP else config.actions_timeout_s,
            steered=lambda: self._hearing.steered,
            too_long=self._too_long_silent,
            let_go=self._let_go,
        )
        self._stats_timer = self._loop.call_later(_STATS_PERIOD_S, self._report)
        self._leaves_seat = False
        self._heir: Callable[[Delivered], None] | None = None  # the next connection of the same session
        self._left: list[Delivered] = []  # for it, until it comes; a chunk at most, since the seat is held
        if resumed is None:
            self._seat = worker.sit(plan, self.deliver)
        else:
            self._seat = resumed.seat
            if not worker.hand_over(self._seat, self.deliver):
                self._end = Closed(ClosedReason.ENGINE_FAILED, "the session failed while its client was away")
                self._speaking.stop()
            resumed.inherit(self._receive)
        self._silence.began(self._silence.heard_ns if resumed is None else resumed.heard_ns)

    @property
    def totals(self) -> Totals:
        """What the session came to so far."""
        return Totals(
            frames_generated=self._outbox.frames_generated,
            frames_sent=self._outbox.frames_sent,
            dropped=self._outbox.dropped,
            duration_s=(self._clock.now_ns() - self._began_ns) * 1e-9,
        )

    def end(self, end: Closed | Rejection) -> None:
        """End the session; the first reason counts. The client has `close_s` to read it."""
        if self._end is None:
            self._end = end
            self._patience.reschedule(self._loop.time() + self._config.close_s)
            self._speaking.stop()

    def give_away(self) -> Abandoned:
        """End, because the client has come back on another connection that will go on with the session."""
        self._leaves_seat = True
        self.end(Closed(ClosedReason.CLIENT_GONE, "the client came back on another connection"))
        return self._abandoned()

    def _abandoned(self) -> Abandoned:
        hearing = self._hearing
        return Abandoned(
            plan=replace(self._plan, profile=hearing.steered.profile),
            seat=self._seat,
            newest_event_id=hearing.newest_event_id,
            outbox=self._outbox,
            answers=self._answers,
            steered=hearing.steered,
            heard_ns=self._silence.heard_ns,
            inherit=self._bequeath,
        )

    def _bequeath(self, heir: Callable[[Delivered], None]) -> None:
        """Pass on what the worker delivered, or still does, to a connection that is gone."""
        self._heir = heir
        for item in self._left:
            heir(item)
        self._left.clear()

    @property
    def lives(self) -> bool:
        """No reason to end has come yet."""
        return self._end is None

    @property
    def plan(self) -> SessionPlan:
        """What was agreed on."""
        return self._plan

    def announce_drain(self, deadline_s: float) -> None:
        """Tell the client that the engine is going down."""
        self._speaking.tell(convert.draining(deadline_s))

    async def run(self) -> Closed | Rejection:
        """Serve until the end, and say why it came; a Rejection is for the caller to put into the status.

        Raises:
            asyncio.CancelledError: the client vanished.
        """
        listener = asyncio.create_task(self._listen(), name=f"listen {self._plan.session_id}")
        listener.add_done_callback(self._stopped_listening)
        try:
            async with self._patience:
                await self._speak()
                if isinstance(self._end, Closed):
                    # Ending a call under a client's write costs it what it has not read: let it hang up first.
                    await asyncio.wait({listener}, timeout=min(_HANG_UP_S, self._config.drain_s / 4))
        except TimeoutError:
            log.info("session %s did not read its end", self._plan.session_id)
        except asyncio.CancelledError:
            if self._end is None and self._plan.resume_token:
                self._leaves_seat = True
                self._keep(self._abandoned())
            self._end = self._end or Closed(ClosedReason.CLIENT_GONE, "the client vanished")
            raise
        finally:
            if not self._leaves_seat:
                self._worker.leave(self._seat)
            self._silence.stop()
            self._stats_timer.cancel()
            listener.cancel()
            self._incoming.stop()
            # An exception of the transport's that is passing through here has no reason yet.
            self._end = self._end or Closed(ClosedReason.ENGINE_FAILED, "the stream could not be written")
            self._log_end(self._end)
        return self._end

    # ------------------------------------------------------------------------------------ from the client

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._incoming.next()
                if self._end is not None and message is not None:
                    continue  # too late to be heard; read only so that the client may hang up
                if message is None:
                    if self._end is not None:
                        return
                    # A client that vanished looks the same at first; its cancellation ends this sleep.
                    await asyncio.sleep(_HALF_CLOSE_S)
                    self.end(Closed(ClosedReason.CLIENT_CLOSED, "the client ended its side of the stream"))
                    return
                self._silence.broken()
                await self._hear(message)
            except Rejection as rejection:
                self._reject(rejection, rejection.event_id)
            await self._speaking.room()

    def _stopped_listening(self, listener: asyncio.Task[None]) -> None:
        error = None if listener.cancelled() else listener.exception()
        if error is not None:
            log.error("session %s cannot be read", self._plan.session_id, exc_info=error)
            self.end(Closed(ClosedReason.ENGINE_FAILED, f"the stream could not be read: {error}"))

    async def _hear(self, message: messages.ClientMessage) -> None:
        event_id = getattr(message, "event_id", 0)
        try:
            match message:
                case messages.OpenRequest():
                    self.end(checks.open_repeated())
                case messages.Close():
                    self.end(Closed(ClosedReason.CLIENT_CLOSED, message.detail))
                case messages.Heartbeat():
                    self._speaking.tell(convert.heartbeat(message, now_ns=self._clock.now_ns()))
                case messages.Ack():
                    self._acknowledge(message.frame_id)
                case _:
                    if isinstance(await self._hearing.hear(message, self._incoming), Actions):
                        self._silence.watch_actions()
        except Rejection as rejection:
            self._reject(rejection, event_id)

    def _post(self, event: Event) -> None:
        self._replaced(self._worker.post(self._seat, event), by=event.event_id)

    def _skip(self, event: Event, newer_id: int) -> None:
        self._replaced((event.event_id,), by=newer_id)

    def _replaced(self, event_ids: tuple[int, ...], *, by: int) -> None:
        self._metrics.replaced_events.inc(len(event_ids))
        self._answer(self._answers.replaced(event_ids, by=by))

    def _answer(self, answers: Iterable[Applied]) -> None:
        for answer in answers:
            self._speaking.tell(convert.applied(answer))

    def _reject(self, rejection: Rejection, event_id: int) -> None:
        self._metrics.rejections.labels(rejection.reason.name).inc()
        self._speaking.tell(convert.rejected(rejection, event_id))

    def _acknowledge(self, frame_id: int) -> None:
        returned = self._outbox.ack(frame_id)
        self._speaking.look()
        if returned and self._plan.delivery is Delivery.LOCKSTEP and self._outbox.settled:
            self._worker.permit(self._seat)

    # ------------------------------------------------------------------------------------ from the worker

    def deliver(self, item: Delivered) -> None:
        """What the worker made; safe from any thread."""
        self._loop.call_soon_threadsafe(self._receive, item)

    def _receive(self, item: Delivered) -> None:
        if self._heir is not None:
            self._heir(item)
            return
        if self._leaves_seat:
            self._left.append(item)
            return
        if self._end is not None:
            return
        match item:
            case Frames():
                for frame in item.frames:
                    self._outbox.put(frame)
                    self._metrics.encode_s.observe(frame.encode_ns * 1e-9)
                if self._outbox.overflowed:
                    self._too_slow("more frames wait than may: the client does not keep up")
                self._speaking.look()
            case Made():
                self._tally.chunk(step_s=item.step_s, decode_s=item.decode_s)
                self._metrics.step_s.observe(item.step_s)
                self._metrics.decode_s.observe(item.decode_s)
                self._answer(self._answers.applied(item.applied))
            case Late():
                self._speaking.tell(convert.late(item.lateness_s, item.skip_frames))
            case RungChanged():
                self._metrics.rung_changes.labels("better" if item.better else "lower").inc()
                log.info("session %s: %s", self._plan.session_id, item.reason)
                self._speaking.tell(convert.rung_changed(item))
            case UnknownWords() | FarPrompt():
                self._speaking.tell(convert.remark(item))
            case Failed():
                self.end(Closed(ClosedReason.ENGINE_FAILED, item.detail))

    # -------------------------------------------------------------------------------------- to the client

    async def _speak(self) -> None:
        opened = convert.opened(
            self._plan,
            steered_by=self._hearing.steered.by,
            idle_timeout_s=self._config.idle_timeout_s,
            actions_timeout_s=self._silence.actions_timeout_s,
            resume_s=self._config.resume_s,
            resumed_after=self._resumed_after,
            now_ns=self._clock.now_ns(),
        )
        await self._line.write(opened)
        await self._speaking.run()
        if isinstance(self._end, Closed):
            await self._line.write(convert.closed(self._end, self.totals))

    def _too_slow(self, detail: str) -> None:
        self.end(Closed(ClosedReason.TOO_SLOW, detail))

    # --------------------------------------------------------------------------------------------- by time

    def _too_long_silent(self) -> None:
        self.end(Closed(ClosedReason.IDLE, f"no message from the client for {self._config.idle_timeout_s:g} s"))

    def _let_go(self, silent_s: float) -> None:
        if self._end is None:
            self._hearing.let_go()
            self._speaking.tell(convert.actions_released(silent_s))

    def _report(self) -> None:
        measured = self._tally.read()
        if self._speaking.caught_up:  # else the client is not reading, and the next report says more
            active = self._active_sessions()
            self._speaking.tell(convert.stats(self.totals, measured, active_sessions=active))
        self._stats_timer = self._loop.call_later(_STATS_PERIOD_S, self._report)

    def _log_end(self, end: Closed | Rejection) -> None:
        totals = self.totals
        reason = end.reason.name
        self._metrics.sessions_closed.labels(reason).inc()
        detail = printable(end.detail)  # a client's own words when it closes
        dropped = totals.dropped
        log.info(
            "session %s ended after %.1f s: %s (%s), %d frames sent; dropped %d late, %d unread",
            self._plan.session_id,
            totals.duration_s,
            reason,
            detail,
            totals.frames_sent,
            dropped.generate + dropped.encode,
            dropped.network,
            extra={
                "event": "session_ended",
                "session": self._plan.session_id,
                "duration_s": round(totals.duration_s, 3),
                "reason": reason,
                "detail": detail,
                "frames_sent": totals.frames_sent,
                "dropped_generate": dropped.generate,
                "dropped_encode": dropped.encode,
                "dropped_network": dropped.network,
            },
        )
