"""The script of PlayTests in Python: id, pts, last event and SHA-256 of each frame's pixels, one a line."""

import asyncio
import hashlib
import sys

from streamdit import Delivery, Session, connect
from streamdit.types import Encoding


async def say(session: Session, count: int) -> None:
    """What happens after so many frames."""
    if count == 2:
        await session.state(x=90.0)
    if count == 4:
        await session.prompt("a robot in a city at night")
    if count == 8:
        await session.state((64, 10, -1, 0.5, 20, 0.25), horizon=[(68, 10, -1, 0.6, 20, 0.25)])
    if count == 10:
        await session.switch_profile("cinematic")
        await session.prompt("a fox in snow", transition="smooth", smooth_frames=4)
    if count == 12:
        await session.reset(11)


async def main(address: str) -> None:
    """Sixteen frames in lockstep."""
    async with connect(address) as client:
        play = client.play(
            prompt="a pig in a meadow",
            state=(40, 0, 1, 0, 0, 0),
            delivery=Delivery.LOCKSTEP,
            encodings=(Encoding.RGB24,),
            seed=7,
        )
        async with play as session:
            for count in range(1, 17):
                frame = await anext(session)
                digest = hashlib.sha256(frame.payload).hexdigest()
                print(frame.frame_id, frame.pts_us, frame.last_event_id, digest)
                await say(session, count)


asyncio.run(main(sys.argv[1]))
