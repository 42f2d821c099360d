"""Every error this library raises on purpose:

    StreamDiTError
    ├── ConnectionFailed     no engine answered at the address
    ├── Rejected             the engine refused; names reason, field and value
    ├── SessionClosed        the session ended; holds the `Closed` that says why
    └── RecordingError       a recording cannot be written or read; names the file

A wrong argument that can be seen before anything is sent is a ValueError, as everywhere in Python.
"""

from pathlib import Path

from streamdit.types import Closed


class StreamDiTError(Exception):
    """The root of the tree above."""


class ConnectionFailed(StreamDiTError):  # noqa: N818  a word games read
    """No engine answered at `address`."""

    def __init__(self, address: str, detail: str) -> None:
        super().__init__(f"no engine at {address}: {detail}")
        self.address = address
        self.detail = detail


class Rejected(StreamDiTError):  # noqa: N818  a word games read
    """The engine refused; `reason` is the wire's RejectReason without its prefix, e.g. "UNKNOWN_WORLD"."""

    def __init__(self, reason: str, field: str, value: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}" if detail else f"{reason}: {field} is {value!r}")
        self.reason = reason
        self.field = field
        self.value = value
        self.detail = detail


class SessionClosed(StreamDiTError):  # noqa: N818  a word games read
    """Something was asked of a session that has ended; `closed` says why it did."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(f"session closed, {closed.reason.name}: {closed.detail}")
        self.closed = closed


class RecordingError(StreamDiTError):
    """A recording cannot be written or read; the message names the file and what is wrong with it."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail
