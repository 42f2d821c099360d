"""Prompt transitions and source frames reach the player as they were meant."""

import numpy as np

from engine_service.server.event_checks import check_event
from engine_service.server.inbox import MAX_SOURCE_FRAMES, Inbox
from engine_service.server.messages import PromptRequest, SourceRequest
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


def test_the_inbox_keeps_the_newest_source_frames_and_counts_the_others() -> None:
    inbox = Inbox()
    for event_id in range(1, 13):
        assert inbox.put(SourceFrame(event_id, PIXELS, 0.5))
    assert [event.event_id for event in inbox.drain()] == list(range(13 - MAX_SOURCE_FRAMES, 13))
    assert (inbox.replaced, inbox.dropped) == (12 - MAX_SOURCE_FRAMES, 0)


def test_source_frames_do_not_push_states_and_prompts_out() -> None:
    inbox = Inbox(size=10)
    inbox.put(Prompt(1, "a fox"))
    inbox.put(State(2, (0.0,)))
    for event_id in range(3, 30):
        inbox.put(SourceFrame(event_id, PIXELS, 0.5))
    kinds = [type(event) for event in inbox.drain()]
    assert kinds == [Prompt, State, *[SourceFrame] * MAX_SOURCE_FRAMES]


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
