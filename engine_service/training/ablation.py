"""The ablation over training mixes (StreamDiT table 3, supplement 9): the same short training once per mix.

Every mix starts from the same weights, draws with the same seed and takes as many steps; what each has learnt is then
asked on every chunk size, on recordings no mix has seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from engine_service.model.partition import Partition
from engine_service.training.buffered import LatentClips
from engine_service.training.denoiser import DenoiserTraining, Lessons, PromptedDiT, train_denoiser, validation_loss
from engine_service.training.mix import CHUNK_SIZES, IN_FLIGHT, MOST_REFERENCES, MixEntry
from engine_service.training.run import RunFolder

Mix = tuple[MixEntry, ...]
REPEATS = 8  # batches per answer


def chunked(size: int, references: int = 0) -> Partition:
    """The paper's buffer in chunks of `size`: 16 latents in flight, T = 16."""
    return Partition(references=references, chunks=IN_FLIGHT // size, chunk_size=size, steps_per_shift=size)


def evenly(partitions: Sequence[Partition]) -> Mix:
    """Every partition as often as any other."""
    return tuple(MixEntry(partition=partition, share=1 / len(partitions)) for partition in partitions)


def ablated_mixes(world_mix: Mix) -> dict[str, Mix]:
    """The paper's rows, chunk sizes 1 to 16 added one by one; all of them with references; the world's own mix."""
    rows = {
        f"c in {list(sizes)}": evenly([chunked(size) for size in sizes])
        for sizes in (CHUNK_SIZES[: i + 1] for i in range(len(CHUNK_SIZES)))
    }
    counts = range(MOST_REFERENCES + 1)
    rows["the last, K in 0..2"] = evenly([chunked(size, count) for size in CHUNK_SIZES for count in counts])
    return {**rows, "this world's own": world_mix}


def ablate(
    new_model: Callable[[], PromptedDiT],
    clips: LatentClips,
    unseen: LatentClips,
    mixes: Mapping[str, Mix],
    run_folder: Path,
    options: DenoiserTraining,
    device: str,
) -> dict[str, list[float]]:
    """Train a new model once per mix on `clips`, then ask on `unseen`: an error of the clean latents per chunk size.

    Each mix has a run folder of its own inside `run_folder`, so that an ablation that was cut resumes; a plot lies
    beside them.
    """
    errors: dict[str, list[float]] = {}
    for i, (name, mix) in enumerate(mixes.items()):
        model = new_model()
        lessons = Lessons(clips, mix, unseen, mix)
        weights = train_denoiser(model, lessons, RunFolder(run_folder / f"mix-{i}"), options, device)
        model.load_state_dict(weights)
        asked = [replace(lessons, validation_mix=evenly([chunked(size)])) for size in CHUNK_SIZES]
        errors[name] = [_error(model, question, options, device) for question in asked]
    _plot(errors, run_folder / "ablation.png")
    return errors


def _error(model: PromptedDiT, lessons: Lessons, options: DenoiserTraining, device: str) -> float:
    seeds = range(options.seed, options.seed + REPEATS)
    return float(np.mean([validation_loss(model, lessons, replace(options, seed=seed), device) for seed in seeds]))


def as_markdown(errors: Mapping[str, Sequence[float]], num_steps: int) -> str:
    """One row a mix, one column a chunk size it was asked on."""
    head = f"| mix, {num_steps} steps | " + " | ".join(f"asked at c={size}" for size in CHUNK_SIZES) + " | mean |"
    lines = [head, "|" + " --- |" * (len(CHUNK_SIZES) + 2)]
    for name, row in errors.items():
        lines.append(f"| {name} | " + " | ".join(f"{error:.4f}" for error in (*row, float(np.mean(row)))) + " |")
    return "\n".join(lines)


def _plot(errors: Mapping[str, Sequence[float]], file: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, row in errors.items():
        axes.plot(range(len(CHUNK_SIZES)), row, marker="o", label=name)
    axes.set_xticks(range(len(CHUNK_SIZES)), [str(size) for size in CHUNK_SIZES])
    axes.set(xlabel="chunk size asked", ylabel="error of the clean latents, held-out recordings")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=120)
    plt.close(figure)
