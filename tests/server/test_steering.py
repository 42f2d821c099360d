"""Actions, partial states, releases and starts over the wire: obeyed, or refused by field and value."""

import asyncio
from typing import Any

import numpy as np
import pytest
import simplejpeg

from engine_service.server.messages import SessionPlan
from engine_service.types import Actions, Past, Release, Reset, State
from streamdit.types import Steering
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import ACTIONS, KEYS_WORLD, FakePlayer
from tests.server.wire_client import Call

LATEST = wire.DELIVERY_LATEST
PICTURES = np.random.default_rng(0).integers(0, 256, (2, 16, 32, 3), dtype=np.uint8)


def named(*held: tuple[str, float]) -> list[wire.ActionValue]:
    return [wire.ActionValue(name=name, value=value) for name, value in held]


def actions(*held: tuple[str, float], horizon: int = 0) -> wire.Actions:
    return wire.Actions(values=named(*held), horizon=[wire.ActionsStep(values=named(*held))] * horizon)


def frames(count: int = 2, **changed: object) -> wire.StartFrames:
    """A good start, but for what is changed."""
    good: dict[str, Any] = {
        "encoding": wire.ENCODING_RGB24, "width": 32, "height": 16, "payloads": [PICTURES[0].tobytes()] * count
    }  # fmt: skip
    return wire.StartFrames(**{**good, **changed})


def reset(**start: object) -> dict[str, object]:
    return {"control": wire.Control(reset=wire.Reset(start=wire.Start(**start)))}  # type: ignore[arg-type]


def release(*steering: int) -> dict[str, object]:
    return {"control": wire.Control(release=wire.Release(steering=steering))}  # type: ignore[arg-type]


STEP = wire.StateStep(values=[0.1, 0.2, 0.3])
SMALL_JPEG = simplejpeg.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
START = "control.reset.start"
BAD = [
    ({"actions": actions(("fly", 1))}, "UNKNOWN_ACTION", "actions.values[0].name", "'fly'"),
    ({"actions": actions(("jump", 1), ("jump", 0))}, "ACTION_REPEATED", "actions.values[1].name", "'jump'"),
    ({"actions": actions(("jump", 0.5))}, "ACTION_OUT_OF_RANGE", "actions.values[0].value (jump)", "0.5"),
    ({"actions": actions(("throttle", 0.7))}, "ACTION_OUT_OF_RANGE", "actions.values[0].value (throttle)", "0.7"),
    (
        {"actions": actions(("throttle", float("nan")))},
        "ACTION_OUT_OF_RANGE",
        "actions.values[0].value (throttle)",
        "nan",
    ),
    ({"actions": actions(("right", 1), ("left", 1))}, "ACTIONS_EXCLUSIVE", "actions.values", "left, right"),
    ({"actions": actions(horizon=33)}, "HORIZON_TOO_LONG", "actions.horizon", "33 frames long"),
    (
        {"actions": wire.Actions(horizon=[wire.ActionsStep(), wire.ActionsStep(values=named(("fly", 1)))])},
        "UNKNOWN_ACTION",
        "actions.horizon[1].values[0].name",
        "'fly'",
    ),
    ({"state": wire.State(values=[1], fields=["z"])}, "UNKNOWN_STATE_FIELD", "state.fields[0]", "'z'"),
    ({"state": wire.State(values=[1, 1], fields=["x", "x"])}, "STATE_FIELD_REPEATED", "state.fields[1]", "'x'"),
    ({"state": wire.State(values=[1, 1], fields=["x"])}, "STATE_LENGTH", "state.values", "2 values long"),
    ({"state": wire.State(values=[9], fields=["x"])}, "STATE_OUT_OF_RANGE", "state.values[0] (x)", "9"),
    (
        {"state": wire.State(values=[1], fields=["x"], horizon=[wire.StateStep(values=[1, 2])])},
        "STATE_LENGTH",
        "state.horizon[0].values",
        "2 values long",
    ),
    (
        {"state": wire.State(values=[1], fields=["x"], horizon=[wire.StateStep(values=[1])] * 33)},
        "HORIZON_TOO_LONG",
        "state.horizon",
        "33 frames long",
    ),
    (release(), "CANNOT_BE_OPEN", "control.release.steering", ""),
    (release(1, 9), "CANNOT_BE_OPEN", "control.release.steering[1]", "9"),
    (reset(clip="moon"), "UNKNOWN_START_CLIP", f"{START}.clip", "'moon'"),
    (reset(), "START_DOES_NOT_FIT", f"{START}.frames.payloads", "0 frames"),
    (reset(frames=frames(1)), "START_DOES_NOT_FIT", f"{START}.frames.payloads", "1 frames"),
    (reset(frames=frames(4)), "START_DOES_NOT_FIT", f"{START}.frames.payloads", "4 frames"),
    (reset(frames=frames(width=31)), "START_DOES_NOT_FIT", f"{START}.frames.width", "31"),
    (reset(frames=frames(height=17)), "START_DOES_NOT_FIT", f"{START}.frames.height", "17"),
    (reset(frames=frames(encoding=7)), "START_DOES_NOT_FIT", f"{START}.frames.encoding", "7"),
    (reset(frames=frames(states=[STEP])), "START_DOES_NOT_FIT", f"{START}.frames.states", "1 steps"),
    (
        reset(frames=frames(actions=[wire.ActionsStep()] * 3)),
        "START_DOES_NOT_FIT",
        f"{START}.frames.actions",
        "3 steps",
    ),
    (
        reset(frames=frames(states=[STEP, wire.StateStep(values=[1])])),
        "STATE_LENGTH",
        f"{START}.frames.states[1].values",
        "1 values long",
    ),
    (
        reset(frames=frames(actions=[wire.ActionsStep(), wire.ActionsStep(values=named(("fly", 1)))])),
        "UNKNOWN_ACTION",
        f"{START}.frames.actions[1].values[0].name",
        "'fly'",
    ),
    (
        reset(frames=frames(payloads=[PICTURES[0].tobytes(), b"123"])),
        "START_UNREADABLE",
        f"{START}.frames.payloads[1]",
        "3 bytes long",
    ),
    (
        reset(frames=frames(encoding=wire.ENCODING_JPEG, payloads=[SMALL_JPEG] * 2)),
        "START_UNREADABLE",
        f"{START}.frames.payloads[0]",
        f"{len(SMALL_JPEG)} bytes long",
    ),
]


@pytest.mark.parametrize(("body", "reason", "field", "value"), BAD)
async def test_bad_steering_is_ignored_and_named(
    start_engine: StartEngine, body: dict[str, object], reason: str, field: str, value: str
) -> None:
    engine = await start_engine(world=KEYS_WORLD)
    call = await engine.play()
    before = (await call.chunk())[-1]
    await call.say(5, **body)
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert wire.RejectReason.Name(rejected.reason) == f"REJECT_REASON_{reason}"
    assert (rejected.event_id, rejected.field, rejected.value) == (5, field, value)
    assert field in rejected.detail
    assert value in rejected.detail
    await call.say(5, actions=actions(("jump", 1)))  # its id was not used up
    await call.ack(before)
    assert (await call.frame()).last_event_id == 5


@pytest.mark.parametrize(
    ("body", "reason", "field", "detail"),
    [
        ({"actions": actions()}, "ACTIONS_NOT_TAKEN", "actions", "actions is a set, world fake takes no actions"),
        (
            release(2),
            "CANNOT_BE_OPEN",
            "control.release.steering[0]",
            "control.release.steering[0] is state, world fake can leave open nothing",
        ),
        (reset(clip="a"), "UNKNOWN_START_CLIP", f"{START}.clip", f"{START}.clip is 'a', world fake has none"),
    ],
)
async def test_a_world_of_the_old_kind_takes_none_of_it(
    start_engine: StartEngine, body: dict[str, object], reason: str, field: str, detail: str
) -> None:
    engine = await start_engine()
    call = await engine.play()
    await call.say(1, **body)
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert wire.RejectReason.Name(rejected.reason) == f"REJECT_REASON_{reason}"
    assert (rejected.field, rejected.detail) == (field, detail)


async def test_a_profile_without_references_cannot_start_from_anything(start_engine: StartEngine) -> None:
    engine = await start_engine(world=KEYS_WORLD)
    call = await engine.play()
    await call.say(1, control=wire.Control(switch_profile=wire.SwitchProfile(name="balanced")))
    await call.say(2, **reset(clip="meadow"))
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert rejected.event_id == 2
    assert rejected.detail == (
        "control.reset.start is for profile balanced, it has no references to start from; "
        "profiles that have: responsive"
    )


@pytest.mark.parametrize(
    ("wishes", "reason", "field"),
    [
        ({"actions": actions(("fly", 1))}, "UNKNOWN_ACTION", "open.actions.values[0].name"),
        ({"state": wire.State(values=[1], fields=["z"])}, "UNKNOWN_STATE_FIELD", "open.state.fields[0]"),
        ({"start": wire.Start(clip="moon")}, "UNKNOWN_START_CLIP", "open.start.clip"),
        ({"start": wire.Start(frames=frames(4))}, "START_DOES_NOT_FIT", "open.start.frames.payloads"),
        ({"start": wire.Start(clip="meadow"), "profile": "balanced"}, "START_DOES_NOT_FIT", "open.start"),
    ],
)
async def test_an_opening_that_steers_wrongly_is_refused(
    start_engine: StartEngine, wishes: dict[str, object], reason: str, field: str
) -> None:
    engine = await start_engine(world=KEYS_WORLD)
    call = engine.call()
    await call.open(**wishes)
    _, _, info = await call.refusal()
    assert (info.reason, info.metadata["field"]) == (reason, field)
    await engine.still_serves()


# ------------------------------------------------------------------------------------------------ what is obeyed


class Players:
    """Made by the engine, kept by the test."""

    def __init__(self) -> None:
        self.made: list[FakePlayer] = []

    def __call__(self, plan: SessionPlan) -> FakePlayer:
        self.made.append(FakePlayer(plan))
        return self.made[-1]


def held(frame: wire.Frame) -> list[int]:
    """The first three actions as the picture shows them."""
    start = 4 * 32 * 3
    return list(frame.payload[start : start + 3])


async def test_the_world_says_what_it_takes_and_the_session_what_steers(start_engine: StartEngine) -> None:
    engine = await start_engine(world=KEYS_WORLD)
    world = (await engine.info()).worlds[0]
    assert [(a.name, wire.ActionKind.Name(a.kind), round(a.min, 3), a.max, a.group) for a in world.actions] == [
        ("left", "ACTION_KIND_BUTTON", 0, 1, "walk"),
        ("right", "ACTION_KIND_BUTTON", 0, 1, "walk"),
        ("jump", "ACTION_KIND_BUTTON", 0, 1, ""),
        ("throttle", "ACTION_KIND_AXIS", -1, 0.5, ""),
    ]
    assert (world.actions[0].default_key, world.actions[0].description) == ("left", ACTIONS[0].description)
    assert (list(world.steered_by), list(world.may_be_open)) == ([1, 2, 3], [1, 2, 3])
    assert (list(world.start_clips), world.frames_per_latent) == (["meadow"], 2)
    silent = await engine.play()
    assert list(silent.opened.steered_by) == []
    assert silent.opened.actions_timeout_s == 0, "nobody is hurried in lockstep"
    keys = await engine.play(actions=actions(), prompt=wire.Prompt(text="a fox"), delivery=LATEST)
    assert list(keys.opened.steered_by) == [wire.STEERING_PROMPT, wire.STEERING_ACTIONS]
    assert keys.opened.actions_timeout_s == 2.0


async def test_what_an_opening_says_is_in_force_from_the_first_frame(start_engine: StartEngine) -> None:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD)
    call = await engine.play(
        actions=actions(("jump", 1)),
        state=wire.State(values=[0.25], fields=["y"]),
        start=wire.Start(frames=frames(2, states=[STEP, STEP], actions=[wire.ActionsStep()] * 2)),
    )
    assert held(await call.frame()) == [0, 0, 255]
    begin, partial, keys = players.made[0].seen
    assert isinstance(begin, Reset)
    assert isinstance(begin.start, Past)
    assert begin.seed == 7
    np.testing.assert_array_equal(begin.start.rgb, np.stack([PICTURES[0]] * 2))
    assert begin.start.states[1] == pytest.approx((0.1, 0.2, 0.3))
    assert begin.start.actions == ((0, 0, 0, 0),) * 2
    assert (partial, keys) == (State(0, (0.25,), (), (1,)), Actions(0, (0, 0, 1, 0)))


async def test_nothing_said_is_nothing_passed_on(start_engine: StartEngine) -> None:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD)
    call = await engine.play()
    assert held(await call.frame()) == [128, 128, 128]
    assert players.made[0].seen == []


async def test_events_that_steer_reach_the_player_in_order(start_engine: StartEngine) -> None:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD)
    call = await engine.play()
    before = (await call.chunk())[-1]
    await call.say(1, actions=actions(("left", 1), ("throttle", -0.5)))
    await call.say(2, state=wire.State(values=[0.5, 1], fields=["facing", "x"]))
    await call.say(3, **release(2, 3))
    await call.say(4, state=wire.State(values=[0.75], fields=["y"]))
    await call.say(5, **reset(clip="meadow"))
    await call.ack(before)
    applied = [(await call.until_body("event_applied")).event_applied.event_id for _ in range(5)]
    assert applied == [1, 2, 3, 4, 5]
    assert players.made[0].seen == [
        Release(3, frozenset({Steering.STATE, Steering.ACTIONS})),  # 1 and 2 were un-said before anybody heard
        State(4, (0.75,), (), (1,)),
        Reset(5, None, "meadow"),
    ]


async def test_a_flood_of_sets_stays_bounded_loses_no_press_and_every_event_ends_as_applied(
    start_engine: StartEngine,
) -> None:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD)
    call = await engine.play()
    before = (await call.chunk())[-1]
    for event_id in range(1, 121):
        pressed = [("jump", 1.0)] if event_id == 7 else [("left", 1.0)] if event_id % 2 else []
        await call.say(event_id, actions=actions(*pressed))
    await call.ack(before)
    applied = [(await call.until_body("event_applied")).event_applied for _ in range(120)]
    assert [one.event_id for one in applied] == list(range(1, 121))
    assert {one.frame_id for one in applied} == {3}
    assert players.made[0].seen == [Actions(120, (0, 0, 0, 0), (), (2, 0))]


async def test_an_old_client_sends_whole_states_and_its_action_is_no_message(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play(state=wire.State(values=[1, 0, 0]))
    before = (await call.chunk())[-1]
    assert before.payload[0] == 255
    await call.say(3, state=wire.State(values=[0, 0, 0], horizon=[wire.StateStep(values=[0, 1, 0])]))
    # Field 13, length 6: name (1) "wave", as an SDK of 0.1 wrote it.
    old = wire.ClientMessage.FromString(wire.ClientMessage(event_id=4).SerializeToString() + b"\x6a\x06\x0a\x04wave")
    await call.raw.write(old)
    rejected = (await call.until_body("event_rejected")).event_rejected
    assert (rejected.event_id, rejected.reason) == (4, wire.REJECT_REASON_EMPTY_MESSAGE)
    await call.ack(before)
    frame = await call.frame()
    assert (frame.last_event_id, frame.payload[0]) == (3, 0)


# ------------------------------------------------------------------------------------------------ silence


async def until_released(call: Call) -> wire.Notice:
    wanted = await call.until(lambda message: message.notice.code == wire.NOTICE_CODE_ACTIONS_RELEASED)
    return wanted.notice


async def test_a_client_that_falls_silent_holds_nothing_any_more(start_engine: StartEngine) -> None:
    players = Players()
    engine = await start_engine(players=players, world=KEYS_WORLD, actions_timeout_s=0.2)
    call = await engine.play(delivery=LATEST, window=64)
    await call.say(1, actions=actions(("left", 1)))
    notice = await until_released(call)
    assert notice.detail.endswith("no action is held any more")
    frame = await call.until(lambda message: message.frame.frame_id > 0 and held(message.frame) == [0, 0, 0])
    assert frame.frame.last_event_id == 1, "the engine's own event has no id"
    assert players.made[0].held == (0, 0, 0, 0)


async def test_any_message_holds_the_actions(start_engine: StartEngine) -> None:
    engine = await start_engine(world=KEYS_WORLD, actions_timeout_s=0.4)
    call = await engine.play(delivery=LATEST, window=64, actions=actions(("left", 1)))
    while (frame := await call.frame()).frame_id < 16:  # a second of them, and nothing but heartbeats
        await call.say(heartbeat=wire.Heartbeat(client_time_us=1))
        assert held(frame) == [255, 0, 0]


async def test_a_client_that_comes_back_late_holds_nothing_and_reads_so(start_engine: StartEngine) -> None:
    engine = await start_engine(world=KEYS_WORLD, actions_timeout_s=0.7)
    call = await engine.play(delivery=LATEST, window=64)
    await call.say(1, actions=actions(("left", 1)))
    await call.say(2, control=wire.Control(switch_profile=wire.SwitchProfile(name="balanced")))
    await call.until(lambda message: message.frame.last_event_id == 2)
    call.raw.cancel()
    await engine.emptied()
    await asyncio.sleep(0.7)
    again = await engine.play(resume_token=call.opened.resume_token)
    assert (list(again.opened.steered_by), again.opened.profile) == ([wire.STEERING_ACTIONS], "balanced")
    await until_released(again)
