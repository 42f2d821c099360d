"""A thread of its own in which clients' pictures are decoded: neither the event loop nor the worker has the time.

A session says nothing more until its picture was decoded, so at most one message of each waits here, and events keep
their order.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class PictureThread:
    """Does one piece of work after another."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="streamdit-pictures")

    async def run(self, work: Callable[[], T]) -> T:
        """What came of the work, once it is done.

        Raises:
            Exception: whatever the work raises.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def stop(self) -> None:
        """Do no more; what is being done is finished."""
        self._thread.shutdown(cancel_futures=True)
