"""A live session over a connection that breaks: a real engine, a real socket, and a relay that can be cut."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from streamdit import LiveSession
from streamdit.live import LiveStatus
from tests.server.fake_player import WORLD, FakePlayer


class Relay:
    """Carries bytes between a client and the engine until it is cut."""

    def __init__(self, port: int) -> None:
        self._engine_port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection, without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        engine_reader, engine_writer = await asyncio.open_connection("127.0.0.1", self._engine_port)
        self._writers |= {writer, engine_writer}
        await asyncio.gather(self._copy(reader, engine_writer), self._copy(engine_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def serving(resume_s: float) -> AsyncIterator[Relay]:
    server = EngineServer(
        ServerConfig(port=0, drain_s=0.2, close_s=0.5, resume_s=resume_s),
        worlds={WORLD.name: WORLD},
        default_world=WORLD.name,
        player_factory=FakePlayer,
        backend="fake",
        device="none",
    )
    await server.start()
    relay = Relay(server.port)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()
        await server.stop(drain_s=0.0)


@contextmanager
def in_thread(resume_s: float = 10.0) -> Iterator[tuple[str, Callable[[], None]]]:
    """The relay's address, and how to cut it; the engine lives in a thread of its own, as the client does."""
    ready, done = threading.Event(), asyncio.Event()
    place: dict[str, Any] = {}

    async def main() -> None:
        async with serving(resume_s) as relay:
            place.update(loop=asyncio.get_running_loop(), relay=relay)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10.0)
    loop, relay = place["loop"], place["relay"]
    try:
        yield f"127.0.0.1:{relay.port}", lambda: loop.call_soon_threadsafe(relay.cut)
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10.0)


def until(true: Callable[[], Any], within_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.002)


def frame_after(live: LiveSession, event_id: int) -> bool:
    frame = live.latest()
    return frame is not None and frame.last_event_id >= event_id


@pytest.mark.parametrize(("resume_s", "resumed"), [(10.0, True), (0.0, False)])
def test_a_game_plays_on_after_its_connection_broke(resume_s: float, resumed: bool) -> None:
    with in_thread(resume_s) as (address, cut), LiveSession(address, prompt="a fox", seed=5) as live:
        live.prompt("a bear")
        live.state(x=0.25)
        until(lambda: frame_after(live, 2))
        before, first = live.latest(), live.opened
        assert before is not None
        assert first is not None
        cut()
        until(lambda: live.opened is not first and live.status is LiveStatus.PLAYING)
        assert live.opened is not None
        assert live.opened.resumed == resumed
        assert live.num_worlds_lost == (0 if resumed else 1)
        until(
            lambda: resumed or "another world begins at frame 1" in " ".join(one.detail for one in live.take_notices())
        )
        assert (live.opened.session_id == first.session_id) == resumed
        live.state(x=0.75)
        until(lambda: (frame := live.take()) is not None and abs(int(frame.rgb()[0, 0, 0]) - 191) < 8)
        stats, frame = live.stats(), live.latest()
        assert stats is not None
        assert frame is not None
        assert stats.prompt_in_force == "a bear"
        if resumed:
            assert frame.frame_id > before.frame_id
            assert frame.last_event_id > before.last_event_id


def test_a_prompt_the_engine_refused_is_not_asked_for_again() -> None:
    with in_thread(resume_s=0.0) as (address, cut), LiveSession(address, prompt="a fox") as live:
        live.prompt("a bear " * 500)
        until(live.take_notices)
        first = live.opened
        cut()
        until(lambda: live.opened is not first and live.status is LiveStatus.PLAYING)
        stats = live.stats()
        assert stats is not None
        assert stats.prompt_in_force == "a fox"
