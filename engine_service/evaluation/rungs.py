"""What each rung of the quality ladder costs: the same scripts, played on every rung of every profile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine_service.evaluation.exam import Task, record, task_of
from engine_service.evaluation.intervals import mean
from engine_service.evaluation.judges import Judges, load_judges, require_notes
from engine_service.evaluation.marks import mark, pooled
from engine_service.evaluation.stage import LatentSampler, StreamDiTSampler, perform
from engine_service.model.ladder import Rung, ladder
from engine_service.runtime.denoiser import Denoiser, Runtime
from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import WorldFolder, load_world


@dataclass(frozen=True, slots=True)
class RungResult:
    """One rung, played."""

    profile: str
    number: int
    rung: Rung
    psnr_db: float  # to the game's own pictures
    prompt_accuracy: float  # share of frames in which the judge sees all that the prompt says
    position_error_px_p95: float
    ms_per_frame: float  # latents and pictures, by the wall


def measure_rungs(
    world_folder: Path,
    *,
    num_recordings: int,
    exams: Path,
    backend: str = "auto",
    seed: int = 0,
    tick: Callable[[str], None] = lambda _words: None,
) -> list[RungResult]:
    """Play recordings of trained combinations on every rung; JPEG is left out, it is the wire's.

    Raises:
        ValueError: the world's `[evaluation]` does not say what to look for.
        FileNotFoundError, RuntimeError: the world's recorder is missing, or failed.
        WorldError: weights or judges are missing or damaged.
    """
    folder = load_world(world_folder)
    require_notes(folder)
    tasks = [task_of(recording) for recording in record(folder, exams / "trained", num_recordings, "train")]
    runtime = load_runtime(world_folder, backend=backend, with_rungs=True)
    return list(_results(runtime, folder, load_judges(folder), tasks, seed, tick))


def _results(
    runtime: Runtime, folder: WorldFolder, judges: Judges, tasks: list[Task], seed: int, tick: Callable[[str], None]
) -> Iterator[RungResult]:
    for profile, partition in folder.world.profiles.items():
        for number, rung in enumerate(ladder(partition)):
            tick(f"{profile}, rung {number}: {rung.words}")
            yield _result(runtime, folder, judges, tasks, profile, number, rung, seed)


def _result(
    runtime: Runtime,
    folder: WorldFolder,
    judges: Judges,
    tasks: list[Task],
    profile: str,
    number: int,
    rung: Rung,
    seed: int,
) -> RungResult:
    def sampler_of(denoiser: Denoiser) -> LatentSampler:
        return StreamDiTSampler(denoiser, runtime.latent_shape, rung.partition, seed=seed)

    performances = [perform(runtime, sampler_of, task.script) for task in tasks]
    marks = [
        mark(judges, folder, performance.rgb, task.truth, task.script.states, task.labels)
        for performance, task in zip(performances, tasks, strict=True)
    ]
    errors = np.concatenate(pooled(marks, "position_error_px"))
    num_frames = sum(len(performance.rgb) for performance in performances)
    return RungResult(
        profile=profile,
        number=number,
        rung=rung,
        psnr_db=mean(np.concatenate(pooled(marks, "psnr_db"))),
        prompt_accuracy=mean(np.concatenate(pooled(marks, "all_right"))),
        position_error_px_p95=float(np.quantile(errors, 0.95)),
        ms_per_frame=1e3 * sum(performance.seconds for performance in performances) / num_frames,
    )


def as_markdown(results: list[RungResult], num_recordings: int, backend: str, *, times: bool) -> str:
    """A row per rung; times mean something on an idle machine only."""
    lines = [
        f"{num_recordings} recordings of trained combinations, 64 frames each, {backend}, seed of the noise fixed.",
        "",
        "| profile | rung | what it is | K, N, c, s | work | PSNR | prompt accuracy | position p95 |"
        + (" ms a frame |" if times else ""),
        "|---|---|---|---|---:|---:|---:|---:|" + ("---:|" if times else ""),
    ]
    for result in results:
        p, accuracy_pct = result.rung.partition, 100 * result.prompt_accuracy
        lines.append(
            f"| {result.profile} | {result.number} | {result.rung.words} "
            f"| {p.references}, {p.chunks}, {p.chunk_size}, {p.steps_per_shift} | {result.rung.work:g} "
            f"| {result.psnr_db:.2f} dB | {accuracy_pct:.1f} % | {result.position_error_px_p95:.1f} px |"
            + (f" {result.ms_per_frame:.1f} |" if times else "")
        )
    return "\n".join(lines)
