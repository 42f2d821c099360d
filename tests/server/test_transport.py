"""Bytes that are no message, messages that are too long: the engine shrugs."""

import grpc
import pytest

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.wire_client import Call, Engine

JUNK = b"\xff\xff\xff"
OPEN = wire.ClientMessage(
    open=wire.Open(api_version=1, delivery=wire.DELIVERY_LOCKSTEP, encodings=[wire.ENCODING_RGB24])
).SerializeToString()


class RawCall(Call):
    """A stream that sends bytes as they are."""

    def __init__(self, engine: Engine) -> None:
        play = engine.channel.stream_stream(
            "/streamdit.v1.EngineService/Play",
            request_serializer=lambda raw: raw,
            response_deserializer=wire.ServerMessage.FromString,
        )
        super().__init__(play())  # type: ignore[arg-type]

    async def send(self, raw: bytes) -> None:
        await self.raw.write(raw)  # type: ignore[arg-type]


async def test_bytes_that_are_no_message_are_refused_as_the_first(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = RawCall(engine)
    await call.send(JUNK)
    code, _, info = await call.refusal()
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert info.reason == "EMPTY_MESSAGE"
    await engine.still_serves()


async def test_bytes_that_are_no_message_cost_a_running_session_nothing(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = RawCall(engine)
    await call.send(OPEN)
    frames = await call.chunk()
    await call.send(JUNK)
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert rejected.value == "unreadable"
    await call.send(wire.ClientMessage(ack=wire.Ack(frame_id=frames[-1].frame_id)).SerializeToString())
    assert (await call.frame()).frame_id == 3
    await engine.still_serves()


async def test_a_message_over_the_limit_ends_its_own_stream_only(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = RawCall(engine)
    await call.send(OPEN)
    await call.chunk()
    await call.send(bytes(2 * 1024 * 1024))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.last()
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await engine.emptied()
    await engine.still_serves()
