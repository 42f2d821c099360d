"""A real engine on a free port, and clients made of the generated stubs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.wire_client import Engine

StartEngine = Callable[..., Awaitable[Engine]]


@pytest.fixture
async def start_engine() -> AsyncIterator[StartEngine]:
    """Start an engine with these `ServerConfig` fields; everything is stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(**fields: object) -> Engine:
            config = ServerConfig(**{"port": 0, "drain_s": 0.2, "close_s": 0.5, **fields})  # type: ignore[arg-type]
            server = EngineServer(
                config,
                worlds={WORLD.name: WORLD},
                default_world=WORLD.name,
                player_factory=FakePlayer,
                backend="fake",
                device="none",
            )
            await server.start()
            stack.push_async_callback(server.stop, drain_s=0.0)
            engine = Engine(server)
            stack.push_async_callback(engine.hang_up)
            return engine

        yield start
