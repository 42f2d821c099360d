"""A fake engine whose world is steered by keys and may be left alone; the engine's first line says where it is."""

import asyncio

from streamdit.testing import STEERED_WORLD, FakeEngine


async def main() -> None:
    """Serves until it is killed."""
    async with FakeEngine(world=STEERED_WORLD) as engine:
        print(f"serving world {STEERED_WORLD.name} on {engine.address} (fake)", flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
