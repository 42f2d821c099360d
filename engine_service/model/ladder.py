"""The quality ladder of a profile: partitions that cost less and less, rung 0 being the profile itself.

One set of weights serves all rungs, because training mixes partitions; a change re-noises what is in flight, so the
stream goes on. Rungs are fixed when the world is loaded: a backend makes a graph per buffer length. Window and
resolution are part of a graph and of the weights' shapes, so a world has no rungs of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine_service.model.partition import Partition

# JPEG quality at most, by rung; the last one counts for all further rungs. What the client asked for may be lower.
QUALITIES = (100, 85, 75, 65)
FEWEST_LEVELS = 2  # micro-steps from noise to clean; the student that does it in one was never trained


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the ladder."""

    partition: Partition
    words: str  # what it saves, beside rung 0
    jpeg_quality: int  # 1..100, at most

    @property
    def work(self) -> float:
        """Latents denoised for each latent shown; decoding is the same on every rung."""
        return self.partition.num_latents * self.partition.steps_per_shift / self.partition.chunk_size


def ladder(profile: Partition) -> tuple[Rung, ...]:
    """Rungs from the profile down: first fewer micro-steps, then fewer references, then fewer chunks.

    A chunk keeps its size, so that a shift shows as many frames on every rung.
    """
    rungs = [Rung(profile, "as asked", QUALITIES[0])]
    for partition, words in _savings(profile):
        quality = QUALITIES[min(len(rungs), len(QUALITIES) - 1)]
        rungs.append(Rung(partition, words, quality))
    return tuple(rungs)


def buffer_lengths(profiles: Iterable[Partition]) -> tuple[int, ...]:
    """Every buffer length that some rung of these profiles needs a graph for, ascending."""
    return tuple(sorted({rung.partition.num_latents for profile in profiles for rung in ladder(profile)}))


def _savings(partition: Partition) -> Iterator[tuple[Partition, str]]:
    while partition.steps_per_shift > 1 and partition.chunks * (partition.steps_per_shift // 2) >= FEWEST_LEVELS:
        partition = replace(partition, steps_per_shift=partition.steps_per_shift // 2)
        yield partition, f"{_count(partition.steps_per_shift, 'micro-step')} a shift"
    while partition.references > 0:
        # One or two are not worth a rung, and a graph, between.
        partition = replace(partition, references=partition.references // 2 if partition.references > 2 else 0)
        yield partition, _count(partition.references, "reference")
    while partition.chunks // 2 * partition.steps_per_shift >= FEWEST_LEVELS:
        partition = replace(partition, chunks=partition.chunks // 2)
        yield partition, f"{partition.chunks} chunks in flight"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
