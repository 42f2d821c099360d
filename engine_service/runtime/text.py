"""How a world reads prompts, by the `kind` that its `[text]` names: the one place where a kind is added."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from engine_service.model.known_prompts import KnownPrompts
from engine_service.model.text import TextEncoder, Tokenizer, VocabularyTokenizer
from engine_service.model.word_table import WordTable, WordTableTokenizer, with_padding
from engine_service.runtime.world import KNOWN_PROMPTS_FILE, VOCABULARY_FILE, WorldError, WorldFolder


def make_tokenizer(folder: WorldFolder, vocabulary: Sequence[str] | None = None) -> Tokenizer:
    """What reads this world's prompts; of a closed list, the words of a training instead of the folder's may be given.

    Raises:
        WorldError: the world's table is missing or damaged.
    """
    match folder.text.kind:
        case "wordpieces":
            return WordTableTokenizer(load_word_table(folder.table_file), folder.preset.text_words)
        case _:
            words = folder.world.vocabulary if vocabulary is None else vocabulary
            return VocabularyTokenizer(words, folder.preset.text_words)


def make_text_encoder(folder: WorldFolder, vocabulary: Sequence[str] | None = None) -> TextEncoder:
    """What goes with `make_tokenizer`, with fresh weights.

    Raises:
        WorldError: the world's table is missing or damaged.
    """
    match folder.text.kind:
        case "wordpieces":
            table = load_word_table(folder.table_file)
            return TextEncoder(folder.preset.text(len(table.words), table.width), with_padding(table))
        case _:
            words = folder.world.vocabulary if vocabulary is None else vocabulary
            return TextEncoder(folder.preset.text(len(words)))


def check_words(folder: WorldFolder) -> None:
    """Whether the world can read anything.

    Raises:
        WorldError: its list of words is missing or empty.
    """
    if folder.text.kind == "vocabulary" and not folder.world.vocabulary:
        raise WorldError(f"{folder.path}: {VOCABULARY_FILE} is missing or empty; train the world or restore the file")


def save_word_table(table: WordTable, file: Path, metadata: dict[str, str]) -> None:
    """Write a table: int8 with a scale for each row, and the words, separated by spaces, as bytes."""
    scale = table.vectors.abs().amax(1, keepdim=True).clamp_min(1e-6) / 127  # (V, 1)
    arrays = {
        "vectors": (table.vectors / scale).round().to(torch.int8).numpy(),
        "scales": scale.squeeze(1).half().numpy(),
        "words": np.frombuffer(" ".join(table.words).encode(), np.uint8),
    }
    file.write_bytes(save(arrays, metadata))


def load_word_table(file: Path) -> WordTable:
    """Read a table that `save_word_table` wrote.

    Raises:
        WorldError: the file is missing, truncated or no such table.
    """
    remedy = "restore the file, or make it again (engine_service/training/word_table.py)"
    if not file.exists():
        raise WorldError(f"{file}: the world's table of word vectors is missing; {remedy}")
    try:
        with safe_open(file, "pt") as opened:
            vectors, scales, words = (opened.get_tensor(name) for name in ("vectors", "scales", "words"))
        return _unpacked(tuple(bytes(words.numpy()).decode().split(" ")), vectors, scales)
    except (SafetensorError, OSError, UnicodeDecodeError, RuntimeError, ValueError) as error:
        raise WorldError(f"{file}: truncated, damaged or no table of word vectors ({error}); {remedy}") from error


def _unpacked(words: tuple[str, ...], vectors: Tensor, scales: Tensor) -> WordTable:
    """int8 `(V, De)` and half precision `(V,)` -> the table; a part that does not fit the words is named."""
    count = len(words)
    if vectors.dtype != torch.int8 or vectors.ndim != 2 or vectors.shape[0] != count or not vectors.shape[1]:
        raise ValueError(f"vectors is {_shape(vectors)}, {count} words need ({count}, ...) int8")
    if scales.dtype != torch.float16 or scales.shape != (count,):
        raise ValueError(f"scales is {_shape(scales)}, {count} words need ({count},) float16")
    if not scales.isfinite().all():
        raise ValueError(f"scales holds {float(scales[~scales.isfinite()][0])}")
    seen: set[str] = set()
    for word in words:
        if word in seen or not word:
            raise ValueError(f"the word {word!r} is there twice, or empty")
        seen.add(word)
    return WordTable(words, vectors.float() * scales.float()[:, None])


def _shape(array: Tensor) -> str:
    """`(3, 2) int8`."""
    return f"{tuple(array.shape)} {str(array.dtype).removeprefix('torch.')}"


def write_known_prompts(folder: WorldFolder, prompts: Sequence[str], threshold: float) -> None:
    """Keep what the world was taught, as text: vectors are made again by whoever reads it."""
    file = folder.path / KNOWN_PROMPTS_FILE
    file.write_text(json.dumps({"threshold": round(threshold, 4), "prompts": list(prompts)}, indent=0) + "\n")


def load_known_prompts(folder: WorldFolder, tokenizer: Tokenizer, encoder: TextEncoder) -> KnownPrompts | None:
    """What the world was taught; None if it does not say, or its words' vectors mean nothing outside it.

    Raises:
        WorldError: the file is damaged.
    """
    file = folder.path / KNOWN_PROMPTS_FILE
    if folder.text.kind == "vocabulary" or not file.exists():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        texts, threshold = _checked(content["prompts"], content["threshold"])
        vectors = prompt_vectors(texts, tokenizer, encoder)
        for text, vector in zip(texts, vectors, strict=True):
            if not vector.any():
                raise ValueError(f"{text!r} has no word of the world's table")
        return KnownPrompts(texts, vectors, threshold)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WorldError(f"{file}: damaged ({error}); restore the file or remove it") from error


def _checked(prompts: object, threshold: object) -> tuple[tuple[str, ...], float]:
    """What `known_prompts.json` must hold."""
    if not isinstance(prompts, list):
        raise ValueError(f"prompts is {prompts!r}, needs a list of texts")
    if wrong := [text for text in prompts if not isinstance(text, str)]:
        raise ValueError(f"prompts holds {wrong[0]!r}, needs texts")
    if not isinstance(threshold, int | float) or isinstance(threshold, bool):
        raise ValueError(f"threshold is {threshold!r}, needs a number")
    return tuple(prompts), float(threshold)


def prompt_vectors(texts: Sequence[str], tokenizer: Tokenizer, encoder: TextEncoder) -> Tensor:
    """What prompts say as vectors `(n, De)` of length 1."""
    return encoder.sentence_vectors(word_numbers(texts, tokenizer))


def word_numbers(texts: Sequence[str], tokenizer: Tokenizer) -> Tensor:
    """Their words' numbers `(n, L)`."""
    ids = [tokenizer(text).ids for text in texts]
    return torch.tensor(ids, dtype=torch.int64).view(len(texts), tokenizer.max_words)
