"""A thread of its own in which prompts are read before anybody obeys them.

Reading takes milliseconds, which neither the event loop nor the worker, with all its players, has to spare. A session
says nothing more until its prompt was read, so at most one of each waits here, and events keep their order; the world
goes on meanwhile with what was in force.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine_service.model.world import World

ReadPrompt = Callable[[World, str], object]  # reads a world's prompt and keeps what came of it


class PromptThread:
    """Calls `read` for one prompt after another, and `prepare` once before, in the same thread."""

    def __init__(self, read: ReadPrompt, prepare: Callable[[], None] | None = None) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="streamdit-prompts", initializer=prepare)

    async def read(self, world: World, text: str) -> None:
        """Return when the prompt was read."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._read, world, text)

    def stop(self) -> None:
        """Read no more; what is being read is finished."""
        self._thread.shutdown(cancel_futures=True)


def nothing_to_read(world: World, text: str) -> None:
    """For players that read their prompts themselves."""
    del world, text
