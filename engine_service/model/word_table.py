"""Any words: a table of word vectors made once from a pretrained sentence encoder, and how a prompt is read with it.

Letters: V words in the table, De width of a vector. How the table is made: training/word_table.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase

import torch
from torch import Tensor

from engine_service.model.text import PAD, Tokens

_WORD_OR_SIGNS = re.compile(r"([^\W_]+(?:'[^\W_]+)*)|([^\w\s]+)")
_CLITIC = re.compile(r"(?:n't|'(?:s|re|ll|ve|d|m|t))$")
_SHORTEST_MISSPELT = 5  # letters: of shorter words too many have a neighbour one letter away
_SHORTEST_PART = 3  # letters of a compound's part


@dataclass(frozen=True)
class WordTable:
    """Words, the more frequent ones first, and a vector for each; a vector's length says how much its word tells."""

    words: tuple[str, ...]
    vectors: Tensor  # (V, De), single precision

    def __post_init__(self) -> None:
        if self.vectors.shape[0] != len(self.words):
            raise ValueError(f"{len(self.words)} words have {self.vectors.shape[0]} vectors")

    @cached_property
    def number(self) -> dict[str, int]:
        """The row of a word."""
        return {word: row for row, word in enumerate(self.words)}

    @property
    def width(self) -> int:
        """De."""
        return self.vectors.shape[1]


class WordTableTokenizer:
    """Whole words of the table; those that are not in it are inflected, misspelt or composed of words that are.

    Number 0 is padding, row i of the table is i + 1. What is neither is reported, as is every misspelling's reading.
    """

    def __init__(self, table: WordTable, max_words: int) -> None:
        self.max_words = max_words
        self._table = table

    def __call__(self, prompt: str) -> Tokens:
        """Known words in order; unknown ones and those past `max_words` are reported, never silently dropped."""
        ids: list[int] = []
        unknown: list[str] = []
        read_as: dict[str, str] = {}
        for said in said_words(prompt):
            found = find(said, self._table.number)
            if not found.words or len(ids) + len(found.words) > self.max_words:
                unknown.append(said)
            else:
                ids += [self._table.number[word] + 1 for word in found.words]
                if found.is_guess:
                    read_as[said] = " ".join(found.words)
        padding = [PAD] * (self.max_words - len(ids))
        return Tokens(tuple(ids + padding), tuple(dict.fromkeys(unknown)), tuple(read_as.items()))


@dataclass(frozen=True, slots=True)
class Found:
    """What a word was read as: nothing, a word of the table, or the parts of a compound."""

    words: tuple[str, ...] = ()
    is_guess: bool = False  # it was taken for a misspelling


def said_words(prompt: str) -> list[str]:
    """A prompt's words in lower case, without accents; and its emoji and other pictures, which are no words."""
    plain = unicodedata.normalize("NFKC", prompt).replace("\u2019", "'").lower()
    said = []
    for word, signs in _WORD_OR_SIGNS.findall(_without_accents(plain)):
        if word:
            said.append(_CLITIC.sub("", word).replace("'", ""))
        elif any(unicodedata.category(sign) in ("So", "Cn") for sign in signs):
            said.append("".join(sign for sign in signs if unicodedata.category(sign)[0] != "P"))
    return [word for word in said if word]


def find(said: str, number: dict[str, int]) -> Found:
    """A word in the table: itself, its simple form, what it is a misspelling of, or its two parts."""
    if said in number:
        return Found((said,))
    for simple in simple_forms(said):
        if simple in number:
            return Found((simple,))
    # The table need not hold a plural to have it misspelt.
    spelt = [word for word in dict.fromkeys((said, said.removesuffix("s"))) if len(word) >= _SHORTEST_MISSPELT]
    neighbours = [word for wrong in spelt for word in _one_edit_away(wrong) if word in number]
    if neighbours:
        # People rarely miss the first letter; else the more frequent word is meant.
        return Found((min(neighbours, key=lambda word: (word[0] != said[0], number[word])),), is_guess=True)
    cuts = range(_SHORTEST_PART, len(said) - _SHORTEST_PART + 1)
    compounds = [(said[:cut], said[cut:]) for cut in cuts if said[:cut] in number and said[cut:] in number]
    if compounds:
        return Found(min(compounds, key=lambda parts: max(number[part] for part in parts)))
    return Found()


def with_padding(table: WordTable) -> Tensor:
    """The table's vectors by the numbers of a tokenizer: `(V + 1, De)`, the first is padding's."""
    return torch.cat([torch.zeros(1, table.width), table.vectors])


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


def simple_forms(word: str) -> Iterator[str]:
    """What a plural or another inflection may come from, the likelier first."""
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("s"):
        yield word[:-1]
    if word.endswith("es"):
        yield word[:-2]
    for ending in ("ing", "ed", "er", "ly", "y"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_PART:
            yield stem
            yield stem + "e"
            if ending in ("ing", "ed") and stem[-1] == stem[-2]:
                yield stem[:-1]


def _one_edit_away(word: str) -> Iterator[str]:
    """Every string with one letter more, less, another, or two neighbours swapped."""
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in ascii_lowercase:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
