"""Recordings as arrays: pictures in one memory-mapped file, states and prompts beside it."""

import hashlib
import math
import multiprocessing
import os
from collections.abc import Container, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import print as say

from engine_service.model.world import World
from streamdit.progress import track
from streamdit.recording import Recording, holds_whole
from streamdit.types import Steering

_MOST_NAMED = 8
_RECORDINGS_A_WORKER = 32  # fewer are not worth another process


@dataclass(frozen=True, slots=True)
class Clips:
    """N recordings cut to the same T frames, and branches that leave some of them."""

    rgb: NDArray[np.uint8]  # (N, T, H, W, 3), memory-mapped
    states: NDArray[np.float32]  # (N, T, S), not a number where nobody said one
    actions: NDArray[np.float32]  # (N, T, A), in the world's order; likewise
    prompts: tuple[tuple[str, ...], ...]  # N x T
    identity: str  # names the caches of what is computed from these pictures
    branches: "BranchClips | None" = None


@dataclass(frozen=True, slots=True)
class BranchClips:
    """M recordings that each go another way from a moment of another one."""

    clips: Clips
    parents: NDArray[np.int64]  # (M,) row of the recording it leaves
    frames: NDArray[np.int64]  # (M,) that recording's frame at which its own frame 0 happens
    repainted: NDArray[np.bool_]  # (M,) another prompt and the same states; else other keys


def find_recordings(folder: Path) -> list[Recording]:
    """Every whole recording below `folder`, by name; lines say which are left out.

    What was cut short is, or may still be being written, and what has gaps: one frame would not follow the other.

    Raises:
        FileNotFoundError: there is none.
        RecordingError: one cannot be read.
    """
    folders = [path.parent for path in sorted(folder.glob("*/session.json"))]
    whole = [Recording.load(each) for each in folders if holds_whole(each)]
    found = [recording for recording in whole if not recording.gaps]
    _say_left_out("are cut short", [each.name for each in folders if not holds_whole(each)], len(folders))
    _say_left_out("have gaps", [each.folder.name for each in whole if each.gaps], len(folders))
    if not found:
        raise FileNotFoundError(f"no whole recordings (folders with a session.json that is finished) in {folder}")
    return found


def _say_left_out(why: str, names: Sequence[str], of: int) -> None:
    if names:
        shown = ", ".join(names[:_MOST_NAMED]) + (" ..." if len(names) > _MOST_NAMED else "")
        say(f"{len(names)} of {of} recordings {why}, left out: {shown}")


def check_fits(recordings: Sequence[Recording], world: World) -> None:
    """Refuse recordings of another world, naming the first field that differs, and those without the world's keys."""
    for recording in recordings:
        fields = tuple((f.name, f.min, f.max, f.periodic) for f in recording.state_fields)
        for name, found, wanted in (
            ("width", recording.width, world.width),
            ("height", recording.height, world.height),
            ("fps", recording.fps, world.fps),
            ("state_fields", fields, tuple((f.name, f.min, f.max, f.periodic) for f in world.state_fields)),
        ):
            if found != wanted:
                raise ValueError(f"recording {recording.folder}: {name} is {found}, world {world.name} has {wanted}")
        there = [action.name for action in recording.action_infos]
        for action in world.actions:
            if action.name not in there:
                has = f"has {', '.join(there)}" if there else "was recorded without keys"
                raise ValueError(
                    f"recording {recording.folder}: action {action.name!r} is missing, the recording {has}; "
                    f"world {world.name} needs {', '.join(each.name for each in world.actions)}"
                )


def spread(recordings: Sequence[Recording], count: int) -> list[Recording]:
    """`count` of them, evenly over the list; all if there are fewer."""
    if len(recordings) <= count:
        return list(recordings)
    return [recordings[i] for i in np.linspace(0, len(recordings) - 1, count).astype(int)]


def load_clips(folder: Path, world: World, caches: Path) -> Clips:
    """Read all recordings in `folder`; pictures are decoded once into a file in `caches` and mapped from then on.

    Raises:
        FileNotFoundError: there is none.
        ValueError: one is of another world, or leaves open what the world, or a branch of other keys, cannot.
        RecordingError: one cannot be read.
    """
    found = find_recordings(folder)
    check_fits(found, world)
    whole = [recording for recording in found if "branch_of" not in recording.metadata]
    if not whole:
        raise FileNotFoundError(f"{folder} holds branches alone: the recordings that they leave are missing")
    whole, length = of_one_length(whole)
    clips = _load(whole, length, world, caches)
    rows = {recording.folder.name: row for row, recording in enumerate(whole)}
    forks = [recording for recording in found if recording.metadata.get("branch_of") in rows]
    if not forks:
        return clips
    forks, fork_length = of_one_length(forks)
    for recording in forks:
        # It contradicts what is in flight, and has to say so.
        if recording.metadata["branch_kind"] == "keys":
            check_said(recording, world, frozenset(), "a branch of other keys says all of it")
        elif "" in (prompts := recording.prompts()):
            raise ValueError(
                f"recording {recording.folder}: the prompt is open at frame {prompts.index('')}; "
                "a branch of another prompt says it"
            )
    of_branches = [recording.metadata for recording in forks]
    branches = BranchClips(
        clips=_load(forks, fork_length, world, caches),
        parents=np.array([rows[each["branch_of"]] for each in of_branches]),
        frames=np.array([each["branch_frame"] for each in of_branches]),
        repainted=np.array([each["branch_kind"] == "prompt" for each in of_branches]),
    )
    return replace(clips, branches=branches)


def best_length(lengths: Sequence[int]) -> int:
    """The length at which most frames are left if what is longer is cut to it and what is shorter left out. Pure."""
    return max(set(lengths), key=lambda length: (length * sum(each >= length for each in lengths), length))


def of_one_length(recordings: Sequence[Recording]) -> tuple[list[Recording], int]:
    """Those that are long enough, and the frames that are read of each; a line says which are left out.

    One short recording must not cut all the others.
    """
    length = best_length([recording.num_frames for recording in recordings])
    kept = [recording for recording in recordings if recording.num_frames >= length]
    short = [f"{each.folder.name} ({each.num_frames})" for each in recordings if each.num_frames < length]
    _say_left_out(f"are shorter than {length} frames", short, len(recordings))
    return kept, length


def _load(recordings: Sequence[Recording], length: int, world: World, caches: Path) -> Clips:
    length -= length % world.frames_per_latent
    for recording in recordings:
        because = f"world {world.name} cannot leave it open"
        check_said(recording, world, world.may_be_open, because)
    shape = (len(recordings), length, world.height, world.width, 3)
    name = identity(recordings, length)
    cache = caches / f"frames-{name}.npy"
    if not cache.exists():
        _decode(recordings, cache, shape)
    return Clips(
        rgb=np.load(cache, mmap_mode="r"),
        states=np.stack([recording.states(unsaid=math.nan)[:length] for recording in recordings]),
        actions=np.stack([_actions(recording, world)[:length] for recording in recordings]),
        prompts=tuple(tuple(recording.prompts()[:length]) for recording in recordings),
        identity=name,
    )


def _actions(recording: Recording, world: World) -> NDArray[np.float32]:
    """`(T, A)`, in the world's order."""
    if not world.actions:
        return np.zeros((recording.num_frames, 0), np.float32)
    columns = [action.name for action in recording.action_infos]
    held = recording.actions(unsaid=math.nan)
    return held[:, [columns.index(action.name) for action in world.actions]]


def check_said(recording: Recording, world: World, may_be_open: Container[Steering], because: str) -> None:
    """Raises ValueError: the recording leaves something open that it must not; `because` says who says so."""
    controls = (
        (
            Steering.STATE,
            "state field",
            [field.name for field in world.state_fields],
            recording.states(unsaid=math.nan),
        ),
        (Steering.ACTIONS, "action", [action.name for action in world.actions], _actions(recording, world)),
    )
    for steering, kind, names, values in controls:
        unsaid = np.argwhere(np.isnan(values))  # rows of (frame, column)
        if len(unsaid) and steering not in may_be_open:
            frame, column = unsaid[0]
            raise ValueError(
                f"recording {recording.folder}: {kind} {names[column]!r} is open at frame {frame}; {because}"
            )


def identity(recordings: Sequence[Recording], length: int) -> str:
    """A name for these pictures and no others: which recordings, what they say of themselves, and their sizes."""
    digest = hashlib.sha256(str(length).encode())
    for recording in recordings:
        digest.update(str(recording.folder.resolve()).encode())
        digest.update((recording.folder / "session.json").read_bytes())
        digest.update(str((recording.folder / "video.mp4").stat().st_size).encode())
    return digest.hexdigest()[:12]


def _decode(recordings: Sequence[Recording], cache: Path, shape: tuple[int, ...]) -> None:
    """Decode into a neighbour first, so that a half-written cache is never taken for a whole one."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_suffix(".partial")
    pictures = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)

    pictures.flush()
    tasks = [(recording.folder, partial, row) for row, recording in enumerate(recordings)]
    workers = min(os.cpu_count() or 1, len(tasks) // _RECORDINGS_A_WORKER)
    if workers < 2:
        for task in track(tasks, "decoding recordings"):
            _decode_one(task)
    else:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            for _ in track(pool.map(_decode_one, tasks, chunksize=8), "decoding recordings", total=len(tasks)):
                pass
    partial.rename(cache)


def _decode_one(task: tuple[Path, Path, int]) -> None:
    """Fill one row of the cache; in a process of its own, since most of a decoder's time holds Python's lock."""
    folder, cache, row = task
    pictures = np.lib.format.open_memmap(cache, mode="r+")
    pictures[row] = Recording.load(folder).read(stop=pictures.shape[1])
    pictures.flush()
