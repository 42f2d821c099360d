"""A client of bare wire messages: it can say everything, right or wrong."""

import asyncio
from collections.abc import Callable

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from engine_service.server.app import EngineServer
from streamdit.wire import engine_pb2 as wire
from streamdit.wire import engine_pb2_grpc

LOCKSTEP = wire.DELIVERY_LOCKSTEP
PATIENCE_S = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what nothing tells of."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Engine:
    """A started engine and the calls to it."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self.dial(f"127.0.0.1:{server.port}")

    def dial(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address)
        self.stub = engine_pb2_grpc.EngineServiceStub(self.channel)  # type: ignore[no-untyped-call]

    def call(self, *metadata: tuple[str, str]) -> "Call":
        """A stream, nothing said yet."""
        return Call(self.stub.Play(metadata=metadata or None))

    async def play(self, **fields: object) -> "Call":
        """A stream with `opened` received; lockstep, raw pixels and seed 7 unless said otherwise."""
        call = self.call()
        await call.open(**fields)
        assert (await call.read()).WhichOneof("body") == "opened"
        return call

    async def info(self, *metadata: tuple[str, str]) -> wire.GetServerInfoResponse:
        answer: wire.GetServerInfoResponse = await self.stub.GetServerInfo(
            wire.GetServerInfoRequest(), metadata=metadata or None
        )
        return answer

    async def emptied(self) -> None:
        """Wait until no session is left."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.info()).active_sessions:  # noqa: ASYNC110 - another process would not know either
                await asyncio.sleep(0.01)

    async def still_serves(self) -> None:
        """The proof after every bad thing: a new session gets its frames."""
        call = await self.play()
        assert [frame.frame_id for frame in await call.chunk()] == [1, 2]
        await call.say(close=wire.Close())
        assert (await call.last()).closed.reason == wire.CLOSED_REASON_CLIENT_CLOSED

    async def hang_up(self) -> None:
        await self.channel.close()


class Call:
    """One Play stream."""

    def __init__(self, call: "grpc.aio.StreamStreamCall[wire.ClientMessage, wire.ServerMessage]") -> None:
        self.raw = call
        self._writing = asyncio.Lock()  # a call takes one write at a time
        self.opened = wire.Opened()

    async def open(self, **fields: object) -> None:
        wishes = {
            "api_version": 1,
            "delivery": LOCKSTEP,
            "encodings": [wire.ENCODING_RGB24],
            "seed": 7,
            **fields,
        }
        await self.say(open=wire.Open(**wishes))  # type: ignore[arg-type]

    async def say(self, event_id: int = 0, **body: object) -> None:
        async with self._writing:
            await self.raw.write(wire.ClientMessage(event_id=event_id, **body))  # type: ignore[arg-type]

    async def read(self) -> wire.ServerMessage:
        async with asyncio.timeout(PATIENCE_S):
            message = await self.raw.read()
        assert isinstance(message, wire.ServerMessage), f"the stream ended: {self.raw}"
        if message.WhichOneof("body") == "opened":
            self.opened = message.opened
        return message

    async def answer(self) -> wire.ServerMessage:
        """The next message that did not come because a second passed."""
        return await self.until(lambda message: message.WhichOneof("body") != "stats")

    async def until(self, wanted: Callable[[wire.ServerMessage], bool]) -> wire.ServerMessage:
        """The first message like this; what comes before is thrown away."""
        while True:
            message = await self.read()
            if wanted(message):
                return message

    async def until_body(self, body: str) -> wire.ServerMessage:
        return await self.until(lambda message: message.WhichOneof("body") == body)

    async def frame(self) -> wire.Frame:
        return (await self.until_body("frame")).frame

    async def chunk(self, num_frames: int = 2) -> list[wire.Frame]:
        return [await self.frame() for _ in range(num_frames)]

    async def ack(self, frame: wire.Frame) -> None:
        await self.say(ack=wire.Ack(frame_id=frame.frame_id))

    async def last(self) -> wire.ServerMessage:
        """The last message before the stream ends without error."""
        newest = wire.ServerMessage()
        async with asyncio.timeout(PATIENCE_S):
            while (message := await self.raw.read()) is not grpc.aio.EOF:
                assert isinstance(message, wire.ServerMessage)
                newest = message
        return newest

    async def refusal(self) -> tuple[grpc.StatusCode, "status_pb2.Status", "error_details_pb2.ErrorInfo"]:
        """How the stream was refused: code, rich status and its ErrorInfo."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.last()
        rich = rpc_status.from_call(refused.value)
        assert rich is not None, refused.value
        info = error_details_pb2.ErrorInfo()
        assert rich.details[0].Unpack(info)
        return refused.value.code(), rich, info
