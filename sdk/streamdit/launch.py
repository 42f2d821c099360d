"""An engine of one's own: start `streamdit-engine serve` beside the game and stop it with the game."""

import importlib.util
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from streamdit.errors import ConnectionFailed

READY = "serving world "  # how the engine's first line on stdout begins
STOP_S = 10.0  # the engine drains in four
START_TIMEOUT_S = 300.0  # a first start may compile for minutes


class LocalEngine:
    """A context manager around an engine process on a free port of this machine; `address` once entered.

    Its messages go to this process's stderr. Needs `pip install streamdit[engine]`. However entering fails, also by an
    interrupt, no process is left behind. It ends with this process, however that ends: it listens to a pipe that the
    system closes then.

    Args:
        arguments: more of `streamdit-engine serve`.
        start_timeout_s: how long it may take until it serves; loading a world takes seconds, compiling it minutes.

    Raises:
        ConnectionFailed: the engine is not installed, ended before it served, or did not serve in time; stderr says
            why.
        ValueError: `start_timeout_s` is not above 0.
    """

    def __init__(
        self, *, world: str = "critters", arguments: Sequence[str] = (), start_timeout_s: float = START_TIMEOUT_S
    ) -> None:
        if not start_timeout_s > 0:  # neither is not a number
            raise ValueError(f"start_timeout_s is {start_timeout_s}, expected more than 0")
        self._start_timeout_s = start_timeout_s
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
            "--end-with-stdin",
            *arguments,
        ]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
        )
        self._process = process
        ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(process, ready), name="streamdit local engine", daemon=True).start()
        try:
            self.address = ready.get(timeout=self._start_timeout_s)
        except queue.Empty:
            self.stop()
            raise ConnectionFailed("local engine", f"it did not serve within {self._start_timeout_s:g} s") from None
        except BaseException:  # an interrupt
            self.stop()
            raise
        if not self.address:
            self.stop()
            raise ConnectionFailed("local engine", f"ended with status {process.returncode} before it served")
        return self

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
        except BaseException:  # an interrupt
            process.kill()
            raise
        if process.stdin is not None:
            process.stdin.close()
        self._process = None


def _listen(process: "subprocess.Popen[str]", ready: "queue.SimpleQueue[str]") -> None:
    """Tell the address once it is known, "" if it never is; and read on, for a full pipe would stop the engine."""
    assert process.stdout is not None
    told = False
    with process.stdout as lines:
        for line in lines:
            if not told and line.startswith(READY):
                # serving world NAME on HOST:PORT (BACKEND)
                ready.put(line.rsplit(" on ", 1)[1].split(" ", 1)[0])
                told = True
            elif sys.stderr is not None:  # a game without a console has none
                sys.stderr.write(line)
    if not told:
        ready.put("")


def _engine_command() -> list[str]:
    """The script beside this interpreter, else this interpreter with the engine's code, else a script on the PATH."""
    beside = Path(sys.executable).with_name("streamdit-engine")
    if beside.exists():
        return [str(beside)]
    if importlib.util.find_spec("engine_service") is not None:
        return [sys.executable, "-m", "engine_service"]
    found = shutil.which("streamdit-engine")
    if found is None:
        raise ConnectionFailed("local engine", "streamdit-engine is not installed: pip install streamdit[engine]")
    return [found]
