"""An episode is consistent: its states follow from its keys, and its branches from its moments."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from critters.balance import Balance, balance, total
from critters.captions import LABELS, read
from critters.episode import BRANCH_FRAMES, CAPTION_EVERY, Episode, Fork, Plan, moments, play, play_with_branches
from critters.game import tick, to_state
from critters.layout import in_view
from critters.lexicon import LANDMARK_WORDS
from critters.players import PLAYERS
from critters.record import plan
from critters.scene import Scene

SCENE = Scene("fox", "meadow", "day", "clear")


def plans(num_seeds: int, **more: object) -> Iterator[Plan]:
    for seed in range(num_seeds):
        for player in PLAYERS:
            each = Plan(name="p", scene=SCENE, split="train", num_frames=48, seed=str(seed), player=player, layout=seed)
            yield replace(each, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("player", PLAYERS)
def test_every_state_follows_from_the_one_before_and_the_keys_of_its_own_frame(player: str) -> None:
    for each in plans(4, player=player):
        played = moments(each)
        episode = play(replace(each, num_frames=12))
        for before, after in pairwise(played):
            assert tick(before.game, after.keys) == after.game
        for moment, state, actions in zip(played, episode.states, episode.actions, strict=False):
            assert to_state(moment.game).values() == tuple(state.tolist())
            assert (moment.keys.left, moment.keys.right, moment.keys.jump) == tuple(actions.tolist())


def test_a_teleporting_player_is_elsewhere_about_once_a_second() -> None:
    played = moments(Plan(name="p", scene=SCENE, split="train", num_frames=160, seed="0", teleports=True))
    far = sum(tick(before.game, after.keys) != after.game for before, after in pairwise(played))
    assert 5 <= far <= 13


def test_a_keys_branch_begins_where_it_left_and_then_other_keys_are_held() -> None:
    for each in plans(2, forks=(Fork("keys", 10, SCENE, "other"),)):
        episode, (branch,) = play_with_branches(each)
        assert (branch.kind, branch.frame, len(branch.episode.rgb)) == ("keys", 10, BRANCH_FRAMES)
        assert np.array_equal(branch.episode.states[0], episode.states[10])
        assert np.array_equal(branch.episode.rgb[0], episode.rgb[10])
        assert np.array_equal(branch.episode.actions[0], episode.actions[10])
        ways = [actions[1] - actions[0] for actions in (branch.episode.actions[1], episode.actions[11])]
        assert ways[0] != ways[1]
        assert not np.array_equal(branch.episode.states[1:], episode.states[11 : 10 + BRANCH_FRAMES])


@pytest.mark.parametrize("changes", [{"critter": "duck"}, {"landscape": "city", "time": "night"}])
def test_a_prompt_branch_is_the_same_play_as_another_scene_and_always_says_so(changes: dict[str, str]) -> None:
    other = replace(SCENE, **changes)
    for each in plans(2, forks=(Fork("prompt", 16, other, "other"),)):
        episode, (branch,) = play_with_branches(each)
        assert np.array_equal(branch.episode.states, episode.states[16 : 16 + BRANCH_FRAMES])
        assert np.array_equal(branch.episode.actions, episode.actions[16 : 16 + BRANCH_FRAMES])
        assert branch.episode.scene == other
        assert branch.episode.layout.seed == episode.layout.seed
        assert not np.array_equal(branch.episode.rgb, episode.rgb[16 : 16 + BRANCH_FRAMES])
        assert all(changes.items() <= caption.names.items() for caption in branch.episode.captions)


def true_of(episode: Episode) -> None:
    """Each caption names only what is so, and a landmark only if it is on the screen."""
    for frame in range(0, len(episode.rgb), CAPTION_EVERY):
        names = episode.captions[frame].names
        assert read(episode.prompts[frame]) == names
        assert all(names.get(label, getattr(episode.scene, label)) == getattr(episode.scene, label) for label in LABELS)
        assert names.get("coat", episode.layout.coat) == episode.layout.coat
        seen = {each.kind for each in in_view(episode.layout, float(episode.states[frame, 4]))}
        assert "landmark" not in names or names["landmark"] in seen & LANDMARK_WORDS.keys()


def test_captions_are_true_of_what_is_seen() -> None:
    for each in plans(4):
        true_of(play(each))


def test_an_episode_can_be_sent_to_another_process() -> None:
    each = plan(count=1, num_frames=16, seed=0, split="train")[0]
    episode = play(pickle.loads(pickle.dumps(each)))
    again: Episode = pickle.loads(pickle.dumps(episode))
    assert np.array_equal(again.rgb, episode.rgb)
    assert again.captions == episode.captions


def test_the_mix_of_players_stands_walks_flies_and_turns_about_equally_often() -> None:
    counted = total(
        balance(np.array([to_state(moment.game).values() for moment in moments(each)], np.float32))
        for each in plan(count=400, num_frames=64, seed=11, split="train")
    )
    assert 0.20 <= counted.share("standing") <= 0.26
    assert 0.38 <= counted.share("walking") <= 0.45
    assert 0.19 <= counted.share("airborne") <= 0.25
    assert counted.share("turning") >= 0.10


def test_frames_are_counted_by_what_happens_in_them() -> None:
    states = np.zeros((14, 6), np.float32)
    states[:, 2] = 1.0
    states[2:5, 0] = (4, 8, 12)  # three steps, the last with the walk cycle at its start
    states[5:, 0] = 12
    states[5:7, 1] = (10, 17.5)
    states[11:, 2] = -1.0  # two frames before and two after belong to the turn
    assert balance(states) == Balance(standing=4, walking=3, airborne=2, turning=5)
    assert "turning     35.7%" in str(balance(states))


def test_being_put_elsewhere_is_neither_a_walk_nor_a_turn() -> None:
    states = np.zeros((6, 6), np.float32)
    states[3:, 0], states[:, 2], states[3:, 2] = 60, 1.0, -1.0
    assert balance(states) == Balance(standing=6)
