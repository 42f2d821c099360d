"""What is played: scripts from recordings of the world's own game, made by its own recorder when they are asked for.

The engine knows no game. The world's folder names a program that records one, and that runs as a process of its own;
what it wrote is kept, so that the same exam is recorded once.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import engine_service
from engine_service.evaluation.drift import LOOP_S, looped
from engine_service.evaluation.judges import position_columns
from engine_service.evaluation.latency import spread_jumps
from engine_service.evaluation.pictures import Pictures
from engine_service.evaluation.stage import Script
from engine_service.runtime.cache import user_cache
from engine_service.runtime.world import WorldFolder
from engine_service.training.frames import check_fits, check_said, find_recordings
from streamdit.recording import Recording
from streamdit.types import Steering

PROJECT = Path(engine_service.__file__).resolve().parent.parent
RECORDER_SEED = 9  # none that training recordings were made with


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSize:
    """How much is played; every number stands in the report."""

    trained: int = 12  # recordings of four seconds
    held_out: int = 9
    paraphrase: int = 9
    drift_loops: int = 1  # different plays, each for so long:
    drift_s: float = 300.0
    jumps: int = 40
    scenes: int = 12  # recordings in which something happens in mid-stream


QUICK = ExamSize(trained=4, held_out=3, paraphrase=3, drift_loops=1, drift_s=60.0, jumps=12, scenes=3)


@dataclass(frozen=True, slots=True)
class Task:
    """One script, what the game drew for it, and what its prompts say."""

    script: Script
    truth: Pictures  # (T, H, W, 3)
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LoopTask:
    """Nine seconds of play over and over."""

    script: Script
    loop: Task
    frames: NDArray[np.int64]  # (T,), which of the loop's


@dataclass(frozen=True, slots=True)
class JumpTask:
    """A critter that stands and is put elsewhere now and then."""

    script: Script
    jumps: Sequence[int]  # first frames at a new place


@dataclass(frozen=True, slots=True)
class Exam:
    """All that every row plays."""

    splits: Mapping[str, Sequence[Task]]  # trained, held_out, paraphrase
    loops: Sequence[LoopTask]
    jumps: JumpTask

    @property
    def num_scripts(self) -> int:
        """How many pieces of work a row has."""
        return sum(map(len, self.splits.values())) + len(self.loops) + 1


def prepare(folder: WorldFolder, size: ExamSize, exams: Path, *, seed: int = 0) -> Exam:
    """Record what is missing and make scripts of it; errors as in `record`."""
    splits = {
        "trained": record(folder, exams / "trained", size.trained, "train"),
        "held_out": record(folder, exams / "held-out", size.held_out, "held-out"),
        "paraphrase": record(folder, exams / "paraphrase", size.paraphrase, "train", "--held-out-captions"),
    }
    plays = record(folder, exams / "loops", size.drift_loops, "train", f"--seconds={LOOP_S}")
    loops = []
    for task in map(task_of, plays):
        script, frames = looped(task.script, folder.world.fps, size.drift_s)
        loops.append(LoopTask(script, task, frames))
    jumps = jump_task(folder, size.jumps, np.random.default_rng(seed))
    return Exam({name: [*map(task_of, chosen)] for name, chosen in splits.items()}, loops, jumps)


def task_of(recording: Recording) -> Task:
    """A recording's own prompts and states, and the frames it holds."""
    script = Script(recording.folder.name, tuple(recording.prompts()), recording.states())
    return Task(script, recording.read(), {name: str(value) for name, value in recording.labels.items()})


def jump_task(folder: WorldFolder, num_jumps: int, rng: np.random.Generator) -> JumpTask:
    """At rest, but about every second the first field that is a place is at least a quarter of its range away."""
    world, column = folder.world, position_columns(folder)[0]
    field, every = world.state_fields[column], round(world.fps)
    states = np.tile(np.array(world.resting_state, np.float32), ((num_jumps + 1) * every, 1))
    jumps = spread_jumps(len(states), every, rng)
    place = 0.5
    for jump in jumps:
        far = [candidate for candidate in np.linspace(0.2, 0.8, 13) if abs(candidate - place) >= 0.25]
        place = float(rng.choice(far))
        states[jump:, column] = field.min + place * (field.max - field.min)
    prompts = (world.example_prompts[0],) * len(states)
    return JumpTask(Script("jumps", prompts, states), jumps)


class RecorderError(ValueError):
    """The program that records a world's game failed."""


def default_exams(folder: WorldFolder) -> Path:
    """Where a world's exams are kept: the user's cache folder.

    Raises:
        NoCacheError: the user has none.
    """
    return user_cache("exams", folder.world.name)


def record(folder: WorldFolder, out: Path, count: int, split: str, *more: str) -> Sequence[Recording]:
    """`count` recordings of a split, those already in `out` or made by the world's recorder.

    Raises:
        ValueError: the world names no recorder, or its recordings are of another world or leave the state open.
        FileNotFoundError: the recorder is not where the world says.
        RecorderError: the recorder failed; its last words are in the message.
    """
    notes = folder.evaluation
    if not notes.recorder:
        raise ValueError(f"{folder.path}/world.toml: [evaluation] names no recorder, so there is nothing to play")
    source = PROJECT / notes.recorder_path
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: the game of world {folder.world.name} is not here; evaluate in its project")
    options = [
        f"--out={out}",
        f"--count={count}",
        f"--split={split}",
        f"--seed={RECORDER_SEED}",
        *notes.recorder_options,
        *more,
    ]
    command = [sys.executable, "-m", notes.recorder, *options]
    paths = os.pathsep.join([str(source), *filter(None, [os.environ.get("PYTHONPATH")])])
    made = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RecorderError(f"{' '.join(command)} ended with {made.returncode}: {made.stderr.strip()[-500:]}")
    recordings = find_recordings(out)[:count]
    check_fits(recordings, folder.world)
    for recording in recordings:
        check_said(recording, folder.world, {Steering.ACTIONS}, "an exam says the whole state")
    return recordings
