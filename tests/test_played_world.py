"""The whole path with nothing faked: critters on OpenVINO behind a real socket, played by the SDK."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from engine_service.config import EngineConfig, build_server
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from streamdit import Delivery, Session, connect
from streamdit.types import Encoding

RAW = (Encoding.RGB24,)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def critters() -> AsyncIterator[EngineServer]:
    server = build_server(EngineConfig(server=ServerConfig(port=0, drain_s=0.2, close_s=0.5)))
    await server.start()
    yield server
    await server.stop(drain_s=0.0)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def play_scripted(server: EngineServer, seed: int) -> list[NDArray[np.uint8]]:
    """Eight frames in lockstep; another place after two, another animal after four."""
    pictures = []
    async with connect(f"127.0.0.1:{server.port}") as client:
        play = client.play(
            prompt="a pig in a meadow",
            state={"x": 40, "y": 0, "facing": 1, "walk": 0, "camera": 0, "clock": 0},
            delivery=Delivery.LOCKSTEP,
            encodings=RAW,
            seed=seed,
        )
        async with play as session:
            async for frame in session:
                pictures.append(frame.rgb())
                if len(pictures) == 2:
                    await session.state(x=90.0)
                if len(pictures) == 4:
                    await session.prompt("a robot in a city at night")
                if len(pictures) == 8:
                    break
    return pictures


async def test_the_same_seed_and_events_give_the_same_bytes(critters: EngineServer) -> None:
    first, again = await play_scripted(critters, seed=7), await play_scripted(critters, seed=7)
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before, after)


async def test_another_seed_gives_other_noise_and_so_other_bytes(critters: EngineServer) -> None:
    first, other = await play_scripted(critters, seed=7), await play_scripted(critters, seed=8)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


async def test_the_picture_follows_state_and_prompt(critters: EngineServer) -> None:
    pictures = [picture.astype(float) for picture in await play_scripted(critters, seed=7)]
    day, night = pictures[1], pictures[7]
    assert night.mean() < day.mean() - 20  # the city is dark
    moved = np.abs(pictures[3] - pictures[1]).mean(axis=(0, 2))  # (W,)
    assert moved[:20].mean() < moved[24:110].mean()  # the pig left its place, the border stayed


async def test_unknown_words_are_reported_and_the_rest_is_in_force(critters: EngineServer) -> None:
    async with (
        connect(f"127.0.0.1:{critters.port}") as client,
        client.play(prompt="a purple pig in a meadow", delivery=Delivery.LOCKSTEP) as session,
    ):
        await anext(session)
        assert [word for notice in session.notices for word in getattr(notice, "words", ())] == ["purple"]


@pytest.mark.parametrize("profile", ["responsive", "balanced", "cinematic"])
async def test_every_profile_plays(critters: EngineServer, profile: str) -> None:
    async with (
        connect(f"127.0.0.1:{critters.port}") as client,
        client.play(profile=profile, delivery=Delivery.LOCKSTEP) as session,
    ):
        assert await pts_of(session, 6) == [i * 62_500 for i in range(6)]


async def test_profiles_change_under_a_running_stream(critters: EngineServer) -> None:
    async with (
        connect(f"127.0.0.1:{critters.port}") as client,
        client.play(profile="responsive", delivery=Delivery.LOCKSTEP) as session,
    ):
        pts = await pts_of(session, 2)
        for profile in ("balanced", "responsive", "cinematic", "responsive"):
            await session.switch_profile(profile)
            pts += await pts_of(session, 4)
        assert pts == [i * 62_500 for i in range(len(pts))]


async def pts_of(session: Session, num_frames: int) -> list[int]:
    return [(await anext(session)).pts_us for _ in range(num_frames)]
