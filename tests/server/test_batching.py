"""Several clients over real sockets share the denoiser's calls, and each gets the frames it would get alone."""

import asyncio
import threading
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from engine_service.runtime.prompts import EncodedPrompt
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State
from streamdit.wire import engine_pb2 as wire
from tests.fakes import WORLD, LedgerDecoder, LedgerDenoiser, ledger_runtime
from tests.server.wire_client import PATIENCE_S, Call, Engine

SEEDS = (1, 2, 3, 4)


@dataclass(slots=True)
class Gated(LedgerDenoiser):
    """Keeps its first caller waiting until the gate is opened, and notes how many shared each call."""

    gate: threading.Event = field(default_factory=threading.Event)
    shared: list[int] = field(default_factory=list)

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        assert self.gate.wait(PATIENCE_S)
        self.shared.append(len(latents))
        return LedgerDenoiser.step(self, latents, sigmas, next_sigmas, states, prompt)


def alone(seed: int, num_chunks: int) -> list[bytes]:
    session = StreamSession(ledger_runtime(LedgerDenoiser(), LedgerDecoder()), profile=WORLD.default_profile, seed=seed)
    session.apply(Prompt(0, WORLD.example_prompts[0]))
    session.apply(State(0, WORLD.resting_state))
    return [np.ascontiguousarray(f.rgb).tobytes() for _ in range(num_chunks) for f in session.advance().frames]


async def frames(call: Call, num_chunks: int) -> list[bytes]:
    pictures = []
    for _ in range(num_chunks):
        chunk = await call.chunk()
        pictures += [frame.payload for frame in chunk]
        await call.ack(chunk[-1])
    return pictures


async def test_clients_that_wait_together_are_denoised_together_and_none_sees_another() -> None:
    denoiser = Gated()
    runtime = ledger_runtime(denoiser, LedgerDecoder())
    server = EngineServer(
        ServerConfig(port=0, drain_s=0.2, close_s=0.5),
        worlds={WORLD.name: WORLD},
        default_world=WORLD.name,
        player_factory=lambda plan: StreamSession(runtime, profile=plan.profile, seed=plan.seed),
        backend="ledger",
        device="none",
    )
    await server.start()
    engine = Engine(server)
    try:
        calls = [engine.call() for _ in SEEDS]
        for call, seed in zip(calls, SEEDS, strict=True):
            await call.open(seed=seed, encodings=[wire.ENCODING_RGB24])
        async with asyncio.timeout(PATIENCE_S):
            while (await engine.info()).active_sessions < len(SEEDS):  # noqa: ASYNC110 - the engine is asked, not told
                await asyncio.sleep(0.01)
        denoiser.gate.set()
        played = await asyncio.gather(*(frames(call, 3) for call in calls))
    finally:
        await engine.hang_up()
        await server.stop(drain_s=0.0)
    assert max(denoiser.shared) > 1
    for seed, pictures in zip(SEEDS, played, strict=True):
        assert pictures == alone(seed, 3)
    assert len({pictures[0] for pictures in played}) == len(SEEDS)
