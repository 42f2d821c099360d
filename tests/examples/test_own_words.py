"""The sentences in a player's own words judge the text encoder: captions must not teach their words."""

import re
import tomllib
from pathlib import Path

from critters import scene
from critters.lexicon import MEANINGS

FILE = Path(scene.__file__).with_name("own_words.toml")
VALUES = {"critter": scene.CRITTERS, "landscape": scene.LANDSCAPES, "time": scene.TIMES, "weather": scene.WEATHERS}
SENTENCES = tomllib.loads(FILE.read_text(encoding="utf-8"))["sentences"]


def test_no_caption_uses_a_word_that_they_are_about() -> None:
    used = sorted({word for sentence in SENTENCES for word in sentence["words"] if word in MEANINGS})
    assert not used


def test_their_words_are_in_them_and_their_labels_are_the_scenes() -> None:
    assert len(SENTENCES) == 50
    for sentence in SENTENCES:
        found = re.findall(r"\w+", sentence["text"].lower())
        assert all(word in found for word in sentence["words"]), sentence
        assert sentence["names"], sentence
        assert all(value in VALUES[label] for label, value in sentence["names"].items()), sentence


def test_every_value_is_named_by_some_sentence() -> None:
    named = {item for sentence in SENTENCES for item in sentence["names"].items()}
    assert named == {(label, value) for label, values in VALUES.items() for value in values}
