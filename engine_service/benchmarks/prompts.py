"""How long a new prompt takes to be read: its words found, encoded, and compared with what the world knows.

In a thread like the engine's, that computes on one core.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engine_service.benchmarks.tables import markdown_table, this_place
from engine_service.model.known_prompts import KnownPrompts
from engine_service.model.word_table import WordTable
from engine_service.runtime.prompts import PromptEncoder, compute_on_one_core
from engine_service.runtime.text import load_word_table, make_text_encoder, make_tokenizer, prompt_vectors
from engine_service.runtime.world import WorldFolder

NUM_PROMPTS = 300
NUM_KNOWN = 250
LONGEST = 500  # characters, as a server takes them
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Speak = Callable[[random.Random, WordTable], str]


def measure_prompts(folder: WorldFolder) -> str:
    """A table of times. The world needs no weights: they are as many and as slow when they are random.

    Raises:
        ValueError: the world reads a closed list of words.
    """
    if folder.text.kind == "vocabulary":
        raise ValueError(f"text.kind is {folder.text.kind!r}: only worlds that read any words are measured")
    table = load_word_table(folder.table_file)
    rows = []
    for name, speak in WAYS.items():
        rng = random.Random(name)
        texts = [speak(rng, table) for _ in range(NUM_PROMPTS)]
        with ThreadPoolExecutor(1, initializer=compute_on_one_core) as thread:
            times_ms = thread.submit(read_times_ms, new_prompts(folder, table), texts).result()
        rows.append([name, *(f"{np.percentile(times_ms, share):.1f}" for share in (50, 95, 100))])
    header = ["a new prompt", "median", "p95", "longest"]
    return (
        f"Measured {this_place()}, by `measure-prompts`, {NUM_PROMPTS} prompts each, on the text encoder of "
        f"{folder.world.name} with {NUM_KNOWN} known prompts.\n\n{markdown_table(header, rows)}\n\nTimes in ms."
    )


def new_prompts(folder: WorldFolder, table: WordTable) -> PromptEncoder:
    """The encoder as an engine has it, with known prompts of random words."""
    rng = random.Random(0)
    tokenizer, encoder = make_tokenizer(folder), make_text_encoder(folder).eval()
    texts = tuple(_some_words(rng, table) for _ in range(NUM_KNOWN))
    known = KnownPrompts(texts, prompt_vectors(texts, tokenizer, encoder), threshold=0.5)
    return PromptEncoder(tokenizer, encoder, known=known)


def read_times_ms(prompts: PromptEncoder, texts: Sequence[str]) -> list[float]:
    """Of each text, read for the first time; the first few, when everything is cold, are left out."""
    times_ms = []
    for text in texts:
        start_s = time.perf_counter()
        prompts.read(text)
        times_ms.append((time.perf_counter() - start_s) * 1e3)
    return times_ms[5:]


def _some_words(rng: random.Random, table: WordTable) -> str:
    return " ".join(rng.choices(table.words, k=rng.randint(1, 16)))


def _misspelt(rng: random.Random, table: WordTable) -> str:
    """Every word with another letter in its midst."""
    words = _some_words(rng, table).split()
    middles = [len(word) // 2 for word in words]
    return " ".join(f"{w[:m]}{rng.choice(_LETTERS)}{w[m + 1 :]}" for w, m in zip(words, middles, strict=True))


def _unknown(rng: random.Random, _: WordTable) -> str:
    return " ".join("".join(rng.choices(_LETTERS, k=12)) for _ in range(16))


def _long(rng: random.Random, table: WordTable) -> str:
    return " ".join(rng.choices(table.words, k=LONGEST))[:LONGEST]


WAYS: dict[str, Speak] = {
    "1 to 16 words of the table": _some_words,
    "the same, every word misspelt": _misspelt,
    "16 unknown words of 12 letters": _unknown,
    f"{LONGEST} characters, of which the first 24 words count": _long,
}
