"""A client whose actions were let go for its silence, over a real socket: alive again, it holds what it held."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streamdit.client import connect
from streamdit.types import Notice, Steering
from tests.server.conftest import StartEngine
from tests.server.fake_player import KEYS_WORLD
from tests.server.test_steering import Players

LEFT, NOTHING = (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)
GAME = """
import sys
from streamdit import LiveSession

with LiveSession(sys.argv[1]) as live:
    live.actions("left")  # once: it is held on
    sys.stdin.read()
"""


async def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  the engine's other thread makes it true
            await asyncio.sleep(0.005)


async def engine_with_players(start_engine: StartEngine) -> tuple[str, Players]:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD, actions_timeout_s=0.3)
    return f"127.0.0.1:{engine.server.port}", players


async def test_a_session_says_again_what_it_holds(start_engine: StartEngine) -> None:
    address, players = await engine_with_players(start_engine)
    async with connect(address) as client, client.play(actions={"left": 1}) as session:
        await until(lambda: players.made and players.made[0].held == LEFT)
        with session.reading_stopped():
            await until(lambda: players.made[0].held == NOTHING)
        await until(lambda: players.made[0].held == LEFT)
        assert session.last_actions == {"left": 1}
        assert [n.code for n in session.notices if isinstance(n, Notice)] == ["ACTIONS_RELEASED"]


async def test_what_was_let_go_meanwhile_is_not_said_again(start_engine: StartEngine) -> None:
    address, players = await engine_with_players(start_engine)
    async with connect(address) as client, client.play(actions={"left": 1}) as session:
        await until(lambda: players.made and players.made[0].held == LEFT)
        with session.reading_stopped():
            await until(lambda: players.made[0].held == NOTHING)
            last = await session.release("actions")
        await until(lambda: session.notices)
        await until(lambda: session.applied and session.applied[-1].event_id == last)
        after = await session.prompt("a fox")
        await until(lambda: session.applied[-1].event_id == after)
        assert after == last + 1, "nothing was said in between"
        assert Steering.ACTIONS in players.made[0].released


@asynccontextmanager
async def game(address: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", GAME, address, stdin=asyncio.subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        await process.wait()


async def test_a_game_that_was_stopped_holds_its_key_when_it_goes_on(start_engine: StartEngine) -> None:
    address, players = await engine_with_players(start_engine)
    async with game(address) as process:
        await until(lambda: players.made and players.made[0].held == LEFT)
        process.send_signal(signal.SIGSTOP)
        await until(lambda: players.made[0].held == NOTHING)
        process.send_signal(signal.SIGCONT)
        await until(lambda: players.made[0].held == LEFT)
        assert len(players.made) == 1, "the same session"
