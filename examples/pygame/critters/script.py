"""Keys pressed by a line of text instead of a hand: how the window is tested and photographed.

"right*24; right+jump*8; tab; t; text a fox in the city at night; enter; wait*16"
A game key is held for one tick, or for n with `*n`; any other key is tapped.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pygame

from .game import Keys

_NONE = Keys()
_HELD = ("left", "right", "jump", "wait")
_TAPPED = {
    "tab": pygame.K_TAB,
    "enter": pygame.K_RETURN,
    "escape": pygame.K_ESCAPE,
    "backspace": pygame.K_BACKSPACE,
    "f1": pygame.K_F1,
    "f12": pygame.K_F12,
    "c": pygame.K_c,
    "k": pygame.K_k,
    "n": pygame.K_n,
    "r": pygame.K_r,
    "t": pygame.K_t,
    "v": pygame.K_v,
    ",": pygame.K_COMMA,
    ".": pygame.K_PERIOD,
    **{str(number): pygame.K_0 + number for number in range(1, 9)},
}


@dataclass(frozen=True, slots=True)
class Step:
    """What the hand does in one tick: keys that go down and up again, and keys that stay down."""

    taps: tuple[pygame.event.Event, ...] = ()
    keys: Keys = _NONE


def parse_script(script: str) -> Iterator[Step]:
    """The steps of a script, one a tick.

    Raises ValueError naming the command that is none.
    """
    for command in filter(None, (part.strip() for part in script.split(";"))):
        if command.startswith("text "):
            yield Step(taps=tuple(letter_of(letter) for letter in command.removeprefix("text ")))
        elif command in _TAPPED:
            yield Step(taps=(tap(_TAPPED[command]),))
        else:
            yield from _held(command)


def tap(key: int) -> pygame.event.Event:
    """A key going down, as pygame reports it."""
    return pygame.event.Event(pygame.KEYDOWN, key=key)


def letter_of(text: str) -> pygame.event.Event:
    """Text that was typed or composed, as pygame reports it."""
    return pygame.event.Event(pygame.TEXTINPUT, text=text)


def _held(command: str) -> Iterator[Step]:
    names, _, ticks = command.partition("*")
    held = names.split("+")
    if not set(held) <= set(_HELD) or not (ticks or "1").isdigit():
        known = ", ".join((*_HELD, *_TAPPED, "text ..."))
        raise ValueError(f"script command {command!r} is none of: {known}")
    keys = Keys(left="left" in held, right="right" in held, jump="jump" in held)
    for _ in range(int(ticks or 1)):
        yield Step(keys=keys)
