"""The evaluation: the classic renderer, the baselines, the teacher and its students play the same exam."""

import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

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
from engine_service.runtime.world import WorldFolder, load_world
from streamdit.progress import ProgressLines, on_terminal

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
        ValueError: `only` names no row, or the world's `[evaluation]` does not say what to look for, or
            names no recorder.
        FileNotFoundError, RuntimeError: the world's recorder is missing, or failed.
        WorldError: weights or judges are missing or damaged.
    """
    folder = load_world(world_folder)
    require_notes(folder)
    rows: dict[str, Row | None] = {CLASSIC: None}
    rows |= {row.name: row for row in table_rows(folder.world, guidance=config.guidance)}
    _check_names(config.only, [*rows, SCENES])
    wanted = config.only or (*rows, SCENES)
    examiner = Examiner(load_judges(folder), folder)

    def runtime_of(teacher: bool) -> Runtime:
        return load_runtime(world_folder, backend=config.backend, num_threads=config.num_threads, teacher=teacher)

    served = runtime_of(teacher=False)
    written = _Report(report, _facts(folder, config, served.backend), rows)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, disable=not on_terminal()) as progress:
        preparing = progress.add_task("recording the exam", total=None)
        exam = prepare(folder, config.size, exams, seed=config.seed)
        progress.remove_task(preparing)
        for name, row in rows.items():
            if name not in wanted or not written.lacks(name, row, config.times_again):
                continue
            title = name if row is None else f"{name}: {row.described}"
            task = progress.add_task(title, total=exam.num_scripts)
            play = None
            if row is not None:
                play = player_of(served if row.of_student else runtime_of(teacher=True), row, config.seed)
            if name not in written.finished:
                tick = _ticking(progress, task, title, exam.num_scripts)
                written.keep(name, examiner.examine(exam, play, tick))
            elif play is not None:
                examiner.time(written.rows[name], exam.jumps, play)
                progress.update(task, completed=exam.num_scripts)
                written.keep(name, written.rows[name])
        if SCENES in wanted:
            tasks = exam.splits["trained"][: config.size.scenes]
            title, total = "scenes in mid-stream, as served", num_scenes(tasks)
            tick = _ticking(progress, progress.add_task(title, total=total), title, total)
            written.scenes = stage_scenes(served, examiner.judges, folder, tasks, config.seed, tick)
    written.finish()
    return Evaluation(written.rows, written.scenes)


def _ticking(progress: Progress, task: TaskID, title: str, total: int) -> Callable[[], None]:
    """Moves the bar, or says lines where there is none."""
    return ProgressLines(title, total).advance if progress.disable else partial(progress.advance, task)


def _facts(folder: WorldFolder, config: EvaluationConfig, backend: str) -> Mapping[str, object]:
    """What a row's numbers depend on."""
    return {
        "world": folder.world.name,
        "weights": world_digest(folder),
        "profile": folder.world.default_profile,
        "backend": backend,
        "guidance": config.guidance,
        "seed": config.seed,
        "samples": asdict(config.size),
    }


class _Report:
    """The JSON, the rows kept beside it, and at the end the pictures."""

    def __init__(self, file: Path, facts: Mapping[str, object], names: Iterable[str]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._facts = file, facts
        self._kept = KeptRows(file.with_suffix(".rows"), facts)
        self._started_s = time.monotonic()
        found = {name: self._kept.load(name) for name in names}
        self.finished = {name for name, row in found.items() if row is not None}
        self.rows = {name: row or RowResult() for name, row in found.items()}
        self.scenes: Scenes | None = None

    def lacks(self, name: str, row: Row | None, times_again: bool) -> bool:
        """Whether there is something to play for a row."""
        return name not in self.finished or (times_again and row is not None)

    def keep(self, name: str, result: RowResult) -> None:
        """A row is finished."""
        self.rows[name] = result
        self.finished.add(name)
        self._kept.save(name, result)
        self._write()

    def finish(self) -> None:
        """The JSON with the scenes, the contact sheet, the plot."""
        self._write()
        if self.finished:
            draw_sheet({name: row.sheet for name, row in self.rows.items()}, self._file.with_suffix(".png"))
        draw_plot(self.rows, self._file.with_name(f"{self._file.stem}-plot.png"))
        if self.scenes is not None:
            draw_redrawn(self.scenes, self._file.with_name(f"{self._file.stem}-redrawn.png"))

    def _write(self) -> None:
        told = {**self._facts, "seconds": round(time.monotonic() - self._started_s), "machine": machine()}
        write_json(self.rows, self.scenes, told, self._file)


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
