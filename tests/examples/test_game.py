"""The rules of the game, tick by tick."""

import random
from itertools import islice

import pytest

from critters.game import GameState, Keys, predict, tick, to_state
from critters.players import PLAYERS, random_start
from critters.scene import PERIOD, STATE_FIELDS

RIGHT, LEFT, JUMP, NONE = Keys(right=True), Keys(left=True), Keys(jump=True), Keys()


def play(game: GameState, keys: Keys, num_ticks: int) -> list[GameState]:
    games = []
    for _ in range(num_ticks):
        game = tick(game, keys)
        games.append(game)
    return games


def test_a_held_key_walks_two_pixels_and_then_runs_four_a_tick() -> None:
    assert [game.x for game in play(GameState(), RIGHT, 3)] == [66.0, 70.0, 74.0]


def test_turning_round_starts_slow_and_looks_the_other_way_at_once() -> None:
    running = play(GameState(), RIGHT, 3)[-1]
    turned = tick(running, LEFT)
    assert (turned.x, turned.facing) == (running.x - 2.0, -1)


def test_letting_go_stands_still_and_keeps_looking() -> None:
    stopped = tick(play(GameState(), LEFT, 4)[-1], NONE)
    assert (stopped.speed, stopped.walk, stopped.facing) == (0.0, 0.0, -1)


def test_both_arrows_together_are_none() -> None:
    assert tick(GameState(), Keys(left=True, right=True)).x == 64.0


def test_the_walk_cycle_takes_eight_ticks() -> None:
    assert [game.walk * 8 for game in play(GameState(), RIGHT, 9)] == [1, 2, 3, 4, 5, 6, 7, 0, 1]


def test_a_jump_is_a_parabola_of_nine_ticks() -> None:
    heights = [game.y for game in [tick(GameState(), JUMP), *play(tick(GameState(), JUMP), NONE, 9)]]
    assert heights == [10.0, 17.5, 22.5, 25.0, 25.0, 22.5, 17.5, 10.0, 0.0, 0.0]


def test_the_walk_cycle_holds_in_the_air_and_goes_on_after_landing() -> None:
    running = play(GameState(), RIGHT, 3)[-1]
    flight = play(running, Keys(right=True, jump=True), 8)
    assert {game.walk for game in flight} == {running.walk}
    assert tick(flight[-1], RIGHT).walk == running.walk + 1 / 8


def test_in_the_middle_the_critter_moves_and_at_the_edge_the_camera_does() -> None:
    game = play(GameState(x=84.0), RIGHT, 3)[-1]
    assert (game.x, game.camera) == (88.0, 6.0)


def test_the_camera_wraps_at_both_ends_of_the_landscape() -> None:
    assert tick(GameState(x=88.0, speed=4.0, camera=254.0), RIGHT).camera == 2.0
    assert tick(GameState(x=40.0, speed=-4.0, camera=2.0), LEFT).camera == PERIOD - 2.0


def test_a_critter_outside_the_dead_zone_scrolls_outwards_and_walks_inwards() -> None:
    outside = GameState(x=112.0)
    assert (tick(outside, RIGHT).x, tick(outside, RIGHT).camera) == (112.0, 2.0)
    assert (tick(outside, LEFT).x, tick(outside, LEFT).camera) == (110.0, 0.0)


def test_the_clock_turns_once_a_second() -> None:
    games = play(GameState(), NONE, 16)
    assert games[0].clock == 1 / 16
    assert games[-1].clock == 0.0


def test_the_predicted_horizon_is_what_happens_when_the_keys_stay_down() -> None:
    keys = Keys(right=True, jump=True)
    assert predict(GameState(), keys, 8) == tuple(to_state(game) for game in play(GameState(), keys, 8))


@pytest.mark.parametrize("name", PLAYERS)
def test_no_player_ever_leaves_the_state_ranges_or_the_even_grid(name: str) -> None:
    for seed in range(8):
        rng = random.Random(seed)
        game = random_start(rng)
        for keys in islice(PLAYERS[name](rng), 400):
            game = tick(game, keys)
            for field, value in zip(STATE_FIELDS, to_state(game).values(), strict=True):
                assert field.min <= value <= field.max
                assert not field.periodic or value < field.max
            assert game.x % 2 == 0
            assert game.camera % 2 == 0


@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_with_the_same_seed_presses_the_same_keys(name: str) -> None:
    first, second = (list(islice(PLAYERS[name](random.Random(3)), 100)) for _ in range(2))
    assert first == second


def test_random_starts_reach_all_places_both_sides_and_the_air() -> None:
    starts = [random_start(random.Random(seed)) for seed in range(2000)]
    assert {game.x for game in starts} == set(range(16, 114, 2))
    assert {game.camera for game in starts} == set(range(0, 256, 2))
    assert {game.facing for game in starts} == {-1, 1}
    assert {game.clock * 16 for game in starts} == set(range(16))
    assert {game.y for game in starts} == {half_pixels / 2 for half_pixels in range(61)}
    assert 0.2 < sum(game.y > 0 for game in starts) / len(starts) < 0.3
