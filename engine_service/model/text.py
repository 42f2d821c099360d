"""The prompt: words -> (L, D) and a summary vector. Trained with the world; what it begins with may not be.

A world's words are either a closed list, whose vectors it learns, or a table of vectors that a pretrained encoder made
(model/word_table.py), which stay as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

PAD = 0
TRAINING_NOISE = 0.6  # of a given vector's length, added to it in training
MASKED = -1e4  # finite, so that a half-precision softmax stays finite


@dataclass(frozen=True, slots=True)
class Tokens:
    """A prompt as word numbers, and the words that have none."""

    ids: tuple[int, ...]  # (L,), PAD-filled
    unknown_words: tuple[str, ...]
    read_as: tuple[tuple[str, str], ...] = ()  # misspellings, and what they were taken for


class Tokenizer(Protocol):
    """Reads a prompt as `max_words` numbers, of which 0 is padding."""

    max_words: int

    def __call__(self, prompt: str) -> Tokens:
        """Words in order; those that have no number and those past `max_words` are reported."""


class VocabularyTokenizer:
    """A closed list of whole words; word i of the vocabulary is i + 1."""

    def __init__(self, vocabulary: Sequence[str], max_words: int) -> None:
        self.max_words = max_words
        self._number = {word: i + 1 for i, word in enumerate(vocabulary)}

    def __call__(self, prompt: str) -> Tokens:
        """Known words in order; unknown ones and those past `max_words` are reported, never silently dropped."""
        words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", prompt.lower())
        known = [word for word in words if word in self._number]
        kept, surplus = known[: self.max_words], known[self.max_words :]
        unknown = [word for word in words if word not in self._number] + surplus
        ids = [self._number[word] for word in kept]
        return Tokens(tuple(ids + [PAD] * (self.max_words - len(ids))), tuple(dict.fromkeys(unknown)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """Shape of the text encoder."""

    vocabulary_size: int  # rows, padding not counted
    table_width: int | None = None  # De, of vectors that are given; None: they are learnt
    max_words: int = 24  # L
    width: int = 128
    depth: int = 2
    num_heads: int = 4


class GivenWords(nn.Module):
    """Vectors that somebody else made, brought to the encoder's width; the table is no part of the weights."""

    table: Tensor  # (V + 1, De)

    def __init__(self, table: Tensor, width: int) -> None:
        super().__init__()
        self.register_buffer("table", table, persistent=False)
        self.project = nn.Linear(table.shape[1], width)

    def forward(self, ids: Tensor) -> Tensor:
        """ids `(B, L)` -> `(B, L, Dt)`."""
        vectors = self.table[ids]
        if self.training:
            # What lies near a word is to mean much the same: so words that no caption used are understood.
            length = vectors.norm(dim=-1, keepdim=True) / vectors.shape[-1] ** 0.5
            vectors = vectors + TRAINING_NOISE * length * torch.randn_like(vectors)
        projected: Tensor = self.project(vectors.to(self.project.weight.dtype))
        return projected


class TextEncoder(nn.Module):
    """Word vectors and a small transformer."""

    def __init__(self, config: TextConfig, table: Tensor | None = None) -> None:
        """The table `(V + 1, De)`, of which row 0 is padding, for a config with a `table_width`."""
        super().__init__()
        wanted = None if config.table_width is None else (config.vocabulary_size + 1, config.table_width)
        given = None if table is None else tuple(table.shape)
        if given != wanted:
            raise ValueError(f"the table of word vectors is {given}, the config asks for {wanted}")
        self.config = config
        self.words: nn.Module = (
            nn.Embedding(config.vocabulary_size + 1, config.width) if table is None else GivenWords(table, config.width)
        )
        self.places = nn.Parameter(torch.randn(config.max_words, config.width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            config.width,
            config.num_heads,
            4 * config.width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, config.depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(config.width)

    def sentence_vectors(self, ids: Tensor) -> Tensor:
        """ids `(B, L)` -> one vector each `(B, De)`, of length 1, by the given word vectors alone; 0 without words.

        Raises:
            ValueError: the words' vectors are learnt, and mean nothing outside this encoder.
        """
        directions: Tensor = nn.functional.normalize(self._given()[ids].sum(1), dim=1, eps=1e-6)
        return directions

    def word_vectors(self, ids: Tensor) -> Tensor:
        """ids `(B, L)` -> the given word vectors `(B, L, De)`, whose length is how much a word tells; 0 for padding.

        Raises:
            ValueError: as `sentence_vectors`.
        """
        return self._given()[ids]

    def _given(self) -> Tensor:
        if not isinstance(self.words, GivenWords):
            raise ValueError("only given word vectors make vectors of sentences")
        return self.words.table

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """ids `(B, L)` -> words `(B, L, Dt)`, bias `(B, L)` that masks padding in attention.

        A prompt without a single known word keeps one padding word visible, so that attention has an object.
        """
        empty = ids == PAD  # (B, L)
        first = torch.zeros_like(empty)
        first[:, 0] = True
        hidden = empty & ~first
        bias = torch.where(hidden, MASKED, 0.0)  # (B, L)
        x = self.words(ids) + self.places
        x = self.layers(x, src_key_padding_mask=bias)
        return self.norm(x), bias


def mix_words(words: Tensor, bias: Tensor, new_words: Tensor, new_bias: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """A share of the way from one prompt to another: words `(B, L, Dt)` and bias `(B, L)`, of each and of the mixture.

    A word weighs exp(bias) in attention and in the summary; these weights move in a straight line, and with them what a
    place holds. So a word that only one of the two has fades in or out, and is not lost to the other's padding.
    """
    weight, new_weight = (1 - share) * bias.exp(), share * new_bias.exp()  # (B, L)
    total = weight + new_weight
    mixed = weight[..., None] * words + new_weight[..., None] * new_words
    return mixed / total.clamp_min(1e-9)[..., None], total.log().clamp_min(MASKED)
