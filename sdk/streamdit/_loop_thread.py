"""An event loop in a thread of its own, for callers that have none: game loops, gymnasium, plain tests."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Starts on construction; `close` ends it. A daemon, so a game that crashes is not kept alive by it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, Result], timeout_s: float | None = None) -> Result:
        """Run `work` in the loop and wait for its result; raises what it raises, or TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have the loop call `callback`; does not wait."""
        self._loop.call_soon_threadsafe(callback)

    def close(self, timeout_s: float = 2.0) -> None:
        """Cancel what still runs and join the thread."""
        if not self._thread.is_alive():
            return
        try:
            self.run(_cancel_all(), timeout_s)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout_s)


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
