"""What a world was taught, for its `known_prompts.json`: some of the training's prompts, and what is far from them.

Letters: n prompts, k of them known, L words of a prompt, De width of a word's vector.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine_service.model.known_prompts import calibrate, spread_prompts
from engine_service.model.text import PAD, TextEncoder, Tokenizer
from engine_service.runtime.text import make_text_encoder, make_tokenizer, write_known_prompts
from engine_service.runtime.world import KNOWN_PROMPTS_FILE, WorldFolder

OTHER_SENTENCES = Path(__file__).with_name("other_sentences.txt")
NUM_KNOWN = 250
NUM_ASKED = 1500  # prompts that the threshold is calibrated on
TELLING = 0.5  # a word that tells at least so much as the prompt's most telling one is what the prompt is about


@dataclass(frozen=True, slots=True)
class Taught:
    """The known prompts, and the similarity below which another prompt is about something else."""

    prompts: tuple[str, ...]
    threshold: float


def write_what_was_taught(folder: WorldFolder, prompts: Iterable[str]) -> str:
    """Write the world's known prompts, where its words mean something outside it; return what was done, in words."""
    taught = what_was_taught(prompts, make_tokenizer(folder), make_text_encoder(folder))
    if taught is None:
        return f"no {KNOWN_PROMPTS_FILE}: not one word of the recordings' prompts is in {folder.text.table}"
    write_known_prompts(folder, taught.prompts, taught.threshold)
    return f"wrote {KNOWN_PROMPTS_FILE} ({len(taught.prompts)} prompts, threshold {taught.threshold:.2f})"


def what_was_taught(
    prompts: Iterable[str], tokenizer: Tokenizer, encoder: TextEncoder, *, count: int = NUM_KNOWN
) -> Taught | None:
    """At most `count` prompts that stand for all, and a threshold; None if no prompt has a word of the encoder's.

    The threshold is calibrated on sentences about other things, and on the prompts themselves as if they were said in
    other words: each is compared with those known prompts alone that use none of the words it is about.

    Raises:
        ValueError: the encoder's words are learnt, and mean nothing outside it.
    """
    texts, ids = _readable(sorted(set(prompts)), tokenizer)
    if not texts:
        return None
    vectors = encoder.sentence_vectors(ids)
    chosen = spread_prompts(vectors, count)
    _, other_ids = _readable(other_sentences(), tokenizer)
    others = (encoder.sentence_vectors(other_ids) @ vectors[chosen].T).amax(1)
    asked = torch.linspace(0, len(texts) - 1, min(NUM_ASKED, len(texts))).long()
    own = _in_other_words(ids[asked], ids[chosen], vectors[asked] @ vectors[chosen].T, encoder)
    return Taught(tuple(texts[i] for i in chosen), calibrate(own or [1.0], others.tolist()))


def other_sentences() -> list[str]:
    """Sentences that hardly a game's world is about."""
    lines = OTHER_SENTENCES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _readable(texts: Sequence[str], tokenizer: Tokenizer) -> tuple[list[str], Tensor]:
    """Those with a known word, and their words' numbers `(n, L)`."""
    rows = [(text, tokenizer(text).ids) for text in texts]
    rows = [(text, ids) for text, ids in rows if any(number != PAD for number in ids)]
    return [text for text, _ in rows], torch.tensor([ids for _, ids in rows], dtype=torch.int64)


def _in_other_words(asked: Tensor, known: Tensor, similarity: Tensor, encoder: TextEncoder) -> list[float]:
    """The largest `similarity` `(n, k)` of each prompt `(n, L)` to a known one `(k, L)` without the words it is about.

    Prompts that every known one shares such a word with are left out.
    """
    tells = encoder.word_vectors(asked).norm(dim=-1)  # (n, L)
    about = torch.where(tells >= TELLING * tells.amax(1, keepdim=True), asked, -1)
    found = []
    for words, similarities in zip(about, similarity, strict=True):
        others = ~torch.isin(known, words[words > PAD]).any(1)
        if others.any():
            found.append(float(similarities[others].max()))
    return found
