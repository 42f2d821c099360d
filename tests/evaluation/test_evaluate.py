"""The table, from a small exam that nobody has to wait for."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine_service.evaluation.drift import looped
from engine_service.evaluation.evaluate import EvaluationConfig, evaluate, player_of, write_json
from engine_service.evaluation.exam import Exam, LoopTask, RecorderError, Task, jump_task, record
from engine_service.evaluation.examine import COLUMNS, Examiner, RowResult
from engine_service.evaluation.judge import Judge
from engine_service.evaluation.judges import Judges
from engine_service.evaluation.kept import KeptRows
from engine_service.evaluation.keys import KeyReader
from engine_service.evaluation.rows import table_rows, with_levels
from engine_service.evaluation.show import as_markdown, draw_plot, draw_sheet, worded
from engine_service.evaluation.stage import Performance, Script
from engine_service.runtime.world import EvaluationNotes, WorldFolder, find_world, load_world
from tests.fakes import PROFILES, WORLD, tiny_runtime

FOLDER = replace(
    load_world(find_world("critters")),
    world=WORLD,
    evaluation=EvaluationNotes(labels=("critter",), position=("x", "phase"), travel=("x",), longest_travel=4),
)


def task(num_frames: int, seed: int) -> Task:
    rng = np.random.default_rng(seed)
    states = np.stack([60 + np.cumsum(rng.integers(-2, 3, num_frames)), np.zeros(num_frames)], 1).astype(np.float32)
    truth = rng.integers(0, 256, (num_frames, 16, 16, 3), dtype=np.uint8)
    return Task(Script(f"play {seed}", ("a pig",) * num_frames, states), truth, {"critter": "pig"})


def small_exam() -> Exam:
    play = task(150, 9)
    script, frames = looped(play.script, WORLD.fps, 60.0)
    splits = {name: [task(16, seed) for seed in range(2)] for name in ("trained", "held_out", "paraphrase")}
    return Exam(splits, [LoopTask(script, play, frames)], jump_task(FOLDER, 4, np.random.default_rng(0)))


def examiner() -> Examiner:
    torch.manual_seed(0)
    return Examiner(Judges(Judge({"critter": ["fox", "pig"]}).eval(), KeyReader().eval()), FOLDER)


def test_the_games_own_pictures_are_the_truth_without_drift() -> None:
    row = examiner().examine(small_exam(), None, lambda: None)
    assert list(row.columns) == list(COLUMNS)
    assert row.columns["drift_60s_pct"] == pytest.approx(0)
    for column in ("psnr_db", "ssim", "drift_300s_pct", "calls_per_frame", "fps_cpu", "visible_latency_p95_ms"):
        assert row.columns[column] is None


def test_a_player_is_measured_in_every_column_its_exam_is_long_enough_for() -> None:
    scripts: list[tuple[str, int]] = []

    def play(script: Script, horizon: int) -> Performance:
        scripts.append((script.name, horizon))
        rgb = np.random.default_rng(1).integers(0, 256, (len(script.states), 16, 16, 3), dtype=np.uint8)
        return Performance(rgb, denoiser_calls=3 * len(rgb), seconds=len(rgb) / 100, frames_per_chunk=2)

    ticks: list[None] = []
    row = examiner().examine(small_exam(), play, lambda: ticks.append(None))
    assert row.columns["calls_per_frame"] == 3
    assert row.columns["fps_cpu"] == pytest.approx(100)
    left_out = {column for column, value in row.columns.items() if value is None}
    assert left_out <= {"drift_300s_pct", "visible_latency_p95_ms"}
    assert len(ticks) == len(scripts) == 8
    assert dict(scripts)["jumps"] == 0, "nobody foresees a jump"


def test_a_row_of_the_table_plays_the_tiny_world() -> None:
    runtime = tiny_runtime()
    for row in table_rows(WORLD, guidance=1.5, teacher_levels=8):
        if row.name in ("fifo", "reusediffuse"):
            continue  # sixteen latents and fifty steps: their own tests play them
        performance = player_of(runtime, row, seed=0)(task(8, 0).script, 4)
        assert performance.rgb.shape == (8, 16, 16, 3)
        assert performance.denoiser_calls > 0


def test_rows_differ_in_their_micro_steps_alone() -> None:
    assert [row.name for row in table_rows(WORLD, guidance=1.5)] == [
        "reusediffuse", "fifo", "teacher", "distilled-8", "distilled-4", "distilled-2",
    ]  # fmt: skip
    assert with_levels(PROFILES["responsive"], 8).steps_per_shift == 4
    with pytest.raises(ValueError, match="levels is 3, not a multiple of the partition's 2 chunks"):
        with_levels(PROFILES["responsive"], 3)


def test_the_report_has_the_fixed_rows_and_columns_and_null_for_what_was_left_out(tmp_path: Path) -> None:
    results = {"classic": examiner().examine(small_exam(), None, lambda: None), "teacher": RowResult()}
    write_json(results, None, {"samples": {"trained": 2}}, tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert list(report["rows"]) == ["classic", "teacher"]
    assert list(report["rows"]["teacher"]) == list(COLUMNS)
    assert report["rows"]["teacher"]["psnr_db"] is None
    assert report["samples"] == {"trained": 2}


def test_a_finished_row_is_kept_while_what_its_numbers_depend_on_is_the_same(tmp_path: Path) -> None:
    row = examiner().examine(small_exam(), None, lambda: None)
    facts = {"weights": "one", "samples": {"trained": 2}}
    KeptRows(tmp_path / "report.rows", facts).save("classic", row)
    kept = KeptRows(tmp_path / "report.rows", facts).load("classic")
    assert kept is not None
    assert (kept.columns, kept.intervals, kept.more, kept.loops) == (row.columns, row.intervals, row.more, row.loops)
    assert all(np.array_equal(a, b) for a, b in zip(kept.sheet, row.sheet, strict=True))
    assert KeptRows(tmp_path / "report.rows", facts).load("teacher") is None
    assert KeptRows(tmp_path / "report.rows", {**facts, "weights": "others"}).load("classic") is None


def test_of_a_kept_row_the_times_alone_are_measured_again() -> None:
    exam, row = small_exam(), RowResult()
    row.columns["psnr_db"] = 27.0

    def play(script: Script, horizon: int) -> Performance:
        assert (script.name, horizon) == ("jumps", 0)
        rgb = np.zeros((len(script.states), 16, 16, 3), np.uint8)
        return Performance(rgb, denoiser_calls=1, seconds=len(rgb) / 50, frames_per_chunk=2)

    examiner().time(row, exam.jumps, play)
    assert row.columns["fps_cpu"] == pytest.approx(50)
    assert row.columns["psnr_db"] == 27.0


def test_only_takes_rows_that_there_are(tmp_path: Path) -> None:
    config = EvaluationConfig(only=("fifo", "fofi"))
    with pytest.raises(ValueError, match="only names 'fofi', expected some of classic, reusediffuse, fifo"):
        evaluate(find_world("critters"), config, exams=tmp_path, report=tmp_path / "report.json")


def test_tables_and_pictures_hold_every_row(tmp_path: Path) -> None:
    row = examiner().examine(small_exam(), None, lambda: None)
    results = {"classic": row, "teacher": RowResult()}
    text = as_markdown(results, "how")
    assert text.startswith("how\n\n| | prompt, trained |")
    assert text.count("| classic |") == 3  # two tables' rows and a column of the third
    draw_sheet({name: result.sheet for name, result in results.items()}, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (110 + 2 * 16, 16), "rows that were not played are left out"
    draw_plot(results, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 0


def test_numbers_are_worded_with_their_units() -> None:
    assert worded("prompt_accuracy_trained", 0.9876) == "98.8%"
    assert worded("state_error_px_p95", 4.06) == "4.1 px"
    assert worded("visible_latency_p95_ms", 132.6) == "133 ms"
    assert worded("drift_60s_pct", None) == "-"


def test_a_world_without_a_recorder_cannot_be_examined(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[evaluation\] names no recorder"):
        record(FOLDER, tmp_path, 1, "train")
    lost: WorldFolder = replace(FOLDER, evaluation=EvaluationNotes(recorder="game.record", recorder_path="nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere: the game of world tiny is not here"):
        record(lost, tmp_path, 1, "train")


def test_a_recorder_that_fails_is_quoted(tmp_path: Path) -> None:
    notes = EvaluationNotes(recorder="critters.record", recorder_path="examples/pygame")
    with pytest.raises(RecorderError, match="expected one of train, held-out"):
        record(replace(FOLDER, evaluation=notes), tmp_path, 1, "no-such-split")


def test_a_recorder_that_fails_is_a_sentence_of_the_command_and_no_traceback(tmp_path: Path) -> None:
    toml = (find_world("critters") / "world.toml").read_text(encoding="utf-8")
    folder = tmp_path / "world"
    shutil.copytree(find_world("critters"), folder)
    (folder / "world.toml").write_text(toml.replace('recorder = "critters.record"', 'recorder = "critters.nothing"'))
    command = [sys.executable, "-m", "engine_service", "evaluate", "--quick", "--only", "scenes"]
    options = ["--world", str(folder), "--report", str(tmp_path / "r.json"), "--exams", str(tmp_path / "exams")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "error: " in done.stderr
    assert "No module named critters.nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_worlds_own_recorder_makes_what_is_played(tmp_path: Path) -> None:
    folder = load_world(find_world("critters"))
    recordings = record(folder, tmp_path, 2, "held-out", "--seconds=0.5", "--held-out-captions")
    assert [recording.num_frames for recording in recordings] == [8, 8]
    assert record(folder, tmp_path, 1, "held-out", "--seconds=0.5")[0].folder == recordings[0].folder
