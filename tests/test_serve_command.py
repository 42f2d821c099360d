"""`streamdit-engine serve` before it serves: what is wrong is told before a world is loaded, and a signal ends it."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

SERVE = [sys.executable, "-m", "engine_service", "serve"]


def test_a_taken_port_is_told_before_the_world_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*SERVE, "--world", "no-such-world", "--port", str(port)], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert f"error: cannot listen on 127.0.0.1:{port}: port {port} is in use" in done.stderr


def test_a_signal_while_loading_ends_the_engine_and_strangers_are_warned_of(tmp_path: Path) -> None:
    """As process 1 of a container a signal without a handler is lost: the handler is there before the world is."""
    with subprocess.Popen(
        [*SERVE, "--host", "0.0.0.0", "--port", "0", "--cache", str(tmp_path), "--log-json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as engine:
        assert engine.stderr is not None
        assert engine.stdout is not None
        warned = engine.stderr.readline()
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(60.0) == 128 + signal.SIGTERM
        assert engine.stdout.read() == ""
    assert '"message": "whoever reaches 0.0.0.0 may play: there is no --token"' in warned
