"""The window of blocks at one end of a real stream, a fake engine at the other, on a display that is not there."""

# ruff: noqa: SIM117  an engine and its client are two things

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pygame
import pytest

from blocks.game import ACTIONS, RIGHT_END
from blocks.main import GAP, SIDE, Window, run
from blocks.play import Play
from blocks.scene import HEIGHT, WIDTH
from critters.script import parse_script, tap
from critters.steering import Steer
from streamdit.live import LiveSession, LiveStatus
from streamdit.testing import STEERED_WORLD, FakeEngine, ManualTicks, Misbehaviour, WallTicks
from streamdit.types import ClosedReason, StateField
from streamdit.wire import engine_pb2 as pb
from tests.sdk.test_live import until

os.environ["SDL_VIDEODRIVER"] = "dummy"  # read when a window is opened
FIELDS = (StateField("x", 0.0, 64.0, initial=32.0), StateField("y", 0.0, 32.0, initial=0.0))
BLOCKS = replace(STEERED_WORLD, name="blocks", width=WIDTH, height=HEIGHT, state_fields=FIELDS, actions=ACTIONS)


@pytest.fixture
def window() -> Iterator[Window]:
    window = Window()
    yield window
    window.close()


@contextmanager
def a_play(steer: Steer = Steer.KEYS) -> Iterator[tuple[Play, FakeEngine]]:
    with (
        FakeEngine.in_thread(world=BLOCKS, tick=lambda: WallTicks(16.0)) as engine,
        LiveSession(engine.address, world="blocks", profile="single") as live,
    ):
        yield Play(live, steer=steer), engine


def held(engine: FakeEngine) -> list[set[str]]:
    """The sets that were said, without repeats."""
    sets = [{value.name for value in body.values} for body in engine.bodies("actions")]
    return [one for i, one in enumerate(sets) if i == 0 or one != sets[i - 1]]


def test_the_keys_are_said_and_nothing_of_the_game_and_tab_shows_it_beside(window: Window) -> None:
    with a_play() as (play, engine):
        run(play, window, script=parse_script("tab; right*2; right+jump*2; wait*4"), num_frames=9)
        assert held(engine) == [set(), {"right"}, {"right", "jump"}, set()]
        assert not engine.bodies("state")
        assert not engine.bodies("open")[0].HasField("state")
        assert play.side_by_side
        assert window.screen.get_width() == 2 * SIDE + GAP
        assert play.dot.x == RIGHT_END  # the true game, by the same keys


def test_k_goes_from_keys_to_state_to_free_and_releases_what_was_said(window: Window) -> None:
    with a_play() as (play, engine):
        run(play, window, script=parse_script("right*4; k; wait*4; k; wait*8"), num_frames=18)
        assert play.steer is Steer.FREE
        assert {len(body.values) for body in engine.bodies("state")} == {2}
        released = [tuple(control.release.steering) for control in engine.bodies("control")]
        assert set(released) == {(pb.STEERING_ACTIONS,), (pb.STEERING_STATE,)}
        kinds = [message.WhichOneof("body") for message in engine.received if message.event_id]
        assert kinds.index("actions") < kinds.index("state")
        assert kinds[-1] == "control"  # freely nothing more is said


def test_a_session_that_is_over_is_said_for_as_long_as_the_game_runs() -> None:

    with FakeEngine.in_thread(world=BLOCKS, actions_timeout_s=0.0, idle_timeout_s=0.3, tick=ManualTicks) as engine:
        with LiveSession(engine.address, world="blocks") as live:
            play = Play(live, steer=Steer.FREE)
            until(lambda: live.status is LiveStatus.CLOSED)
            assert live.closed is not None
            assert live.closed.reason is ClosedReason.IDLE
            for now in (0.0, 60.0):
                assert play.toast(now) == "the session is over: no message from the client for 0.3 s"


def test_a_connection_that_is_made_again_is_said_until_it_is() -> None:
    with FakeEngine.in_thread(world=BLOCKS, misbehaviour=Misbehaviour(drop_after_frames=20)) as engine:
        with LiveSession(engine.address, world="blocks") as live:
            play = Play(live, steer=Steer.FREE)
            until(lambda: live.status is LiveStatus.RECONNECTING and play.toast(0.0).startswith("no session: "))
            until(lambda: live.status is LiveStatus.PLAYING and "the engine did not keep" in play.toast(60.0))


@pytest.mark.parametrize(("key", "name"), [(pygame.K_LEFT, "left"), (pygame.K_UP, "jump"), (pygame.K_SPACE, "jump")])
def test_a_press_shorter_than_a_tick_counts_for_one(window: Window, key: int, name: str) -> None:
    with a_play() as (play, engine):
        run(play, window, num_frames=2)
        pygame.event.post(tap(key))  # it is not down any more when the next tick looks
        run(play, window, num_frames=8)
        assert held(engine) == [set(), {name}, set()]
