"""The judges lie beside the world's weights, and know its labels."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine_service.evaluation.judge import Judge
from engine_service.evaluation.judges import JUDGES_FILE, Judges, load_judges, require_notes, save_judges
from engine_service.evaluation.keys import KeyReader
from engine_service.runtime.world import EMBEDDED, EvaluationNotes, WorldError, WorldFolder, load_world


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
