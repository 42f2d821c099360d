"""What a world was taught to show, as a few hundred of its prompts; and how far another prompt is from them.

Letters: n known prompts, De width of a sentence's vector (`TextEncoder.sentence_vectors`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class KnownPrompts:
    """Prompts of the training that stand for all of them."""

    texts: tuple[str, ...]
    vectors: Tensor  # (n, De), of length 1
    threshold: float  # a prompt less similar than this to every one of them is about something else

    def __post_init__(self) -> None:
        if not self.texts or len(self.texts) != len(self.vectors):
            raise ValueError(f"{len(self.texts)} known prompts have {len(self.vectors)} vectors, needs one each")
        if not -1 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}, must be -1..1")


@dataclass(frozen=True, slots=True)
class Nearest:
    """The known prompt that is most like another one."""

    text: str
    similarity: float  # cosine, -1..1


def nearest_known(vector: Tensor, known: KnownPrompts) -> Nearest:
    """The nearest of them to a sentence's vector `(De,)`."""
    similarity = known.vectors @ vector  # (n,)
    best = int(similarity.argmax())
    return Nearest(known.texts[best], float(similarity[best]))


def spread_prompts(vectors: Tensor, count: int) -> list[int]:
    """Which of `(n, De)` stand for all: each the farthest from those before it, until there are `count`.

    Begins with the one nearest to the middle, and stops early when the rest are the same as one that was taken.
    """
    chosen = [int((vectors @ vectors.mean(0)).argmax())]
    similarity = vectors @ vectors[chosen[0]]
    while len(chosen) < min(count, len(vectors)):
        farthest = int(similarity.argmin())
        if similarity[farthest] > 1 - 1e-5:
            break
        chosen.append(farthest)
        similarity = torch.maximum(similarity, vectors @ vectors[farthest])
    return chosen


def calibrate(own: Sequence[float], other: Sequence[float]) -> float:
    """The threshold between the similarities of prompts that the world can show and of those about other things.

    It errs least, both kinds of error counted as shares; of several such it is the middle.

    Raises:
        ValueError: one of the two is empty.
    """
    if not own or not other:
        raise ValueError(f"{len(own)} prompts of the world and {len(other)} others cannot be told apart, need both")
    edges = sorted({*own, *other})
    between = [edges[0], *((a + b) / 2 for a, b in pairwise(edges)), edges[-1]]
    errors = [sum(s < cut for s in own) / len(own) + sum(s >= cut for s in other) / len(other) for cut in between]
    best = [cut for cut, error in zip(between, errors, strict=True) if error <= min(errors) + 1e-9]
    return best[(len(best) - 1) // 2]
