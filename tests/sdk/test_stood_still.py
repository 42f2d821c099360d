"""A process that did not run for a while: what its clocks tell, and what a session does that was given up meanwhile."""

# ruff: noqa: SIM117  an engine and its client are two things

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import pytest

from streamdit import ClosedReason
from streamdit._stood_still import StoodStill
from streamdit.live import LiveSession
from streamdit.testing import STEERED_WORLD, FakeEngine, ManualTicks, Misbehaviour, WallTicks
from tests.sdk.test_live import until

S = 1_000_000_000
GAME = """
import sys
from streamdit.live import LiveSession
from streamdit.types import Delivery

with LiveSession(sys.argv[1], delivery=Delivery[sys.argv[2]], on_world_lost=lambda closed: print(
    f"lost: {closed.reason.name}: {closed.detail}", flush=True
)) as live:
    print(live.status.name, flush=True)
    for _ in sys.stdin:
        print(live.status.name, live.closed, flush=True)
"""
AGENT = """
import sys
from streamdit.env import WorldEnv

env = WorldEnv(sys.argv[1], steer="actions")
env.reset(seed=1)
print("PLAYING", flush=True)
for _ in sys.stdin:
    terminated = False
    while not terminated:  # frames that came before are there yet
        *_, terminated, _, info = env.step(env.action_space.sample())
    print(terminated, info.get("closed"), flush=True)
    print(env.reset(seed=1)[1]["frame_id"], flush=True)
env.close()
"""

PATIENT = """
import asyncio, sys
from streamdit.client import connect
from streamdit.opening import Opening

async def main():
    async with connect(sys.argv[1]) as client, client.open(Opening(), heartbeat_every_s=0.2) as session:
        print("PLAYING", flush=True)
        print((await session.wait_closed()).detail, flush=True)

asyncio.run(main())
"""


class Clocks:
    """Looked at in every turn, as a session's heartbeat does."""

    def __init__(self, beat_s: float = 2.0) -> None:
        self.now_ns, self.wall_ns = 5 * S, 1_700_000_000 * S
        self.still = StoodStill(beat_s, self.now_ns, self.wall_ns)

    def later(self, s: float, wall_s: float | None = None) -> None:
        self.now_ns += round(s * S)
        self.wall_ns += round((s if wall_s is None else wall_s) * S)
        self.still.look(self.now_ns, self.wall_ns)

    @property
    def still_s(self) -> float:
        return self.still.just_s(self.now_ns)


def test_a_process_that_runs_never_stands_still() -> None:
    clocks = Clocks()
    for late_s in (2.0, 2.1, 3.9, 0.0, 2.0):
        clocks.later(late_s)
        assert clocks.still_s == 0.0
    assert clocks.still.woke_ns is None


def test_more_than_two_heartbeats_without_a_look_are_a_standstill() -> None:
    clocks = Clocks()
    clocks.later(4.1)
    assert clocks.still_s == pytest.approx(4.1)
    assert clocks.still.woke_ns == clocks.now_ns


def test_a_machine_that_slept_is_known_by_the_walls_clock() -> None:
    clocks = Clocks()
    clocks.later(0.5, wall_s=3600.0)
    assert clocks.still_s == pytest.approx(3600.0)


def test_a_walls_clock_that_was_set_back_hides_nothing() -> None:
    clocks = Clocks()
    clocks.later(1.0, wall_s=-3600.0)
    assert clocks.still_s == 0.0
    clocks.later(60.0, wall_s=-3600.0)
    assert clocks.still_s == pytest.approx(60.0)


def test_a_standstill_counts_until_five_heartbeats_after_it() -> None:
    clocks = Clocks()
    clocks.later(30.0)
    for _ in range(5):
        clocks.later(2.0)
        assert clocks.still_s == pytest.approx(30.0)
    clocks.later(2.0)
    assert clocks.still_s == 0.0
    assert clocks.still.woke_ns is not None


class Child:
    """A program that can be stopped, and what it prints, line by line."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())

    def line(self) -> str:
        return self._lines.get(timeout=20)

    def ask(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def stand_still_until(self, true: Callable[[], Any]) -> None:
        self.process.send_signal(signal.SIGSTOP)
        until(true, within_s=20.0)
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def child(code: str, *arguments: str) -> Iterator[Child]:
    running = Child(code, *arguments)
    try:
        yield running
    finally:
        running.end()


# The world takes actions and lets go of them after 0.4 s: a heartbeat comes every 0.1 s.
KEYS: dict[str, Any] = {"world": STEERED_WORLD, "actions_timeout_s": 0.4}


def test_a_game_that_stood_still_until_it_was_given_up_plays_on() -> None:
    with FakeEngine.in_thread(**KEYS, idle_timeout_s=2.0, tick=lambda: WallTicks(16.0)) as engine:
        with child(GAME, engine.address, "LATEST") as game:
            assert game.line() == "PLAYING"
            game.stand_still_until(lambda: not engine.sessions)
            lost = game.line()
            game.ask()
            assert game.line() == "PLAYING None"
    assert lost.startswith("lost: IDLE: no message from the client for 2 s; this process had stood still for ")
    assert engine.num_sessions == 2


def test_so_does_one_that_had_to_take_every_frame() -> None:
    """While it stood still it did not read: that is what the engine saw first."""
    paced = {"tick": lambda: WallTicks(16.0), "max_behind": 24}
    with FakeEngine.in_thread(**KEYS, **paced, idle_timeout_s=30.0) as engine:
        with child(GAME, engine.address, "ALL") as game:
            assert game.line() == "PLAYING"
            game.stand_still_until(lambda: not engine.sessions)
            lost = game.line()
            game.ask()
            assert game.line() == "PLAYING None"
    assert lost.startswith("lost: TOO_SLOW: 24 frames behind; this process had stood still for ")


def test_without_a_standstill_a_session_that_was_given_up_is_over() -> None:
    # A heartbeat comes every 2 s, and without frames there is nothing else to say.
    with FakeEngine.in_thread(idle_timeout_s=0.3, tick=ManualTicks) as engine, LiveSession(engine.address) as live:
        until(lambda: live.closed)
        assert live.closed is not None
        assert live.closed.reason is ClosedReason.IDLE
        assert live.closed.detail == "no message from the client for 0.3 s"
    assert engine.num_sessions == 1


def test_an_agent_that_stood_still_is_told_so_and_begins_another_episode() -> None:
    with FakeEngine.in_thread(**KEYS, idle_timeout_s=5.0) as engine:
        with child(AGENT, engine.address) as agent:
            assert agent.line() == "PLAYING"
            agent.stand_still_until(lambda: not engine.sessions)
            agent.ask()
            told = agent.line()
            assert told.startswith("True Closed(reason=<ClosedReason.IDLE: 3>")
            assert "this process had stood still for " in told
            assert agent.line() == "1"


def test_what_was_not_heard_while_it_stood_still_does_not_count_as_silence() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(mute=True), tick=ManualTicks) as engine:
        with child(PATIENT, engine.address) as session:
            assert session.line() == "PLAYING"
            until_s = time.monotonic() + 1.5
            session.stand_still_until(lambda: time.monotonic() > until_s)
            woke_s = time.monotonic()
            assert session.line().startswith("nothing heard for 1.0 s")
            assert time.monotonic() - woke_s > 0.9
