"""Every event id is answered, once: applied, replaced by a newer one, or rejected."""

import asyncio

import numpy as np
import pytest

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import WORLD
from tests.server.wire_client import LOCKSTEP, Call

BURST = 1000
PICTURE = wire.SourceFrame(
    encoding=wire.ENCODING_RGB24, width=32, height=16, payload=np.zeros((16, 32, 3), np.uint8).tobytes(), strength=0.5
)
OTHER_PROFILE = next(name for name in WORLD.profiles if name != WORLD.default_profile)
KINDS: tuple[dict[str, object], ...] = (
    {"prompt": wire.Prompt(text="a bear")},
    {"prompt": wire.Prompt(text="a fox", transition=wire.PROMPT_TRANSITION_SMOOTH)},
    {"prompt": wire.Prompt(text="snow", transition=wire.PROMPT_TRANSITION_FAST)},
    {"prompt": wire.Prompt()},  # rejected
    {"state": wire.State(values=[0.0] * len(WORLD.state_fields))},
    {"state": wire.State(values=[float("nan")] * len(WORLD.state_fields))},  # rejected
    {"source_frame": PICTURE},
    {"control": wire.Control(reset=wire.Reset(seed=3))},
    {"control": wire.Control(switch_profile=wire.SwitchProfile(name=OTHER_PROFILE))},
    {"control": wire.Control(switch_profile=wire.SwitchProfile(name=WORLD.default_profile))},
    {"control": wire.Control(pause=wire.Pause())},
    {"control": wire.Control(resume=wire.Resume())},
    {"control": wire.Control()},  # rejected
)


async def answers(call: Call, num: int) -> tuple[dict[int, wire.EventApplied], set[int]]:
    """The first `num` answers: applied ones by id, and the ids of rejected ones. Frames are acknowledged meanwhile."""
    applied: dict[int, wire.EventApplied] = {}
    rejected: set[int] = set()
    while len(applied) + len(rejected) < num:
        message = await call.read()
        match message.WhichOneof("body"):
            case "event_applied":
                assert message.event_applied.event_id not in applied
                applied[message.event_applied.event_id] = message.event_applied
            case "event_rejected":
                assert message.event_rejected.event_id not in rejected
                rejected.add(message.event_rejected.event_id)
            case "frame":
                await call.ack(message.frame)
            case "closed":
                pytest.fail(f"closed: {message.closed.detail}")
    return applied, rejected


@pytest.mark.parametrize("delivery", [wire.DELIVERY_LATEST, LOCKSTEP])
async def test_a_burst_of_a_thousand_mixed_events_is_answered_whole(
    start_engine: StartEngine, delivery: wire.Delivery
) -> None:
    engine = await start_engine()
    call = await engine.play(delivery=delivery)
    kinds = [KINDS[i] for i in np.random.default_rng(0).integers(len(KINDS), size=BURST - 1)]
    kinds.append({"control": wire.Control(resume=wire.Resume())})  # a session left paused would answer later

    async def say_all() -> None:
        for event_id, body in enumerate(kinds, start=1):
            await call.say(event_id, **body)

    saying = asyncio.create_task(say_all())
    applied, rejected = await answers(call, BURST)
    await saying
    assert rejected == {i for i, body in enumerate(kinds, start=1) if body in (KINDS[3], KINDS[5], KINDS[12])}
    assert applied.keys() | rejected == set(range(1, BURST + 1))
    replaced = {event_id: answer for event_id, answer in applied.items() if answer.replaced_by}
    assert len(replaced) > BURST / 3  # it was a burst
    for event_id, answer in replaced.items():
        assert answer.replaced_by > event_id
        assert answer.frame_id in (0, applied[answer.replaced_by].frame_id)


async def test_what_a_paused_session_is_told_is_answered_before_it_goes_on(start_engine: StartEngine) -> None:
    """Only the newest of each kind wait, and the pause itself, beside as many as may wait for a frame."""
    engine = await start_engine()
    call = await engine.play(delivery=wire.DELIVERY_LATEST, window=64)
    await call.say(1, control=wire.Control(pause=wire.Pause()))
    for event_id in range(2, 802):
        await call.say(event_id, state=wire.State(values=[0.0] * len(WORLD.state_fields)))
    early, _ = await answers(call, 500)
    assert all(answer.replaced_by for answer in early.values())
    await call.say(802, control=wire.Control(resume=wire.Resume()))
    late, _ = await answers(call, 802 - len(early))
    assert early.keys() | late.keys() == set(range(1, 803))
