"""Scripted players: who holds which keys for how long, so that recordings show all the game can do.

A player strings moves together, and each has moves of its own. Their mix is made so that standing, walking, jumping
and turning are about as common as `balance` prints.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import TypeAlias

from .game import GameState, Keys
from .scene import FPS, PERIOD

Player: TypeAlias = Callable[[random.Random], Iterator[Keys]]
Move: TypeAlias = Callable[[random.Random, int], Iterator[Keys]]  # with the direction it begins in

# px; wider than the game's own dead zone and higher than its jumps, so that any place a state may name is seen
_START_LEFT, _START_RIGHT = 16, 112
_HIGHEST_START = 30
_FLIGHT = 9  # ticks from take-off to standing again


def _stand(rng: random.Random, direction: int) -> Iterator[Keys]:
    del direction
    yield from repeat(Keys(), rng.randint(5, 16))


def _go(rng: random.Random, direction: int) -> Iterator[Keys]:
    yield from repeat(held(direction), rng.randint(6, 20))


def _go_on(rng: random.Random, direction: int) -> Iterator[Keys]:
    yield from repeat(held(direction), rng.randint(24, 48))


def _turn(rng: random.Random, direction: int) -> Iterator[Keys]:
    """A few steps back and forth."""
    for back in range(rng.randint(1, 3)):
        yield from repeat(held(direction if back % 2 else -direction), rng.randint(5, 10))


def _look_round(rng: random.Random, direction: int) -> Iterator[Keys]:
    """Stand, look the other way, stand."""
    yield from repeat(Keys(), rng.randint(3, 8))
    yield held(-direction)
    yield from repeat(Keys(), rng.randint(3, 8))


def _hop(rng: random.Random, direction: int) -> Iterator[Keys]:
    """A jump on the spot."""
    del direction
    press = rng.randint(1, 4)
    yield from repeat(Keys(jump=True), press)
    yield from repeat(Keys(), _FLIGHT - press + rng.randint(0, 4))


def _leap(rng: random.Random, direction: int) -> Iterator[Keys]:
    """A jump on the run."""
    press = rng.randint(1, 4)
    yield from repeat(held(direction), rng.randint(2, 6))
    yield from repeat(held(direction, jump=True), press)
    yield from repeat(held(direction), _FLIGHT - press + rng.randint(0, 4))


def _bounce(rng: random.Random, direction: int) -> Iterator[Keys]:
    """Jump is held for two flights."""
    yield from repeat(held(direction * rng.randint(0, 1), jump=True), 2 * _FLIGHT)


def _turn_in_the_air(rng: random.Random, direction: int) -> Iterator[Keys]:
    """Take off one way and come down the other."""
    turning = rng.randint(3, 6)
    yield from repeat(held(direction, jump=True), turning)
    yield from repeat(held(-direction), _FLIGHT - turning + rng.randint(0, 4))


def _both(rng: random.Random, direction: int) -> Iterator[Keys]:
    """Left and right together, which is neither."""
    del direction
    yield from repeat(Keys(left=True, right=True), rng.randint(2, 6))


def _player(moves: Mapping[Move, int]) -> Player:
    """One who makes these moves, each so often, and keeps to a direction more often than not."""

    def keys(rng: random.Random) -> Iterator[Keys]:
        direction = rng.choice((-1, 1))
        while True:
            (move,) = rng.choices(list(moves), list(moves.values()))
            for each in move(rng, direction):
                yield each
                direction = each.direction or direction
            if rng.random() < 0.2:
                direction = -direction

    return keys


PLAYERS: dict[str, Player] = {
    "walker": _player({_go_on: 4, _go: 4, _turn: 1, _stand: 2, _leap: 4}),
    "wanderer": _player({_go: 5, _stand: 4, _turn: 1, _leap: 3, _hop: 2, _both: 1, _turn_in_the_air: 1}),
    "jumper": _player({_leap: 5, _hop: 4, _bounce: 2, _turn_in_the_air: 1, _go: 3, _stand: 2}),
    "stander": _player({_stand: 6, _look_round: 2, _hop: 2, _go: 3, _both: 1}),
    "turner": _player({_turn: 5, _look_round: 1, _go: 3, _turn_in_the_air: 2, _leap: 2, _stand: 1}),
}


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


def other_keys(rng: random.Random, keys: Keys) -> Iterator[Keys]:
    """Somebody else takes over: first another direction than these keys', held for a while, then this and that."""
    direction = rng.choice([other for other in (-1, 0, 1) if other != keys.direction])
    jump = rng.random() < 0.35
    yield from repeat(held(direction, jump=jump), rng.randint(5, 14))
    yield from PLAYERS["wanderer"](rng)


def held(direction: int, *, jump: bool = False) -> Keys:
    """The keys of a direction: -1, 0 or +1."""
    return Keys(left=direction < 0, right=direction > 0, jump=jump)
