"""The judge and the key reader of a world: taught once on its game's recordings, kept beside its weights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from torch import nn

from engine_service.evaluation.judge import Judge, Lessons, teach_judge
from engine_service.evaluation.keys import KeyReader, held_keys, teach_key_reader
from engine_service.runtime.weights import load_weights, save_weights
from engine_service.runtime.world import WorldError, WorldFolder
from engine_service.training.frames import check_said, of_one_length
from streamdit.progress import track
from streamdit.recording import Recording
from streamdit.types import Steering

JUDGES_FILE = "judges.safetensors"
EVERY = 4  # frames between those the judge is taught on; neighbours are alike


@dataclass(frozen=True, slots=True)
class Judges:
    """Networks that look at frames; none takes part in training the world."""

    judge: Judge
    keys: KeyReader


def position_columns(folder: WorldFolder) -> list[int]:
    """Where the two fields that are a place stand in the state."""
    names = [field.name for field in folder.world.state_fields]
    return [names.index(name) for name in folder.evaluation.position]


def true_keys(folder: WorldFolder, states: NDArray[np.float32]) -> NDArray[np.int64]:
    """`held_keys` by the world's own notes, `(T, S)` -> `(T - 1,)`."""
    notes = folder.evaluation
    return held_keys(states, folder.world.state_fields, notes.travel, notes.longest_travel)


def teach_judges(
    folder: WorldFolder, recordings: Sequence[Recording], *, judge_steps: int, key_steps: int, seed: int
) -> Judges:
    """Teach both on recordings of the game.

    Raises:
        ValueError: the world's `[evaluation]` does not say what to look for, or a recording leaves its state open.
    """
    require_notes(folder)
    for recording in recordings:
        check_said(recording, folder.world, {Steering.ACTIONS}, "judges learn from the state")
    recordings, length = of_one_length(recordings)
    shape = (len(recordings), length, folder.world.height, folder.world.width, 3)
    rgb, states = np.empty(shape, np.uint8), []
    for i, recording in enumerate(track(recordings, "reading recordings")):
        rgb[i] = recording.read()[:length]
        states.append(recording.states()[:length])
    positions = np.stack(states)[:, ::EVERY, position_columns(folder)]
    lessons = Lessons(rgb[:, ::EVERY], tuple(dict(recording.labels) for recording in recordings), positions)
    judge = teach_judge(lessons, folder.evaluation.labels, num_steps=judge_steps, seed=seed)
    keys = np.stack([true_keys(folder, each) for each in states])
    return Judges(judge, teach_key_reader(rgb, keys, num_steps=key_steps, seed=seed))


def save_judges(judges: Judges, folder: WorldFolder) -> None:
    """Write both into the world's folder, with the words they know."""
    words = json.dumps({name: list(words) for name, words in judges.judge.labels.items()})
    save_weights(_together(judges).state_dict(), folder.path / JUDGES_FILE, {"labels": words})


def load_judges(folder: WorldFolder) -> Judges:
    """Read both from the world's folder.

    Raises:
        WorldError: the file is missing or damaged, or knows other labels than the world's `[evaluation]`.
    """
    file = folder.path / JUDGES_FILE
    if not file.exists():
        raise WorldError(f"{file}: missing; teach the judges first (streamdit-engine teach-judges)")
    try:
        with safe_open(file, "pt") as opened:
            words: Mapping[str, list[str]] = json.loads((opened.metadata() or {})["labels"])
    except Exception as error:
        raise WorldError(f"{file}: damaged ({file.stat().st_size} bytes): {error}") from error
    if tuple(words) != folder.evaluation.labels:
        raise WorldError(f"{file}: knows {', '.join(words)}; the world's labels are {folder.evaluation.labels}")
    judges = Judges(Judge(words), KeyReader())
    load_weights(_together(judges), file)
    for network in (judges.judge, judges.keys):
        network.eval().requires_grad_(False)
    return judges


def require_notes(folder: WorldFolder) -> None:
    """Evaluation needs all of `[evaluation]`."""
    notes = folder.evaluation
    if not notes.labels or len(notes.position) != 2 or not notes.travel:
        raise ValueError(f"{folder.path}/world.toml: [evaluation] needs labels, two position fields and travel")


def _together(judges: Judges) -> nn.ModuleDict:
    return nn.ModuleDict({"judge": judges.judge, "key_reader": judges.keys})
