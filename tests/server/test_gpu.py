"""An engine beside a graphics card: the real pynvml on a library built from C, a real stream, real sockets."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from torch import Tensor

from engine_service.model.ladder import ladder
from engine_service.runtime.denoiser import Denoiser, Runtime
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.server.app import SERVICE_NAME, EngineServer
from engine_service.server.config import ServerConfig
from engine_service.server.governed import RungChanged
from engine_service.server.messages import SessionPlan
from engine_service.server.seat import Delivered, Frames, Late
from engine_service.server.worker import Worker
from engine_service.stream.governor import GovernorConfig
from engine_service.stream.gpu import GpuConfig, GpuSampler
from engine_service.stream.session import StreamSession
from engine_service.types import State
from streamdit.wire import engine_pb2 as wire
from tests import fakes
from tests.nvml.fake_nvml import GIB, POWER_CAP, FakeCard
from tests.server.conftest import StartEngine
from tests.server.fake_player import ManualClock
from tests.server.test_worker import PLAN
from tests.server.wire_client import Engine

QUICK = GpuConfig(rate_hz=20.0)
LATENT_S = 0.01  # of one latent in one micro-step, on the device of the tests


class ClockedDenoiser:
    """The tiny world's denoiser on a device that takes its time; `slowdown` is what a throttle does to it."""

    batch_sizes = (1,)

    def __init__(self, denoiser: Denoiser, spend: Callable[[float], object]) -> None:
        self._denoiser = denoiser
        self._spend = spend
        self.slowdown = 1.0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self._spend(LATENT_S * latents.shape[1] * self.slowdown)
        return self._denoiser.step(latents, sigmas, next_sigmas, states, prompt)


def clocked_runtime(spend: Callable[[float], object]) -> tuple[Runtime, ClockedDenoiser]:
    tiny = fakes.tiny_runtime()
    denoiser = ClockedDenoiser(tiny.denoiser, spend)
    runtime = Runtime(
        world=tiny.world,
        backend="clocked",
        device="test",
        latent_shape=tiny.latent_shape,
        denoiser=denoiser,
        decoder=tiny.decoder,
        encoder=tiny.encoder,
        prompts=tiny.prompts,
    )
    return runtime, denoiser


def test_a_throttle_lowers_the_rung_of_a_real_stream_before_a_frame_is_late_and_gives_it_back(card: FakeCard) -> None:
    """`balanced`: 6 latents in 2 micro-steps are 120 of 250 ms, so half the clock would be just too slow."""
    clock = ManualClock()
    runtime, denoiser = clocked_runtime(clock.move)
    given: list[Delivered] = []
    with closing(GpuSampler()) as sampler:

        def player(plan: SessionPlan) -> StreamSession:
            return StreamSession(runtime, profile=plan.profile, seed=plan.seed, now_ns=clock.now_ns)

        worker = Worker(
            player, clock=clock, governor=GovernorConfig(), newest_reading=lambda: sampler.read(clock.now_ns())
        )
        plan = SessionPlan(
            **{
                **{name: getattr(PLAN, name) for name in SessionPlan.__slots__},
                "world": runtime.world,
                "profile": "balanced",
                "state": State(0, (64.0, 0.5)),
            }
        )
        worker.sit(plan, given.append)

        def run(seconds: float) -> None:
            end_ns = clock.ns + round(seconds * 1e9)
            while (wait_s := worker.turn()) is not None and clock.ns + wait_s * 1e9 < end_ns:
                clock.move(wait_s)

        run(4.0)
        card.throttle(sm_clock=990)
        run(0.5)
        denoiser.slowdown = 2.0  # the chip is as slow as it said it would be
        run(20.0)
        card.recover()
        denoiser.slowdown = 1.0
        run(20.0)

    changes = [item for item in given if isinstance(item, RungChanged)]
    words = ladder(fakes.PROFILES["balanced"])[1].words
    assert [change.rung for change in changes] == [1, 0]
    assert changes[0].reason.startswith(f"rung 1 ({words}): hardware slowdown, 990 of 1980 MHz")
    assert changes[1].reason.startswith("rung 0 (as asked): ")
    frames = [frame for item in given if isinstance(item, Frames) for frame in item.frames]
    assert not [item for item in given if isinstance(item, Late)]
    assert not [frame for frame in frames if (frame.release_ns or 0) - (frame.due_ns or 0) > 10_000_000]
    assert [frame.frame_id for frame in frames] == list(range(1, len(frames) + 1)), "the picture is never cut"
    assert {frame.rung for frame in frames} == {0, 1}


# ------------------------------------------------------------------------------------------ the whole engine


@pytest.fixture
async def streaming() -> AsyncIterator[Callable[[], "asyncio.Future[Engine]"]]:
    """An engine that plays the tiny world on a device of 60 ms in 125, and watches the card."""
    import time  # noqa: PLC0415 - the device of this one fixture is the wall clock

    async with AsyncExitStack() as stack:

        async def start() -> Engine:
            runtime, _ = clocked_runtime(time.sleep)
            server = EngineServer(
                ServerConfig(
                    port=0,
                    drain_s=0.2,
                    close_s=0.5,
                    gpu=QUICK,
                    metrics_port=0,
                    governor=GovernorConfig(hold_s=0.5, raise_after_s=0.5),
                ),
                worlds={runtime.world.name: runtime.world},
                default_world=runtime.world.name,
                player_factory=lambda plan: StreamSession(runtime, profile=plan.profile, seed=plan.seed),
                backend="clocked",
                device="test",
            )
            await server.start()
            stack.push_async_callback(server.stop, drain_s=0.0)
            engine = Engine(server)
            stack.push_async_callback(engine.hang_up)
            return engine

        yield start  # type: ignore[misc]


async def test_the_client_hears_of_the_throttle_and_of_its_end(
    card: FakeCard, streaming: Callable[[], "asyncio.Future[Engine]"]
) -> None:
    engine = await streaming()
    call = await engine.play(delivery=wire.DELIVERY_LATEST, profile="balanced", window=64)
    for _ in range(16):
        await call.ack(await call.frame())
    card.throttle(POWER_CAP, sm_clock=600)

    async def next_change() -> wire.Notice:
        while True:
            message = await call.read()
            if message.WhichOneof("body") == "frame":
                await call.ack(message.frame)
            if message.notice.code == wire.NOTICE_CODE_RUNG_CHANGED:
                return message.notice

    notice = await next_change()
    assert "power cap, 600 of 1980 MHz" in notice.detail
    frame = await call.frame()
    while frame.rung == 0:
        await call.ack(frame)
        frame = await call.frame()
    card.recover()
    better = await next_change()
    assert better.detail.startswith("rung ")
    page = await asyncio.to_thread(fetch, engine)
    assert 'streamdit_rung_changes_total{direction="lower"}' in page
    assert 'nvml_throttle_seconds_total{reason="power cap"}' in page


def fetch(engine: Engine) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.server.metrics_port}/metrics") as page:
        return str(page.read(), "utf-8")


async def health(engine: Engine) -> int:
    stub = health_pb2_grpc.HealthStub(engine.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE_NAME))
    return int(answer.status)


async def test_a_lost_gpu_ends_every_session_with_a_sentence_and_the_engine_serves_no_more(
    card: FakeCard, start_engine: StartEngine
) -> None:
    engine = await start_engine(gpu=QUICK, max_sessions=4)
    calls = [await engine.play(delivery=delivery) for delivery in (wire.DELIVERY_LATEST, wire.DELIVERY_LOCKSTEP)]
    assert await health(engine) == health_pb2.HealthCheckResponse.SERVING
    card.fall_off_the_bus()
    for call in calls:
        closed = (await call.last()).closed
        assert closed.reason == wire.CLOSED_REASON_ENGINE_FAILED
        assert closed.detail == "the GPU (Fake H200) is lost: reset it or restart its machine, then the engine"
    assert await health(engine) == health_pb2.HealthCheckResponse.NOT_SERVING
    late = engine.call()
    await late.say(open=wire.Open(api_version=1))
    with pytest.raises(Exception, match="the GPU \\(Fake H200\\) is lost"):
        await late.last()
    async with asyncio.timeout(5.0):
        await engine.server.stop()


async def test_the_metrics_page_shows_what_the_card_says_and_nothing_that_it_does_not(
    card: FakeCard, start_engine: StartEngine
) -> None:
    card.set(power_limit_mw=None)
    engine = await start_engine(gpu=QUICK, metrics_port=0)
    page = ""
    async with asyncio.timeout(5.0):
        while "nvml_sm_clock_mhz 1980.0" not in page:
            page = await asyncio.to_thread(fetch, engine)
    assert "nvml_power_watts 410.5" in page
    assert "nvml_gpu_lost 0.0" in page
    assert f"nvml_memory_used_bytes {float(30 * GIB)}" in page or "nvml_memory_used_bytes 3.2" in page
    assert "nvml_power_limit_watts" not in page


async def test_without_a_driver_the_engine_serves_and_the_clock_decides_alone(
    card: FakeCard, start_engine: StartEngine, caplog: pytest.LogCaptureFixture
) -> None:
    card.set(name=None)
    engine = await start_engine(gpu=QUICK)
    await engine.still_serves()
    assert "the GPU is not watched: NVML does not start" in caplog.text


async def test_a_session_that_the_memory_has_no_room_for_is_refused_with_the_number(
    card: FakeCard, start_engine: StartEngine
) -> None:
    card.set(memory_used=139 * GIB)
    engine = await start_engine(gpu=QUICK)
    call = engine.call()
    await call.say(open=wire.Open(api_version=1))
    _, status, info = await call.refusal()
    assert info.reason == "SERVER_FULL"
    assert status.message == "memory of the GPU in use is 99 %, a session is taken below 98 %"
