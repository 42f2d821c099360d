"""Sheets to look at: two dozen places for one prompt, and all coats.

PYTHONPATH=examples/pygame python -m critters.sheet --out docs
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pygame
import typer
from numpy.typing import NDArray

from .classic import render
from .coats import COATS
from .episode import play
from .layout import draw_layout
from .record import plan
from .scene import Scene, State

COLUMNS, ROWS = 6, 4


def places(critter: str = "cat", *, seed: int = 0) -> NDArray[np.uint8]:
    """Recordings of one critter, 4 x 6: the same short prompt, and another place each."""
    rng = random.Random(seed)
    plans = [
        each
        for each in plan(count=1000, num_frames=24, seed=seed, split="train")
        if each.scene.critter == critter and not each.teleports
    ]
    chosen = rng.sample(plans, COLUMNS * ROWS)
    return _tiled([play(replace(each, forks=())).rgb[-1] for each in chosen], COLUMNS)


def coats() -> NDArray[np.uint8]:
    """Every coat of every critter, a row each, before a plain place."""
    rows: list[NDArray[np.uint8]] = []
    widest = max(map(len, COATS.values()))
    for critter, names in COATS.items():
        scene, state = Scene(critter, "meadow", "day", "clear"), State()
        layout = draw_layout(0, scene.landscape, critter)
        pictures = [render(scene, state, replace(layout, coat=coat))[44:118, 28:100] for coat in names]
        rows += pictures + [np.full_like(pictures[0], 255)] * (widest - len(pictures))
    return _tiled(rows, widest)


def _tiled(pictures: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Pictures side by side, row after row, with a gap between."""
    framed = [np.pad(picture, ((0, 2), (0, 2), (0, 0)), constant_values=255) for picture in pictures]
    rows = [np.concatenate(framed[start : start + columns], axis=1) for start in range(0, len(framed), columns)]
    return np.concatenate(rows, axis=0)


def save(picture: NDArray[np.uint8], path: Path) -> None:
    """Write it twice as large as a PNG."""
    large = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    pygame.image.save(pygame.image.frombuffer(large.tobytes(), (large.shape[1], large.shape[0]), "RGB"), path)


def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder for layouts.png and coats.png.")] = Path("docs"),
    critter: Annotated[str, typer.Option(help="Who walks through the places.")] = "cat",
    seed: Annotated[int, typer.Option(help="Another seed, other places.")] = 0,
) -> None:
    """Draw 24 places of one critter, and all coats."""
    save(places(critter, seed=seed), out / "layouts.png")
    save(coats(), out / "coats.png")


if __name__ == "__main__":
    typer.run(main)
