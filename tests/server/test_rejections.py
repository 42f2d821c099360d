"""What costs only the event: said in-band, by field and value, and the session goes on unharmed."""

import math
from typing import Any

import numpy as np
import pytest
import simplejpeg

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine

GOOD = [0.5, 0.5, 0.0]
NAN, INF = math.nan, math.inf


def state(*values: float, horizon: list[list[float]] | None = None) -> dict[str, object]:
    return {"state": wire.State(values=values, horizon=[wire.StateStep(values=v) for v in horizon or ()])}


def source(**changed: object) -> dict[str, object]:
    """A good source frame of the fake world, but for what is changed."""
    good: dict[str, Any] = {
        "encoding": wire.ENCODING_RGB24, "width": 32, "height": 16, "payload": bytes(32 * 16 * 3), "strength": 0.5
    }  # fmt: skip
    return {"source_frame": wire.SourceFrame(**{**good, **changed})}


SMALL_JPEG = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
BAD_EVENTS = [
    (state(0.5, 0.5), "STATE_LENGTH", "state.values", "2 values long"),
    (state(0.5, 0.5, 0.0, 1.0), "STATE_LENGTH", "state.values", "4 values long"),
    (state(), "STATE_LENGTH", "state.values", "0 values long"),
    (state(0.5, 0.5, NAN), "STATE_NOT_FINITE", "state.values[2] (facing)", "nan"),
    (state(0.5, -INF, 0.0), "STATE_NOT_FINITE", "state.values[1] (y)", "-inf"),
    (state(0.5, 0.5, 1.01), "STATE_OUT_OF_RANGE", "state.values[2] (facing)", "1.01"),
    (state(*GOOD, horizon=[GOOD] * 33), "HORIZON_TOO_LONG", "state.horizon", "33 frames long"),
    (
        state(*GOOD, horizon=[GOOD, [0.5, 9.0, 0.0]]),
        "STATE_OUT_OF_RANGE",
        "state.horizon[1].values[1] (y)",
        "9",
    ),
    ({"prompt": wire.Prompt()}, "PROMPT_EMPTY", "prompt.text", ""),
    ({"prompt": wire.Prompt(text=" \n")}, "PROMPT_EMPTY", "prompt.text", "' \\n'"),
    ({"prompt": wire.Prompt(text="x" * 501)}, "PROMPT_TOO_LONG", "prompt.text", "501 characters long"),
    ({"control": wire.Control()}, "UNKNOWN_COMMAND", "control.command", ""),
    (
        {"control": wire.Control(switch_profile=wire.SwitchProfile(name="hasty"))},
        "UNKNOWN_PROFILE",
        "control.switch_profile.name",
        "'hasty'",
    ),
    ({}, "EMPTY_MESSAGE", "body", ""),
    ({"prompt": wire.Prompt(text="a fox", transition=9)}, "UNKNOWN_TRANSITION", "prompt.transition", "9"),  # type: ignore[arg-type]
    ({"prompt": wire.Prompt(text="a fox", smooth_frames=321)}, "OUT_OF_RANGE", "prompt.smooth_frames", "321"),
    ({"prompt": wire.Prompt(text="a fox", renoise_to=1.5)}, "OUT_OF_RANGE", "prompt.renoise_to", "1.5"),
    ({"prompt": wire.Prompt(text="a fox", renoise_to=NAN)}, "OUT_OF_RANGE", "prompt.renoise_to", "nan"),
    (source(width=31), "SOURCE_SIZE", "source_frame.width", "31"),
    (source(height=17), "SOURCE_SIZE", "source_frame.height", "17"),
    (source(strength=-0.1), "OUT_OF_RANGE", "source_frame.strength", "-0.1"),
    (source(strength=NAN), "OUT_OF_RANGE", "source_frame.strength", "nan"),
    (source(encoding=7), "SOURCE_UNREADABLE", "source_frame.encoding", "7"),
    (source(payload=b"123"), "SOURCE_UNREADABLE", "source_frame.payload", "3 bytes long"),
    (
        source(encoding=wire.ENCODING_JPEG, payload=b"no picture"),
        "SOURCE_UNREADABLE",
        "source_frame.payload",
        "10 bytes long",
    ),
    (
        source(encoding=wire.ENCODING_JPEG, payload=SMALL_JPEG),
        "SOURCE_UNREADABLE",
        "source_frame.payload",
        f"{len(SMALL_JPEG)} bytes long",
    ),
]


@pytest.mark.parametrize(("body", "reason", "field", "value"), BAD_EVENTS)
async def test_a_bad_event_is_ignored_and_named(
    start_engine: StartEngine, body: dict[str, object], reason: str, field: str, value: str
) -> None:
    engine = await start_engine()
    call = await engine.play()
    before = (await call.chunk())[-1]
    await call.say(5, **body)
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert rejected.event_id == 5
    assert wire.RejectReason.Name(rejected.reason) == f"REJECT_REASON_{reason}"
    assert (rejected.field, rejected.value) == (field, value)
    assert field in rejected.detail
    assert value in rejected.detail
    await call.say(5, **state(*GOOD))  # its id was not used up
    await call.ack(before)
    assert (await call.frame()).last_event_id == 5


async def test_event_ids_that_do_not_rise_are_refused(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    before = (await call.chunk())[-1]
    await call.say(9, **state(*GOOD))
    for event_id in (9, 3, 0):
        await call.say(event_id, prompt=wire.Prompt(text="a bear"))
        rejected = (await call.until_body("event_rejected")).event_rejected
        assert rejected.reason == wire.REJECT_REASON_EVENT_ID_NOT_RISING
        assert rejected.detail == f"event_id is {event_id}, must be above 9, the last one accepted"
    await call.ack(before)
    assert (await call.frame()).last_event_id == 9


async def test_an_ack_of_a_frame_never_sent_is_refused_and_frees_nothing(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    frames = await call.chunk()
    await call.say(ack=wire.Ack(frame_id=77))
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert (rejected.field, rejected.value) == ("ack.frame_id", "77")
    assert rejected.reason == wire.REJECT_REASON_ACK_UNKNOWN_FRAME
    await call.ack(frames[-1])
    assert (await call.frame()).frame_id == 3


async def test_a_flood_of_bad_events_is_answered_one_by_one(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    for event_id in range(1, 601):
        await call.say(event_id, **state(NAN, 0.0, 0.0))
    for event_id in range(1, 601):
        assert (await call.until_body("event_rejected")).event_rejected.event_id == event_id
    await call.ack(last)
    assert (await call.frame()).frame_id == 3


async def test_a_value_a_hair_beyond_its_range_is_moved_to_the_border(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    await call.say(1, **state(1.0005, -0.0005, 1.001))
    await call.ack(last)
    frame = await call.frame()
    assert frame.last_event_id == 1
    assert frame.payload[:3] == bytes([255, 0, 254])
