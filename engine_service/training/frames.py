"""Recordings as arrays: pictures in one memory-mapped file, states and prompts beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from engine_service.model.world import World
from streamdit.recording import Recording


@dataclass(frozen=True, slots=True)
class Clips:
    """N recordings cut to the same T frames."""

    rgb: NDArray[np.uint8]  # (N, T, H, W, 3), memory-mapped
    states: NDArray[np.float32]  # (N, T, S)
    prompts: tuple[tuple[str, ...], ...]  # N x T
    names: tuple[str, ...]


def find_recordings(folder: Path) -> list[Recording]:
    """Every complete recording below `folder`, by name.

    Raises:
        FileNotFoundError: there is none.
    """
    found = [Recording.load(path.parent) for path in sorted(folder.glob("*/session.json"))]
    if not found:
        raise FileNotFoundError(f"no recordings (folders with a session.json) in {folder}")
    return found


def check_fits(recordings: Sequence[Recording], world: World) -> None:
    """Refuse recordings of another world, naming the first field that differs."""
    for recording in recordings:
        fields = tuple(field.name for field in recording.state_fields)
        for name, found, wanted in (
            ("width", recording.width, world.width),
            ("height", recording.height, world.height),
            ("fps", recording.fps, world.fps),
            ("state_fields", fields, tuple(field.name for field in world.state_fields)),
        ):
            if found != wanted:
                raise ValueError(f"recording {recording.folder}: {name} is {found}, world {world.name} has {wanted}")


def load_clips(folder: Path, world: World, cache: Path) -> Clips:
    """Read all recordings in `folder`; pictures are decoded once into `cache` and mapped from then on."""
    recordings = find_recordings(folder)
    check_fits(recordings, world)
    length = min(recording.num_frames for recording in recordings)
    length -= length % world.frames_per_latent
    shape = (len(recordings), length, world.height, world.width, 3)
    if not _cache_matches(cache, shape):
        _decode(recordings, cache, shape)
    return Clips(
        rgb=np.load(cache, mmap_mode="r"),
        states=np.stack([recording.states()[:length] for recording in recordings]),
        prompts=tuple(tuple(recording.prompts()[:length]) for recording in recordings),
        names=tuple(recording.folder.name for recording in recordings),
    )


def _cache_matches(cache: Path, shape: tuple[int, ...]) -> bool:
    return cache.exists() and np.load(cache, mmap_mode="r").shape == shape


def _decode(recordings: Sequence[Recording], cache: Path, shape: tuple[int, ...]) -> None:
    """Decode into a neighbour first, so that a half-written cache is never taken for a whole one."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_suffix(".partial")
    pictures = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    for i, recording in enumerate(track(recordings, description="decoding recordings")):
        pictures[i] = recording.read()[: shape[1]]
    pictures.flush()
    partial.rename(cache)
