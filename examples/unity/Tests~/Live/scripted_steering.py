"""The script of SteeringTests in Python: id, last event and SHA-256 of each frame's pixels, one a line."""

import asyncio
import hashlib
import sys

import numpy as np

from streamdit import Delivery, Session, connect
from streamdit.types import Encoding, Start


async def say(session: Session, count: int) -> None:
    """What happens after so many frames."""
    if count == 4:
        await session.actions("right", "jump")
    if count == 8:
        await session.state(x=90.0)
    if count == 12:
        await session.release("state")
    if count == 16:
        await session.actions({"throttle": -0.5}, horizon=[{"jump": 1.0}])
    if count == 20:
        await session.prompt("a square on sand")
    if count == 24:
        await session.release("prompt", "actions")
    if count == 28:
        frames = np.full((2, 48, 64, 3), 200, np.uint8)
        start = Start(frames=frames, states=[(1.0, 0.0), (2.0, 0.0)], actions=[{}, {"left": 1.0}], jpeg_quality=0)
        await session.reset(11, start=start)


async def main(address: str) -> None:
    """Nine chunks in lockstep."""
    async with connect(address) as client:
        play = client.play(
            prompt=None,
            actions={"left": 1.0},
            start="meadow",
            delivery=Delivery.LOCKSTEP,
            encodings=(Encoding.RGB24,),
            seed=7,
        )
        async with play as session:
            for count in range(1, 37):
                frame = await anext(session)
                print(frame.frame_id, frame.last_event_id, hashlib.sha256(frame.payload).hexdigest())
                await say(session, count)


asyncio.run(main(sys.argv[1]))
