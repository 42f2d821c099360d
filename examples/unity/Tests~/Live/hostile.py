"""An engine that means harm: the world that a client asks for names what it answers; its description is `argv[1]`'s."""

import asyncio
import sys
from collections.abc import AsyncIterator

import grpc

from streamdit.wire import engine_pb2 as wire

WORLD = wire.WorldInfo(name="fair", fps=16.0, width=16, height=16)
INFO = wire.GetServerInfoResponse(api_version=1, worlds=[WORLD]).SerializeToString()
OPENED = wire.ServerMessage(
    opened=wire.Opened(world=WORLD, encoding=wire.ENCODING_JPEG, delivery=wire.DELIVERY_LATEST, window=4, api_version=1)
).SerializeToString()


def field(number: int, content: bytes) -> bytes:
    """A field with a length."""
    length = len(content)
    return bytes([number << 3 | 2, length & 127 | 128, length >> 7 & 127 | 128, length >> 14]) + content


WORDS = field(5, b"\x22\x00" * 500_000)
VOCABULARY = field(2, b"\x52\x00" * 500_000)
HUGE = wire.ServerMessage.FromString(OPENED)
HUGE.opened.world.width = HUGE.opened.world.height = 5000
ATTACKS = {
    "huge": [HUGE.SerializeToString()],
    "words": [OPENED, WORDS],
    "no message": [OPENED, b"\xff" * 1_000_000],
    "a broken message": [OPENED, b"\x2a\x02\x12\x05"],
    "opening": [field(1, VOCABULARY)],
    "broken opening": [b"\x0a\x02\x0a\x05"],
}
INFOS = {"fair": INFO, "words": field(3, b"\x52\x00" * 500_000), "broken": b"\xff\xff\xff"}


async def play(requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
    """Says its words and waits until the client goes."""
    first = wire.ClientMessage.FromString(await context.read())
    for message in ATTACKS[first.open.world]:
        await context.write(message)
    async for _ in requests:
        pass


async def tell(_request: bytes, _context: object) -> bytes:
    """What it says to serve."""
    return INFOS[sys.argv[1] if len(sys.argv) > 1 else "fair"]


async def main() -> None:
    """Serves until it is killed."""
    server = grpc.aio.server()
    handlers = {
        "Play": grpc.stream_stream_rpc_method_handler(play),
        "GetServerInfo": grpc.unary_unary_rpc_method_handler(tell),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("streamdit.v1.EngineService", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"serving world fair on 127.0.0.1:{port} (hostile)", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
