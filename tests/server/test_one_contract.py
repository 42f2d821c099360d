"""Engine and FakeEngine refuse the same, in the same words: what a game learns from the fake holds for the engine."""

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import grpc
import numpy as np
import pytest
import simplejpeg

from streamdit.testing import FakeEngine, WallTicks
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import KEYS_WORLD, WORLD
from tests.server.wire_client import Call, Engine

NAN, INF = math.nan, math.inf
W, H = WORLD.width, WORLD.height
GREY = np.full((H, W, 3), 128, np.uint8)
PIXELS = GREY.tobytes()
STRANGE_JPEG = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
LIAR = simplejpeg.encode_jpeg(GREY)[:-20]  # it ends before its picture does
GOOD = [0.5, 0.5, 0.0]


def state(*values: float, fields: tuple[str, ...] = (), horizon: tuple[list[float], ...] = ()) -> wire.State:
    return wire.State(values=values, fields=fields, horizon=[wire.StateStep(values=step) for step in horizon])


def actions(*held: tuple[str, float], num_ahead: int = 0) -> wire.Actions:
    values = [wire.ActionValue(name=name, value=value) for name, value in held]
    return wire.Actions(values=values, horizon=[wire.ActionsStep(values=values)] * num_ahead)


def source(**changed: Any) -> wire.SourceFrame:
    good = {"encoding": wire.ENCODING_RGB24, "width": W, "height": H, "payload": PIXELS, "strength": 0.5}
    return wire.SourceFrame(**{**good, **changed})


def frames(**changed: Any) -> wire.Start:
    good = {"encoding": wire.ENCODING_RGB24, "width": W, "height": H, "payloads": [PIXELS] * 2}
    return wire.Start(frames=wire.StartFrames(**{**good, **changed}))


def control(**command: Any) -> dict[str, wire.Control]:
    return {"control": wire.Control(**command)}


PROMPTS = [
    wire.Prompt(),
    wire.Prompt(text=" \n"),
    wire.Prompt(text="x" * 501),
    wire.Prompt(text="a fox", transition=9),  # type: ignore[arg-type]
    wire.Prompt(text="a fox", smooth_frames=321),
    wire.Prompt(text="a fox", renoise_to=1.5),
    wire.Prompt(text="a fox", renoise_to=NAN),
]
STATES = [
    state(),
    state(0.5, 0.5),
    state(0.5, 0.5, 0.0, 1.0),
    state(0.5, 0.5, NAN),
    state(0.5, -INF, 0.0),
    state(0.5, 0.5, 1.01),
    state(*GOOD, horizon=(GOOD,) * 33),
    state(*GOOD, horizon=(GOOD,) * 50),
    state(*GOOD, horizon=(GOOD, [0.5, NAN, 0.0])),
    state(*GOOD, horizon=(GOOD, [0.5, 9.0, 0.0])),
    state(0.5, fields=("z",)),
    state(0.5, 0.5, fields=("x", "x")),
    state(0.5, 0.5, fields=("x",)),
    state(0.5, fields=("x",), horizon=([0.5, 0.5],)),
    state(9.0, fields=("z",), horizon=(GOOD,) * 33),  # the first of two mistakes
]
ACTIONS = [
    actions(("fly", 1.0)),
    actions(("x" * 100, 1.0)),
    actions(("jump", 1.0), ("jump", 1.0)),
    actions(("jump", 0.5)),
    actions(("jump", NAN)),
    actions(("throttle", 0.7)),
    actions(("throttle", INF)),
    actions(("left", 1.0), ("right", 1.0)),
    actions(("right", 1.0), ("left", 1.0), ("fly", 1.0)),
    actions(("jump", 1.0), num_ahead=33),
]
STARTS = [
    wire.Start(),
    wire.Start(clip="cave"),
    frames(payloads=[PIXELS]),
    frames(payloads=[PIXELS] * 4),
    frames(payloads=[]),
    frames(width=W + 1),
    frames(height=0),
    frames(encoding=9),
    frames(states=[wire.StateStep(values=GOOD)]),
    frames(states=[wire.StateStep(values=[0.5])] * 2),
    frames(states=[wire.StateStep(values=[0.5, 0.5, 7.0])] * 2),
    frames(actions=[wire.ActionsStep()]),
    frames(actions=[wire.ActionsStep(values=[wire.ActionValue(name="fly", value=1)])] * 2),
    frames(payloads=[PIXELS, PIXELS[:-1]]),
    frames(payloads=[b"no picture"] * 2, encoding=wire.ENCODING_JPEG),
    frames(payloads=[STRANGE_JPEG] * 2, encoding=wire.ENCODING_JPEG),
]
EVENTS: list[dict[str, Any]] = [
    {},
    control(),
    *({"prompt": prompt} for prompt in PROMPTS),
    *({"state": one} for one in STATES),
    *({"actions": one} for one in ACTIONS),
    *(control(reset=wire.Reset(start=start)) for start in STARTS),
    control(switch_profile=wire.SwitchProfile(name="hasty")),
    control(switch_profile=wire.SwitchProfile()),
    control(release=wire.Release()),
    control(release=wire.Release(steering=[9])),  # type: ignore[list-item]
    control(release=wire.Release(steering=[wire.STEERING_ACTIONS, 0])),  # type: ignore[list-item]
    {"source_frame": source(strength=-0.1)},
    {"source_frame": source(strength=NAN)},
    {"source_frame": source(width=W + 1)},
    {"source_frame": source(height=0)},
    {"source_frame": source(encoding=9)},
    {"source_frame": source(payload=PIXELS[:-1])},
    {"source_frame": source(payload=b"no picture", encoding=wire.ENCODING_JPEG)},
    {"source_frame": source(payload=STRANGE_JPEG, encoding=wire.ENCODING_JPEG)},
    {"source_frame": source(payload=b"\xff\xd8" + LIAR, encoding=wire.ENCODING_JPEG)},
]
OPENINGS: list[dict[str, Any]] = [
    {"api_version": 0},
    {"api_version": 2},
    {"world": "atlantis"},
    {"profile": "hasty"},
    {"encodings": [9]},
    {"delivery": 9},
    {"window": 65},
    {"jpeg_quality": 101},
    *({"prompt": prompt} for prompt in PROMPTS[:3]),
    *({"state": one} for one in STATES),
    *({"actions": one} for one in ACTIONS),
    *({"start": start} for start in STARTS),
    {"start": wire.Start(clip="meadow"), "profile": "balanced"},  # which has no references
    {"state": state(9.0), "prompt": wire.Prompt(), "window": 65},  # the first of three mistakes
]
# What a world without actions, source frames and open steering refuses.
POOR_WORLD = replace(WORLD, takes_source_frames=False)
POOR_EVENTS: list[dict[str, Any]] = [
    {"actions": wire.Actions()},
    {"source_frame": source()},
    control(release=wire.Release(steering=[wire.STEERING_PROMPT])),
    control(reset=wire.Reset(start=wire.Start(clip="meadow"))),
    control(reset=wire.Reset(start=frames(actions=[wire.ActionsStep()] * 2))),
]


class Fake(Engine):
    """FakeEngine, for the same bare client."""

    def __init__(self, fake: FakeEngine) -> None:
        self.fake = fake
        self.dial(fake.address)


@pytest.fixture
async def both(start_engine: StartEngine, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Engine, Engine]]:
    """The engine and the fake one, of the same world."""
    world = getattr(request, "param", KEYS_WORLD)
    async with AsyncExitStack() as stack:
        fake = Fake(await stack.enter_async_context(FakeEngine(world=world.info, tick=lambda: WallTicks(200.0))))
        stack.push_async_callback(fake.hang_up)
        yield await start_engine(world=world), fake


async def answer(call: Call, event: dict[str, Any]) -> tuple[object, ...]:
    """How an event is refused, and that a good one after it is not."""
    await call.say(1, **event)
    refused = (await call.until_body("event_rejected")).event_rejected
    await call.say(2, state=state(*GOOD))
    applied = await call.until(lambda message: message.WhichOneof("body") in ("event_rejected", "event_applied"))
    assert applied.WhichOneof("body") == "event_applied", applied
    reason = wire.RejectReason.Name(refused.reason)
    return refused.event_id, reason, refused.field, refused.value, refused.detail


async def compare(both: tuple[Engine, Engine], event: dict[str, Any]) -> None:
    calls = [await engine.play(delivery=wire.DELIVERY_LATEST) for engine in both]
    real, fake = [await answer(call, event) for call in calls]
    assert real[1] != "REJECT_REASON_UNSPECIFIED"
    assert fake == real


@pytest.mark.parametrize("event", EVENTS)
async def test_a_bad_event_is_refused_alike(both: tuple[Engine, Engine], event: dict[str, Any]) -> None:
    await compare(both, event)


@pytest.mark.parametrize("both", [POOR_WORLD], indirect=True, ids=["poor"])
@pytest.mark.parametrize("event", POOR_EVENTS)
async def test_what_a_world_does_not_take_is_refused_alike(both: tuple[Engine, Engine], event: dict[str, Any]) -> None:
    await compare(both, event)


async def test_event_ids_that_do_not_rise_are_refused_alike(both: tuple[Engine, Engine]) -> None:
    answers = []
    for engine in both:
        call = await engine.play(delivery=wire.DELIVERY_LATEST)
        await call.say(5, state=state(*GOOD))
        await call.say(5, prompt=wire.Prompt())
        answers.append((await call.until_body("event_rejected")).event_rejected)
    assert answers[0].reason == wire.REJECT_REASON_EVENT_ID_NOT_RISING
    assert answers[1] == answers[0]


@pytest.mark.parametrize("frame_id", [0, 9999])
async def test_an_ack_of_a_frame_that_was_never_sent_is_refused_alike(
    both: tuple[Engine, Engine], frame_id: int
) -> None:
    answers = []
    for engine in both:
        call = await engine.play(delivery=wire.DELIVERY_LATEST)
        await call.say(1, ack=wire.Ack(frame_id=frame_id))
        refused = (await call.until_body("event_rejected")).event_rejected
        answers.append((refused.event_id, refused.reason, refused.field, refused.value))
    assert answers[0][1] == wire.REJECT_REASON_ACK_UNKNOWN_FRAME
    assert answers[1] == answers[0]


async def refused(call: Call) -> tuple[grpc.StatusCode, str, str, dict[str, str]]:
    code, status, info = await call.refusal()
    return code, status.message, info.reason, dict(info.metadata)


@pytest.mark.parametrize("wishes", OPENINGS)
async def test_a_bad_opening_is_refused_alike(both: tuple[Engine, Engine], wishes: dict[str, Any]) -> None:
    answers = []
    for engine in both:
        call = engine.call()
        await call.open(**wishes)
        answers.append(await refused(call))
    assert answers[1] == answers[0]


async def test_a_stream_that_begins_otherwise_and_one_that_begins_twice_are_refused_alike(
    both: tuple[Engine, Engine],
) -> None:
    answers = []
    for engine in both:
        hasty, twice = engine.call(), await engine.play()
        await hasty.say(1, prompt=wire.Prompt(text="a fox"))
        await twice.open()
        answers.append([await refused(hasty), await refused(twice)])
    assert answers[1] == answers[0]
