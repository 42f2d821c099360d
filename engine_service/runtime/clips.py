"""Start clips: a world's own moments that a stream can go on from, `[start]` in `world.toml`.

A clip is an `.npz` with `rgb`, uint8 `(T, H, W, 3)`, and where it is known `states`, float32 `(T, S)`, `actions`,
float32 `(T, A)`, and the `prompt` in force.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from engine_service.model.world import World
from engine_service.runtime.world import WorldError
from engine_service.types import Past

Arrays = Mapping[str, NDArray[Any]]


def load_clips(world: World) -> dict[str, Past]:
    """All of a world's clips, by name.

    Raises:
        WorldError: a file is missing, cannot be read or does not fit the world; the message names it.
    """
    return {name: load_clip(Path(file), world) for name, file in world.start_clips.items()}


def load_clip(file: Path, world: World) -> Past:
    """One clip.

    Raises:
        WorldError: the file is missing, cannot be read or does not fit the world; the message names it.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return _clip({name: arrays[name] for name in arrays.files}, world)
    except (OSError, ValueError, BadZipFile) as error:
        raise WorldError(f"{file}: {error}") from error


def _clip(arrays: Arrays, world: World) -> Past:
    known = ("rgb", "states", "actions", "prompt")
    for name in arrays:
        if name not in known:
            raise ValueError(f"array {name!r} is unknown, a start clip has {', '.join(known)}")
    if "rgb" not in arrays:
        raise ValueError("array 'rgb' is missing")
    rgb = arrays["rgb"]  # (T, H, W, 3)
    wanted = ("T", world.height, world.width, 3)
    if rgb.dtype != np.uint8 or rgb.ndim != 4 or rgb.shape[1:] != wanted[1:]:
        raise ValueError(f"rgb is {rgb.dtype} {rgb.shape}, world {world.name} takes uint8 {wanted}")
    if len(rgb) == 0 or len(rgb) % world.frames_per_latent:
        raise ValueError(f"rgb has {len(rgb)} frames, must be a multiple of {world.frames_per_latent} above 0")
    prompt = arrays.get("prompt")
    if prompt is not None and (prompt.ndim or prompt.dtype.kind != "U"):
        raise ValueError(f"prompt is {prompt.dtype} {prompt.shape}, must be one str")
    ranges = [(field.name, field.min, field.max) for field in world.state_fields]
    keys = [(action.name, action.min, action.max) for action in world.actions]
    return Past(
        rgb=rgb,
        states=_rows(arrays, "states", len(rgb), ranges),
        actions=_rows(arrays, "actions", len(rgb), keys),
        prompt="" if prompt is None else str(prompt),
    )


def _rows(
    arrays: Arrays, name: str, num_frames: int, columns: list[tuple[str, float, float]]
) -> tuple[tuple[float, ...], ...]:
    """One row a frame; none if the array is not there."""
    if name not in arrays:
        return ()
    values = arrays[name]  # (T, columns)
    if values.dtype.kind != "f" or values.shape != (num_frames, len(columns)):
        wanted = (num_frames, len(columns))
        raise ValueError(f"{name} is {values.dtype} {values.shape}, expected float32 {wanted}")
    for i, (column, least, most) in enumerate(columns):
        inside = (values[:, i] >= least) & (values[:, i] <= most)  # neither is not a number
        if not inside.all():
            frame = int(np.argmin(inside))
            raise ValueError(f"{name}[{frame}] ({column}) is {values[frame, i]:g}, must be {least:g}..{most:g}")
    return tuple(tuple(float(value) for value in row) for row in values)
