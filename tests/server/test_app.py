"""The process: port, health, reflection, metrics, settings, signals."""

import asyncio
import os
import signal
import urllib.request

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from engine_service.server.address import ListenError
from engine_service.server.app import SERVICE_NAME, EngineServer, serve
from engine_service.server.config import ServerConfig
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.wire_client import Engine

SERVING = health_pb2.HealthCheckResponse.SERVING


def new_server(**fields: object) -> EngineServer:
    return EngineServer(
        ServerConfig(**fields),  # type: ignore[arg-type]
        worlds={WORLD.name: WORLD},
        default_world=WORLD.name,
        player_factory=FakePlayer,
        backend="fake",
        device="none",
    )


async def test_a_second_engine_on_the_same_port_fails_by_the_ports_name(start_engine: StartEngine) -> None:
    engine = await start_engine()
    port = engine.server.port
    second = new_server(port=port)
    with pytest.raises(ListenError, match=f"127.0.0.1:{port}"):
        await second.start()
    await second.stop()
    await engine.still_serves()


async def test_a_taken_metrics_port_fails_by_its_name(start_engine: StartEngine) -> None:
    engine = await start_engine(metrics_port=0)
    port = engine.server.metrics_port
    second = new_server(port=0, metrics_port=port)
    with pytest.raises(ListenError, match=f"metrics on 127.0.0.1:{port}"):
        await second.start()
    await second.stop()


async def test_the_metrics_page_counts_sessions_and_frames(start_engine: StartEngine) -> None:
    engine = await start_engine(metrics_port=0)
    call = await engine.play()
    await call.chunk()
    url = f"http://127.0.0.1:{engine.server.metrics_port}/metrics"

    def fetch() -> str:
        with urllib.request.urlopen(url) as page:
            return str(page.read(), "utf-8")

    page = await asyncio.to_thread(fetch)
    assert 'streamdit_frames_total{outcome="sent"} 2.0' in page
    assert "streamdit_sessions 1.0" in page
    assert "streamdit_step_seconds_count 1.0" in page


async def test_health_says_serving_for_the_engine_and_for_the_whole(start_engine: StartEngine) -> None:
    engine = await start_engine()
    stub = health_pb2_grpc.HealthStub(engine.channel)
    for service in ("", "streamdit.v1.EngineService"):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == SERVING


async def test_health_is_not_serving_while_the_engine_drains(start_engine: StartEngine) -> None:
    engine = await start_engine(drain_s=1.0)
    call = await engine.play()
    stop = asyncio.create_task(engine.server.stop())
    await call.until_body("draining")
    stub = health_pb2_grpc.HealthStub(engine.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE_NAME))
    assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    await call.say(close=wire.Close())
    await call.last()
    await stop


async def test_reflection_lists_the_engine(start_engine: StartEngine) -> None:
    engine = await start_engine()
    stub = reflection_pb2_grpc.ServerReflectionStub(engine.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([request])):
        assert SERVICE_NAME in [service.name for service in answer.list_services_response.service]
    for symbol in (SERVICE_NAME, "grpc.health.v1.Health", "streamdit.v1.WorldInfo"):
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol)
        async for answer in stub.ServerReflectionInfo(iter([request])):
            assert answer.file_descriptor_response.file_descriptor_proto, symbol


async def test_a_signal_drains_the_sessions_and_ends_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    server = new_server(port=0, drain_s=0.4)
    serving = asyncio.create_task(serve(server))
    while not server.port or "serving world" not in capsys.readouterr().out:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    engine = Engine(server)
    call = await engine.play(delivery=wire.DELIVERY_LATEST)
    os.kill(os.getpid(), signal.SIGTERM)
    await call.until_body("draining")
    assert (await call.last()).closed.reason == wire.CLOSED_REASON_SERVER_DRAINING
    await serving
    await engine.hang_up()


def test_the_readiness_line_names_world_address_and_backend() -> None:
    assert new_server(port=5).readiness_line() == "serving world fake on 127.0.0.1:0 (fake)"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"port": 70000}, "port is 70000, must be 0..65535"),
        ({"max_sessions": 0}, "max_sessions is 0, must be 1..1024"),
        ({"window": 65}, "window is 65, must be 1..64"),
        ({"jpeg_quality": 0}, "jpeg_quality is 0, must be 1..100"),
        ({"metrics_port": -1}, "metrics_port is -1, must be 0..65535"),
        ({"token": ""}, "token is empty"),
        ({"token": "secret\n"}, r"token holds '\\n' as character 7 of 7 at its end: was it read from a file\?"),
        ({"tls_cert": "cert.pem"}, "expected both or none"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_numbers(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ServerConfig(**fields)  # type: ignore[arg-type]


def test_a_default_world_that_is_not_served_is_refused() -> None:
    with pytest.raises(ValueError, match="default_world is 'mars', expected one of fake"):
        EngineServer(
            ServerConfig(),
            worlds={WORLD.name: WORLD},
            default_world="mars",
            player_factory=FakePlayer,
            backend="fake",
            device="none",
        )
