"""Certificates, tokens and proxies, wherever an engine is dialled from."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamdit._access import is_this_machine, proxy_note
from streamdit.bots.bot import BotPlan
from streamdit.client import connect
from streamdit.env import WorldEnv
from streamdit.live import LiveSession
from streamdit.testing import FakeEngine

TOKENS = [
    ("sesame\n", r"token holds '\\n' as character 7 of 7 at its end: was it read from a file\?"),
    ("ses\name", r"token holds '\\n' as character 4 of 7, which a header cannot carry"),
    ("sésame", "token holds 'é' as character 2 of 6"),
    (" sesame", "token holds ' ' as character 1 of 7"),
    ("", "token is empty"),
    (b"sesame", "token is bytes, expected text"),
]


@pytest.mark.parametrize(("token", "message"), TOKENS)
def test_a_token_that_no_header_can_carry_is_refused_where_it_is_given(token: str, message: str) -> None:
    for give in (
        lambda: connect("127.0.0.1:1", token=token),
        lambda: LiveSession("127.0.0.1:1", token=token),
        lambda: WorldEnv("127.0.0.1:1", token=token, timeout_s=0.1),
        lambda: BotPlan(address="127.0.0.1:1", scenario="wander", seconds=1, token=token),
    ):
        with pytest.raises(ValueError, match=message) as refused:
            give()
        assert "sesame" not in str(refused.value)


def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ca is '.*none\.pem': No such file"):
        connect("127.0.0.1:1", ca=tmp_path / "none.pem")
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(ValueError, match="holds no PEM certificate"):
        LiveSession("127.0.0.1:1", ca=str(tmp_path / "key.pem"))


def test_every_client_says_the_token() -> None:
    with FakeEngine.in_thread(token="open sesame") as engine:
        with LiveSession(engine.address, token="open sesame") as live:
            assert live.opened is not None
        env = WorldEnv(engine.address, token="open sesame")
        env.reset()
        env.close()


def test_bots_say_the_token_and_do_not_write_it_down(tmp_path: Path) -> None:
    with FakeEngine.in_thread(token="sesame") as engine:
        command = [sys.executable, "-m", "streamdit.bots", "--address", engine.address, "--seconds", "0.3"]
        command += ["--report", str(tmp_path / "report.json")]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        played = subprocess.run(
            [*command, "--token", "sesame"], capture_output=True, text=True, timeout=60, check=False
        )
    assert refused.returncode == 1
    assert played.returncode == 0, played.stderr
    written = (tmp_path / "report.json").read_text()
    assert json.loads(written)["frames"] > 0
    assert "sesame" not in written + played.stderr


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("localhost:50051", True),
        ("LOCALHOST:50051", True),
        ("127.0.0.1:50051", True),
        ("127.9.9.9:1", True),
        ("[::1]:50051", True),
        ("ipv4:127.0.0.1:50051", True),
        ("ipv6:[::1]:50051", True),
        ("dns:///localhost:50051", True),
        ("unix:/tmp/engine.sock", True),
        ("localhost.example:50051", False),
        ("10.0.0.1:50051", False),
        ("[2001:db8::1]:50051", False),
        ("engine.example:50051", False),
    ],
)
def test_what_this_machine_is(address: str, here: bool) -> None:
    assert is_this_machine(address) is here


def test_the_proxy_that_was_asked_is_named_without_its_password() -> None:
    environment = {"http_proxy": "http://me:secret@proxy.example:3128", "no_proxy": "localhost"}
    assert "the proxy proxy.example:3128 of the environment's http_proxy" in proxy_note("engine:1", environment)
    assert "secret" not in proxy_note("engine:1", environment)
    assert proxy_note("localhost:1", environment) == ""
    assert proxy_note("engine:1", {"http_proxy": ""}) == ""
    assert "of the environment's https_proxy" in proxy_note("engine:1", {**environment, "https_proxy": "http://other"})


GAME = """
import sys
from streamdit import LiveSession
with LiveSession(sys.argv[1], wait_s=float(sys.argv[2])) as live:
    print("playing", live.opened.world.name)
"""


def game(address: str, wait_s: float) -> "subprocess.CompletedProcess[str]":
    """Behind a proxy that is not there."""
    environment = {**os.environ, "http_proxy": "http://me:secret@127.0.0.1:1"}
    environment = {key: value for key, value in environment.items() if key.lower() not in ("no_proxy", "no_grpc_proxy")}
    command = [sys.executable, "-c", GAME, address, str(wait_s)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_proxy_keeps_no_game_from_an_engine_on_its_own_machine() -> None:
    with FakeEngine.in_thread() as engine:
        done = game(engine.address, 10)
    assert done.stdout == "playing square\n", done.stderr


def test_a_proxy_that_is_in_the_way_is_named() -> None:
    done = game("192.0.2.1:50051", 1)
    assert "through the proxy 127.0.0.1:1 of the environment's http_proxy" in done.stderr
    assert "secret" not in done.stderr
