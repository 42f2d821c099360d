"""The gRPC servicer: who may come in, and one `Play` per stream."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from typing import Any

import grpc

from engine_service.server import convert
from engine_service.server.admission import Offer, admit, expect_open
from engine_service.server.auth import check_bearer
from engine_service.server.config import ServerConfig
from engine_service.server.line import next_message
from engine_service.server.messages import SessionPlan
from engine_service.server.metrics import Metrics
from engine_service.server.play import Play
from engine_service.server.rejection import Rejection
from engine_service.server.worker import Worker
from engine_service.stream.clock import Clock
from engine_service.types import Closed, ClosedReason
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
    ) -> None:
        self._offer = offer
        self._worker = worker
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._backend = backend
        self._device = device
        self._plays: set[Play] = set()
        self._draining = False
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
        request_iterator: AsyncIterator[convert.FromClient],  # noqa: ARG002 - read through the context
        context: grpc.aio.ServicerContext[convert.FromClient, convert.ToClient],
    ) -> None:
        """One session. Writes through the context: a generator learns late that its client vanished."""
        if self._draining:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the engine is shutting down")
        try:
            plan = await self._admit(context)
        except Rejection as rejection:
            await self._refuse(context, rejection)
        play = Play(
            plan,
            context,
            worker=self._worker,
            config=self._config,
            clock=self._clock,
            metrics=self._metrics,
            active_sessions=lambda: len(self._plays),
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

    async def drain(self, deadline_s: float) -> None:
        """Take no new sessions, warn the others, close those still here after half of the time."""
        self._draining = True
        for play in self._plays:
            play.announce_drain(deadline_s)
        if not await self._emptied(deadline_s / 2):
            for play in self._plays:
                play.end(Closed(ClosedReason.SERVER_DRAINING, "the engine is shutting down"))
            await self._emptied(deadline_s / 2)

    async def _admit(self, context: grpc.aio.ServicerContext[convert.FromClient, convert.ToClient]) -> SessionPlan:
        check_bearer(context.invocation_metadata() or (), self._config.token)
        try:
            async with asyncio.timeout(self._config.idle_timeout_s):
                first = await next_message(context)
        except TimeoutError:
            first = None
        request = expect_open(first)
        plan = admit(
            request,
            self._offer,
            active_sessions=len(self._plays),
            session_id=secrets.token_hex(8),
            fresh_seed=secrets.randbits(63),
        )
        log.info(
            "session %s for %s (%s): world %s, profile %s, seed %d, %s, %s",
            plan.session_id,
            context.peer(),
            request.sdk or "unnamed client",
            plan.world.name,
            plan.profile,
            plan.seed,
            plan.delivery.name,
            plan.encoding.name,
        )
        return plan

    async def _refuse(self, context: grpc.aio.ServicerContext[Any, Any], rejection: Rejection) -> None:
        log.info("refused %s: %s %s", context.peer(), rejection.reason.name, rejection.detail)
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
