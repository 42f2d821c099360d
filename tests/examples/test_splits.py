"""A tenth of the scenes is kept from training, but no word and no pair of words is."""

from collections import Counter
from dataclasses import astuple
from itertools import combinations

import pytest

from critters.scene import Scene, all_scenes
from critters.splits import held_out, scenes_of, training


def pairs(scenes: tuple[Scene, ...]) -> set[tuple[tuple[int, str], ...]]:
    """Every two words that occur together, with their slots."""
    return {pair for scene in scenes for pair in combinations(enumerate(astuple(scene)), 2)}


def test_forty_three_of_432_scenes_are_held_out_and_the_rest_train() -> None:
    assert len(held_out()) == 43
    assert set(held_out()) | set(training()) == set(all_scenes())
    assert not set(held_out()) & set(training())


def test_every_word_and_every_pair_of_words_occurs_in_training() -> None:
    assert pairs(training()) == pairs(tuple(all_scenes()))


def test_every_word_occurs_among_the_held_out_scenes_about_as_often_as_the_others() -> None:
    for words in zip(*(astuple(scene) for scene in held_out()), strict=True):
        counts = Counter(words).values()
        assert max(counts) - min(counts) <= 2


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match="split is 'test', expected one of train, held-out"):
        scenes_of("test")
