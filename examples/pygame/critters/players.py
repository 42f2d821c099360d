"""Scripted players: who holds which keys for how long, so that recordings show all the game can do."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat
from typing import TypeAlias

from .game import GameState, Keys
from .scene import FPS, PERIOD

Player: TypeAlias = Callable[[random.Random], Iterator[Keys]]

# px; wider than the game's own dead zone and higher than its jumps, so that any place a state may name is seen
_START_LEFT, _START_RIGHT = 16, 112
_HIGHEST_START = 30


def walk_right(rng: random.Random) -> Iterator[Keys]:
    """Holds right for ever."""
    del rng
    yield from repeat(Keys(right=True))


def wander(rng: random.Random) -> Iterator[Keys]:
    """Holds a random direction, or none, for a while, and jumps now and then."""
    while True:
        direction = rng.choice((-1, -1, 0, 1, 1))
        for _ in range(rng.randint(4, 24)):
            yield _held(direction, jump=rng.random() < 0.06)


def jumper(rng: random.Random) -> Iterator[Keys]:
    """Jumps again and again, on the spot or on the run."""
    while True:
        direction = rng.choice((-1, 0, 0, 1))
        yield from repeat(_held(direction, jump=True), rng.randint(9, 27))
        yield from repeat(_held(direction, jump=False), rng.randint(1, 6))


def stander(rng: random.Random) -> Iterator[Keys]:
    """Stands; once in a while it looks the other way."""
    while True:
        yield from repeat(Keys(), rng.randint(12, 40))
        yield _held(rng.choice((-1, 1)), jump=False)


def turner(rng: random.Random) -> Iterator[Keys]:
    """Turns round every few ticks."""
    direction = rng.choice((-1, 1))
    while True:
        yield from repeat(_held(direction, jump=rng.random() < 0.1), rng.randint(2, 10))
        direction = -direction


PLAYERS: dict[str, Player] = {player.__name__: player for player in (walk_right, wander, jumper, stander, turner)}


def random_start(rng: random.Random) -> GameState:
    """Anywhere the game can be and a little outside, looking either way; one in four falls from some height.

    Jumps alone would show five heights, and a client's state may name any.
    """
    start = GameState(
        x=float(rng.randrange(_START_LEFT, _START_RIGHT + 1, 2)),
        facing=rng.choice((-1, 1)),
        camera=float(rng.randrange(0, int(PERIOD), 2)),
        clock=rng.randrange(FPS) / FPS,
    )
    return start if rng.random() >= 0.25 else replace(start, y=rng.randint(1, 2 * _HIGHEST_START) / 2)


def _held(direction: int, *, jump: bool) -> Keys:
    return Keys(left=direction < 0, right=direction > 0, jump=jump)
