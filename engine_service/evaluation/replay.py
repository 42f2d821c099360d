"""How well a world obeys: recordings are played again by the engine and compared with what the game drew."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine_service.evaluation.judge import Judge, Lessons, teach_judge
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import WorldFolder, load_world
from engine_service.stream.session import StreamSession
from engine_service.training.frames import check_fits, find_recordings
from engine_service.types import Prompt, State
from streamdit.recording import Recording

HORIZON = 8  # frames a client that can predict itself sends ahead
LESSONS = 400  # recordings the judge is taught on


@dataclass(frozen=True, slots=True)
class Replay:
    """One recording and what the engine made of its prompt and states."""

    recording: Recording
    truth: NDArray[np.uint8]  # (T, H, W, 3)
    generated: NDArray[np.uint8]  # (T, H, W, 3)
    states: NDArray[np.float32]  # (T, S)


def replay(runtime: Runtime, recording: Recording, profile: str, seed: int) -> Replay:
    """Play a recording's own prompt and states through a stream, one shift after the other."""
    states = recording.states()
    player = StreamSession(runtime, profile=profile, seed=seed)
    player.apply(Prompt(0, recording.prompts()[0]))
    pictures: list[NDArray[np.uint8]] = []
    while len(pictures) < recording.num_frames:
        ahead = [tuple(map(float, row)) for row in states[len(pictures) : len(pictures) + 1 + HORIZON]]
        player.apply(State(0, ahead[0], tuple(ahead[1:])))
        pictures += [frame.rgb for frame in player.advance().frames]
    return Replay(recording, recording.read(), np.stack(pictures[: recording.num_frames]), states)


def psnr_db(pictures: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio per picture, `(T, H, W, 3)` -> `(T,)`, dB; 60 where they are equal."""
    error = (pictures.astype(np.float64) - truth) ** 2
    mse: NDArray[np.float64] = error.mean(axis=(1, 2, 3))
    ratio: NDArray[np.float64] = 10 * np.log10(255**2 / np.maximum(mse, 1e-6))
    return np.minimum(ratio, 60.0)


def score(judge: Judge, folder: WorldFolder, replays: Sequence[Replay], which: str) -> dict[str, float]:
    """Accuracies (0..1), position error (px) and PSNR (dB) over all frames of `truth` or `generated`."""
    names = [field.name for field in folder.world.state_fields]
    columns = [names.index(name) for name in folder.position_fields]
    hits: dict[str, list[bool]] = {name: [] for name in folder.labels}
    together: list[bool] = []
    errors: list[float] = []
    ratios: list[float] = []
    for played in replays:
        pictures = getattr(played, which)
        verdict = judge.verdict(pictures)
        right = np.ones(len(pictures), bool)
        for name in folder.labels:
            hit = np.array([word == played.recording.labels[name] for word in verdict.words[name]])
            hits[name] += hit.tolist()
            right &= hit
        together += right.tolist()
        errors += np.linalg.norm(verdict.position - played.states[:, columns], axis=1).tolist()
        ratios += psnr_db(pictures, played.truth).tolist()
    return {
        **{f"{name}_accuracy": float(np.mean(values)) for name, values in hits.items()},
        "prompt_accuracy": float(np.mean(together)),
        "position_error_px_median": float(np.median(errors)),
        "position_error_px_p95": float(np.quantile(errors, 0.95)),
        "psnr_db": float(np.mean(ratios)),
    }


def draw_comparison(replays: Sequence[Replay], file: Path, num_columns: int = 10) -> None:
    """What the game drew above, what the engine made below, one column a recording, from late in the stream."""
    chosen = replays[:: max(1, len(replays) // num_columns)][:num_columns]
    top = np.concatenate([played.truth[len(played.truth) * 2 // 3] for played in chosen], axis=1)
    below = np.concatenate([played.generated[len(played.truth) * 2 // 3] for played in chosen], axis=1)
    Image.fromarray(np.concatenate([top, below])).save(file)


def _spread(recordings: Sequence[Recording], count: int) -> list[Recording]:
    """`count` of them, evenly over the list."""
    if len(recordings) <= count:
        return list(recordings)
    return [recordings[i] for i in np.linspace(0, len(recordings) - 1, count).astype(int)]


def _lessons(recordings: Sequence[Recording], folder: WorldFolder) -> Lessons:
    names = [field.name for field in folder.world.state_fields]
    columns = [names.index(name) for name in folder.position_fields]
    length = min(recording.num_frames for recording in recordings)
    rgb = np.stack([r.read()[:length:4] for r in track(recordings, description="reading lessons")])
    positions = np.stack([recording.states()[:length:4][:, columns] for recording in recordings])
    return Lessons(rgb, tuple(dict(recording.labels) for recording in recordings), positions)


def evaluate(
    world_folder: Path,
    *,
    lessons: Path,
    recordings: Path,
    held_out: Path | None,
    report: Path,
    profile: str | None,
    count: int,
    backend: str,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Teach a judge on `lessons`, play `recordings` through the engine, and write what the judge says as JSON.

    Raises:
        ValueError: the world's `[evaluation]` names no labels, or recordings are of another world.
    """
    folder = load_world(world_folder)
    if not folder.labels or len(folder.position_fields) != 2:
        raise ValueError(f"{folder.path}/world.toml: [evaluation] needs labels and two position fields")
    known, trained = find_recordings(lessons), find_recordings(recordings)
    check_fits([*known, *trained], folder.world)
    judge = teach_judge(_lessons(_spread(known, LESSONS), folder), folder.labels, seed=seed)
    runtime = load_runtime(world_folder, backend=backend)
    profile = profile or folder.world.default_profile
    splits: dict[str, list[Recording]] = {"trained": _spread(trained, count)}
    if held_out is not None:
        splits["held_out"] = _spread(find_recordings(held_out), count)
    rows: dict[str, dict[str, float]] = {}
    started_s = time.monotonic()
    for split, chosen in splits.items():
        replays = [replay(runtime, r, profile, seed) for r in track(chosen, description=f"playing {split}")]
        rows[f"classic, {split}"] = score(judge, folder, replays, "truth")
        rows[f"{profile}, {split}"] = score(judge, folder, replays, "generated")
        report.parent.mkdir(parents=True, exist_ok=True)
        draw_comparison(replays, report.with_name(f"{report.stem}-{split}.png"))
    seconds = time.monotonic() - started_s
    told = {
        "world": folder.world.name,
        "profile": profile,
        "backend": runtime.backend,
        "recordings_per_split": count,
        "seconds": seconds,
    }
    report.write_text(json.dumps({**told, "rows": rows}, indent=2) + "\n")
    print_table(rows)
    return rows


def print_table(rows: Mapping[str, Mapping[str, float]]) -> None:
    """One row a split, one column a measure."""
    columns = list(next(iter(rows.values())))
    table = Table("", *(column.replace("_", " ") for column in columns))
    for name, values in rows.items():
        table.add_row(name, *(f"{values[c]:.1%}" if c.endswith("accuracy") else f"{values[c]:.2f}" for c in columns))
    Console().print(table)
