"""Each layer's settings composed into one engine: a world, its runtime, and the server in front of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine_service.model.world import World
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import load_runtime, silent
from engine_service.runtime.prompts import compute_on_one_core
from engine_service.runtime.world import find_world
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.server.messages import SessionPlan
from engine_service.stream.gpu import GpuConfig, visible_device
from engine_service.stream.player import Player
from engine_service.stream.session import StreamSession


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """One process: which world, on what, for whom."""

    world: str = "critters"  # embedded, by name, or a folder
    backend: str = "auto"
    num_threads: int = 0  # 0: every core
    cache: Path | None = None  # converted graphs; None: the user's cache folder
    all_rungs: bool = False  # also graphs that only lower rungs need; else rungs of the profiles' buffer lengths alone
    gpu_hz: float = 4.0  # how often NVML is asked of the GPU that computes; 0: never
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
        with_rungs=config.all_rungs and config.server.governor is not None,
        say=say,
    )
    warm_up(runtime)
    world = runtime.world

    def player(plan: SessionPlan) -> Player:
        return StreamSession(runtime, profile=plan.profile, seed=plan.seed)

    def read_prompt(_world: World, text: str) -> object:
        return runtime.prompts.read(text)

    return EngineServer(
        replace(config.server, gpu=gpu_to_watch(runtime, config.gpu_hz)),
        worlds={world.name: world},
        default_world=world.name,
        player_factory=player,
        read_prompt=read_prompt,
        prepare_reading=compute_on_one_core,
        backend=runtime.backend,
        device=runtime.device,
    )


def warm_up(runtime: Runtime) -> None:
    """One shift of the default profile, so that the first player does not pay for first calls."""
    StreamSession(runtime, profile=runtime.world.default_profile, seed=0).advance()


def gpu_to_watch(runtime: Runtime, rate_hz: float) -> GpuConfig | None:
    """The GPU that the runtime computes on; None if it computes on none, or nobody wants to know."""
    if runtime.latent_device.type != "cuda" or rate_hz == 0:
        return None
    return GpuConfig(device=visible_device(os.environ), rate_hz=rate_hz)
