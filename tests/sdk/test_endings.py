"""However it goes wrong, there is a reason: refusals, broken connections, engines from the future."""

# ruff: noqa: SIM117  an engine, a client and a session are three things

import asyncio
from dataclasses import replace

import pytest

from streamdit.client import connect
from streamdit.errors import ConnectionFailed, Rejected
from streamdit.opening import Opening
from streamdit.session import Session
from streamdit.testing import FAKE_WORLD, STEERED_WORLD, FakeEngine, ManualTicks, Misbehaviour, WallTicks
from streamdit.types import Closed, ClosedReason, Delivery, Draining, Notice


async def play_to_the_end(session: Session) -> Closed:
    async for _ in session:
        pass
    assert session.closed is not None
    return session.closed


async def test_no_engine_is_named_with_its_address_within_the_timeout() -> None:
    with pytest.raises(ConnectionFailed, match=r"no engine at 127\.0\.0\.1:1: no connection within 0\.3 s"):
        async with connect("127.0.0.1:1", timeout_s=0.3):
            pass


async def test_no_engine_is_known_at_once_when_nobody_waits_for_it() -> None:
    with pytest.raises(ConnectionFailed, match="Connection refused"):
        async with connect("127.0.0.1:1", wait_for_engine=False):
            pass


async def test_an_engine_that_never_answers_open_fails_in_time() -> None:
    async with FakeEngine(misbehaviour=Misbehaviour(silent=True)) as engine:
        async with connect(engine.address, timeout_s=0.3) as client:
            with pytest.raises(ConnectionFailed, match=r"no answer to `open` within 0\.3 s"):
                async with client.play():
                    pass


async def test_a_refusal_names_reason_field_and_value() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        with pytest.raises(Rejected) as unknown_world:
            async with client.play(world="atlantis"):
                pass
        with pytest.raises(Rejected) as bad_state:
            async with client.play(state=[1.0, 9.0]):
                pass
        with pytest.raises(Rejected, match="UNKNOWN_WORLD"):
            async with client.play(world="atlantis", state={"x": 1.0}):
                pass
    error = unknown_world.value
    assert (error.reason, error.field, error.value) == ("UNKNOWN_WORLD", "open.world", "'atlantis'")
    assert str(error) == "UNKNOWN_WORLD: open.world is 'atlantis', this engine serves square"
    assert bad_state.value.field == "open.state.values[1] (spin)"


async def test_a_full_engine_refuses_in_the_same_way() -> None:
    async with FakeEngine(misbehaviour=Misbehaviour(reject="SERVER_FULL")) as engine:
        async with connect(engine.address) as client:
            with pytest.raises(Rejected, match="SERVER_FULL"):
                async with client.play():
                    pass


async def test_a_wrong_token_is_refused_at_the_door() -> None:
    async with FakeEngine(token="secret") as engine:
        with pytest.raises(Rejected, match="UNAUTHENTICATED"):
            async with connect(engine.address, token="guess"):
                pass
        async with connect(engine.address, token="secret") as client, client.play() as session:
            await anext(session)


async def test_a_broken_connection_is_a_reason_too() -> None:
    dropping = Misbehaviour(drop_after_frames=3)
    async with FakeEngine(misbehaviour=dropping, tick=lambda: WallTicks(64.0)) as engine:
        async with connect(engine.address) as client, client.play() as session:
            closed = await play_to_the_end(session)
    assert closed.reason is ClosedReason.CONNECTION_LOST
    assert closed.detail == "UNAVAILABLE: told to drop the connection"
    assert closed.totals is None


async def test_an_engine_that_crashes_is_a_lost_connection() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await anext(session)
            await engine.stop()
            assert (await play_to_the_end(session)).reason is ClosedReason.CONNECTION_LOST


async def test_an_engine_that_goes_down_says_so_first() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await anext(session)
            await engine.drain(deadline_s=2.5)
            closed = await play_to_the_end(session)
            assert session.notices.popleft() == Draining(2.5, "going down")
    assert closed.reason is ClosedReason.SERVER_DRAINING
    assert closed.totals is not None


async def test_a_recorder_that_cannot_keep_up_is_closed_as_too_slow() -> None:
    ticks = ManualTicks()
    async with FakeEngine(tick=lambda: ticks, max_behind=4) as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.ALL) as session:
            await ticks.advance()
            await anext(session)
            with session.reading_stopped():
                behind = asyncio.create_task(ticks.advance(10))
                await engine.sessions[0].until_ending()
            behind.cancel()
            closed = await play_to_the_end(session)
    assert closed.reason is ClosedReason.TOO_SLOW


async def test_an_engine_that_does_not_confirm_is_cut_after_a_second() -> None:
    async with FakeEngine(misbehaviour=Misbehaviour(ignore_close=True)) as engine:
        async with connect(engine.address) as client, client.play() as session:
            await anext(session)
            closed = await session.close()
    assert closed == Closed(ClosedReason.CLIENT_CLOSED, "the engine did not confirm in time")


async def test_an_engine_that_falls_silent_is_a_lost_connection() -> None:
    frozen, ticks = Misbehaviour(mute=True), ManualTicks()
    async with FakeEngine(misbehaviour=frozen, tick=lambda: ticks) as engine:
        async with connect(engine.address) as client:
            async with client.open(Opening(), heartbeat_every_s=0.02) as session:
                closed = await play_to_the_end(session)
    assert closed == Closed(ClosedReason.CONNECTION_LOST, "nothing heard for 0.1 s")


async def test_what_a_newer_engine_says_is_passed_over() -> None:
    async with FakeEngine(misbehaviour=Misbehaviour(from_the_future=True)) as engine:
        async with connect(engine.address) as client, client.play() as session:
            for expected in range(1, 6):
                assert (await anext(session)).frame_id == expected
            closed = await session.close()
    assert closed.reason is ClosedReason.ENGINE_FAILED
    assert closed.detail.startswith("reason 99, unknown to SDK")


async def test_an_engine_that_chose_a_newer_api_is_not_played_with() -> None:
    async with FakeEngine(misbehaviour=Misbehaviour(api_version=2)) as engine:
        async with connect(engine.address) as client:
            with pytest.raises(Rejected, match="chose API version 2, this SDK speaks 1"):
                async with client.play():
                    pass


async def test_closing_the_client_first_ends_its_sessions_with_a_reason() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await anext(session)
            await client.close()
            assert (await play_to_the_end(session)).reason is ClosedReason.CONNECTION_LOST


async def test_the_fake_engine_lets_go_what_a_silent_client_holds_and_it_says_it_again() -> None:
    async with FakeEngine(world=STEERED_WORLD, actions_timeout_s=0.1) as engine, connect(engine.address) as client:
        async with client.play(actions=["jump"], delivery=Delivery.ALL) as session:
            with session.reading_stopped():
                async with asyncio.timeout(10):
                    while engine.sessions[0].holds_action:  # noqa: ASYNC110  no event tells
                        await asyncio.sleep(0.01)
            async with asyncio.timeout(10):
                async for _ in session:
                    if engine.bodies("actions"):
                        break
            released = [n for n in session.notices if isinstance(n, Notice)]
            assert session.opened.actions_timeout_s == pytest.approx(0.1)
    assert [n.code for n in released] == ["ACTIONS_RELEASED"]
    assert [(one.name, one.value) for one in engine.bodies("actions")[0].values] == [("jump", 1.0)]


async def test_the_fake_engine_closes_a_client_that_says_nothing() -> None:
    async with FakeEngine(idle_timeout_s=0.2) as engine, connect(engine.address) as client:
        async with client.play(delivery=Delivery.ALL) as session:
            with session.reading_stopped():
                async with asyncio.timeout(10):
                    await engine.sessions[0].until_ending()
            closed = await session.wait_closed()
    assert (closed.reason, closed.detail) == (ClosedReason.IDLE, "no message from the client for 0.2 s")


async def test_an_engine_whose_frames_are_not_of_the_worlds_size_breaks_the_contract() -> None:
    wrong = Misbehaviour(frame_size=(12_000, 12_000))
    async with FakeEngine(misbehaviour=wrong) as engine, connect(engine.address) as client:
        async with client.play() as session:
            closed = await play_to_the_end(session)
    assert closed.reason is ClosedReason.ENGINE_FAILED
    assert "frame 1 is 12000x12000, world square is 64x48" in closed.detail


async def test_an_engine_that_claims_a_world_of_billions_of_pixels_is_none() -> None:
    huge = replace(FAKE_WORLD, width=65_000, height=65_000)
    async with FakeEngine(world=huge, tick=ManualTicks) as engine, connect(engine.address) as client:
        with pytest.raises(ConnectionFailed, match="65000x65000 pixels, at most 16777216"):
            await client.play().__aenter__()
