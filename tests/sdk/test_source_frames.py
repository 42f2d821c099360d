"""A game's own pictures go to the engine and come back redrawn; prompts say how they take over."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from streamdit._fake_world import FAKE_WORLD, FakeScene, ground_of
from streamdit._source import encode_source
from streamdit._wishes import SourceWish, Wishes
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


async def test_a_world_says_whether_it_takes_pictures_and_one_that_does_not_is_sent_none() -> None:
    world = replace(FAKE_WORLD, takes_source_frames=False)
    async with FakeEngine(world=world) as engine, connect(engine.address) as client, client.play() as session:
        assert not session.opened.world.takes_source_frames
        with pytest.raises(ValueError, match="world 'square' takes no source frames"):
            await session.source_frame(PICTURE, strength=0.5)
        assert not engine.bodies("source_frame")


async def test_plain_pixels_of_512_by_512_travel_in_one_message() -> None:
    world = replace(FAKE_WORLD, width=512, height=512)
    picture = np.zeros((512, 512, 3), np.uint8)
    async with FakeEngine(world=world) as engine, connect(engine.address) as client, client.play() as session:
        event_id = await session.source_frame(picture, strength=0.5, jpeg_quality=0)
        async for frame in session:
            if frame.last_event_id >= event_id:
                break
    assert len(engine.bodies("source_frame")[0].payload) == 512 * 512 * 3


def test_a_picture_too_large_for_one_message_is_refused_before_it_breaks_the_call() -> None:
    with pytest.raises(ValueError, match="source frame is 1572864 bytes as RGB24, a message holds 1000000"):
        encode_source(np.zeros((512, 1024, 3), np.uint8), 1024, 512, jpeg_quality=0)


def test_the_fake_world_forgets_a_picture_after_a_second() -> None:
    scene = FakeScene((64.0, 0.5), ground_of("a square on ice"))
    redrawn = scene.redrawn(10, PICTURE, 0.0, fps=16.0)
    assert np.array_equal(redrawn.picture(FAKE_WORLD, 25), PICTURE)
    assert np.array_equal(redrawn.picture(FAKE_WORLD, 26), scene.picture(FAKE_WORLD, 26))


def test_the_fake_worlds_ground_moves_from_the_old_prompt_to_the_new() -> None:
    scene = FakeScene((64.0, 0.5), (0.0, 0.0, 0.0))
    smooth = pb.Prompt(text="a square on ice", transition=pb.PROMPT_TRANSITION_SMOOTH, smooth_frames=4)
    new = np.array(ground_of("a square on ice"))
    shown = [scene.turned(10, smooth, 16.0).ground_at(frame) for frame in (10, 11, 13, 40)]
    assert np.allclose(shown, [new / 4, new / 2, new, new])
    at_once = scene.turned(10, pb.Prompt(text="a square on ice"), 16.0)
    assert np.allclose(at_once.ground_at(10), new)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"transition": "slow"}, "transition is 'slow', expected one of immediate, smooth, fast"),
        ({"smooth_frames": -1}, "smooth_frames is -1, must be 0..320"),
        ({"renoise_to": 1.5}, r"renoise_to is 1.5, must be 0\.\.1"),
        ({"renoise_to": float("nan")}, r"renoise_to is nan, must be 0\.\.1"),
    ],
)
async def test_a_prompt_that_no_engine_would_take_is_refused_before_it_is_sent(
    wrong: dict[str, Any], message: str
) -> None:
    async with FakeEngine() as engine, connect(engine.address) as client, client.play() as session:
        with pytest.raises(ValueError, match=message):
            await session.prompt("a square", **wrong)
        assert not engine.bodies("prompt")


async def test_a_prompt_says_how_it_takes_over() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client, client.play() as session:
        await session.prompt("a square on sand")
        await session.prompt("a square on ice", transition="smooth", smooth_frames=24)
        event_id = await session.prompt("a square on grass", transition="fast", renoise_to=0.5)
        async for frame in session:
            if frame.last_event_id >= event_id:
                break
    plain, smooth, fast = engine.bodies("prompt")
    assert plain.transition == pb.PROMPT_TRANSITION_IMMEDIATE
    assert (smooth.transition, smooth.smooth_frames) == (pb.PROMPT_TRANSITION_SMOOTH, 24)
    assert (fast.transition, fast.renoise_to) == (pb.PROMPT_TRANSITION_FAST, 0.5)


def test_a_game_loop_sends_pictures_without_waiting() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        live.prompt("a square on ice", transition="fast")
        live.source_frame(PICTURE, strength=0.25)
        deadline_s = time.monotonic() + 5
        while not engine.bodies("source_frame"):
            assert time.monotonic() < deadline_s
            time.sleep(0.002)
        with pytest.raises(ValueError, match=r"source frame is uint8 \(4, 64, 3\)"):
            live.source_frame(PICTURE[:4], strength=0.25)
    assert engine.bodies("prompt")[-1].transition == pb.PROMPT_TRANSITION_FAST


def test_of_pictures_that_wait_for_the_connection_the_newest_eight_are_kept() -> None:
    wishes = Wishes()
    for number in range(20):
        wishes.source(SourceWish(PICTURE, number / 20))
    assert [source.strength for source in wishes.take().sources] == [number / 20 for number in range(12, 20)]
    assert wishes.take().sources == ()
