"""The judges lie beside the world's weights, and know its labels."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine_service.evaluation.judge import Judge
from engine_service.evaluation.judges import JUDGES_FILE, Judges, load_judges, require_notes, save_judges, teach_judges
from engine_service.evaluation.keys import KeyReader
from engine_service.runtime.world import EMBEDDED, EvaluationNotes, WorldError, WorldFolder, load_world
from streamdit.recording import Recorder, Recording
from streamdit.types import StateField


@pytest.fixture
def folder(tmp_path: Path) -> WorldFolder:
    for name in ("world.toml", "vocabulary.txt"):
        shutil.copy(EMBEDDED / "critters" / name, tmp_path / name)
    return load_world(tmp_path)


def fresh() -> Judges:
    torch.manual_seed(0)
    words = {"critter": ["cat", "pig"], "landscape": ["city"], "time": ["day"], "weather": ["rain", "snow"]}
    return Judges(Judge(words), KeyReader())


def test_saved_judges_say_what_they_said(folder: WorldFolder) -> None:
    judges = fresh()
    save_judges(judges, folder)
    loaded = load_judges(folder)
    pictures = np.random.default_rng(0).integers(0, 256, (5, 128, 128, 3), dtype=np.uint8)
    before, after = judges.judge.verdict(pictures), loaded.judge.verdict(pictures)
    assert before.words == after.words
    np.testing.assert_allclose(before.position, after.position, atol=0.5)  # half precision on disk
    np.testing.assert_array_equal(judges.keys.read(pictures), loaded.keys.read(pictures))


def test_missing_or_damaged_judges_are_named_with_the_remedy(folder: WorldFolder) -> None:
    with pytest.raises(WorldError, match=r"judges\.safetensors: missing; teach the judges first"):
        load_judges(folder)
    (folder.path / JUDGES_FILE).write_bytes(b"no")
    with pytest.raises(WorldError, match=r"judges\.safetensors: damaged \(2 bytes\)"):
        load_judges(folder)


def test_judges_of_other_labels_are_refused(folder: WorldFolder) -> None:
    save_judges(fresh(), folder)
    other = replace(folder, evaluation=replace(folder.evaluation, labels=("critter", "mood")))
    with pytest.raises(WorldError, match="knows critter, landscape, time, weather; the world's labels are"):
        load_judges(other)


def test_a_world_that_does_not_say_what_to_look_for_is_refused(folder: WorldFolder) -> None:
    with pytest.raises(ValueError, match=r"\[evaluation\] needs labels, two position fields and travel"):
        require_notes(replace(folder, evaluation=EvaluationNotes()))


def test_judges_do_not_learn_from_a_recording_that_leaves_the_state_open(folder: WorldFolder, tmp_path: Path) -> None:
    fields = [StateField(f.name, f.min, f.max, f.periodic) for f in folder.world.state_fields]
    with Recorder(tmp_path / "late", fps=16, width=128, height=128, state_fields=fields) as recorder:
        recorder.frame(np.zeros((128, 128, 3), np.uint8))
        recorder.state(folder.world.resting_state)
        recorder.frame(np.zeros((128, 128, 3), np.uint8))
    late = Recording.load(tmp_path / "late")
    with pytest.raises(ValueError, match=r"late: state field 'x' is open at frame 0; judges learn from the state"):
        teach_judges(folder, [late], judge_steps=1, key_steps=1, seed=0)
