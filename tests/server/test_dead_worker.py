"""A worker thread that dies is nobody's secret: sessions end with the reason, health says so, newcomers are told."""

import asyncio

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import FakePlayer
from tests.server.wire_client import PATIENCE_S, until


class Broken(FakePlayer):
    """Fails where the worker does not expect a player to: when it is asked what it could share a call with."""

    @property
    def batch_group(self) -> str:
        raise AttributeError("no such thing as a batch")


async def test_a_dead_worker_ends_its_sessions_and_health_is_not_serving(start_engine: StartEngine) -> None:
    engine = await start_engine(players=Broken)
    call = await engine.play(delivery=wire.DELIVERY_LATEST)
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_ENGINE_FAILED
    assert "the engine's worker has died: AttributeError: no such thing as a batch; restart the engine" in closed.detail
    health = health_pb2_grpc.HealthStub(engine.channel)
    async with asyncio.timeout(PATIENCE_S):
        async for answer in health.Watch(health_pb2.HealthCheckRequest()):
            if answer.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                break
    late = engine.call()
    await late.raw.done_writing()
    assert await late.raw.code() is grpc.StatusCode.UNAVAILABLE
    assert "the engine's worker has died" in (await late.raw.details() or "")


async def test_streams_that_never_open_are_counted(start_engine: StartEngine) -> None:
    engine = await start_engine(metrics_port=0, idle_timeout_s=0.3)
    metrics = engine.server.metrics.registry
    calls = [engine.call() for _ in range(3)]
    for call in calls:
        await call.raw.wait_for_connection()
    await until(lambda: metrics.get_sample_value("streamdit_unopened_streams") == 3)
    await until(lambda: metrics.get_sample_value("streamdit_unopened_streams") == 0)
    assert metrics.get_sample_value("streamdit_rejections_total", {"reason": "OPEN_EXPECTED"}) == 3
