"""What happens in mid-stream: a prompt changes, the game's own pictures are redrawn, a place is seen again.

Played through the engine's own sessions, in the world's default profile, as a client would. Letters: T frames of a
script, S state fields, H W height and width in px.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine_service.evaluation.exam import Task
from engine_service.evaluation.examine import HORIZON
from engine_service.evaluation.judges import Judges, position_columns
from engine_service.evaluation.marks import CROP, box
from engine_service.evaluation.pictures import Pictures, psnr_db
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.world import WorldFolder
from engine_service.stream.session import StreamSession
from engine_service.types import Event, Prompt, SourceFrame, State, Transition

STRENGTHS = (0.3, 0.5, 0.7, 0.9)
CHANGE_AT = 32  # frame
AWAY_S = 26.0  # between two visits that begin 30 s apart
IN_A_ROW = 2  # frames of the new critter until it counts as seen


@dataclass(frozen=True, slots=True)
class Scenes:
    """Everything measured in mid-stream."""

    frames_until_seen: Mapping[str, NDArray[np.float64]]  # by transition, one a recording; infinite: never
    recognised: Mapping[float, float]  # by strength: share of redrawn frames that show what the prompt says
    background_db: Mapping[float, float]  # by strength: PSNR to the source outside the critter's box
    revisit_db: float  # PSNR of the second visit to the first
    revisit_truth_db: float  # PSNR of the second visit to the game's pictures
    sheet: Sequence[Pictures]  # source, then each strength: the same frame of several recordings


def said(folder: WorldFolder, labels: Mapping[str, str]) -> str:
    """A prompt that says the labels and nothing else."""
    return ", ".join(labels[name] for name in folder.evaluation.labels)


def with_another(folder: WorldFolder, judges: Judges, labels: Mapping[str, str]) -> dict[str, str]:
    """The same scene, but what its prompt is about is the next one the judge knows."""
    first = folder.evaluation.labels[0]
    words = judges.judge.labels[first]
    return {**labels, first: words[(words.index(labels[first]) + 1) % len(words)]}


def play(
    runtime: Runtime, states: NDArray[np.float32], seed: int, events_at: Callable[[int], Sequence[Event]]
) -> Pictures:
    """Frames of a session that hears the states, and before each chunk whatever happened since the last."""
    session = StreamSession(runtime, profile=runtime.world.default_profile, seed=seed)
    pictures: list[NDArray[np.uint8]] = []
    heard = -1
    while len(pictures) < len(states):
        # A chunk shows several frames: those that happen while it is shown are heard with it.
        until = min(len(pictures) + session.frames_per_shift - 1, len(states) - 1)
        values, *ahead = (tuple(row) for row in states[len(pictures) : len(pictures) + 1 + HORIZON].tolist())
        session.apply(State(0, values, tuple(ahead)))
        for frame in range(heard + 1, until + 1):
            for event in events_at(frame):
                session.apply(event)
        heard = until
        pictures += [frame.rgb for frame in session.advance().frames]
    return np.stack(pictures[: len(states)])


def stage_scenes(
    runtime: Runtime, judges: Judges, folder: WorldFolder, tasks: Sequence[Task], seed: int, tick: Callable[[], None]
) -> Scenes:
    """All scenes on all tasks; `tick` is called after each of `num_scenes(tasks)`."""
    waits: dict[str, list[float]] = {transition.name.lower(): [] for transition in Transition}
    for task, transition in ((task, transition) for task in tasks for transition in Transition):
        waits[transition.name.lower()].append(_wait(runtime, judges, folder, task, transition, seed))
        tick()
    redrawn: dict[float, list[tuple[float, float, Pictures]]] = {strength: [] for strength in STRENGTHS}
    for task, strength in ((task, strength) for task in tasks for strength in STRENGTHS):
        redrawn[strength].append(_redraw(runtime, judges, folder, task, strength, seed))
        tick()
    visits = [_visit_again(runtime, folder, task, tasks[0], seed) for task in _ticking(tasks, tick)]
    middle = slice(CHANGE_AT, CHANGE_AT + 1)
    return Scenes(
        frames_until_seen={name: np.array(values) for name, values in waits.items()},
        recognised={strength: float(np.mean([seen for seen, _, _ in each])) for strength, each in redrawn.items()},
        background_db={strength: float(np.mean([db for _, db, _ in each])) for strength, each in redrawn.items()},
        revisit_db=float(np.mean([again for again, _ in visits])),
        revisit_truth_db=float(np.mean([truth for _, truth in visits])),
        sheet=[
            np.concatenate([task.truth[middle] for task in tasks]),
            *(np.concatenate([pictures[middle] for _, _, pictures in each]) for each in redrawn.values()),
        ],
    )


def num_scenes(tasks: Sequence[Task]) -> int:
    """How many pieces of work `stage_scenes` has."""
    return len(tasks) * (len(Transition) + len(STRENGTHS) + 1)


def _ticking(tasks: Sequence[Task], tick: Callable[[], None]) -> Iterator[Task]:
    for task in tasks:
        yield task
        tick()


def _wait(
    runtime: Runtime, judges: Judges, folder: WorldFolder, task: Task, transition: Transition, seed: int
) -> float:
    """Frames from a change of prompt until the judge names the new critter, and names it again in the next frame."""
    changed = with_another(folder, judges, task.labels)
    prompts = {
        0: Prompt(0, said(folder, task.labels)),
        CHANGE_AT: Prompt(0, said(folder, changed), transition),
    }
    pictures = play(runtime, task.script.states, seed, lambda frame: [prompts[frame]] if frame in prompts else [])
    first = folder.evaluation.labels[0]
    words = judges.judge.verdict(pictures[CHANGE_AT:]).words[first]
    right = np.array([word == changed[first] for word in words])
    held = np.flatnonzero(right[:-1] & right[1:]) if IN_A_ROW == 2 else np.flatnonzero(right)
    return float(held[0]) if len(held) else np.inf


def _redraw(
    runtime: Runtime, judges: Judges, folder: WorldFolder, task: Task, strength: float, seed: int
) -> tuple[float, float, Pictures]:
    """The game's pictures sent frame by frame with a prompt of another critter: how often that is recognised, and how
    well the background stays."""
    changed = with_another(folder, judges, task.labels)

    def events(frame: int) -> Sequence[Event]:
        source = SourceFrame(0, task.truth[frame], strength)
        return [Prompt(0, said(folder, changed)), source] if frame == 0 else [source]

    pictures = play(runtime, task.script.states, seed, events)
    first = folder.evaluation.labels[0]
    seen = np.mean([word == changed[first] for word in judges.judge.verdict(pictures).words[first]])
    source, drawn = task.truth.copy(), pictures.copy()
    places = task.script.states[:, position_columns(folder)]
    for i, (x, up) in enumerate(places.tolist()):
        inside = box(judges, x, up, *source.shape[1:3])
        source[i][inside] = drawn[i][inside] = 0
    outside = 1 - CROP**2 / (source.shape[1] * source.shape[2])  # the hidden box must not count as perfect
    return float(seen), float(np.mean(psnr_db(drawn, source)) + 10 * np.log10(outside)), pictures


def _visit_again(runtime: Runtime, folder: WorldFolder, task: Task, other: Task, seed: int) -> tuple[float, float]:
    """PSNR of the same play 30 s later, other play in between: to its first visit, and to the game's pictures."""
    length = len(task.script.states)
    away = np.resize(other.script.states, (round(AWAY_S * runtime.world.fps), other.script.states.shape[1]))
    states = np.concatenate([task.script.states, away, task.script.states])
    prompt = Prompt(0, said(folder, task.labels))
    pictures = play(runtime, states, seed, lambda frame: [prompt] if frame == 0 else [])
    settled = slice(length // 4, length)  # the first frames still hold where it came from
    first, second = pictures[:length][settled], pictures[-length:][settled]
    return float(np.mean(psnr_db(second, first))), float(np.mean(psnr_db(second, task.truth[settled])))
