"""Each layer's settings composed into one engine: a world, its runtime, and the server in front of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import load_runtime, silent
from engine_service.runtime.world import find_world
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.server.messages import SessionPlan
from engine_service.stream.player import Player
from engine_service.stream.session import StreamSession


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """One process: which world, on what, for whom."""

    world: str = "critters"  # embedded, by name, or a folder
    backend: str = "auto"
    num_threads: int = 0  # 0: every core
    cache: Path | None = None  # converted graphs; None: the user's cache folder
    plans: Path | None = None  # TensorRT's; None: the user's cache folder
    server: ServerConfig = field(default_factory=ServerConfig)


def build_server(config: EngineConfig, say: Callable[[str], None] = silent) -> EngineServer:
    """Load the world, make it ready on its backend, and put the server in front; nothing listens yet.

    `say` hears which backend was taken, and why.

    Raises:
        WorldError: the world's folder is missing or damaged.
        BackendError: there is no such backend, or it cannot run here.
    """
    runtime = load_runtime(
        find_world(config.world),
        backend=config.backend,
        num_threads=config.num_threads,
        cache=config.cache,
        plans=config.plans,
        max_sessions=config.server.max_sessions,
        say=say,
    )
    warm_up(runtime)
    world = runtime.world

    def player(plan: SessionPlan) -> Player:
        return StreamSession(runtime, profile=plan.profile, seed=plan.seed)

    return EngineServer(
        config.server,
        worlds={world.name: world},
        default_world=world.name,
        player_factory=player,
        backend=runtime.backend,
        device=runtime.device,
    )


def warm_up(runtime: Runtime) -> None:
    """One shift of the default profile, so that the first player does not pay for first calls."""
    StreamSession(runtime, profile=runtime.world.default_profile, seed=0).advance()
