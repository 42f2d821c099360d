"""Every way a session ends, by its stated reason, and the engine that goes on after each."""

import asyncio

import grpc
import pytest

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine


async def test_a_player_that_raises_closes_its_own_session_only(start_engine: StartEngine) -> None:
    engine = await start_engine()
    other = await engine.play()
    call = await engine.play()
    last = (await call.chunk())[-1]
    await call.say(1, prompt=wire.Prompt(text="explode"))
    await call.ack(last)
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_ENGINE_FAILED
    assert closed.detail == "RuntimeError: the fake exploded"
    await other.ack((await other.chunk())[-1])
    assert (await other.frame()).frame_id == 3
    await engine.still_serves()


async def test_a_player_that_cannot_be_made_closes_its_session(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play(prompt=wire.Prompt(text="refuse to be made"))
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_ENGINE_FAILED
    assert "this player cannot be made" in closed.detail
    await engine.still_serves()


async def test_a_client_that_cancels_frees_its_slot_without_an_error_in_the_log(
    start_engine: StartEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await start_engine(max_sessions=1, resume_s=0.0)  # else its seat is kept for a while
    for _ in range(5):
        call = await engine.play(delivery=wire.DELIVERY_LATEST)
        await call.frame()
        call.raw.cancel()
        await engine.emptied()
    await engine.still_serves()
    closed = engine.server.metrics.sessions_closed.labels("CLIENT_GONE")
    assert closed._value.get() == 5
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_client_whose_connection_breaks_frees_its_slot(start_engine: StartEngine) -> None:
    engine = await start_engine()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{engine.server.port}") as channel:
        raw = channel.stream_stream(
            "/streamdit.v1.EngineService/Play",
            request_serializer=wire.ClientMessage.SerializeToString,
            response_deserializer=wire.ServerMessage.FromString,
        )()
        await raw.write(wire.ClientMessage(open=wire.Open(api_version=1)))
        await raw.read()
        assert (await engine.info()).active_sessions == 1
    await engine.emptied()
    await engine.still_serves()


async def test_a_client_that_ends_its_side_of_the_stream_has_closed(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    await call.raw.done_writing()
    assert (await call.last()).closed.reason == wire.CLOSED_REASON_CLIENT_CLOSED
    await engine.still_serves()


async def test_a_silent_client_is_closed_as_idle(start_engine: StartEngine) -> None:
    engine = await start_engine(idle_timeout_s=0.15)
    call = await engine.play()
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_IDLE
    assert closed.detail == "no message from the client for 0.15 s"
    await engine.still_serves()


async def test_a_client_that_does_not_read_its_end_does_not_hold_its_slot(start_engine: StartEngine) -> None:
    engine = await start_engine(idle_timeout_s=0.15, close_s=0.1)
    call = engine.call()
    await call.open(delivery=wire.DELIVERY_LATEST)
    async with asyncio.timeout(5.0):
        while not engine.server.metrics.sessions_closed.labels("IDLE")._value.get():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await engine.emptied()
    await engine.still_serves()


async def test_draining_warns_then_closes_and_refuses_newcomers(start_engine: StartEngine) -> None:
    engine = await start_engine(drain_s=1.0)
    staying = await engine.play()
    leaving = await engine.play()
    stop = asyncio.create_task(engine.server.stop())
    draining = (await staying.until_body("draining")).draining
    assert draining.deadline_s == 1.0
    newcomer = engine.call()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await newcomer.raw.read()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    await leaving.until_body("draining")
    await leaving.say(close=wire.Close())
    assert (await leaving.last()).closed.reason == wire.CLOSED_REASON_CLIENT_CLOSED
    assert (await staying.last()).closed.reason == wire.CLOSED_REASON_SERVER_DRAINING
    await stop


async def test_many_clients_that_come_and_vanish_leave_nothing_behind(start_engine: StartEngine) -> None:
    engine = await start_engine(max_sessions=64)  # those that vanished keep their seats
    for _ in range(4):
        calls = await asyncio.gather(
            *(engine.play(delivery=wire.DELIVERY_LATEST, prompt=wire.Prompt(text="a fox")) for _ in range(12))
        )
        for i, call in enumerate(calls):
            if i % 2:
                await call.frame()
            call.raw.cancel()
        await engine.emptied()
    await engine.still_serves()
    names = [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("listen")]
    assert names == []
