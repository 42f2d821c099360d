"""Which partitions a step may train on, and how often: mixed training (StreamDiT section 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine_service.model.ladder import ladder
from engine_service.model.partition import Partition

CHUNK_SIZES = (1, 2, 4, 8, 16)  # the paper's
IN_FLIGHT = 16  # latents; the paper's buffer
MOST_REFERENCES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MixEntry:
    """One partition of the mix and its share of the steps."""

    partition: Partition
    share: float


def training_mix(
    profiles: Sequence[Partition], *, text_to_video: float = 0.5, papers: float = 0.15
) -> tuple[MixEntry, ...]:
    """Plain text-to-video (c = B, N = 1), every profile of the world, and for a share of `papers` the paper's own mix.

    Mixed chunk sizes let one set of weights serve all profiles, and plain text-to-video in the mix "substantially
    improves output quality" (supplement 9). Here it also teaches fastest: every latent is to be predicted, none is a
    reference, and half of them come from nothing but noise (docs/decisions/0002). Of the profiles the earlier ones
    come more often.
    """
    whole = Partition(references=0, chunks=1, chunk_size=4, steps_per_shift=1)
    shares = [1 / 2**i for i in range(len(profiles))]
    streamed = (1 - text_to_video - papers) / sum(shares)
    others = paper_partitions() if papers else ()
    return (
        MixEntry(partition=whole, share=text_to_video),
        *(MixEntry(partition=p, share=share * streamed) for p, share in zip(profiles, shares, strict=True)),
        *(MixEntry(partition=p, share=papers / len(others)) for p in others),
    )


def generating_mix(profiles: Sequence[Partition], *, papers: float = 0.1) -> tuple[MixEntry, ...]:
    """For the recipe `generate`: whole clips of 4 and 8 latents, every profile, what they fall to, the paper's chunks.

    Whole clips are where something is invented from nothing, in few latents or in many; profiles are what is played.
    Of the profiles the earlier ones come more often. A small world may leave out the share of the paper's chunks.
    """
    shares = [1 / 2**i for i in range(len(profiles))]
    rungs = {rung.partition for profile in profiles for rung in ladder(profile)} - set(profiles)
    groups: list[tuple[float, Sequence[tuple[Partition, float]]]] = [
        (0.15, [(Partition(references=0, chunks=1, chunk_size=4, steps_per_shift=1), 1.0)]),
        (0.08, [(Partition(references=0, chunks=1, chunk_size=8, steps_per_shift=1), 1.0)]),
        (0.57, list(zip(profiles, shares, strict=True))),
        (0.1, [(rung, 1.0) for rung in sorted(rungs, key=str)]),
        (papers, [(paper, 1.0) for paper in paper_partitions() if not paper.references]),
    ]
    there = [(share, members) for share, members in groups if members and share]
    total = sum(share for share, _ in there)
    return tuple(
        MixEntry(partition=partition, share=share / total * weight / sum(each for _, each in members))
        for share, members in there
        for partition, weight in members
    )


def keys_mix(profiles: Sequence[Partition]) -> tuple[MixEntry, ...]:
    """For the recipe `keys`: mostly the first profile, and whole clips of its length, as its streams begin.

    The other profiles come now and then.
    """
    whole = Partition(references=0, chunks=1, chunk_size=profiles[0].num_latents, steps_per_shift=1)
    first, others = profiles[0], profiles[1:]
    return (
        MixEntry(partition=first, share=0.73 if others else 0.78),
        MixEntry(partition=whole, share=0.22),
        *(MixEntry(partition=partition, share=0.05 / len(others)) for partition in others),
    )


def paper_partitions() -> tuple[Partition, ...]:
    """Chunks of 1 (diagonal) to 16 (text-to-video) latents, 16 in flight, T = 16 levels, with 0, 1 or 2 references."""
    return tuple(
        Partition(references=references, chunks=IN_FLIGHT // size, chunk_size=size, steps_per_shift=size)
        for size in CHUNK_SIZES
        for references in range(MOST_REFERENCES + 1)
    )


def distillation_mix(profiles: Sequence[Partition]) -> tuple[MixEntry, ...]:
    """What a student is taught: 2, 4 and 8 levels in the first profile, the other profiles as they are, and whole
    clips in as many steps, as a stream begins (supplement 8). Fewer steps come more often."""
    first, others = profiles[0], profiles[1:]
    levels = [(2, 3.0), (4, 2.0), (8, 1.0)]
    streamed = [(replace(first, steps_per_shift=max(1, num // first.chunks)), share) for num, share in levels]
    whole = [(Partition(references=0, chunks=1, chunk_size=4, steps_per_shift=num), share / 3) for num, share in levels]
    shares = [*streamed, *whole, *((profile, 1.0) for profile in others)]
    total = sum(share for _, share in shares)
    return tuple(MixEntry(partition=partition, share=share / total) for partition, share in shares)


def draw_partitions(mix: Sequence[MixEntry], num_latents: int, rng: np.random.Generator) -> list[Partition]:
    """Partitions of one length for a step's examples, by their shares, about `num_latents` latents in all."""
    shares: dict[int, float] = {}
    for entry in mix:
        shares[entry.partition.num_latents] = shares.get(entry.partition.num_latents, 0.0) + entry.share
    lengths = list(shares)
    weights = np.array(list(shares.values()))
    length = lengths[rng.choice(len(lengths), p=weights / weights.sum())]
    fitting = [entry for entry in mix if entry.partition.num_latents == length]
    of_length = np.array([entry.share for entry in fitting])
    drawn = rng.choice(len(fitting), size=max(1, num_latents // length), p=of_length / of_length.sum())
    return [fitting[i].partition for i in drawn]


def draw_partition(mix: Sequence[MixEntry], rng: np.random.Generator) -> Partition:
    """One partition of the mix, by its share."""
    return mix[rng.choice(len(mix), p=[entry.share for entry in mix])].partition
