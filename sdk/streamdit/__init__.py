"""Play inside a generated world.

    import asyncio
    import streamdit

    async def main() -> None:
        async with streamdit.connect("localhost:50051") as client:
            async with client.play(prompt="a pig in a meadow, day, clear") as session:
                await session.state(x=40.0)
                async for frame in session:
                    print(frame.frame_id, frame.last_event_id, frame.rgb().shape)

    asyncio.run(main())

A game loop without asyncio uses `LiveSession`; it never blocks.
"""

from pkgutil import extend_path

from streamdit.client import Client, connect
from streamdit.errors import ConnectionFailed, Rejected, SessionClosed, StreamDiTError
from streamdit.frames import Frame, LatestFrame
from streamdit.live import LiveSession
from streamdit.recording import Recorder, Recording
from streamdit.session import Session
from streamdit.types import Closed, ClosedReason, Delivery
from streamdit.version import VERSION

__version__ = VERSION
# Who generates messages from our contract gets `streamdit/v1/engine_pb2.py` in a folder of their own.
__path__ = extend_path(__path__, __name__)

__all__ = [
    "Client",
    "Closed",
    "ClosedReason",
    "ConnectionFailed",
    "Delivery",
    "Frame",
    "LatestFrame",
    "LiveSession",
    "Recorder",
    "Recording",
    "Rejected",
    "Session",
    "SessionClosed",
    "StreamDiTError",
    "connect",
]
