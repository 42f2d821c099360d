"""A session against FakeEngine: real gRPC over a real socket."""

# ruff: noqa: SIM117  an engine, a client and a session are three things

import asyncio

import numpy as np
import pytest

from streamdit._fake_world import FAKE_WORLD
from streamdit.client import Client, connect
from streamdit.errors import SessionClosed, StreamDiTError
from streamdit.frames import Frame
from streamdit.session import Session
from streamdit.testing import FakeEngine, ManualTicks
from streamdit.types import ClosedReason, Delivery, Encoding, EventRejected


async def take(session: Session, num_frames: int) -> list[Frame]:
    """The next so many frames."""
    return [await anext(session) for _ in range(num_frames)]


async def until_obeyed(session: Session, event_id: int) -> Frame:
    """The first frame that carries the event's id."""
    async for frame in session:
        if frame.last_event_id >= event_id:
            return frame
    raise AssertionError(f"no frame obeyed event {event_id}: {session.closed}")


@pytest.mark.parametrize("delivery", list(Delivery))
async def test_frames_come_in_order_with_their_media_time(delivery: Delivery) -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(delivery=delivery) as session:
            frames = await take(session, 20)
    assert [frame.frame_id for frame in frames] == list(range(1, 21))
    assert [frame.pts_us for frame in frames] == [62_500 * index for index in range(20)]
    assert frames[0].rgb().shape == (48, 64, 3)


async def test_the_engine_says_what_it_serves_and_what_it_chose() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        info = await client.server_info()
        async with client.play(seed=3, window=2, profile="quartet", jpeg_quality=80) as session:
            opened = session.opened
    assert info.worlds == (FAKE_WORLD,)
    assert (opened.seed, opened.window, opened.profile) == (3, 2, "quartet")
    assert opened.world == FAKE_WORLD
    assert opened.encoding is Encoding.JPEG
    assert engine.bodies("open")[0].jpeg_quality == 80


async def test_raw_frames_are_had_by_asking_for_them_first() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(encodings=[Encoding.RGB24, Encoding.JPEG]) as session:
            (frame,) = await take(session, 1)
    assert frame.encoding is Encoding.RGB24
    assert len(frame.payload) == 48 * 64 * 3
    assert np.count_nonzero((frame.rgb() == 255).all(axis=2)) == 12 * 12  # the square


async def test_a_prompt_is_seen_in_the_frames_that_carry_its_id() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(prompt="a square on sand") as session:
            (before,) = await take(session, 1)
            event_id = await session.prompt("a square on ice")
            after = await until_obeyed(session, event_id)
            stats = session.stats()
    assert before.last_event_id == 0
    assert not np.array_equal(before.rgb()[0, 0], after.rgb()[0, 0])
    assert stats.prompt_in_force == "a square on ice"
    assert stats.control_latency_ms is not None
    assert session.applied[0].event_id == event_id


async def test_in_lockstep_an_event_sent_while_holding_the_last_frame_reaches_the_next_chunk() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.LOCKSTEP, profile="quartet") as session:
            obeyed = []
            for _ in range(5):
                chunk = await take(session, 4)
                obeyed.append({frame.last_event_id for frame in chunk})
                await session.state(x=10.0)
    assert obeyed == [{0}, {1}, {2}, {3}, {4}]


async def test_in_lockstep_nothing_is_made_until_the_next_frame_is_asked_for() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.LOCKSTEP) as session:
            await take(session, 1)
            for _ in range(3):
                await session.state(x=1.0)
            assert not engine.bodies("ack")
            (second,) = await take(session, 1)
    assert second.frame_id == 2
    assert second.last_event_id == 3


async def test_state_fields_that_are_not_named_keep_their_value() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(state={"x": 20.0}) as session:
            await session.state(spin=0.25)
            await session.state([30.0, 0.5], horizon=[[31.0, 0.5], [32.0, 0.5]])
            await until_obeyed(session, await session.state(x=40.0))
            assert session.last_state == {"x": 40.0, "spin": 0.5}
    assert list(engine.bodies("open")[0].state.values) == [20.0, 0.5]
    states = engine.bodies("state")
    assert [list(state.values) for state in states] == [[20.0, 0.25], [30.0, 0.5], [40.0, 0.5]]
    assert [list(step.values) for step in states[1].horizon] == [[31.0, 0.5], [32.0, 0.5]]


async def test_a_state_that_cannot_be_meant_is_refused_before_it_is_sent() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            with pytest.raises(ValueError, match="state field 'y' is unknown, the world has: x, spin"):
                await session.state(y=1.0)
            with pytest.raises(ValueError, match="state has 3 values, the world has 2 fields"):
                await session.state([1.0, 2.0, 3.0])
            with pytest.raises(ValueError, match="state field 'x' is nan"):
                await session.state(x=float("nan"))
        with pytest.raises(ValueError, match="jpeg_quality is 101"):
            client.play(jpeg_quality=101)
    assert not engine.bodies("state")


async def test_an_event_the_engine_refuses_is_a_notice_and_the_session_goes_on() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await session.state(x=500.0)
            await until_obeyed(session, await session.state(x=5.0))
            refused = session.notices.popleft()
    assert isinstance(refused, EventRejected)
    assert (refused.event_id, refused.reason) == (1, "STATE_OUT_OF_RANGE")
    assert (refused.field, refused.value) == ("state.values[0] (x)", "500")


async def test_every_command_arrives_in_order_with_rising_ids_and_times() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await session.pause()
            await session.resume()
            await session.reset(seed=5)
            await session.switch_profile("quartet")
            await session.reset(seed=6)
            await until_obeyed(session, await session.prompt("on"))
    events = [message for message in engine.received if message.event_id]
    assert [message.event_id for message in events] == [1, 2, 3, 4, 5, 6]
    assert [body.WhichOneof("command") for body in engine.bodies("control")] == [
        "pause",
        "resume",
        "reset",
        "switch_profile",
        "reset",
    ]
    times = [message.client_time_us for message in events]
    assert times == sorted(times)
    assert times[0] > 0


async def test_a_stalled_reader_is_fed_no_more_than_the_window_and_then_the_newest() -> None:
    ticks = ManualTicks()
    async with FakeEngine(tick=lambda: ticks, window=3) as engine, connect(engine.address) as client:
        async with client.play() as session:
            await ticks.advance()
            await take(session, 1)
            with session.reading_stopped():
                await ticks.advance(40)
            received: list[Frame] = []
            while not received or received[-1].frame_id < 41:
                received += await take(session, 1)
    assert len(received) <= 3 + 2  # the window, one that was being read, the newest
    assert sum(frame.dropped_before.network for frame in received) == 40 - len(received)


async def test_a_slow_consumer_gets_the_newest_frames_and_the_loss_is_counted() -> None:
    ticks = ManualTicks()
    async with FakeEngine(tick=lambda: ticks, window=2) as engine, connect(engine.address) as client:
        async with client.play() as session:
            for _ in range(10):  # the engine's clock waits for each ack, so nothing is lost on the way
                num_acks = len(engine.bodies("ack"))
                await ticks.advance()
                while len(engine.bodies("ack")) == num_acks:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            assert [frame.frame_id for frame in await take(session, 2)] == [9, 10]
            assert session.stats().num_replaced == 8


async def test_all_delivers_everything_to_a_consumer_that_pauses() -> None:
    async with FakeEngine(max_behind=8) as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.ALL) as session:
            frames = await take(session, 5)
            with session.reading_stopped():
                for _ in range(100):  # a pause as long as a hundred turns of the loop
                    await asyncio.sleep(0)
            frames += await take(session, 300)
    assert [frame.frame_id for frame in frames] == list(range(1, 306))


async def test_the_round_trip_is_measured_from_the_first_heartbeat_on() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            async for _ in session:
                if session.stats().round_trip_ms is not None:
                    break
            stats = session.stats()
    assert stats.clock_offset_us is not None
    assert abs(stats.clock_offset_us) < 1_000_000  # one machine, one clock


async def test_close_returns_the_reason_and_the_engines_count() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.LOCKSTEP) as session:
            await take(session, 3)
            closed = await session.close("enough")
            assert await session.close() == closed == session.closed
            assert await session.wait_closed() == closed
            with pytest.raises(SessionClosed, match="CLIENT_CLOSED"):
                await session.prompt("too late")
            assert [frame async for frame in session] == []
    assert closed.reason is ClosedReason.CLIENT_CLOSED
    assert closed.detail == "enough"
    assert closed.totals is not None
    assert closed.totals.frames_sent == 3


async def test_a_cancelled_consumer_closes_its_session_and_stays_cancelled() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        first = asyncio.Event()

        async def watch() -> None:
            async with client.play() as session:
                async for _ in session:
                    first.set()

        watching = asyncio.create_task(watch())
        await first.wait()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        async with client.play() as session:  # the connection is still good
            await take(session, 1)
    assert [close.detail for close in engine.bodies("close")] == ["", ""]


async def test_many_sessions_share_one_connection() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:

        async def watch(client: Client, number: int) -> int:
            async with client.play(state={"x": float(number)}) as session:
                return (await take(session, 30))[-1].frame_id

        assert await asyncio.gather(*(watch(client, number) for number in range(8))) == [30] * 8
    assert engine.sessions == []


async def test_a_session_that_was_not_entered_says_so() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        with pytest.raises(StreamDiTError, match="enter it with `async with`"):
            await client.play().prompt("a pig")
