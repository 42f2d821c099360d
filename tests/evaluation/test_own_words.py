"""Own words: what the scores count, and the floor that the shipped word vectors keep."""

import random
from pathlib import Path

import pytest
import torch
from torch import Tensor

import critters
from critters.captions import caption, draw_names
from critters.record import main as record
from critters.scene import CRITTERS, LANDSCAPES, TIMES, WEATHERS, Scene
from engine_service.evaluation.own_words import (
    OwnWords,
    Sentence,
    as_markdown,
    ask,
    bag_of_words,
    nearest,
    probe,
    read_captions,
    read_sentences,
    word_probe,
)
from engine_service.runtime.world import find_world, load_world
from streamdit.recording import Recorder
from streamdit.types import StateField

LABELS = ("critter", "landscape", "time", "weather")
GAME = Path(critters.__file__).parent
VECTORS = {
    "cat": (1.0, 0.0, 0.0), "tabby": (0.9, 0.1, 0.0), "dog": (-1.0, 0.1, 0.0), "hound": (-0.9, 0.0, 0.1),
    "rain": (0.0, 1.0, 0.0), "drizzle": (0.1, 0.9, 0.0), "snow": (0.0, -1.0, 0.1), "sleet": (0.0, -0.9, 0.1),
}  # fmt: skip
CAPTIONS = [
    Sentence("cat", {"critter": "cat"}),
    Sentence("dog", {"critter": "dog"}),
    Sentence("rain", {"weather": "rain"}),
    Sentence("snow", {"weather": "snow"}),
    Sentence("cat rain", {"critter": "cat", "weather": "rain"}),
    Sentence("dog snow", {"critter": "dog", "weather": "snow"}),
]
ASKED = [
    Sentence("tabby drizzle", {"critter": "cat", "weather": "rain"}),
    Sentence("hound sleet", {"critter": "dog", "weather": "snow"}),
    Sentence("hound drizzle", {"critter": "dog", "weather": "rain"}),  # no caption says both
]


def by_words(texts: object) -> Tensor:
    """`(n, 2, 3)`."""
    rows = [[VECTORS[word] for word in text.split()] for text in texts]  # type: ignore[attr-defined]
    return torch.tensor([row + [(0.0, 0.0, 0.0)] * (2 - len(row)) for row in rows])


def by_sentence(texts: object) -> Tensor:
    return torch.nn.functional.normalize(by_words(texts).sum(1), dim=1)


def test_the_nearest_caption_must_agree_on_all_that_is_named() -> None:
    score = nearest("", by_sentence, ASKED, CAPTIONS)
    assert score.right == (True, True, False)
    assert score.by_label["critter"] + score.by_label["weather"] == pytest.approx(5 / 3)


def test_probes_read_what_no_caption_says_together() -> None:
    assert probe("", by_sentence, ASKED, CAPTIONS).right == (True, True, True)
    assert word_probe("", by_words, ASKED, CAPTIONS).right == (True, True, True)


def test_a_closed_list_knows_none_of_them() -> None:
    encode = bag_of_words(CAPTIONS)
    assert not encode([each.text for each in ASKED]).any()
    assert not any(nearest("", encode, [ASKED[1]], CAPTIONS).right)
    assert nearest("", encode, [Sentence("Snow, dog!", {"critter": "dog"})], CAPTIONS).right == (True,)


# ------------------------------------------------------------------------------------------- the shipped table


@pytest.fixture(scope="module")
def own() -> OwnWords:
    rng = random.Random(0)
    texts: dict[str, Sentence] = {}
    while len(texts) < 1500:
        scene = Scene(*(rng.choice(values) for values in (CRITTERS, LANDSCAPES, TIMES, WEATHERS)))
        said = caption(scene, rng, names=draw_names(rng, landmark=False) - {"coat"})
        if said.names:
            texts[said.text] = Sentence(said.text, said.names)
    return ask(load_world(GAME / "generated"), read_sentences(GAME / "own_words.toml", LABELS), list(texts.values()))


def right(own: OwnWords, name: str) -> int:
    (score,) = [each for each in own.scores if each.name == name]
    return sum(score.right)


def test_own_words_are_read_far_above_a_closed_list_and_guessing(own: OwnWords) -> None:
    """A floor, below what was measured (docs/results.md); the aim, 45 of 50, is not reached."""
    assert right(own, "word vectors: linear probe") >= 26
    assert right(own, "word vectors: linear probe, word by word") >= 26
    assert right(own, "word vectors: nearest of all captions") >= 15
    assert right(own, "captions' words alone: linear probe") <= 8
    assert own.chance < 0.1


def test_the_table_has_a_row_for_each_way_of_reading(own: OwnWords) -> None:
    lines = as_markdown(own).splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:-2]] == [*(s.name for s in own.scores), "chance"]
    assert all(line.count("|") == 8 for line in lines[:-2])
    assert lines[-1].endswith("1500 different captions, 250 known prompts.")


# -------------------------------------------------------------------------------------------------- bad input


def test_captions_are_read_from_recordings_with_what_they_name(tmp_path: Path) -> None:
    record(out=tmp_path, count=2, seconds=1.0, seed=3)
    captions = read_captions(tmp_path, LABELS)
    assert captions
    assert len({each.text for each in captions}) == len(captions)
    assert all(each.names and each.names.keys() <= set(LABELS) for each in captions)


def test_recordings_that_do_not_say_what_captions_name_are_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "one", fps=16, width=16, height=16, state_fields=[StateField("x", 0, 1)]) as recorder:
        recorder.prompt("a cat")
        recorder.state([0.0])
        recorder.frame(torch.zeros(16, 16, 3, dtype=torch.uint8).numpy())
    with pytest.raises(ValueError, match=r"no recording in .* says by `names` events .* critter, landscape"):
        read_captions(tmp_path, LABELS)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("", "sentences"),
        ("[[sentences]]\ntext = 'a cat'", "names"),
        ("[[sentences]]\ntext = 'a cat'\nnames = 'cat'", "names"),
        ("[[sentences]]\ntext = 'a cat'\nnames = {}", "'a cat' names {}, needs some of critter"),
        ("[[sentences]]\ntext = 'a cat'\nnames = { animal = 'cat' }", "'a cat' names {'animal': 'cat'}"),
        ("[[sentences", "end of document"),
    ],
)
def test_a_bad_list_of_sentences_is_refused_with_its_file(tmp_path: Path, toml: str, words: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(toml)
    with pytest.raises(ValueError, match=r"own\.toml") as refused:
        read_sentences(file, LABELS)
    assert words in str(refused.value)


def test_a_missing_list_of_sentences_is_refused_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.toml"):
        read_sentences(tmp_path / "nowhere.toml", LABELS)


def test_a_world_with_learnt_words_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="only given word vectors"):
        ask(load_world(find_world("critters")), ASKED, CAPTIONS)
