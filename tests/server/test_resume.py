"""A broken connection is not the end of a session: its client comes back with a token."""

import asyncio

import grpc
import pytest

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import fingerprint
from tests.server.wire_client import LOCKSTEP, Call, Engine

LATEST = wire.DELIVERY_LATEST


async def begin(engine: Engine) -> tuple[Call, wire.Frame]:
    """A session that was told a prompt, and its first frame that obeys it."""
    call = await engine.play(delivery=LATEST, seed=99, window=64)
    await call.say(5, prompt=wire.Prompt(text="a bear"))
    obeyed = await call.until(lambda message: message.frame.last_event_id == 5)
    return call, obeyed.frame


async def vanish(engine: Engine, call: Call) -> None:
    call.raw.cancel()
    await engine.emptied()


async def test_a_session_goes_on_where_its_connection_broke(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call, before = await begin(engine)
    opened = call.opened
    assert not opened.resumed
    assert opened.resume_s == 10.0
    await vanish(engine, call)

    again = await engine.play(resume_token=opened.resume_token, seed=1, prompt=wire.Prompt(text="a fox"))
    now = again.opened
    assert now.resumed
    assert (now.session_id, now.seed, now.delivery, now.last_event_id) == (opened.session_id, 99, LATEST, 5)
    frame = await again.frame()
    assert frame.frame_id > before.frame_id
    assert frame.last_event_id == 5
    assert list(frame.payload[32 * 3 : 32 * 3 + 3]) == fingerprint("a bear")


async def test_what_the_broken_connection_did_not_carry_is_counted(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play(delivery=LATEST, window=1)
    first = await call.frame()  # no credit is returned: the frames after it wait, the newest alone
    await asyncio.sleep(0.5)
    await vanish(engine, call)
    again = await engine.play(resume_token=call.opened.resume_token)
    frame = await again.frame()
    dropped = frame.dropped_before
    assert frame.frame_id - first.frame_id - 1 == dropped.network + dropped.generate
    assert dropped.network >= 4


async def test_event_ids_go_on_rising(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call, _ = await begin(engine)
    await vanish(engine, call)
    again = await engine.play(resume_token=call.opened.resume_token)
    await again.say(5, prompt=wire.Prompt(text="snow"))
    rejected = (await again.until_body("event_rejected")).event_rejected
    assert rejected.reason == wire.REJECT_REASON_EVENT_ID_NOT_RISING
    await again.say(6, prompt=wire.Prompt(text="snow"))
    assert (await again.until_body("event_applied")).event_applied.event_id == 6


async def test_a_client_may_come_back_before_the_engine_knows_that_it_left(start_engine: StartEngine) -> None:
    engine = await start_engine(max_sessions=1)
    call, before = await begin(engine)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{engine.server.port}"):
        again = await engine.play(resume_token=call.opened.resume_token)
        assert again.opened.resumed
        assert (await again.frame()).frame_id > before.frame_id
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_CLIENT_GONE
    assert closed.detail == "the client came back on another connection"


async def test_a_session_can_be_resumed_again_and_again(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call, frame = await begin(engine)
    for _ in range(3):
        await vanish(engine, call)
        newest = frame.frame_id
        call = await engine.play(resume_token=call.opened.resume_token)
        assert call.opened.resumed
        frame = await call.frame()
        assert frame.frame_id > newest


@pytest.mark.parametrize("token", ["never given", "x" * 100_000])
async def test_an_unknown_token_opens_a_new_session(start_engine: StartEngine, token: str) -> None:
    engine = await start_engine()
    call = await engine.play(resume_token=token)
    assert not call.opened.resumed
    assert [frame.frame_id for frame in await call.chunk()] == [1, 2]


async def test_nobody_waits_for_ever(start_engine: StartEngine) -> None:
    engine = await start_engine(resume_s=0.05)
    call, _ = await begin(engine)
    await vanish(engine, call)
    await asyncio.sleep(0.2)
    again = await engine.play(resume_token=call.opened.resume_token)
    assert not again.opened.resumed
    await engine.still_serves()


async def test_a_kept_session_keeps_its_seat(start_engine: StartEngine) -> None:
    engine = await start_engine(max_sessions=2)
    call, _ = await begin(engine)
    await vanish(engine, call)
    other = await engine.play()
    refused = engine.call()
    await refused.open()
    code, message, info = await refused.refusal()
    assert (code, info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER_FULL")
    assert "active_sessions is 2, 1 of them kept for a client whose connection broke" in message.message
    assert (await engine.play(resume_token=call.opened.resume_token)).opened.resumed
    await other.frame()


async def test_a_seat_is_free_again_once_nobody_came_back(start_engine: StartEngine) -> None:
    engine = await start_engine(max_sessions=1, resume_s=0.05)
    call, _ = await begin(engine)
    await vanish(engine, call)
    await asyncio.sleep(0.2)
    assert not (await engine.play()).opened.resumed


@pytest.mark.parametrize("received", [0, 1, 2])
async def test_frames_that_were_sent_and_did_not_arrive_are_counted_too(
    start_engine: StartEngine, received: int
) -> None:
    """The engine cannot know what was on its way when the connection broke; the client can."""
    engine = await start_engine()
    call = await engine.play(delivery=LATEST, window=64)
    frames = [await call.frame() for _ in range(6)]  # none is acknowledged
    newest = frames[received - 1].frame_id if received else 0
    await vanish(engine, call)
    again = await engine.play(resume_token=call.opened.resume_token, received_frame_id=newest)
    frame = await again.frame()
    dropped = frame.dropped_before
    assert frame.frame_id - newest - 1 == dropped.network + dropped.generate


async def test_what_was_in_the_making_when_the_connection_broke_is_not_lost_without_a_word(
    start_engine: StartEngine,
) -> None:
    """Broken at any moment of a chunk: the frames on both sides, and what is named between them, leave no gap."""
    engine = await start_engine()
    call = await engine.play(delivery=LATEST, window=64)
    newest = (await call.frame()).frame_id
    for i in range(8):
        await asyncio.sleep(0.017 * i)
        call.raw.cancel()
        if i % 2:
            await engine.emptied()  # else the client is back before the engine knows that it was gone
        again = await engine.play(resume_token=call.opened.resume_token, received_frame_id=newest)
        frame = await again.frame()
        dropped = frame.dropped_before
        assert frame.frame_id - newest - 1 == dropped.network + dropped.generate
        newest, call = frame.frame_id, again


@pytest.mark.parametrize("delivery", [LOCKSTEP, wire.DELIVERY_ALL])
async def test_a_stream_that_must_not_lose_a_frame_is_not_kept(
    start_engine: StartEngine, delivery: wire.Delivery
) -> None:
    engine = await start_engine()
    call = await engine.play(delivery=delivery)
    assert (call.opened.resume_token, call.opened.resume_s) == ("", 0.0)
    await vanish(engine, call)
    await engine.still_serves()


async def test_keeping_can_be_switched_off(start_engine: StartEngine) -> None:
    engine = await start_engine(resume_s=0.0)
    assert (await engine.play(delivery=LATEST)).opened.resume_token == ""


async def test_a_session_that_was_closed_is_over(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call, _ = await begin(engine)
    await call.say(close=wire.Close())
    await call.last()
    assert not (await engine.play(resume_token=call.opened.resume_token)).opened.resumed


async def test_an_engine_that_shuts_down_waits_for_nobody(start_engine: StartEngine) -> None:
    engine = await start_engine(resume_s=3600.0)
    call, _ = await begin(engine)
    await vanish(engine, call)
    async with asyncio.timeout(5.0):
        await engine.server.stop(drain_s=0.1)
