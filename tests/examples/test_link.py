"""The game at one end of a real stream, a fake engine at the other; no window."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pygame
import pytest

from critters.actions import ACTIONS
from critters.game import Keys, to_state
from critters.link import EngineLink
from critters.play import EXAMPLES, Play
from critters.redraw import STEPS
from critters.scene import STATE_FIELDS
from critters.script import tap
from critters.tape import Tape
from streamdit.live import LiveSession
from streamdit.testing import FakeEngine, WallTicks
from streamdit.types import StateField, Steering, WorldInfo
from streamdit.wire import engine_pb2 as pb

PATIENCE_S = 20.0


class EngineAt(FakeEngine):
    """A fake engine at an address that is known before it is there."""

    def __init__(self, address: str, world: WorldInfo) -> None:
        super().__init__(world=world, tick=lambda: WallTicks(16.0))
        self.address = address


@contextmanager
def fake_engine(
    address: str = "", *, takes_source_frames: bool = True, generates: bool = False
) -> Iterator[FakeEngine]:
    """A streaming engine whose world is called critters: a white square at the critter's x. Generating, it takes the
    game's keys, and nothing has to be said."""
    fields = tuple(StateField(**asdict(field)) for field in STATE_FIELDS)
    world = replace(
        FakeEngine().world,
        name="critters",
        width=128,
        height=128,
        state_fields=fields,
        takes_source_frames=takes_source_frames,
    )
    if generates:
        world = replace(world, actions=ACTIONS, steered_by=tuple(Steering), may_be_open=tuple(Steering))
    with EngineAt.in_thread(address=address, world=world) as engine:
        yield engine


@contextmanager
def a_play(address: str, folder: Path, wait_s: float = 10.0) -> Iterator[Play]:
    """A game whose session is open, unless it does not wait for that."""
    with LiveSession(address, world="critters", prompt=EXAMPLES[0], wait_s=wait_s) as live:
        yield Play(EngineLink(live, address), Tape(folder), now=time.perf_counter())


def played_until(play: Play, condition: Callable[[], bool]) -> None:
    """Frames come when they come: play in real time until the condition holds."""
    patience = time.perf_counter() + PATIENCE_S
    while not condition():
        if time.perf_counter() > patience:
            pytest.fail(f"{PATIENCE_S} s were not enough, {play.num_ticks} ticks")
        play.advance(time.perf_counter(), Keys())


def in_force(play: Play, prompt: str) -> bool:
    """Whether generated frames obey the prompt."""
    stats = play.link.stats()
    return stats is not None and stats.prompt_in_force == prompt


def test_generated_pictures_obey_the_prompt_and_the_state_of_the_game(tmp_path: Path) -> None:
    with fake_engine() as engine:
        with a_play(engine.address, tmp_path) as play:
            play.ask(EXAMPLES[4], now=0.0)
            played_until(play, lambda: play.num_ticks > 4 and in_force(play, EXAMPLES[4]))
            assert play.generated is not None
            assert play.generated[48, 64].tolist() == [255, 255, 255]
        assert [prompt.text for prompt in engine.bodies("prompt")] == [EXAMPLES[4]]
        assert tuple(engine.bodies("state")[-1].values)[:5] == to_state(play.game).values()[:5]  # the clock ran on


def test_every_state_brings_half_a_second_of_horizon(tmp_path: Path) -> None:
    with fake_engine() as engine:
        with a_play(engine.address, tmp_path) as play:
            played_until(play, lambda: play.num_ticks > 4)
        assert {len(state.horizon) for state in engine.bodies("state")} == {8}


def test_a_prompt_the_engine_refuses_is_said_and_the_old_one_stays_in_force(tmp_path: Path) -> None:
    with fake_engine() as engine, a_play(engine.address, tmp_path) as play:
        play.ask("", now=0.0)
        played_until(play, lambda: play.toast.startswith("prompt.text is empty, must hold 1..500"))
        assert play.shown_prompt(10.0) == (EXAMPLES[0], False)


def test_a_prompt_is_shown_as_waiting_until_a_frame_obeys_it(tmp_path: Path) -> None:
    with fake_engine() as engine, a_play(engine.address, tmp_path) as play:
        play.ask(EXAMPLES[2], now=0.0)
        assert play.shown_prompt(0.0) == (EXAMPLES[2], True)
        played_until(play, lambda: in_force(play, EXAMPLES[2]))
        assert play.shown_prompt(0.0) == (EXAMPLES[2], False)


def test_a_prompt_takes_over_as_chosen_and_boxes_come_back_redrawn(tmp_path: Path) -> None:
    with fake_engine() as engine, a_play(engine.address, tmp_path) as play:
        play.handle(tap(pygame.K_c), now=0.0)
        play.ask(EXAMPLES[2], now=0.0)
        played_until(play, lambda: play.link.takes_source_frames)
        play.handle(tap(pygame.K_v), now=0.0)
        play.redraw = play.redraw.stronger(-STEPS)
        played_until(play, lambda: bool(engine.bodies("source_frame")) and shows_boxes(play))
        assert engine.bodies("prompt")[-1].transition == pb.PROMPT_TRANSITION_SMOOTH
        assert {source.strength for source in engine.bodies("source_frame")} == {0.0}


def test_a_world_that_redraws_nothing_is_sent_nothing(tmp_path: Path) -> None:
    with fake_engine(takes_source_frames=False) as engine, a_play(engine.address, tmp_path) as play:
        played_until(play, lambda: play.num_ticks > 1)
        play.handle(tap(pygame.K_v), now=0.0)
        assert play.toast == "this engine redraws no pictures"
        assert not engine.bodies("source_frame")


def test_a_world_that_takes_the_keys_hears_them_and_no_state(tmp_path: Path) -> None:
    with fake_engine(generates=True) as engine, a_play(engine.address, tmp_path) as play:
        played_until(play, lambda: play.num_ticks > 2)
        play.handle(tap(pygame.K_LEFT), now=0.0)
        played_until(play, lambda: any(body.values for body in engine.bodies("actions")))
        told = [{value.name: value.value for value in body.values} for body in engine.bodies("actions")]
        assert told[0] == {}
        assert [held for held in told if held] == [{"left": 1.0}]
        assert not engine.bodies("state")
        assert not engine.bodies("open")[0].HasField("state")


def test_another_steering_releases_what_was_said(tmp_path: Path) -> None:
    with fake_engine(generates=True) as engine, a_play(engine.address, tmp_path) as play:
        played_until(play, lambda: bool(engine.bodies("actions")))
        play.handle(tap(pygame.K_k), now=0.0)
        played_until(play, lambda: bool(engine.bodies("state")))
        play.handle(tap(pygame.K_k), now=0.0)
        played_until(play, lambda: len(engine.bodies("control")) == 4)
        num_states, ticks = len(engine.bodies("state")), play.num_ticks
        played_until(play, lambda: play.num_ticks > ticks + 4)
        assert len(engine.bodies("state")) <= num_states + 1  # one may have been on its way
        released = [list(control.release.steering) for control in engine.bodies("control")]
        assert released == [[pb.STEERING_STATE], [pb.STEERING_ACTIONS]] * 2


def test_todays_world_is_played_by_its_state_and_that_is_said(tmp_path: Path) -> None:
    with fake_engine() as engine, a_play(engine.address, tmp_path) as play:
        played_until(play, lambda: bool(engine.bodies("state")))
        assert play.toast == "world critters takes no actions: steered by state"
        assert not engine.bodies("actions") + engine.bodies("control")


def shows_boxes(play: Play) -> bool:
    """Whether the generated picture has the sky of the boxes."""
    picture = play.generated
    return picture is not None and abs(int(picture[4, 4, 0]) - 206) < 8


def test_when_the_engine_is_gone_there_are_no_pictures_and_the_trouble_says_where_it_was(tmp_path: Path) -> None:
    with ExitStack() as stack:
        engine = stack.enter_context(fake_engine())
        with a_play(engine.address, tmp_path) as play:
            played_until(play, lambda: play.generated is not None)
            stack.close()
            played_until(play, lambda: play.link.connected is False)
            assert play.generated is None
            assert f"no engine at {engine.address}" in play.link.trouble


def test_an_engine_that_comes_late_is_found_and_hears_the_prompt_asked_meanwhile(tmp_path: Path) -> None:
    with fake_engine() as gone:
        address = gone.address
    with a_play(address, tmp_path, wait_s=0.0) as play:
        play.ask(EXAMPLES[4], now=0.0)
        played_until(play, lambda: play.num_ticks > 1)
        assert play.scene.critter == "robot"
        assert f"no engine at {address}" in play.link.trouble
        with fake_engine(address):
            played_until(play, lambda: in_force(play, EXAMPLES[4]))
            assert play.link.trouble == ""
