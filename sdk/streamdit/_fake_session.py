"""One stream of `testing.FakeEngine`: the engine's half of the protocol around a painted square."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
import simplejpeg

from streamdit import checks
from streamdit._convert import ClientMessage
from streamdit._fake_heard import FakeHeard
from streamdit._fake_world import FakeScene, abort_rejected, world_message
from streamdit.rejection import Rejection, RejectReason
from streamdit.wire import engine_pb2 as pb

if TYPE_CHECKING:
    from streamdit.testing import FakeEngine

HALF_CLOSE_S = 0.5
# How the engine refuses a stream; all else is INVALID_ARGUMENT.
STATUS = {
    RejectReason.OPEN_EXPECTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.OPEN_REPEATED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.API_VERSION_UNSUPPORTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.UNKNOWN_WORLD: grpc.StatusCode.NOT_FOUND,
    RejectReason.UNKNOWN_PROFILE: grpc.StatusCode.NOT_FOUND,
}


class FakeSession:
    """Reads events, paints frames, counts credit."""

    def __init__(self, engine: "FakeEngine", context: Any, session_id: str) -> None:
        self.engine = engine
        self.session_id = session_id
        self._heard = FakeHeard(engine.world)
        self._context = context
        self._began_s = time.monotonic()
        self._writing = asyncio.Lock()
        self._changed = asyncio.Event()
        self.ending: pb.Closed | None = None
        self._refusal: Rejection | None = None  # which ends the stream
        self._heard_s = self._began_s
        self._rung = 0
        self._delivery = "DELIVERY_LATEST"
        self._encoding = "ENCODING_JPEG"
        self._window = engine.window
        self._jpeg_quality = 90
        self._not_applied: list[int] = []
        self._num_generated = self._num_sent = 0
        self._sent_id = self._acked_id = 0
        self._unacked: list[int] = []
        self._waiting: pb.Frame | None = None  # LATEST without credit
        self._replaced = self._replaced_total = 0

    async def run(self) -> None:
        """From `open` to `closed`. A cancellation is passed on, never swallowed (grpc #43360)."""
        if not await self._opening(await self._context.read()):
            return
        reader = asyncio.create_task(self._read())
        watches = [asyncio.create_task(watch()) for watch in (self._watch_idle, self._watch_actions)]
        try:
            await self._generate()
            assert self.ending is not None
            if self._refusal is not None:
                await self._refuse(self._refusal)
            if self.engine.misbehaviour.ignore_close:
                await asyncio.Event().wait()
            await self._write(closed=self.ending)
            # Ending the call while the client still writes makes its grpc.aio forget what it has not read.
            await asyncio.wait({reader}, timeout=HALF_CLOSE_S)
        finally:
            for task in (reader, *watches):
                task.cancel()
            await asyncio.gather(reader, *watches, return_exceptions=True)

    async def until_ending(self) -> None:
        """Returns when something has ended the session."""
        await self._until(lambda: False)

    @property
    def holds_action(self) -> bool:
        """Whether an action is in force, or within the horizon."""
        return self._heard.holds_action

    async def drain(self, deadline_s: float) -> None:
        """Announce, then end."""
        await self._write(draining=pb.Draining(deadline_s=deadline_s, detail="going down"))
        self._end("CLOSED_REASON_SERVER_DRAINING", "going down")

    # -------------------------------------------------------------------------------------------- opening

    async def _refuse(self, rejection: Rejection) -> NoReturn:
        await abort_rejected(
            self._context,
            STATUS.get(rejection.reason, grpc.StatusCode.INVALID_ARGUMENT),
            rejection.reason.name,
            field=rejection.field,
            value=rejection.value,
            detail=rejection.detail,
        )

    async def _opening(self, message: Any) -> bool:
        if not isinstance(message, ClientMessage):
            return False  # the client left before it said anything
        self.engine.received.append(message)
        world, wrong, wish = self.engine.world, self.engine.misbehaviour, message.open
        if wrong.silent:
            await asyncio.Event().wait()
        if wrong.reject:
            code, detail = grpc.StatusCode.INVALID_ARGUMENT, f"told to refuse with {wrong.reject}"
            await abort_rejected(self._context, code, wrong.reject, field="open", value="", detail=detail)
        try:
            if message.WhichOneof("body") != "open":
                raise checks.open_expected((message.WhichOneof("body") or "empty").capitalize())
            self._heard.begin(wish)
        except Rejection as rejection:
            await self._refuse(rejection)
        self._delivery = pb.Delivery.Name(wish.delivery or pb.DELIVERY_LATEST)
        self._encoding = pb.Encoding.Name(wish.encodings[0] if wish.encodings else pb.ENCODING_JPEG)
        self._window = min(wish.window or self._window, self._window)
        self._jpeg_quality = wish.jpeg_quality or self._jpeg_quality
        opened = pb.Opened(
            session_id=self.session_id,
            world=world_message(world),
            encoding=self._encoding,
            profile=wish.profile or world.default_profile,
            seed=wish.seed if wish.HasField("seed") else 7,
            delivery=self._delivery,
            window=self._window,
            api_version=wrong.api_version,
            idle_timeout_s=self.engine.idle_timeout_s,
            max_prompt_chars=checks.MAX_PROMPT_CHARS,
            max_horizon_frames=checks.MAX_HORIZON_FRAMES,
            server_time_us=_now_us(),
            steered_by=[f"STEERING_{said.upper()}" for said in ("prompt", "state", "actions") if wish.HasField(said)],
            actions_timeout_s=self._actions_timeout_s,
        )
        await self._write(opened=opened)
        return True

    # --------------------------------------------------------------------------------------------- silence

    @property
    def _actions_timeout_s(self) -> float:
        return 0.0 if self._delivery == "DELIVERY_LOCKSTEP" else self.engine.actions_timeout_s

    async def _watch_idle(self) -> None:
        """A client that says nothing at all is closed."""
        limit_s = self.engine.idle_timeout_s
        while (left_s := self._heard_s + limit_s - time.monotonic()) > 0:  # noqa: ASYNC110  a later message moves it
            await asyncio.sleep(left_s)
        self._end("CLOSED_REASON_IDLE", f"no message from the client for {limit_s:g} s")

    async def _watch_actions(self) -> None:
        """A client that says nothing for a while holds nothing any more."""
        limit_s = self._actions_timeout_s
        while limit_s:
            silent_s = time.monotonic() - self._heard_s
            if silent_s >= limit_s and self._heard.holds_action:
                self._heard.let_go()
                detail = f"no message came for {silent_s:.1f} s, no action is held any more"
                await self._write(notice=pb.Notice(code="NOTICE_CODE_ACTIONS_RELEASED", detail=detail))
            await asyncio.sleep(limit_s - silent_s if silent_s < limit_s else limit_s)

    # ---------------------------------------------------------------------------------------------- reader

    async def _read(self) -> None:
        while isinstance(message := await self._context.read(), ClientMessage):
            self._heard_s = time.monotonic()
            self.engine.received.append(message)
            try:
                await self._take(message)
            except Rejection as rejection:
                await self._reject(0 if message.WhichOneof("body") == "ack" else message.event_id, rejection)
            self._changed.set()
        self._end("CLOSED_REASON_CLIENT_GONE", "")

    async def _take(self, message: ClientMessage) -> None:
        body = message.WhichOneof("body")
        if body == "ack":
            await self._credit(message.ack.frame_id)
        elif body == "open":
            self._refusal = checks.open_repeated()
            self._end("CLOSED_REASON_UNSPECIFIED", "refused")
        elif body == "heartbeat":
            if not self.engine.misbehaviour.mute:
                sent_us = message.heartbeat.client_time_us
                await self._write(heartbeat=pb.Heartbeat(client_time_us=sent_us, server_time_us=_now_us()))
        elif body == "close":
            self._end("CLOSED_REASON_CLIENT_CLOSED", message.close.detail)
        else:
            self._heard.take(message, self._num_generated)
            self._not_applied.append(message.event_id)

    async def _reject(self, event_id: int, rejection: Rejection) -> None:
        await self._write(
            event_rejected=pb.EventRejected(
                event_id=event_id,
                reason=f"REJECT_REASON_{rejection.reason.name}",
                field=rejection.field,
                value=rejection.value,
                detail=rejection.detail,
            )
        )

    # ------------------------------------------------------------------------------------------- generator

    async def _generate(self) -> None:
        """Chunk after chunk until something ends the session; conditioning is taken at each chunk's start."""
        tick = None
        if self.engine.tick is not None and self._delivery != "DELIVERY_LOCKSTEP":
            tick = self.engine.tick()
        drop_after = self.engine.misbehaviour.drop_after_frames
        while self.ending is None:
            await self._until(lambda: not self._heard.paused and (tick is not None or self._has_credit()))
            scene, last_event_id = self._heard.scene, self._heard.newest_event_id
            self._heard.scene = scene.shown()
            applied, self._not_applied = self._not_applied, []
            frames_per_shift = self._heard.frames_per_shift
            for _ in range(frames_per_shift):
                if tick is not None:
                    await self._until_ended_or(tick())
                elif self._delivery != "DELIVERY_LOCKSTEP":
                    await self._until(self._has_credit)
                if self.ending is not None:
                    return
                if self._num_generated == drop_after:
                    await self._context.abort(grpc.StatusCode.UNAVAILABLE, "told to drop the connection")
                await self._tell_rung()
                await self._tell_applied(applied)
                applied = []
                await self._offer(self._make(scene, last_event_id))
                scene = scene.shown()

    def _make(self, scene: FakeScene, last_event_id: int) -> pb.Frame:
        world, start_us = self.engine.world, _now_us()
        rgb = scene.picture(world, self._num_generated)
        width, height = self.engine.misbehaviour.frame_size or (world.width, world.height)
        end_us = _now_us()
        raw = self._encoding == "ENCODING_RGB24"
        payload = rgb.tobytes() if raw else simplejpeg.encode_jpeg(rgb, self._jpeg_quality, "RGB", "444")
        self._num_generated += 1
        return pb.Frame(
            frame_id=self._num_generated,
            pts_us=(self._num_generated - 1) * world.frame_period_us,
            last_event_id=last_event_id,
            encoding=self._encoding,
            width=width,
            height=height,
            payload=payload,
            generate_start_us=start_us,
            generate_end_us=end_us,
            send_us=_now_us(),
            encode_us=_now_us() - end_us,
            rung=self._rung,
        )

    async def _tell_rung(self) -> None:
        rung, reason = self.engine.rung
        if rung != self._rung:
            self._rung = rung
            await self._write(notice=pb.Notice(code="NOTICE_CODE_RUNG_CHANGED", detail=reason))

    async def _tell_applied(self, event_ids: list[int]) -> None:
        frame_id = self._num_generated + 1
        pts_us = self._num_generated * self.engine.world.frame_period_us
        for event_id in event_ids:
            applied = pb.EventApplied(event_id=event_id, frame_id=frame_id, pts_us=pts_us)
            await self._write(event_applied=applied)

    def _has_credit(self) -> bool:
        if self._delivery == "DELIVERY_LOCKSTEP":
            return self._acked_id >= self._sent_id
        if self._delivery == "DELIVERY_ALL":
            return len(self._unacked) < self.engine.max_behind
        return len(self._unacked) < self._window

    async def _offer(self, frame: pb.Frame) -> None:
        if self._delivery == "DELIVERY_ALL" and not self._has_credit():
            self._end("CLOSED_REASON_TOO_SLOW", f"{len(self._unacked)} frames behind")
            return
        if self._delivery == "DELIVERY_LATEST" and not self._has_credit():
            self._replaced += self._waiting is not None
            self._waiting = frame
            return
        await self._send(frame)

    async def _send(self, frame: pb.Frame) -> None:
        frame.dropped_before.network = self._replaced
        self._replaced_total += self._replaced
        self._replaced = 0
        self._sent_id = frame.frame_id
        self._unacked.append(frame.frame_id)
        self._num_sent += 1
        await self._write(frame=frame)

    async def _credit(self, frame_id: int) -> None:
        if 0 < frame_id <= self._acked_id:
            return  # said again, which is harmless
        checks.check_ack(frame_id, self._unacked)
        self._acked_id = frame_id
        self._unacked = [sent for sent in self._unacked if sent > frame_id]
        if self._waiting is not None and self._has_credit():
            frame, self._waiting = self._waiting, None
            await self._send(frame)

    # ------------------------------------------------------------------------------------------ small parts

    async def _write(self, **body: Any) -> None:
        async with self._writing:
            if self.engine.misbehaviour.from_the_future and "opened" not in body:
                await self._context.write(pb.ServerMessage.FromString(b"\xfa\x07\x03new"))  # field 127
            await self._context.write(pb.ServerMessage(**body))

    def _end(self, reason: str, detail: str) -> None:
        if self.ending is None:
            self.ending = pb.Closed(
                reason=cast(Any, 99) if self.engine.misbehaviour.from_the_future else reason,
                detail=detail,
                frames_generated=self._num_generated,
                frames_sent=self._num_sent,
                dropped=pb.Drops(network=self._replaced_total),
                duration_s=time.monotonic() - self._began_s,
            )
        self._changed.set()

    async def _until(self, true: Callable[[], bool]) -> None:
        while self.ending is None and not true():
            self._changed.clear()
            await self._changed.wait()

    async def _until_ended_or(self, tick: Any) -> None:
        ended = asyncio.create_task(self._until(lambda: False))
        ticked = asyncio.ensure_future(tick)
        try:
            await asyncio.wait({ended, ticked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            ticked.cancel()
            await asyncio.gather(ended, ticked, return_exceptions=True)


def _now_us() -> int:
    return time.monotonic_ns() // 1000
