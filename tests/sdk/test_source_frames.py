"""A game's own pictures go to the engine and come back redrawn; prompts say how they take over."""

import time

import numpy as np
import pytest

from streamdit.client import connect
from streamdit.live import LiveSession
from streamdit.testing import FakeEngine
from streamdit.types import Delivery
from streamdit.wire import engine_pb2 as pb

PICTURE = np.full((48, 64, 3), (200, 40, 90), np.uint8)  # of the fake world's size


async def test_strength_zero_gives_the_picture_back() -> None:
    async with (
        FakeEngine() as engine,
        connect(engine.address) as client,
        client.play(delivery=Delivery.LOCKSTEP) as session,
    ):
        event_id = await session.source_frame(PICTURE, strength=0.0, jpeg_quality=0)
        async for frame in session:
            if frame.last_event_id >= event_id:
                break
    assert np.abs(frame.rgb().astype(int) - PICTURE).max() <= 8  # JPEG on the way back
    assert engine.bodies("source_frame")[0].encoding == pb.ENCODING_RGB24


async def test_pictures_travel_as_jpeg_unless_plain_pixels_are_asked_for() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client, client.play() as session:
        await session.source_frame(PICTURE, strength=0.5)
        event_id = await session.prompt("a square on ice")
        async for frame in session:
            if frame.last_event_id >= event_id:
                break
    sent = engine.bodies("source_frame")[0]
    assert sent.encoding == pb.ENCODING_JPEG
    assert len(sent.payload) < PICTURE.size / 2
    assert (sent.width, sent.height, sent.strength) == (64, 48, 0.5)


async def test_a_picture_of_another_size_or_a_strength_out_of_range_is_refused_before_it_is_sent() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client, client.play() as session:
        with pytest.raises(ValueError, match=r"source frame is uint8 \(8, 8, 3\), the world takes uint8 \(48, 64, 3\)"):
            await session.source_frame(PICTURE[:8, :8], strength=0.5)
        with pytest.raises(ValueError, match=r"strength is 1.5, must be 0\.\.1"):
            await session.source_frame(PICTURE, strength=1.5)
        assert not engine.bodies("source_frame")


async def test_a_prompt_says_how_it_takes_over() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client, client.play() as session:
        await session.prompt("a square on sand")
        await session.prompt("a square on ice", transition="smooth", smooth_frames=24)
        event_id = await session.prompt("a square on grass", transition="fast", renoise_to=0.5)
        async for frame in session:
            if frame.last_event_id >= event_id:
                break
        with pytest.raises(ValueError, match="transition is 'slow', expected one of immediate, smooth, fast"):
            await session.prompt("a square", transition="slow")  # type: ignore[arg-type]
    plain, smooth, fast = engine.bodies("prompt")
    assert plain.transition == pb.PROMPT_TRANSITION_IMMEDIATE
    assert (smooth.transition, smooth.smooth_frames) == (pb.PROMPT_TRANSITION_SMOOTH, 24)
    assert (fast.transition, fast.renoise_to) == (pb.PROMPT_TRANSITION_FAST, 0.5)


def test_a_game_loop_sends_pictures_without_waiting_and_reads_its_mistakes() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        live.prompt("a square on ice", transition="fast")
        live.source_frame(PICTURE, strength=0.25)
        deadline_s = time.monotonic() + 5
        while not engine.bodies("source_frame"):
            assert time.monotonic() < deadline_s
            time.sleep(0.002)
        live.source_frame(PICTURE[:4], strength=0.25)
        while live.error is None:
            assert time.monotonic() < deadline_s
            time.sleep(0.002)
        assert "source frame is uint8 (4, 64, 3)" in str(live.error)
    assert engine.bodies("prompt")[-1].transition == pb.PROMPT_TRANSITION_FAST
