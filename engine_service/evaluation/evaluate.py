"""The evaluation: the classic renderer, the baselines, the teacher and its students play the same exam."""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from engine_service.evaluation.exam import ExamSize, prepare
from engine_service.evaluation.examine import Examiner, Play, RowResult
from engine_service.evaluation.judges import load_judges, require_notes
from engine_service.evaluation.kept import KeptRows, world_digest
from engine_service.evaluation.rows import CLASSIC, Row, table_rows
from engine_service.evaluation.scenes import Scenes, num_scenes, stage_scenes
from engine_service.evaluation.show import draw_plot, draw_redrawn, draw_sheet
from engine_service.evaluation.stage import LatentSampler, Performance, Script, perform
from engine_service.runtime.denoiser import Denoiser, Runtime
from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import load_world

SCENES = "scenes"  # what happens in mid-stream, beside the rows


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """What is played, by whom, on what."""

    size: ExamSize = field(default_factory=ExamSize)
    guidance: float = 1.5  # the teacher's
    backend: str = "auto"
    num_threads: int = 0  # 0: every core
    seed: int = 0  # of the noise
    only: tuple[str, ...] = ()  # rows, or `scenes`; none: all of them
    times_again: bool = False  # of kept rows, measure what depends on how idle the machine is


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of it; rows that were never played are empty."""

    rows: Mapping[str, RowResult]
    scenes: Scenes | None


def evaluate(world_folder: Path, config: EvaluationConfig, *, exams: Path, report: Path) -> Evaluation:
    """Fill the table row by row, then play what happens in mid-stream.

    `report` (JSON) is written again after each row. Finished rows are kept beside it and not played again while
    weights, exam, seed and guidance are the same.

    Raises:
        ValueError: `only` names no row, or the world's `[evaluation]` does not say what to look for.
        FileNotFoundError, RuntimeError: the world's recorder is missing, or failed.
        WorldError: weights or judges are missing or damaged.
    """
    folder = load_world(world_folder)
    require_notes(folder)
    examiner = Examiner(load_judges(folder), folder)
    rows: dict[str, Row | None] = {CLASSIC: None}
    rows |= {row.name: row for row in table_rows(folder.world, guidance=config.guidance)}
    _check_names(config.only, [*rows, SCENES])
    report.parent.mkdir(parents=True, exist_ok=True)
    results = {name: RowResult() for name in rows}
    scenes = None
    started = time.monotonic()

    def runtime_of(teacher: bool) -> Runtime:
        return load_runtime(world_folder, backend=config.backend, num_threads=config.num_threads, teacher=teacher)

    served = runtime_of(teacher=False)
    facts = {
        "world": folder.world.name,
        "weights": world_digest(folder),
        "profile": folder.world.default_profile,
        "backend": served.backend,
        "guidance": config.guidance,
        "seed": config.seed,
        "samples": asdict(config.size),
    }
    kept = KeptRows(report.with_suffix(".rows"), facts)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        preparing = progress.add_task("recording the exam", total=None)
        exam = prepare(folder, config.size, exams, seed=config.seed)
        progress.remove_task(preparing)
        for name, row in rows.items():
            wanted = not config.only or name in config.only
            finished = kept.load(name)
            results[name] = finished or results[name]
            if not wanted or (finished is not None and (row is None or not config.times_again)):
                continue
            task = progress.add_task(name if row is None else f"{name}: {row.described}", total=exam.num_scripts)
            play = None
            if row is not None:
                play = player_of(served if row.of_student else runtime_of(teacher=True), row, config.seed)
            if finished is None:
                results[name] = examiner.examine(exam, play, lambda task=task: progress.advance(task))  # type: ignore[misc]
            elif play is not None:
                examiner.time(finished, exam.jumps, play)
                progress.update(task, completed=exam.num_scripts)
            kept.save(name, results[name])
            write_json(
                results, None, {**facts, "seconds": round(time.monotonic() - started), "machine": machine()}, report
            )
        if not config.only or SCENES in config.only:
            tasks = exam.splits["trained"][: config.size.scenes]
            last = progress.add_task("scenes in mid-stream, as served", total=num_scenes(tasks))
            judges, seed = examiner.judges, config.seed
            scenes = stage_scenes(served, judges, folder, tasks, seed, lambda: progress.advance(last))
    told = {**facts, "seconds": round(time.monotonic() - started), "machine": machine()}
    write_json(results, scenes, told, report)
    draw_sheet({name: result.sheet for name, result in results.items()}, report.with_suffix(".png"))
    draw_plot(results, report.with_name(f"{report.stem}-plot.png"))
    if scenes is not None:
        draw_redrawn(scenes, report.with_name(f"{report.stem}-redrawn.png"))
    return Evaluation(results, scenes)


def _check_names(only: Sequence[str], known: Sequence[str]) -> None:
    for name in only:
        if name not in known:
            raise ValueError(f"only names {name!r}, expected some of {', '.join(known)}")


def player_of(runtime: Runtime, row: Row, seed: int) -> Play:
    """What plays a script as this row; each script begins from the same noise."""
    unprompted = runtime.prompts.encode(runtime.prompts.tokens(""))

    def play(script: Script, horizon: int) -> Performance:
        def sampler_of(denoiser: Denoiser) -> LatentSampler:
            return row.sampler_of(denoiser, unprompted, runtime.latent_shape, seed)

        return perform(runtime, sampler_of, script, horizon=horizon)

    return play


def machine() -> Mapping[str, str | int | None]:
    """What the numbers were measured on."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu_cores": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def note(size: ExamSize) -> str:
    """How the table was made, in words."""
    told = machine()
    return (
        f"Measured {told['date']} on {told['cpu_cores']} cores, {told['machine']}, Python {told['python']}, torch "
        f"{told['torch']}, by `streamdit-engine evaluate`: {size.trained} recordings of trained, {size.held_out} of "
        f"held-out combinations, {size.paraphrase} with sentences never seen, of 64 frames each; {size.drift_loops} "
        f"streams of {size.drift_s:g} s; {size.jumps} jumps. In brackets 95 % over recordings."
    )


def scenes_told(scenes: Scenes) -> Mapping[str, object]:
    """The scenes as JSON; frames that were never right are null."""
    frames = {
        name: {
            "median": _finite(float(np.median(waits))),
            "p95": _finite(float(np.quantile(waits, 0.95, method="higher"))),
        }
        for name, waits in scenes.frames_until_seen.items()
    }
    return {
        "frames_until_new_prompt_is_seen": frames,
        "redrawn_recognised": {f"{strength:g}": share for strength, share in scenes.recognised.items()},
        "redrawn_background_psnr_db": {f"{strength:g}": db for strength, db in scenes.background_db.items()},
        "revisit_psnr_db": scenes.revisit_db,
        "revisit_psnr_db_to_truth": scenes.revisit_truth_db,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def write_json(results: Mapping[str, RowResult], scenes: Scenes | None, told: Mapping[str, object], file: Path) -> None:
    """`rows` by the fixed names; intervals and what else was measured beside them."""
    content = {
        **told,
        "rows": {name: result.columns for name, result in results.items()},
        "intervals": {name: result.intervals for name, result in results.items()},
        "more": {name: result.more for name, result in results.items()},
        "loops": {name: result.loops for name, result in results.items()},
        "scenes": None if scenes is None else scenes_told(scenes),
    }
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.rename(file)
