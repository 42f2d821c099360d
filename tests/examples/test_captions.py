"""Every caption says its scene, the whole scene and nothing else."""

import random
import re

import pytest

from critters.captions import HELD_OUT_TEMPLATES, TEMPLATES, canonical, caption, parse, vocabulary
from critters.lexicon import CRITTER_NAMES, MEANINGS, PLACES, TIME_WORDS, WEATHER_WORDS
from critters.scene import Scene, all_scenes


def captions(num_each: int, *, held_out: bool = False) -> list[tuple[Scene, str]]:
    rng = random.Random(0)
    return [(scene, caption(scene, rng, held_out=held_out)) for scene in all_scenes() for _ in range(num_each)]


def words(text: str) -> set[str]:
    return set(text.replace(",", "").split())


def test_every_caption_is_read_back_as_its_scene() -> None:
    for scene, text in captions(30) + captions(10, held_out=True):
        assert parse(text) == scene, text


def test_every_simplest_sentence_is_read_back_and_no_two_are_alike() -> None:
    sentences = {canonical(scene): scene for scene in all_scenes()}
    assert len(sentences) == 432
    assert all(parse(text) == scene for text, scene in sentences.items())


def test_captions_are_lower_case_words_and_commas() -> None:
    for _, text in captions(5):
        assert re.fullmatch(r"[a-z]+(,? [a-z]+)*", text), text


def test_training_captions_use_every_word_of_the_vocabulary() -> None:
    used = set().union(*(words(text) for _, text in captions(60)))
    assert used == set(vocabulary())


def test_held_out_captions_are_never_said_in_training_but_use_its_words() -> None:
    said = {text for _, text in captions(60)}
    for _, text in captions(10, held_out=True):
        assert text not in said
        assert words(text) <= set(vocabulary())


def test_there_are_many_templates_and_the_held_out_ones_are_others() -> None:
    assert len(TEMPLATES) >= 12
    assert not set(TEMPLATES) & set(HELD_OUT_TEMPLATES)
    pieces = set(re.findall(r"{\w+}", " ".join(TEMPLATES)))
    assert set(re.findall(r"{\w+}", " ".join(HELD_OUT_TEMPLATES))) <= pieces


def test_every_scene_word_has_at_least_three_ways_to_say_it() -> None:
    ways = [*CRITTER_NAMES.values(), *PLACES.values()]
    ways += [manner.nouns for manner in (*TIME_WORDS.values(), *WEATHER_WORDS.values())]
    assert min(len(names) for names in ways) >= 3


def test_no_word_means_two_values_of_one_slot() -> None:
    for word, meaning in MEANINGS.items():
        assert len({slot for slot, _ in meaning}) == len(meaning), word


def test_the_same_seed_gives_the_same_caption() -> None:
    scene = Scene("robot", "beach", "sunset", "rain")
    assert caption(scene, random.Random(5)) == caption(scene, random.Random(5))


@pytest.mark.parametrize(
    ("text", "scene"),
    [
        ("a pig walks through a snowy forest at night", Scene("pig", "forest", "night", "snow")),
        ("night, forest, snow, a little pig", Scene("pig", "forest", "night", "snow")),
        ("a robot strolls along the beach while it rains, sunset", Scene("robot", "beach", "sunset", "rain")),
        ("Sunny meadow with a frog", Scene("frog", "meadow", "day", "clear")),
        ("a duck in the city", Scene("duck", "city", "day", "clear")),
    ],
)
def test_people_may_write_it_their_own_way(text: str, scene: Scene) -> None:
    assert parse(text) == scene


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a zebra and a qux in the forest", "unknown words: zebra, qux"),
        ("a pig and a cat in the forest", "'cat' says critter cat"),
        ("a sunny forest at night with a pig", "'night' says time night"),
        ("night in the forest", "no critter"),
        ("a pig at night", "no landscape"),
    ],
)
def test_what_cannot_be_understood_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)
