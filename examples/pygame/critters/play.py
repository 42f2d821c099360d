"""A game being played: the keys move it, prompts change its scene, the engine hears of both. No drawing."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
import pygame
from numpy.typing import NDArray

from streamdit.types import TRANSITIONS, PromptTransition

from .actions import held_actions
from .captions import parse
from .classic import render
from .game import GameState, Keys, predict, tick, to_state
from .link import Link
from .redraw import Redraw, Source
from .scene import FPS, State
from .steering import Steer
from .tape import Tape
from .textbox import TextBox

EXAMPLES = (
    "a pig walks through a sunny meadow",
    "a cat strolls through the city at night in the rain",
    "a fox wanders through a snowy forest at dusk",
    "a penguin walks through the mountains by day while it snows",
    "a robot walks along the beach at sunset under a clear sky",
    "a rabbit goes through a rainy forest in the evening",
    "a frog in the desert at night, clear sky",
    "a duck strolls along the shore at noon in the rain",
)
STEERED = {
    Steer.KEYS: "keys: the engine hears what is held, and nothing of the game",
    Steer.STATE: "state: the engine hears what happens in the game",
    Steer.FREE: "free: the engine hears the prompt, and goes on by itself",
}
HORIZON_FRAMES = 8  # half a second of what happens if the keys stay down
TOAST_S = 4.0
WAIT_S = 3.0  # a prompt that is not in force by then is no longer announced
_MAX_TICKS_AT_ONCE = 4  # a window that stood still longer than this does not catch up


def key_of(key: int) -> Keys:
    """The game's key that a key of the keyboard is; none for the others."""
    return Keys(left=key == pygame.K_LEFT, right=key == pygame.K_RIGHT, jump=key in (pygame.K_UP, pygame.K_SPACE))


class View(Enum):
    """Which pictures are on the screen."""

    CLASSIC = "classic"
    GENERATED = "generated"
    SIDE_BY_SIDE = "side by side"

    @property
    def next(self) -> "View":
        """What Tab shows after this."""
        views = list(View)
        return views[(views.index(self) + 1) % len(views)]


class Play:
    """What changes while the window is open. Times are `now` of one monotonic clock, in seconds.

    The true game runs on whatever the engine is told: its keys, its state or neither (`steer`).
    """

    def __init__(
        self, link: Link, tape: Tape, *, prompt: str = EXAMPLES[0], steer: Steer = Steer.KEYS, now: float = 0.0
    ) -> None:
        self.link = link
        self.tape = tape
        self.game = GameState()
        self.scene = parse(prompt)
        self.prompt = prompt
        self.transition: PromptTransition = TRANSITIONS[0]
        self.wished = steer  # by the player; the world may not take it
        self.redraw = Redraw()
        self.source: NDArray[np.uint8] | None = None  # what is sent to be redrawn
        self.view = View.CLASSIC
        self.hud_shown = True
        self.box: TextBox | None = None
        self.toast = ""
        self.running = True
        self.num_ticks = 0
        self.screenshot_wanted = False
        self.classic = render(self.scene, to_state(self.game))
        self._tapped = Keys()  # went down since the last tick, and may be up again
        self._steered: Steer | None = None  # as it was last told; None: nobody ever listened
        self._toast_until = 0.0
        self._next_tick = now
        self._asked_at = -WAIT_S

    @property
    def generated(self) -> NDArray[np.uint8] | None:
        """The engine's newest picture; None when there is no engine."""
        return self.link.picture()

    @property
    def steer(self) -> Steer | None:
        """What the engine is told: what was wished for, else its state; None while nobody listens."""
        ways = self.link.ways
        return self.wished if self.wished in ways else next(iter(ways), None)

    def advance(self, now: float, keys: Keys) -> None:
        """Run the ticks that are due, sixteen a second, with these keys down. A key that went down and up again since
        the last tick is down for one."""
        if now - self._next_tick > _MAX_TICKS_AT_ONCE / FPS:
            self._next_tick = now
        while self._next_tick <= now:
            self._next_tick += 1 / FPS
            self._tick(Keys() if self.box else keys | self._tapped, now)
            self._tapped = Keys()
        for news in self.link.news():
            self.say(news, now)
        if now >= self._toast_until:
            self.toast = ""

    def handle(self, event: pygame.event.Event, now: float) -> None:
        """One key went down, text was typed, or the window is to close."""
        if event.type == pygame.QUIT:
            self.running = False
        elif self.box is not None:
            self._type(event, self.box, now)
        elif event.type == pygame.KEYDOWN:
            self._tapped |= key_of(event.key)
            self._command(event.key, now)

    def say(self, toast: str, now: float) -> None:
        """Show a line for a while."""
        self.toast, self._toast_until = toast, now + TOAST_S

    def ask(self, prompt: str, now: float) -> None:
        """Another world: the engine hears the prompt, the classic picture follows if it understands it."""
        try:
            self.scene = parse(prompt)
        except ValueError as error:
            self.say(str(error), now)
            if not self.link.connected:
                return
        self.prompt, self._asked_at = prompt, now
        self.link.prompt(prompt, self.transition)
        self.tape.prompt(prompt, self.transition)

    def shown_prompt(self, now: float) -> tuple[str, bool]:
        """The prompt to show, and whether the engine's frames do not obey it yet."""
        stats = self.link.stats()
        if stats is None or stats.prompt_in_force == self.prompt:
            return self.prompt, False
        waiting = now - self._asked_at < WAIT_S
        return (self.prompt if waiting else stats.prompt_in_force), waiting

    def _tick(self, keys: Keys, now: float) -> None:
        self.game = tick(self.game, keys)
        self.num_ticks += 1
        state = to_state(self.game)
        horizon = [ahead.values() for ahead in predict(self.game, keys, HORIZON_FRAMES)]
        self._tell(keys, state, horizon, now)
        self.classic = render(self.scene, state)
        self.source = self.redraw.picture(state, self.classic)
        if self.source is not None:
            self.link.source_frame(self.source, self.redraw.strength)
            self.tape.source_frame(self.redraw.strength)
        if self.tape.running:
            picture = self.generated if self.tape.of_generated else self.classic
            if picture is None:
                self.say(self.tape.stop(), now)
            else:
                self.tape.frame(state, picture, keys, self._steered)

    def _tell(self, keys: Keys, state: State, horizon: Sequence[Sequence[float]], now: float) -> None:
        """What the engine hears of a tick; what it heard in another way before is un-said."""
        steer = self.steer
        if steer is not None and steer is not self._steered:
            if self._steered is not None:
                self.link.release()
                self.tape.release()
            if self.wished is Steer.KEYS and self.link.why_not_keys:
                self.say(f"{self.link.why_not_keys}: steered by {steer.value}", now)
            self._steered = steer
        if steer is Steer.KEYS:
            self.link.actions(held_actions(keys))
        elif steer is Steer.STATE:
            self.link.state(state.values(), horizon)

    def _switch_steering(self, now: float) -> None:
        steer, ways = self.steer, self.link.ways
        if steer is None:
            self.say(self.link.trouble or "nobody to steer", now)
            return
        self.wished = steer.next(ways)
        if self.wished is steer:
            because = self.link.why_not_keys or "the world takes nothing else"
            self.say(f"steered by {steer.value} only: {because}", now)
        else:
            self.say(STEERED[self.wished], now)

    def _command(self, key: int, now: float) -> None:
        match key:
            case pygame.K_ESCAPE:
                self.running = False
            case pygame.K_t:
                self.box = TextBox()
            case pygame.K_TAB:
                self.view = self.view.next
            case pygame.K_F1:
                self.hud_shown = not self.hud_shown
            case pygame.K_F12:
                self.screenshot_wanted = True
            case pygame.K_c:
                self.transition = TRANSITIONS[(TRANSITIONS.index(self.transition) + 1) % len(TRANSITIONS)]
                self.say(f"new prompts take over: {self.transition}", now)
            case pygame.K_k:
                self._switch_steering(now)
            case pygame.K_v:
                self._switch_redraw(now)
            case pygame.K_COMMA | pygame.K_PERIOD:
                self.redraw = self.redraw.stronger(1 if key == pygame.K_PERIOD else -1)
                self.say(f"redraw: strength {self.redraw.strength:.1f}, 0 keeps all of the picture, 1 nothing", now)
            case pygame.K_r:
                generated = self.view is not View.CLASSIC and self.generated is not None
                self.say(self.tape.toggle(self.prompt, generated=generated), now)
            case _ if pygame.K_1 <= key < pygame.K_1 + len(EXAMPLES):
                self.ask(EXAMPLES[key - pygame.K_1], now)

    def _switch_redraw(self, now: float) -> None:
        if self.redraw.source is Source.OFF and not self.link.takes_source_frames:
            self.say(self.link.trouble or "this engine redraws no pictures", now)
            return
        self.redraw = self.redraw.switched()
        self.say(f"redraw: {self.redraw}", now)

    def _type(self, event: pygame.event.Event, box: TextBox, now: float) -> None:
        key = event.key if event.type == pygame.KEYDOWN and not box.composed else None
        if key == pygame.K_ESCAPE:
            self.box = None
        elif key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            self.box = None
            if box.text.strip():
                self.ask(box.text.strip(), now)
        else:
            self.box = box.heard(event)
