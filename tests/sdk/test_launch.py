"""An engine of one's own."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from streamdit.errors import ConnectionFailed
from streamdit.launch import LocalEngine

PATIENCE_S = 60.0


def test_an_engine_that_cannot_serve_the_world_is_an_error_at_once() -> None:
    with pytest.raises(ConnectionFailed, match="ended with status 2"), LocalEngine(world="atlantis"):
        pass


def test_an_engine_that_was_not_started_has_no_process() -> None:
    with pytest.raises(ValueError, match="not running"):
        _ = LocalEngine().pid


def engine_of(script: str, **options: float) -> LocalEngine:
    """One that is another program, and a real process."""
    engine = LocalEngine(**options)  # type: ignore[arg-type]
    engine._command = [sys.executable, "-c", script]
    return engine


def test_an_engine_that_never_serves_is_given_up_and_ended() -> None:
    engine = engine_of("import time; print('loading', flush=True); time.sleep(60)", start_timeout_s=0.5)
    process = begun(engine)
    with pytest.raises(ConnectionFailed, match=r"did not serve within 0\.5 s"):
        engine.__enter__()
    assert process[0].poll() is not None


def test_an_engine_that_closes_its_output_is_none() -> None:
    script = "import os, time; os.close(1); time.sleep(60)"
    with pytest.raises(ConnectionFailed, match="before it served"), engine_of(script):
        pass


def test_a_game_that_is_interrupted_while_its_engine_loads_leaves_none_behind() -> None:
    engine = engine_of("import time; time.sleep(60)")
    process = begun(engine)
    interrupt = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        engine.__enter__()
    interrupt.join()
    assert process[0].poll() is not None


def test_an_engine_that_talks_on_is_not_stopped_by_a_full_pipe(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = (
        "import pathlib, time\n"
        "print('serving world w on 127.0.0.1:1 (none)', flush=True)\n"
        "for _ in range(3000): print('x' * 99, flush=True)\n"
        f"pathlib.Path({str(done)!r}).touch(); time.sleep(60)"
    )
    with engine_of(script) as engine:
        assert engine.address == "127.0.0.1:1"
        deadline_s = time.monotonic() + 20
        while not done.exists():
            assert time.monotonic() < deadline_s, "it stands still"
            time.sleep(0.01)


@pytest.mark.parametrize("start_timeout_s", [0, -1, float("nan")])
def test_a_limit_that_is_none_is_named(start_timeout_s: float) -> None:
    with pytest.raises(ValueError, match="start_timeout_s is"):
        LocalEngine(start_timeout_s=start_timeout_s)


def begun(engine: LocalEngine) -> list["subprocess.Popen[str]"]:
    """The engine's process, once there is one; kept after the engine has let go of it."""
    kept: list[subprocess.Popen[str]] = []

    def look() -> None:
        while not kept:
            if engine._process is not None:
                kept.append(engine._process)
            time.sleep(0.001)

    threading.Thread(target=look, daemon=True).start()
    return kept


GAME = """
import os, signal, sys
from streamdit.launch import LocalEngine

engine = LocalEngine(world="blocks")
engine.__enter__()
print(engine.pid, flush=True)
{end}
"""


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(3)", "raise RuntimeError"])
def test_an_engine_ends_with_the_game_that_started_it_however_that_ends(end: str) -> None:
    game = subprocess.run([sys.executable, "-c", GAME.format(end=end)], stdout=subprocess.PIPE, text=True, check=False)
    assert game.returncode != 0
    try:
        engine = psutil.Process(int(game.stdout))
    except psutil.NoSuchProcess:
        return
    try:
        gone, _ = psutil.wait_procs([engine], timeout=PATIENCE_S)
        assert gone or engine.status() == psutil.STATUS_ZOMBIE  # nobody may be there to read how it ended
    finally:
        if engine.is_running():
            engine.kill()


COLD_GAME = """
import os, signal, threading
from streamdit.launch import LocalEngine

engine = LocalEngine(world="critters")
threading.Thread(target=engine.__enter__, daemon=True).start()
while engine._process is None:
    pass
print(engine.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_engine_whose_game_is_gone_before_it_served_does_not_begin_to() -> None:
    game = subprocess.run([sys.executable, "-c", COLD_GAME], stdout=subprocess.PIPE, text=True, check=False)
    try:
        engine = psutil.Process(int(game.stdout))
    except psutil.NoSuchProcess:
        return
    gone, _ = psutil.wait_procs([engine], timeout=PATIENCE_S)
    assert gone or engine.status() == psutil.STATUS_ZOMBIE
