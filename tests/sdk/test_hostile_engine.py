"""An engine that means harm: what it says is counted before anything is built of it, and ends the session."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest

from streamdit.client import connect
from streamdit.errors import ConnectionFailed
from streamdit.types import ClosedReason
from streamdit.wire import engine_pb2 as wire
from tests.hostile import MOST_ON_LOOP_S, TRIES, again, field, longest_callback

WORLD = wire.WorldInfo(name="fair", fps=16.0, width=16, height=16)
INFO = wire.GetServerInfoResponse(api_version=1, worlds=[WORLD]).SerializeToString()
OPENED = wire.ServerMessage(
    opened=wire.Opened(world=WORLD, encoding=wire.ENCODING_JPEG, delivery=wire.DELIVERY_LATEST, window=4, api_version=1)
).SerializeToString()
ATTACKS = {
    "words of a notice": field(5, again(b"\x22\x00")),
    "notices, one after another": again(b"\x2a\x00"),
    "a second opening": field(1, field(2, again(b"\x52\x00"))),
    "a second opening's ways to steer": field(1, field(17, b"\x01" * 1_000_000)),
    "unknown fields": again(b"\x78\x00"),
    "a frame of empty drops": field(2, again(b"\x6a\x00")),
    "nested groups": again(b"\x9b\x06"),
    "no message": b"\xff" * 1_000_000,
}
StartHostile = Callable[..., Awaitable[str]]


@pytest.fixture
async def start_hostile() -> AsyncIterator[StartHostile]:
    """Start an engine that answers every opening with these messages, and return its address."""
    async with AsyncExitStack() as stack:

        async def start(*messages: bytes, info: bytes = INFO) -> str:
            async def play(_requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
                await context.read()
                for message in messages:
                    await context.write(message)
                await context.read()  # its heartbeat
                await context.read()

            async def tell(_request: bytes, _context: Any) -> bytes:
                return info

            server = grpc.aio.server()
            handlers: dict[str, Any] = {
                "Play": grpc.stream_stream_rpc_method_handler(play),
                "GetServerInfo": grpc.unary_unary_rpc_method_handler(tell),
            }
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler("streamdit.v1.EngineService", handlers),)
            )
            port = server.add_insecure_port("127.0.0.1:0")
            await server.start()
            stack.push_async_callback(server.stop, None)
            return f"127.0.0.1:{port}"

        yield start


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_message_keeps_a_game_for_long(
    start_hostile: StartHostile, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    address = await start_hostile(OPENED, ATTACKS[attack])
    took = []
    async with connect(address) as client:
        for _ in range(TRIES):
            with longest_callback(monkeypatch) as longest:
                async with client.play() as session:
                    closed = await session.wait_closed()
            took.append(longest[0])
            assert closed.reason is ClosedReason.ENGINE_FAILED
            assert "the engine broke the contract" in closed.detail
    assert min(took) < MOST_ON_LOOP_S


async def test_what_was_too_much_is_named(start_hostile: StartHostile) -> None:
    address = await start_hostile(OPENED, ATTACKS["words of a notice"])
    async with connect(address) as client, client.play() as session:
        closed = await session.wait_closed()
    assert "notice.words is more than 4096 fields" in closed.detail


@pytest.mark.parametrize("attack", ["a second opening", "no message"])
async def test_an_opening_that_is_too_much_is_a_failed_connection(start_hostile: StartHostile, attack: str) -> None:
    address = await start_hostile(ATTACKS[attack])
    async with connect(address) as client:
        with pytest.raises(ConnectionFailed, match="broke the contract"):
            async with client.play():
                pass


@pytest.mark.parametrize("info", [field(3, again(b"\x52\x00")), b"\xff\xff\xff"])
async def test_a_description_that_is_too_much_is_a_failed_connection(start_hostile: StartHostile, info: bytes) -> None:
    address = await start_hostile(info=info)
    with pytest.raises(ConnectionFailed, match="broke the contract"):
        async with connect(address, timeout_s=5.0):
            pass


async def test_a_world_of_many_words_is_taken(start_hostile: StartHostile) -> None:
    words = [f"word{i}" for i in range(20_000)]
    world = wire.WorldInfo(name="wordy", fps=16.0, width=16, height=16, vocabulary=words)
    address = await start_hostile(
        wire.ServerMessage(
            opened=wire.Opened(
                world=world, encoding=wire.ENCODING_JPEG, delivery=wire.DELIVERY_LATEST, window=4, api_version=1
            )
        ).SerializeToString(),
        info=wire.GetServerInfoResponse(api_version=1, worlds=[world]).SerializeToString(),
    )
    async with connect(address) as client, client.play() as session:
        assert len(session.opened.world.vocabulary) == 20_000
        assert (await client.server_info()).worlds[0].vocabulary == tuple(words)
