"""One row of the table: a sampler plays the whole exam, and its frames become the row's numbers.

Letters: T frames of a script.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine_service.evaluation.drift import LOOP_S, contrast_pct, slope_per_minute
from engine_service.evaluation.exam import Exam, JumpTask, LoopTask, Task
from engine_service.evaluation.intervals import Statistic, confidence, mean
from engine_service.evaluation.judges import Judges, position_columns
from engine_service.evaluation.latency import frames_until_seen, visible_latency_ms
from engine_service.evaluation.marks import SSIM_EVERY, Marks, consistencies, mark, pooled
from engine_service.evaluation.pictures import Pictures, flicker, is_dynamic, seams, smoothness
from engine_service.evaluation.stage import Performance, Script
from engine_service.runtime.world import WorldFolder

COLUMNS = (
    "prompt_accuracy_trained",
    "prompt_accuracy_held_out",
    "prompt_accuracy_paraphrase",
    "state_error_px_median",
    "state_error_px_p95",
    "psnr_db",
    "ssim",
    "keyboard_accuracy",
    "flicker",
    "drift_60s_pct",
    "drift_300s_pct",
    "dynamic_degree",
    "calls_per_frame",
    "fps_cpu",
    "visible_latency_p95_ms",
)  # fixed: other programs read them
DRIFT_S = (60.0, 300.0)
NEAR_PX = 5.0  # so near to its place a critter stands where it should

HORIZON = 8  # frames that a game can predict of itself
Play: TypeAlias = Callable[[Script, int], Performance]  # a script, and how many frames of it are foreseen


@dataclass(slots=True)
class RowResult:
    """What is known of one row; a column that was left out is None."""

    columns: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(COLUMNS))
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)  # 95 %, over recordings
    more: dict[str, float] = field(default_factory=dict)  # what the fixed columns have no place for
    loops: dict[str, list[float]] = field(default_factory=dict)  # a metric's mean over each loop of nine seconds
    sheet: list[NDArray[np.uint8]] = field(default_factory=list)  # (H, W, 3), one a recording: the same late moment


@dataclass(frozen=True, slots=True)
class Examiner:
    """Who judges, by the notes of which world."""

    judges: Judges
    folder: WorldFolder

    def examine(self, exam: Exam, play: Play | None, tick: Callable[[], None]) -> RowResult:
        """All columns of a row; without a player those of the game's own pictures. `tick` is called per script."""
        row = RowResult()
        for split, tasks in exam.splits.items():
            played = []
            for task in tasks:
                performance = None if play is None else play(task.script, HORIZON)
                played.append((task, performance))
                tick()
            self._marked(row, split, played)
        for loop in exam.loops:
            self._drift(row, loop, None if play is None else play(loop.script, HORIZON))
            tick()
        if play is not None:
            self.time(row, exam.jumps, play)
        tick()
        return row

    def _marked(self, row: RowResult, split: str, played: Sequence[tuple[Task, Performance | None]]) -> None:
        pictures = [task.truth if performance is None else performance.rgb for task, performance in played]
        marks = [
            mark(self.judges, self.folder, rgb, task.truth, task.script.states, task.labels)
            for rgb, (task, _) in zip(pictures, played, strict=True)
        ]
        self._put(row, f"prompt_accuracy_{split}", pooled(marks, "all_right"))
        for label in self.folder.evaluation.labels:
            row.more[f"{label}_accuracy_{split}"] = mean(np.concatenate([each.labels_right[label] for each in marks]))
        row.more[f"psnr_db_{split}"] = mean(np.concatenate(pooled(marks, "psnr_db")))
        if split == "trained":
            self._trained(row, pictures, marks, played)

    def _trained(
        self,
        row: RowResult,
        pictures: Sequence[Pictures],
        marks: Sequence[Marks],
        played: Sequence[tuple[Task, Performance | None]],
    ) -> None:
        errors = pooled(marks, "position_error_px")
        self._put(row, "state_error_px_median", errors, lambda values: float(np.median(values)))
        self._put(row, "state_error_px_p95", errors, lambda values: float(np.quantile(values, 0.95)))
        if played[0][1] is not None:  # the game's own pictures are the truth
            self._put(row, "psnr_db", pooled(marks, "psnr_db"))
            self._put(row, "ssim", pooled(marks, "ssim"))
        self._put(row, "keyboard_accuracy", pooled(marks, "keys_right"))
        fps = self.folder.world.fps
        self._put(row, "flicker", [np.array([flicker(rgb)]) for rgb in pictures])
        self._put(row, "dynamic_degree", [np.array([float(is_dynamic(rgb, fps))]) for rgb in pictures])
        row.more["motion_smoothness_lite"] = mean(np.array([smoothness(rgb) for rgb in pictures]))
        alike = [
            consistencies(self.judges, self.folder, rgb, task.script.states)
            for rgb, (task, _) in zip(pictures, played, strict=True)
        ]
        row.more["subject_consistency_lite"], row.more["background_consistency_lite"] = np.mean(alike, axis=0).tolist()
        per_chunk = max((performance.frames_per_chunk for _, performance in played if performance), default=2)
        borders = np.array([seams(rgb, per_chunk) for rgb in pictures]).mean(0)
        row.more["step_at_chunk_borders"], row.more["step_inside_chunks"] = borders.tolist()
        row.sheet = [rgb[len(rgb) * 2 // 3] for rgb in pictures]

    def _drift(self, row: RowResult, task: LoopTask, performance: Performance | None) -> None:
        truth = task.loop.truth[task.frames]
        pictures = truth if performance is None else performance.rgb
        marks = mark(self.judges, self.folder, pictures, truth, task.script.states, task.loop.labels)
        fps = self.folder.world.fps
        series = {
            "prompt_accuracy": marks.all_right,
            "near_its_place": (marks.position_error_px <= NEAR_PX).astype(np.float64),
            "keyboard_accuracy": marks.keys_right,
            "psnr_db": marks.psnr_db,
            "ssim": np.repeat(marks.ssim, SSIM_EVERY)[: len(pictures)],
        }
        for name, values in series.items():
            length = round(LOOP_S * fps)
            means = [mean(values[i : i + length]) for i in range(0, len(values) - length + 1, length)]
            row.loops[name] = [*row.loops.get(name, []), *means]
            row.more[f"slope_{name}_per_minute"] = slope_per_minute(values, fps)
        for seconds in DRIFT_S:
            if len(pictures) >= seconds * fps:
                worst = max(
                    contrast_pct(values[: round(seconds * fps)], None if name in ("psnr_db", "ssim") else 1.0)
                    for name, values in series.items()
                )
                column = f"drift_{seconds:g}s_pct"
                row.columns[column] = max(row.columns[column] or 0.0, worst)
        if performance is not None:
            row.columns["calls_per_frame"] = performance.denoiser_calls / len(pictures)

    def time(self, row: RowResult, task: JumpTask, play: Play) -> None:
        """The columns that depend on how fast and how idle the machine is; nobody foresees a jump."""
        performance = play(task.script, 0)
        columns = position_columns(self.folder)
        positions = self.judges.judge.verdict(performance.rgb).position.astype(np.float64)
        waited = frames_until_seen(positions, task.jumps, task.script.states[:, columns].astype(np.float64))
        row.columns["fps_cpu"] = len(performance.rgb) / performance.seconds
        row.more["jumps_never_seen"] = float(np.isinf(waited).mean())
        per_chunk = performance.frames_per_chunk
        latencies = visible_latency_ms(
            waited,
            fps=self.folder.world.fps,
            frames_per_chunk=per_chunk,
            seconds_per_chunk=performance.seconds * per_chunk / len(performance.rgb),
        )
        p95 = float(np.quantile(latencies, 0.95, method="higher"))
        row.columns["visible_latency_p95_ms"] = p95 if np.isfinite(p95) else None

    def _put(
        self, row: RowResult, column: str, groups: Sequence[NDArray[np.float64]], statistic: Statistic = mean
    ) -> None:
        row.columns[column] = statistic(np.concatenate(groups))
        row.intervals[column] = confidence(groups, statistic)
