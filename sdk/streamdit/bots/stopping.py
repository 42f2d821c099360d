"""Ends bots before their time, on a signal: sessions are closed, recordings finished, the report is written."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Stopping:
    """What a signal told: `signal` is its number, None as long as none came."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @contextmanager
    def cancels(self, tasks: Sequence["asyncio.Task[Any]"]) -> Iterator[None]:
        """The first signal cancels the tasks; a second one ends the process as it always would."""
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in SIGNALS}

        def stop(number: int) -> None:
            self.signal = number
            restore()
            for task in tasks:
                task.cancel()

        def heard(number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(stop, number)

        def restore() -> None:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

        for number in SIGNALS:
            if before[number] is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, heard)
        try:
            yield
        finally:
            restore()
