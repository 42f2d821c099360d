"""The rows of the evaluation's table: who plays, with which weights, in how many steps."""

from collections.abc import Callable
from dataclasses import dataclass

from engine_service.evaluation.fifo import FifoConfig, FifoSampler
from engine_service.evaluation.reuse import ReuseConfig, ReuseSampler
from engine_service.evaluation.stage import LatentSampler, StreamDiTSampler
from engine_service.model.partition import Partition
from engine_service.model.world import World
from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.guidance import GuidedDenoiser
from engine_service.runtime.prompts import EncodedPrompt

CLASSIC = "classic"  # the game's own renderer: what judges make of true frames is the ceiling
LatentShape = tuple[int, int, int]
SamplerOf = Callable[[Denoiser, EncodedPrompt, LatentShape, int], LatentSampler]  # ..., unprompted, shape, seed


@dataclass(frozen=True, slots=True)
class Row:
    """One sampler; all but the distilled ones play on the teacher's weights."""

    name: str
    described: str
    of_student: bool
    sampler_of: SamplerOf


def table_rows(world: World, *, guidance: float, teacher_levels: int = 32) -> tuple[Row, ...]:
    """The baselines, the teacher and its student in 8, 4 and 2 steps, in the order of the table.

    All of StreamDiT's rows share the buffer of the default profile; only the micro-steps between its shifts differ.
    """
    default = world.profiles[world.default_profile]
    fifo, reuse = FifoConfig(), ReuseConfig()

    def reuse_of(denoiser: Denoiser, _: EncodedPrompt, shape: LatentShape, seed: int) -> LatentSampler:
        return ReuseSampler(denoiser, shape, reuse, seed=seed)

    def fifo_of(denoiser: Denoiser, _: EncodedPrompt, shape: LatentShape, seed: int) -> LatentSampler:
        return FifoSampler(denoiser, shape, fifo, seed=seed)

    def teacher_of(denoiser: Denoiser, unprompted: EncodedPrompt, shape: LatentShape, seed: int) -> LatentSampler:
        guided = GuidedDenoiser(denoiser, unprompted, guidance)
        return StreamDiTSampler(guided, shape, with_levels(default, teacher_levels), seed=seed)

    return (
        Row("reusediffuse", f"clips of {reuse.clip} latents, {reuse.num_steps} steps", False, reuse_of),
        Row("fifo", f"{fifo.num_stretches} stretches of {fifo.stretch} latents, lookahead", False, fifo_of),
        Row("teacher", f"{teacher_levels} steps, guidance {guidance:g}", False, teacher_of),
        *(distilled(default, levels) for levels in (8, 4, 2)),
    )


def distilled(partition: Partition, levels: int) -> Row:
    """The student in so many steps from noise to picture, one call each."""

    def sampler_of(denoiser: Denoiser, _: EncodedPrompt, shape: LatentShape, seed: int) -> LatentSampler:
        return StreamDiTSampler(denoiser, shape, with_levels(partition, levels), seed=seed)

    return Row(f"distilled-{levels}", f"{levels} steps", True, sampler_of)


def with_levels(partition: Partition, levels: int) -> Partition:
    """The same buffer with so many micro-steps in a latent's life.

    Raises:
        ValueError: the chunks do not share them evenly.
    """
    if levels % partition.chunks:
        raise ValueError(f"levels is {levels}, not a multiple of the partition's {partition.chunks} chunks")
    return Partition(
        references=partition.references,
        chunks=partition.chunks,
        chunk_size=partition.chunk_size,
        steps_per_shift=levels // partition.chunks,
        gamma=partition.gamma,
    )
