"""A fork after connections were made ends in a sentence, in processes of their own."""

import subprocess
import sys

import pytest

from streamdit.testing import FakeEngine

SENTENCE = "was forked from"
BEFORE = """
import asyncio, os, sys
from streamdit import LiveSession, connect
from streamdit.env import WorldEnv
address = sys.argv[1]

def child(call):
    # What the child of a fork meets: the class and the text of what is raised.
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            call()
            print("nothing was raised")
        except BaseException as error:
            print(type(error).__name__, error)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
"""
SCRIPTS = {
    "a second environment": "env = WorldEnv(address); env.reset(); env.close(); child(lambda: WorldEnv(address))",
    "a step": "env = WorldEnv(address); env.reset(); child(lambda: env.step(env.action_space.sample())); env.close()",
    "a live session": """
with LiveSession(address) as live:
    child(lambda: live.state(x=1.0))
    child(live.latest)
    live.state(x=2.0)
""",
    "another live session": """
with LiveSession(address):
    child(lambda: LiveSession(address, wait_s=20).__enter__())
""",
    "a session": """
async def play():
    async with connect(address) as client, client.play() as session:
        await anext(session)
        def call():
            try:
                session.state(x=1.0).send(None)
            except StopIteration:
                pass
        child(call)
        await session.state(x=2.0)
asyncio.run(play())
""",
    "leaving": """
def leave(live):
    live.close()
    raise RuntimeError("was forked from, and left")
with LiveSession(address) as live:
    child(lambda: leave(live))
    live.state(x=2.0)
""",
}


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_forked_child_is_told_so(script: str) -> None:
    with FakeEngine.in_thread() as engine:
        command = [sys.executable, "-W", "ignore", "-c", BEFORE + script, engine.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines
    assert all(SENTENCE in line for line in lines), lines
