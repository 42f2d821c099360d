"""A real engine on a free port, and clients made of the generated stubs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from engine_service.model.world import World
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.server.messages import PlayerFactory
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.wire_client import Engine

StartEngine = Callable[..., Awaitable[Engine]]


@pytest.fixture
async def start_engine() -> AsyncIterator[StartEngine]:
    """Start an engine with these `ServerConfig` fields, and a world; everything is stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(*, world: World = WORLD, players: PlayerFactory = FakePlayer, **fields: object) -> Engine:
            config = ServerConfig(**{"port": 0, "drain_s": 0.2, "close_s": 0.5, **fields})  # type: ignore[arg-type]
            server = EngineServer(
                config,
                worlds={world.name: world},
                default_world=world.name,
                player_factory=players,
                backend="fake",
                device="none",
            )
            await server.start()
            stack.push_async_callback(server.stop, drain_s=0.0)
            engine = Engine(server)
            stack.push_async_callback(engine.hang_up)
            return engine

        yield start
