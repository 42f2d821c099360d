"""The gRPC servicer: who may come in, and one `Play` per stream."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import grpc

from engine_service.log import printable
from engine_service.server import convert
from engine_service.server.admission import (
    Offer,
    admit,
    check_api_version,
    check_gpu_memory,
    check_room,
    expect_open,
)
from engine_service.server.auth import check_bearer
from engine_service.server.config import ServerConfig
from engine_service.server.line import next_message
from engine_service.server.lobby import Abandoned, Lobby
from engine_service.server.messages import OpenRequest, SessionPlan
from engine_service.server.metrics import Metrics
from engine_service.server.picture_thread import PictureThread
from engine_service.server.play import Play
from engine_service.server.prompt_thread import PromptThread
from engine_service.server.rejection import Rejection
from engine_service.server.worker import Worker
from engine_service.stream.clock import Clock
from engine_service.types import Closed, ClosedReason, GpuReading
from streamdit.wire import engine_pb2_grpc

log = logging.getLogger(__name__)


class EngineService(engine_pb2_grpc.EngineServiceServicer):
    """Answers GetServerInfo and Play; a session has its slot exactly as long as its call runs."""

    def __init__(
        self,
        *,
        offer: Offer,
        worker: Worker,
        config: ServerConfig,
        clock: Clock,
        metrics: Metrics,
        backend: str,
        device: str,
        newest_reading: Callable[[], GpuReading | None],
        prompts: PromptThread,
        pictures: PictureThread,
    ) -> None:
        self._pictures = pictures
        self._prompts = prompts
        self._newest_reading = newest_reading
        self._offer = offer
        self._worker = worker
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._backend = backend
        self._device = device
        self._plays: set[Play] = set()
        self._lobby = Lobby(worker, keep_s=config.resume_s)
        self._draining = False
        self._failure = ""  # why nothing can be computed any more
        self._empty = asyncio.Event()
        self._empty.set()

    async def GetServerInfo(  # noqa: N802 - the wire's name
        self,
        request: object,  # noqa: ARG002 - it is empty
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> convert.ServerInfo:
        """What this engine serves."""
        try:
            check_bearer(context.invocation_metadata() or (), self._config.token)
        except Rejection as rejection:
            await self._refuse(context, rejection)
        return convert.server_info(
            tuple(self._offer.worlds.values()),
            backend=self._backend,
            device=self._device,
            max_sessions=self._offer.max_sessions,
            active_sessions=len(self._plays),
        )

    async def Play(  # noqa: N802 - the wire's name
        self,
        request_iterator: AsyncIterator[bytes],  # noqa: ARG002 - read through the context
        context: grpc.aio.ServicerContext[bytes, convert.ToClient],
    ) -> None:
        """One session. Writes through the context: a generator learns late that its client vanished."""
        await self._expect_service(context)
        try:
            with self._metrics.unopened_streams.track_inprogress():
                request = await self._expect_open(context)
            resumed = self._resume(request)
            plan = await self._admit(request) if resumed is None else resumed.plan
        except Rejection as rejection:
            await self._refuse(context, rejection)
        self._log_begin(context.peer(), request, plan, again=resumed is not None)
        play = Play(
            plan,
            context,
            worker=self._worker,
            config=self._config,
            clock=self._clock,
            metrics=self._metrics,
            active_sessions=lambda: len(self._plays),
            keep=self._keep,
            read_prompt=self._prompts.read,
            decode=self._pictures.run,
            resumed=resumed,
            received_frame_id=request.received_frame_id,
        )
        self._plays.add(play)
        self._count()
        try:
            end = await play.run()
        finally:
            self._plays.discard(play)
            self._count()
        if isinstance(end, Rejection):
            await self._refuse(context, end)

    @property
    def _num_seats(self) -> int:
        """Sessions that are played, and those that are kept for a client that may come back: no one takes its seat."""
        return len({play.plan.session_id for play in self._plays} | self._lobby.session_ids)

    def fail(self, why: str) -> None:
        """Nothing can be computed any more: end all sessions with ENGINE_FAILED, and refuse those that come."""
        self._failure = why
        self._lobby.clear()
        for play in self._plays:
            play.end(Closed(ClosedReason.ENGINE_FAILED, why))

    async def drain(self, deadline_s: float) -> None:
        """Take no new sessions, warn the others, close those still here after half of the time."""
        self._draining = True
        self._lobby.clear()
        for play in self._plays:
            play.announce_drain(deadline_s)
        if not await self._emptied(deadline_s / 2):
            for play in self._plays:
                play.end(Closed(ClosedReason.SERVER_DRAINING, "the engine is shutting down"))
            await self._emptied(deadline_s / 2)

    async def _expect_service(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """The engine can take a session: it is not going down, and its device is there."""
        if self._draining:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is shutting down")
        if self._failure:
            await context.abort(grpc.StatusCode.UNAVAILABLE, self._failure)

    async def _expect_open(self, context: grpc.aio.ServicerContext[bytes, convert.ToClient]) -> OpenRequest:
        check_bearer(context.invocation_metadata() or (), self._config.token)
        try:
            async with asyncio.timeout(self._config.idle_timeout_s):
                first = await next_message(context)
        except TimeoutError:
            first = None
        await self._expect_service(context)  # which may have ended while the client was silent
        return expect_open(first)

    async def _admit(self, request: OpenRequest) -> SessionPlan:
        admission = partial(
            admit,
            request,
            self._offer,
            active_sessions=self._num_seats,
            kept_sessions=len(self._lobby),
            session_id=secrets.token_hex(8),
            fresh_seed=secrets.randbits(63),
            resume_token=secrets.token_hex(16) if self._config.resume_s else "",
        )
        if request.start is None:
            plan = admission()
        else:
            plan = await self._pictures.run(admission)  # it decodes them
        if plan.prompt is not None:
            await self._prompts.read(plan.world, plan.prompt.text)
        check_room(self._offer, self._num_seats, len(self._lobby))  # others may have come meanwhile
        check_gpu_memory(self._newest_reading())
        return plan

    def _resume(self, request: OpenRequest) -> Abandoned | None:
        """The session whose token the client holds, if it is still there."""
        token = request.resume_token
        if not token:
            return None
        check_api_version(request)
        for play in self._plays:
            if play.plan.resume_token == token and play.lives:
                return play.give_away()  # the client has noticed before us that the connection is broken
        return self._lobby.take(token)

    def _keep(self, abandoned: Abandoned) -> None:
        if self._draining or self._failure:
            self._worker.leave(abandoned.seat)
        else:
            self._lobby.keep(abandoned)

    def _log_begin(self, peer: str, request: OpenRequest, plan: SessionPlan, *, again: bool) -> None:
        sdk = printable(request.sdk) or "unnamed client"
        log.info(
            "session %s%s for %s (%s): world %s, profile %s, seed %d, %s, %s",
            plan.session_id,
            " resumed" if again else "",
            peer,
            sdk,
            plan.world.name,
            plan.profile,
            plan.seed,
            plan.delivery.name,
            plan.encoding.name,
            extra={
                "event": "session_resumed" if again else "session_begun",
                "session": plan.session_id,
                "peer": peer,
                "sdk": sdk,
                "world": plan.world.name,
                "profile": plan.profile,
                "seed": plan.seed,
                "delivery": plan.delivery.name,
                "encoding": plan.encoding.name,
                "active_sessions": len(self._plays) + 1,
            },
        )

    async def _refuse(self, context: grpc.aio.ServicerContext[Any, Any], rejection: Rejection) -> None:
        # Not the detail: it may quote a prompt.
        log.info(
            "refused %s: %s, %s",
            context.peer(),
            rejection.reason.name,
            rejection.field,
            extra={
                "event": "refused",
                "peer": context.peer(),
                "reason": rejection.reason.name,
                "field": rejection.field,
            },
        )
        self._metrics.rejections.labels(rejection.reason.name).inc()
        await context.abort_with_status(convert.status(rejection))

    async def _emptied(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    def _count(self) -> None:
        self._metrics.sessions.set(len(self._plays))
        if self._plays:
            self._empty.clear()
        else:
            self._empty.set()
