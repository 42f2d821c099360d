"""The engine's clock, as an argument: what decides receives a time and never asks for one."""

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock of this machine."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary start; never goes back."""


class SystemClock:
    """The operating system's monotonic clock."""

    def now_ns(self) -> int:
        """Nanoseconds since boot, give or take."""
        return time.monotonic_ns()
