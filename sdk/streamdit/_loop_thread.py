"""An event loop in a thread of its own, for callers that have none: game loops, gymnasium, plain tests."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from streamdit._fork import check_same_process

Result = TypeVar("Result")


class LoopThread:
    """Starts on construction; `close` ends it. A daemon, so a game that crashes is not kept alive by it."""

    def __init__(self, name: str) -> None:
        self._pid = os.getpid()
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
        """Run `work` in the loop and wait for its result; it is cancelled if that takes too long.

        Raises:
            TimeoutError: it took more than `timeout_s`.
            StreamDiTError: a fork has left the loop behind.
            Exception: what `work` raises.
        """
        try:
            check_same_process(self._pid)
        except BaseException:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except BaseException:  # also an interrupt
            future.cancel()
            raise

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have the loop call `callback`; does not wait.

        Raises:
            StreamDiTError: a fork has left the loop behind.
        """
        check_same_process(self._pid)
        self._loop.call_soon_threadsafe(callback)

    def close(self, timeout_s: float = 2.0) -> None:
        """Cancel what still runs and join the thread."""
        if not self._thread.is_alive() or os.getpid() != self._pid:
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
