"""A live session as a game sees it: plain threads, no event loop in sight."""

# ruff: noqa: SIM117  an engine, a client and a session are three things

import time
from collections.abc import Callable
from typing import Any

import pytest

from streamdit.errors import ConnectionFailed, Rejected
from streamdit.live import LiveSession, LiveStatus
from streamdit.testing import FAKE_WORLD, STEERED_WORLD, FakeEngine, Misbehaviour, WallTicks
from streamdit.types import Closed, ClosedReason, EventRejected, Notice


def until(true: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait for another thread."""
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.002)


def test_a_game_loop_sends_state_and_shows_the_newest_frame() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address, prompt="a square") as live:
        live.state(x=12.0)
        live.prompt("a square on ice")
        until(lambda: (frame := live.latest()) is not None and frame.last_event_id >= 2)
        stats = live.stats()
        assert live.status is LiveStatus.PLAYING
        assert live.opened is not None
        assert live.error is None
    assert stats is not None
    assert stats.prompt_in_force == "a square on ice"
    assert stats.control_latency_ms is not None
    assert stats.fps is not None
    assert engine.bodies("state")[0].values[0] == 12.0


def test_the_newest_frame_stays_until_a_newer_one_came() -> None:
    with FakeEngine.in_thread(tick=lambda: WallTicks(2.0)) as engine, LiveSession(engine.address) as live:
        until(live.latest)
        assert live.latest() is live.latest()
        assert live.take() is None


def test_of_states_that_wait_only_the_newest_is_sent() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        for x in range(100):
            live.state(x=float(x))
            live.state(spin=x / 100)
        until(lambda: engine.bodies("state") and engine.bodies("state")[-1].values[0] == 99.0)
    assert [round(value, 2) for value in engine.bodies("state")[-1].values] == [99.0, 0.99]
    assert len(engine.bodies("state")) <= 200


def test_commands_arrive_and_mistakes_can_be_read() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        live.pause()
        live.resume()
        live.reset(seed=4)
        live.switch_profile("quartet")
        with pytest.raises(ValueError, match="this engine takes no actions: world 'square' has none"):
            live.actions("wave")
        live.state([500.0, 0.0])
        until(lambda: len(engine.bodies("state")) == 1)
        until(live.stats)
        news = live.take_notices()
        until(lambda: len(news.__iadd__(live.take_notices())) == 1)
    assert [n.reason for n in news if isinstance(n, EventRejected)] == ["STATE_OUT_OF_RANGE"]
    assert len(engine.bodies("control")) == 4


def test_another_rung_is_told_with_its_reason_and_seen_on_the_frames() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        until(live.latest)
        engine.change_rung(2, "power cap, 1200 of 1980 MHz")
        until(lambda: (stats := live.stats()) is not None and stats.rung == 2)
        stats = live.stats()
        assert stats is not None
        assert stats.rung_reason == "power cap, 1200 of 1980 MHz"
        assert live.take_notices() == [Notice("RUNG_CHANGED", "power cap, 1200 of 1980 MHz")]
        frame = live.latest()
        assert frame is not None
        assert frame.rung == 2


def test_close_is_quick_and_leaves_the_reason() -> None:
    with FakeEngine.in_thread() as engine:
        live = LiveSession(engine.address)
        with live:
            until(live.latest)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 2.0
        assert live.closed is not None
        assert live.closed.reason is ClosedReason.CLIENT_CLOSED
        assert live.closed.totals is not None
        assert live.close() == live.closed
        live.state(x=1.0)  # of no use, and no harm


def test_closing_an_engine_that_hangs_takes_less_than_two_seconds() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(ignore_close=True)) as engine:
        with LiveSession(engine.address) as live:
            until(live.latest)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 2.0
    assert live.closed is not None


def test_a_broken_connection_is_made_again_with_what_was_in_force() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(drop_after_frames=30)) as engine:
        with LiveSession(engine.address, prompt="first") as live:
            live.prompt("second")
            live.state(x=33.0)
            until(lambda: live.status is LiveStatus.RECONNECTING)
            assert "CONNECTION_LOST" in str(live.error)
            until(lambda: engine.num_sessions == 2)
            until(lambda: live.status is LiveStatus.PLAYING or engine.num_sessions > 2)
            assert live.closed is None
    again = engine.bodies("open")[1]
    assert again.prompt.text == "second"
    assert list(again.state.values) == [33.0, 0.5]


@pytest.mark.parametrize("when", [LiveStatus.PLAYING, LiveStatus.RECONNECTING])
@pytest.mark.parametrize(("profile", "start_again"), [("single", False), ("quartet", True)])
def test_a_start_is_said_again_only_to_a_profile_that_can_hold_it(
    when: LiveStatus, profile: str, start_again: bool
) -> None:
    drop = Misbehaviour(drop_after_frames=30)
    with FakeEngine.in_thread(world=STEERED_WORLD, misbehaviour=drop, tick=lambda: WallTicks(100.0)) as engine:
        with LiveSession(engine.address, profile="quartet", start=STEERED_WORLD.start_clips[0]) as live:
            until(lambda: live.status is when)
            live.switch_profile(profile)
            until(lambda: len(engine.bodies("open")) == 2 or live.closed)
            assert live.closed is None
    again = engine.bodies("open")[1]
    assert (again.profile, again.HasField("start")) == (profile, start_again)


def test_a_state_that_was_refused_does_not_keep_a_session_from_being_opened_again() -> None:
    drop = Misbehaviour(drop_after_frames=50)
    with FakeEngine.in_thread(misbehaviour=drop, tick=lambda: WallTicks(100.0)) as engine:
        with LiveSession(engine.address) as live:
            live.state(x=500.0, spin=0.25)
            until(lambda: len(engine.bodies("open")) == 2 or live.closed)
            assert live.closed is None
    assert list(engine.bodies("open")[1].state.values) == [FAKE_WORLD.state_fields[0].max, 0.25]


def test_without_reconnecting_the_end_is_the_end() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(drop_after_frames=3)) as engine:
        with LiveSession(engine.address, reconnect=False) as live:
            until(lambda: live.closed)
            assert live.status is LiveStatus.CLOSED
    assert live.closed is not None
    assert live.closed.reason is ClosedReason.CONNECTION_LOST


def test_no_engine_is_an_error_on_entering() -> None:
    with pytest.raises(ConnectionFailed, match=r"no engine at 127\.0\.0\.1:1"):
        LiveSession("127.0.0.1:1", wait_s=0.2).__enter__()


def test_a_refusal_is_an_error_on_entering() -> None:
    with FakeEngine.in_thread() as engine:
        with pytest.raises(Rejected, match="UNKNOWN_WORLD"):
            LiveSession(engine.address, world="atlantis").__enter__()


def test_a_game_that_does_not_wait_can_watch_itself_connect() -> None:
    with LiveSession("127.0.0.1:1", wait_s=0) as live:
        assert live.latest() is None
        assert live.stats() is None
        until(lambda: live.error is not None)
        assert live.status in (LiveStatus.CONNECTING, LiveStatus.RECONNECTING)
    assert live.closed is not None


def test_a_world_that_was_lost_is_told_by_a_notice_a_field_and_a_call() -> None:
    told: list[str] = []
    drop = Misbehaviour(drop_after_frames=30)
    with FakeEngine.in_thread(misbehaviour=drop) as engine:
        with LiveSession(engine.address, on_world_lost=lambda closed: told.append(closed.reason.name)) as live:
            assert live.num_worlds_lost == 0
            until(lambda: engine.num_sessions >= 2 and live.num_worlds_lost >= 1)
            notices = live.take_notices()
            until(lambda: notices.__iadd__(live.take_notices()))
    lost = [one for one in notices if isinstance(one, Notice) and one.code == "WORLD_LOST"]
    assert lost
    assert "the engine did not keep the session" in lost[0].detail
    assert "another world begins at frame 1" in lost[0].detail
    assert told[0] == "CONNECTION_LOST"


def test_a_call_on_a_lost_world_that_fails_costs_nothing_but_is_seen() -> None:
    def fail(_: Closed) -> None:
        raise RuntimeError("a fault of the game's")

    drop = Misbehaviour(drop_after_frames=30)
    with FakeEngine.in_thread(misbehaviour=drop) as engine:
        with LiveSession(engine.address, on_world_lost=fail) as live:
            until(lambda: engine.num_sessions >= 2 and "a fault of the game's" in str(live.error))
            assert live.closed is None


def test_what_the_engine_had_to_say_before_the_connection_broke_is_not_lost() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(drop_after_frames=60)) as engine:
        with LiveSession(engine.address) as live:
            live.state(x=500.0)
            until(lambda: engine.num_sessions >= 2 and live.num_worlds_lost >= 1)
            reasons = [getattr(one, "reason", getattr(one, "code", "")) for one in live.take_notices()]
    assert reasons[:2] == ["STATE_OUT_OF_RANGE", "WORLD_LOST"]
