"""Prompt transitions and source frames reach the player as they were meant."""

from dataclasses import replace

import numpy as np
import pytest

from engine_service.server.event_checks import check_event
from engine_service.server.inbox import MAX_SOURCE_FRAMES, Inbox
from engine_service.server.messages import PromptRequest, SourceRequest
from engine_service.server.rejection import Rejection
from engine_service.types import Prompt, SourceFrame, State, Transition
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import WORLD

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 32, 3), dtype=np.uint8)


def checked_prompt(**fields: object) -> Prompt:
    event = check_event(PromptRequest(1, "a fox", **fields), WORLD, newest_id=0)  # type: ignore[arg-type]
    assert isinstance(event, Prompt)
    return event


def test_a_prompt_without_a_transition_takes_over_at_once() -> None:
    assert checked_prompt() == Prompt(1, "a fox", Transition.IMMEDIATE, smooth_frames=16, renoise_to=1.0)


def test_each_transition_and_its_numbers_are_passed_on() -> None:
    assert checked_prompt(transition=2, smooth_frames=40) == Prompt(1, "a fox", Transition.SMOOTH, 40)
    fast = checked_prompt(transition=3, renoise_to=0.5)
    assert (fast.transition, fast.renoise_to) == (Transition.FAST, 0.5)


def test_a_source_frame_is_decoded_before_it_is_passed_on() -> None:
    request = SourceRequest(3, wire.ENCODING_RGB24, 32, 16, PIXELS.tobytes(), 0.25)
    event = check_event(request, WORLD, newest_id=2)
    assert isinstance(event, SourceFrame)
    np.testing.assert_array_equal(event.rgb, PIXELS)
    assert (event.event_id, event.strength) == (3, 0.25)


def test_the_inbox_keeps_the_newest_source_frames_and_says_which_replaced_the_others() -> None:
    inbox = Inbox()
    replaced = [inbox.put(SourceFrame(event_id, PIXELS, 0.5)) for event_id in range(1, 13)]
    assert [event.event_id for event in inbox.drain()] == list(range(13 - MAX_SOURCE_FRAMES, 13))
    assert replaced == [()] * MAX_SOURCE_FRAMES + [(1,), (2,), (3,), (4,)]


def test_source_frames_do_not_push_states_and_prompts_out() -> None:
    inbox = Inbox()
    inbox.put(Prompt(1, "a fox"))
    inbox.put(State(2, (0.0,)))
    for event_id in range(3, 30):
        inbox.put(SourceFrame(event_id, PIXELS, 0.5))
    kinds = [type(event) for event in inbox.drain()]
    assert kinds == [Prompt, State, *[SourceFrame] * MAX_SOURCE_FRAMES]


def test_a_source_frame_waits_for_the_next_chunk_and_what_comes_after_it_too() -> None:
    inbox = Inbox()
    for event in (State(1, (0.1,)), SourceFrame(2, PIXELS, 0.5), Prompt(3, "a fox")):
        inbox.put(event)
    assert inbox.drain_conditioning() == (State(1, (0.1,)),)
    assert [event.event_id for event in inbox.drain()] == [2, 3]


def test_a_world_that_redraws_nothing_refuses_source_frames() -> None:
    request = SourceRequest(3, wire.ENCODING_RGB24, 32, 16, PIXELS.tobytes(), 0.25)
    with pytest.raises(Rejection, match="source_frame is a picture, world fake redraws none") as refused:
        check_event(request, replace(WORLD, takes_source_frames=False), newest_id=0)
    assert refused.value.reason.name == "SOURCE_NOT_TAKEN"


async def test_server_info_says_whether_the_world_takes_source_frames(start_engine: StartEngine) -> None:
    for takes in (True, False):
        engine = await start_engine(world=replace(WORLD, takes_source_frames=takes))
        assert (await engine.info()).worlds[0].takes_source_frames is takes


async def test_a_picture_of_512_by_512_in_plain_pixels_fits_into_a_message(start_engine: StartEngine) -> None:
    engine = await start_engine(world=replace(WORLD, width=512, height=512))
    call = await engine.play()
    before = (await call.chunk())[-1]
    await call.say(
        1,
        source_frame=wire.SourceFrame(
            encoding=wire.ENCODING_RGB24, width=512, height=512, payload=bytes(512 * 512 * 3), strength=1.0
        ),
    )
    await call.ack(before)
    assert (await call.until_body("event_applied")).event_applied.event_id == 1


async def test_of_many_source_frames_the_newest_are_applied_and_the_others_replaced(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    before = (await call.chunk())[-1]
    for event_id in range(1, 21):
        await call.say(
            event_id,
            source_frame=wire.SourceFrame(
                encoding=wire.ENCODING_RGB24, width=32, height=16, payload=PIXELS.tobytes(), strength=0.5
            ),
        )
    await call.ack(before)
    answers = [(await call.until_body("event_applied")).event_applied for _ in range(20)]
    assert [answer.event_id for answer in answers] == list(range(1, 21))
    assert [answer.replaced_by for answer in answers[-MAX_SOURCE_FRAMES:]] == [0] * MAX_SOURCE_FRAMES
    assert all(answer.replaced_by > answer.event_id for answer in answers[:-MAX_SOURCE_FRAMES])
    assert len({answer.frame_id for answer in answers}) == 1
    assert (await call.frame()).last_event_id == 20


async def test_over_the_wire_a_source_frame_and_a_fast_prompt_are_applied_in_order(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    before = (await call.chunk())[-1]
    picture = wire.SourceFrame(
        encoding=wire.ENCODING_RGB24, width=32, height=16, payload=PIXELS.tobytes(), strength=0.5
    )
    await call.say(5, source_frame=picture)
    await call.say(6, prompt=wire.Prompt(text="a bear", transition=wire.PROMPT_TRANSITION_FAST))
    await call.ack(before)
    applied = [(await call.until_body("event_applied")).event_applied.event_id for _ in range(2)]
    assert applied == [5, 6]
