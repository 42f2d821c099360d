"""An engine of one's own: start `streamdit-engine serve` beside the game and stop it with the game."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from streamdit.errors import ConnectionFailed

READY = "serving world "  # how the engine's first line on stdout begins
STOP_S = 10.0  # the engine drains in four


class LocalEngine:
    """A context manager around an engine process on a free port of this machine; `address` once entered.

    Its messages go to this process's stderr. Needs `pip install streamdit[engine]`.

    Raises:
        ConnectionFailed: the engine is not installed, or ended before it served; stderr says why.
    """

    def __init__(self, *, world: str = "critters", arguments: Sequence[str] = ()) -> None:
        self.address = ""
        self._command = [
            *_engine_command(),
            "serve",
            "--world",
            world,
            "--port",
            "0",
            "--log-level",
            "warning",
            *arguments,
        ]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(READY):
                # serving world NAME on HOST:PORT (BACKEND)
                self.address = line.rsplit(" on ", 1)[1].split(" ", 1)[0]
                return self
        self.stop()
        raise ConnectionFailed("local engine", f"ended with status {process.returncode} before it served")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The engine's process id.

        Raises:
            ValueError: it is not running.
        """
        if self._process is None:
            raise ValueError("the engine is not running")
        return self._process.pid

    def stop(self) -> None:
        """Let it drain, or kill it if it does not."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None


def _engine_command() -> list[str]:
    """The console script beside this interpreter, or on the PATH."""
    beside = Path(sys.executable).with_name("streamdit-engine")
    found = str(beside) if beside.exists() else shutil.which("streamdit-engine")
    if found is None:
        raise ConnectionFailed("local engine", "streamdit-engine is not installed: pip install streamdit[engine]")
    return [found]
