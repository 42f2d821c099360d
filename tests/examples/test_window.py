"""The window is played by scripts on a display that is not there, in a time that is an argument."""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from critters.boxes import render_boxes
from critters.captions import parse
from critters.classic import render
from critters.game import Keys, to_state
from critters.hud import FAIR, GOOD, REASON_WIDTH, choices, font, measurements
from critters.link import NoEngine
from critters.main import run, save_picture
from critters.play import EXAMPLES, Play, View
from critters.scene import Scene, State
from critters.script import parse_script, tap
from critters.splits import training
from critters.steering import Steer, ways_to_steer, why_not_keys
from critters.tape import Tape
from critters.textbox import TextBox
from critters.window import GAP, SIDE, Window
from streamdit.recording import Recording
from streamdit.stats import SessionStats
from streamdit.testing import FAKE_WORLD, STEERED_WORLD
from streamdit.types import Drops, PromptTransition, Steering

os.environ["SDL_VIDEODRIVER"] = "dummy"  # read when a window is opened


class FakeLink:
    """An engine that answers with one flat colour and keeps what it was told."""

    def __init__(self) -> None:
        self.connected = True
        self.trouble = ""
        self.states: list[tuple[tuple[float, ...], int]] = []
        self.prompts: list[str] = []
        self.transitions: list[str] = []
        self.takes_source_frames = True
        self.ways: tuple[Steer, ...] = (Steer.STATE,)  # as today's critters
        self.why_not_keys = "world critters takes no actions"
        self.held: list[Mapping[str, float]] = []
        self.num_released = 0
        self.sources: list[tuple[NDArray[np.uint8], float]] = []
        self.waiting_news: list[str] = []
        self.rung = 0
        self.rung_reason: str | None = None

    def state(self, values: Sequence[float], horizon: Sequence[Sequence[float]]) -> None:
        self.states.append((tuple(values), len(horizon)))

    def actions(self, held: Mapping[str, float]) -> None:
        self.held.append(held)

    def release(self) -> None:
        self.num_released += 1

    def prompt(self, text: str, transition: PromptTransition) -> None:
        self.prompts.append(text)
        self.transitions.append(transition)

    def source_frame(self, rgb: NDArray[np.uint8], strength: float) -> None:
        self.sources.append((rgb, strength))

    def picture(self) -> NDArray[np.uint8] | None:
        return np.full((128, 128, 3), (10, 200, 30), np.uint8) if self.connected else None

    def news(self) -> list[str]:
        news, self.waiting_news = self.waiting_news, []
        return news

    def stats(self) -> SessionStats | None:
        return SessionStats(
            num_frames=100,
            fps=16.0,
            interval_ms=None,
            jitter_ms=None,
            control_latency_ms=None,
            round_trip_ms=None,
            clock_offset_us=None,
            rung=self.rung,
            rung_reason=self.rung_reason,
            dropped=Drops(),
            num_replaced=0,
            prompt_in_force=EXAMPLES[0],
            server=None,
        )


@pytest.fixture
def window() -> Iterator[Window]:
    window = Window()
    yield window
    window.close()


def steady() -> Callable[[], float]:
    """Sixty drawings a second without waiting for any of them."""
    times = (number / 60 for number in range(100_000))
    return lambda: next(times)


def played(window: Window, play: Play, script: str, num_frames: int) -> Play:
    run(play, window, steady(), script=parse_script(script), num_frames=num_frames)
    return play


def sent(link: FakeLink) -> Iterator[tuple[NDArray[np.uint8], tuple[float, ...]]]:
    """Source frames with the states of their ticks."""
    first = len(link.states) - len(link.sources)
    return zip((rgb for rgb, _ in link.sources), (values for values, _ in link.states[first:]), strict=True)


def colour_at(window: Window, x: int, y: int) -> tuple[int, ...]:
    return tuple(window.screen.get_at((x, y)))[:3]


def test_a_script_walks_the_critter_sixteen_ticks_a_second(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "right*5; wait*3", 8)
    assert (play.num_ticks, play.game.x) == (8, 64 + 2 + 4 * 4)


def test_classic_shows_the_hand_drawn_picture_five_times_as_large(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "right*5; f1", 8)
    rgb = render(play.scene, to_state(play.game))
    for x, y in ((3, 3), (64, 80), (100, 120)):
        assert colour_at(window, x * 5 + 2, y * 5 + 2) == tuple(rgb[y, x])


def test_every_tick_tells_the_engine_the_state_and_half_a_second_ahead(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    played(window, Play(link, Tape(tmp_path)), "right*6", 6)
    assert [values[0] for values, _ in link.states] == [66.0, 70.0, 74.0, 78.0, 82.0, 86.0]
    assert {num_ahead for _, num_ahead in link.states} == {8}


def test_tab_goes_from_classic_to_generated_to_both(window: Window, tmp_path: Path) -> None:
    play = Play(FakeLink(), Tape(tmp_path))
    played(window, play, "tab", 3)
    assert play.view is View.GENERATED
    assert colour_at(window, 320, 500) == (10, 200, 30)
    played(window, play, "tab", 6)
    assert window.screen.get_width() == 2 * SIDE + GAP
    assert colour_at(window, SIDE + GAP + 320, 500) == (10, 200, 30)
    assert colour_at(window, 320, 630) != (10, 200, 30)


def test_typing_a_prompt_changes_the_scene_and_tells_the_engine(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "t; text a fox in the city at night; enter", 6)
    assert play.scene == Scene("fox", "city", "night", "clear")
    assert link.prompts == ["a fox in the city at night"]
    assert play.box is None


def test_keys_typed_into_the_box_do_not_move_the_critter_and_escape_throws_them_away(
    window: Window, tmp_path: Path
) -> None:
    play = played(window, Play(FakeLink(), Tape(tmp_path)), "t; text 1t; right*4; escape", 8)
    assert (play.game.x, play.prompt, play.running) == (64.0, EXAMPLES[0], True)


def test_the_text_box_is_edited_where_the_caret_is(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(FakeLink(), Tape(tmp_path)), "t; text pigs; backspace; text let", 6)
    assert play.box is not None
    assert play.box.text == "piglet"


def test_what_an_input_method_composes_is_typed_and_its_keys_edit_nothing(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "t; text a fox,", 4)
    for event in (
        pygame.event.Event(pygame.TEXTEDITING, text="ni", start=2, length=0),
        tap(pygame.K_BACKSPACE),  # the input method's: it composes "n" then
        tap(pygame.K_RETURN),  # likewise: it accepts what it offers
        tap(pygame.K_ESCAPE),
    ):
        play.handle(event, 1.0)
    assert play.box == TextBox("a fox,", 6, composed="ni")
    window.draw(play, now=1.0, fps=60.0)
    play.handle(pygame.event.Event(pygame.TEXTINPUT, text="\u96ea\u306e\u4e2d"), 1.1)
    play.handle(pygame.event.Event(pygame.TEXTINPUT, text=" caf\u00e9\n"), 1.2)
    assert play.box == TextBox("a fox,\u96ea\u306e\u4e2d caf\u00e9", 14)
    play.handle(tap(pygame.K_RETURN), 1.3)
    assert play.prompt == "a fox,\u96ea\u306e\u4e2d caf\u00e9"


def test_the_key_that_opens_the_box_types_nothing_and_a_key_alone_types_nothing(window: Window, tmp_path: Path) -> None:
    play = Play(FakeLink(), Tape(tmp_path))
    play.handle(tap(pygame.K_t), 0.0)
    play.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_x, unicode="x"), 0.1)
    assert play.box == TextBox()


def test_words_the_game_does_not_know_are_named_and_still_reach_the_engine(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "t; text a zebra in the city; enter", 6)
    assert play.toast == "unknown words: zebra"
    assert link.prompts == ["a zebra in the city"]
    assert play.scene == parse(EXAMPLES[0])


def test_what_the_engine_says_is_shown_for_a_while(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = Play(link, Tape(tmp_path))
    link.waiting_news = ["the prompt is too long"]
    assert played(window, play, "", 4).toast == "the prompt is too long"
    assert played(window, play, "", 90).toast == ""


def test_number_keys_ask_for_the_example_prompts(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "5", 3)
    assert (play.prompt, play.scene.critter) == (EXAMPLES[4], "robot")


def test_c_chooses_how_the_next_prompts_take_over(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "2; c; 3; c; t; text a fox; enter; c; 4", 10)
    assert link.transitions == ["immediate", "smooth", "fast", "immediate"]
    assert play.toast == "new prompts take over: immediate"


def test_v_sends_boxes_then_the_classic_picture_then_nothing(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = Play(link, Tape(tmp_path))
    played(window, play, "v; right*3", 4)
    assert all(np.array_equal(rgb, render_boxes(State(*values))) for rgb, values in sent(link))
    assert {strength for _, strength in link.sources} == {0.5}
    assert len(link.sources) == 4
    played(window, play, "v; wait", 6)
    assert link.sources[-1][0] is play.classic
    played(window, play, "v; wait*4", 10)
    assert len(link.sources) == 6
    assert play.source is None


def test_comma_and_full_stop_change_the_strength(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "v; .; .; .; ,", 5)
    assert [strength for _, strength in link.sources] == [0.5, 0.6, 0.7, 0.8, 0.7]
    assert play.toast == "redraw: strength 0.7, 0 keeps all of the picture, 1 nothing"


def test_side_by_side_shows_what_is_sent(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(FakeLink(), Tape(tmp_path)), "tab; tab; v; wait", 4)
    assert play.source is not None
    assert colour_at(window, 320, 60 * 5 + 2) == (206, 206, 206)  # the sky of the boxes
    assert colour_at(window, SIDE + GAP + 320, 500) == (10, 200, 30)


def test_without_an_engine_that_redraws_v_says_why_nothing_is_sent(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    link.takes_source_frames = False
    for partner, reason in ((link, "this engine redraws no pictures"), (NoEngine(), NoEngine().trouble)):
        play = played(window, Play(partner, Tape(tmp_path)), "wait; v; wait", 3)
        assert (play.toast, play.source) == (reason, None)
    assert link.sources == []


def test_a_recording_of_redrawn_pictures_keeps_the_strength_and_the_transition(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(FakeLink(), Tape(tmp_path)), "tab; v; c; r; 3; wait*2; r", 8)
    events = Recording.load(tmp_path / "play-001").events
    assert {event["strength"] for event in events if event["type"] == "source_frame"} == {0.5}
    assert [event.get("transition") for event in events if event["type"] == "prompt"] == [None, "smooth"]
    assert not play.tape.running


def generating() -> FakeLink:
    """A link to a world that can be steered in every way."""
    link = FakeLink()
    link.ways, link.why_not_keys = tuple(Steer), ""
    return link


def test_where_the_world_takes_actions_the_keys_are_sent_and_no_state(window: Window, tmp_path: Path) -> None:
    link = generating()
    play = played(window, Play(link, Tape(tmp_path)), "right*2; right+jump; wait", 4)
    assert link.held == [{"right": 1.0}, {"right": 1.0}, {"right": 1.0, "jump": 1.0}, {}]
    assert (link.states, link.num_released) == ([], 0)
    assert play.game.x == 64 + 2 + 4 + 4  # the true game is driven by the same keys


def test_k_goes_from_keys_to_state_to_free_and_un_says_what_was_said(window: Window, tmp_path: Path) -> None:
    link = generating()
    play = Play(link, Tape(tmp_path))
    played(window, play, "wait; k; wait*2", 4)
    assert (play.steer, len(link.held), len(link.states), link.num_released) == (Steer.STATE, 1, 3, 1)
    assert play.toast == "state: the engine hears what happens in the game"
    played(window, play, "k; wait", 6)
    assert (play.steer, len(link.held), len(link.states), link.num_released) == (Steer.FREE, 1, 3, 2)
    played(window, play, "k; wait", 8)
    assert (play.steer, len(link.held), len(link.states), link.num_released) == (Steer.KEYS, 3, 3, 3)


def test_a_world_without_actions_is_played_by_state_and_that_is_said(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = played(window, Play(link, Tape(tmp_path)), "right*2", 2)
    assert play.toast == "world critters takes no actions: steered by state"
    assert (play.steer, len(link.states), link.held) == (Steer.STATE, 2, [])
    played(window, play, "k", 3)
    assert play.toast == "steered by state only: world critters takes no actions"
    rows = {name: reading for name, reading, _ in choices(play.steer, link.why_not_keys, "immediate", play.redraw)}
    assert rows["steered by"] == "state, takes no keys"


def test_without_an_engine_k_says_so(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "k", 2)
    assert (play.steer, play.toast) == (None, NoEngine().trouble)


@pytest.mark.parametrize(
    ("key", "held"),
    [
        (pygame.K_LEFT, "left"),
        (pygame.K_RIGHT, "right"),
        (pygame.K_UP, "jump"),
        (pygame.K_SPACE, "jump"),
    ],
)
def test_a_press_shorter_than_a_tick_counts_for_one(tmp_path: Path, key: int, held: str) -> None:
    link = generating()
    play = Play(link, Tape(tmp_path), now=0.0)
    play.advance(0.0, Keys())
    play.handle(tap(key), 0.01)  # and it is up again before the next tick
    for tick in (1, 2):
        play.advance(tick / 16, Keys())
    assert link.held == [{}, {held: 1.0}, {}]


def test_a_tap_while_typing_moves_nothing(tmp_path: Path) -> None:
    link = generating()
    play = Play(link, Tape(tmp_path), now=0.0)
    play.handle(tap(pygame.K_t), 0.0)
    play.handle(tap(pygame.K_LEFT), 0.01)
    play.advance(0.02, Keys())
    assert link.held == [{}]


def test_beside_the_true_game_the_picture_says_how_it_is_steered(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(generating(), Tape(tmp_path)), "tab; tab; right*4", 6)
    assert play.view is View.SIDE_BY_SIDE
    assert colour_at(window, 64 * 5 + 2, 40 * 5 + 2) == tuple(play.classic[40, 64])
    assert colour_at(window, SIDE + GAP + 320, 500) == (10, 200, 30)


def test_a_recording_of_generated_pictures_holds_what_was_said_alone(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(generating(), Tape(tmp_path)), "tab; r; right*3; k; wait*2; k; wait*2; r; wait", 13)
    assert not play.tape.running
    recording = Recording.load(tmp_path / "play-001")
    kinds = [event["type"] for event in recording.events]
    assert kinds == ["prompt", "actions", "actions", "release", "state", "state", "state", "release"]
    said = ~np.isnan(recording.states(unsaid=math.nan)[:, 0])
    held = recording.actions(unsaid=math.nan)[:, 1]
    assert said.tolist() == [False] * 4 + [True] * 3 + [False] * 3
    assert held[:4].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert np.isnan(held[4:]).all()


def test_what_a_world_says_of_itself_decides_how_it_can_be_steered() -> None:
    names = ("left", "right", "jump")
    every = replace(STEERED_WORLD, name="critters")
    assert ways_to_steer(every, names) == tuple(Steer)
    assert ways_to_steer(FAKE_WORLD, names) == (Steer.STATE,)
    assert why_not_keys(FAKE_WORLD, names) == "world square takes no actions"
    must_say = replace(every, may_be_open=(Steering.PROMPT, Steering.ACTIONS))
    assert ways_to_steer(must_say, names) == (Steer.STATE,)
    assert why_not_keys(must_say, names) == "world critters needs its state said"
    stateless = replace(every, state_fields=(), steered_by=(Steering.PROMPT, Steering.ACTIONS))
    assert ways_to_steer(stateless, names) == (Steer.KEYS, Steer.FREE)
    fewer = replace(every, actions=every.actions[1:])
    assert (ways_to_steer(fewer, names), why_not_keys(fewer, names)) == (
        (Steer.STATE, Steer.FREE),
        "world critters does not take left",
    )


def test_every_example_prompt_is_a_scene_training_saw() -> None:
    assert len({parse(example).critter for example in EXAMPLES}) == 8
    assert {parse(example) for example in EXAMPLES} <= set(training())


def test_when_the_engine_goes_the_game_plays_on_in_classic(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = Play(link, Tape(tmp_path))
    played(window, play, "tab; f1", 4)
    link.connected, link.trouble = False, "engine gone"
    played(window, play, "right*4", 12)
    assert play.game.x > 64.0
    assert colour_at(window, 320 + 2, 40 * 5 + 2) == tuple(play.classic[40, 64])
    assert colour_at(window, 3, 3) == (246, 196, 83)  # the banner


def test_r_records_what_is_played_and_r_again_ends_it(window: Window, tmp_path: Path) -> None:
    play = Play(NoEngine(), Tape(tmp_path))
    played(window, play, "r; right*6; 5; wait*4; r", 16)
    recording = Recording.load(tmp_path / "play-001")
    assert recording.num_frames == 12
    assert set(recording.prompts()) == {EXAMPLES[0], EXAMPLES[4]}
    state = State(*map(float, recording.states()[2]))
    assert np.array_equal(recording.read()[2], render(parse(EXAMPLES[0]), state))
    held = recording.actions()
    assert held.sum(axis=0).tolist() == [0, 6, 0]
    assert np.array_equal(held[1:, 1] > 0, np.diff(recording.states()[:, 0]) > 0)


def test_a_recording_of_generated_pictures_ends_when_the_engine_goes(window: Window, tmp_path: Path) -> None:
    link = FakeLink()
    play = Play(link, Tape(tmp_path))
    played(window, play, "tab; r; right*4", 8)
    link.connected = False
    played(window, play, "right*4", 12)
    recording = Recording.load(tmp_path / "play-001")
    assert not play.tape.running
    assert recording.labels["pictures"] == "generated"
    assert np.array_equal(np.unique(recording.read()), [10, 30, 200])


def test_the_hud_names_the_rung_and_below_the_best_one_the_reason(window: Window) -> None:
    link = FakeLink()
    rows = {name: (reading, colour) for name, reading, colour in measurements(link.stats(), 60, connected=True)}
    assert rows["rung"] == ("0", GOOD)
    assert "because" not in rows
    link.rung = 1
    link.rung_reason = "hardware slowdown, 990 of 1980 MHz: 150 ms of 250 ms would become 300 ms"
    rows = {name: (reading, colour) for name, reading, colour in measurements(link.stats(), 60, connected=True)}
    assert rows["rung"] == ("1", FAIR)
    assert rows["because"][0].startswith("hardware slowdown, 990")
    assert font(22).size(rows["because"][0])[0] <= REASON_WIDTH


def test_escape_leaves_and_an_unfinished_recording_is_finished(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "r; right*6; escape", 100)
    play.tape.stop()
    assert play.num_ticks < 10
    assert Recording.load(tmp_path / "play-001").num_frames == 7


def test_f12_keeps_a_picture_of_the_window(window: Window, tmp_path: Path) -> None:
    play = played(window, Play(NoEngine(), Tape(tmp_path)), "f12; wait; f12", 5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["picture-001.png", "picture-002.png"]
    assert save_picture(window, tmp_path / "more" / "last.png").exists()
    assert "picture-002.png" in play.toast


def test_a_window_that_stood_still_does_not_catch_up(tmp_path: Path) -> None:
    play = Play(NoEngine(), Tape(tmp_path))
    play.advance(100.0, next(parse_script("right")).keys)
    assert play.num_ticks == 1


def test_a_script_command_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="'fly' is none of"):
        list(parse_script("right*2; fly"))
