"""Measure a world of blocks over gRPC: does the dot go where keys send it, do seeds differ, does a place stay?

PYTHONPATH=examples/pygame python -m blocks.measure --sheets docs/images

Every number stands beside what a world would get that ignores the question: a dot that stands still, one that hears
another player's keys, recordings that were never generated.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from streamdit import connect
from streamdit.client import Client
from streamdit.launch import LocalEngine
from streamdit.types import Delivery, Encoding, Start

from .eye import find_dot
from .game import Dot, Keys, tick
from .record import moments
from .scene import SCENES, TEST_LAYOUTS, draw_layout, render

NUM_FRAMES = 32  # after which a place is asked for
NUM_SEEDS = 16
NUM_RECORDINGS = 16 * NUM_SEEDS  # in groups as large as that of the seeds: fewer pictures differ less
_STAYS_S = 8  # how long a free stream is watched


@dataclass(frozen=True, slots=True)
class Played:
    """What a stream showed, and what the game would have shown by the same keys. T frames."""

    rgb: NDArray[np.uint8]  # (T, H, W, 3)
    truth: NDArray[np.uint8]  # (T, H, W, 3)
    error: NDArray[np.float64]  # (T,) from the game's dot to the seen one, px
    standing: NDArray[np.float64]  # (T,) from the game's dot to where it stood at the start, px
    strangers: NDArray[np.float64]  # (T,) from the game's dot to one that hears another player's keys, px
    ghost: NDArray[np.float64]  # (T,) mean difference of the seen dot from a drawn one, grey levels
    coloured: NDArray[np.bool_]  # (T,) it still has the colour that it began with


async def play_keys(client: Client, profile: str, number: int) -> Played:
    """One stream that goes on from the game's own frames and is steered by keys alone."""
    rng = random.Random(f"measure/{number}")
    scene, layout = rng.choice(SCENES), draw_layout(rng.choice(TEST_LAYOUTS))
    played = moments(NUM_FRAMES + 8, rng)
    other = moments(NUM_FRAMES + 8, random.Random(f"measure/stranger/{number}"))
    past, ahead = played[:2], played[2:]

    def picture(dot: Dot) -> NDArray[np.uint8]:
        return render(scene, layout, *dot.state())

    start = Start(
        frames=np.stack([picture(moment.dot) for moment in past]),
        states=[moment.dot.state() for moment in past],
        actions=[moment.keys.held() for moment in past],
        jpeg_quality=0,
    )
    held: dict[int, Keys] = {0: ahead[0].keys}  # by the event that said them
    dot = strange = past[-1].dot
    rgb: list[NDArray[np.uint8]] = []
    truth: list[NDArray[np.uint8]] = []
    error, standing, strangers, ghost, coloured = [], [], [], [], []
    async with client.play(
        world="blocks",
        profile=profile,
        seed=number,
        start=start,
        actions=ahead[0].keys.held(),
        delivery=Delivery.LOCKSTEP,
        encodings=(Encoding.RGB24,),
    ) as session:
        async for frame in session:
            dot = tick(dot, held[frame.last_event_id])
            strange = tick(strange, other[len(rgb)].keys)
            rgb.append(frame.rgb())
            truth.append(picture(dot))
            seen = find_dot(rgb[-1])
            error.append(_distance((seen.x, seen.y), dot.state()))
            standing.append(_distance(past[-1].dot.state(), dot.state()))
            strangers.append(_distance(strange.state(), dot.state()))
            ghost.append(seen.error)
            coloured.append(seen.dot == scene.dot)
            if len(rgb) == NUM_FRAMES:
                break
            keys = ahead[min(len(rgb), len(ahead) - 1)].keys
            held[await session.actions(keys.held())] = keys
    return Played(
        np.stack(rgb),
        np.stack(truth),
        np.array(error),
        np.array(standing),
        np.array(strangers),
        np.array(ghost),
        np.array(coloured),
    )


async def play_freely(client: Client, profile: str, seed: int, num_frames: int) -> NDArray[np.uint8]:
    """What a seed alone dreams, `(T, H, W, 3)`: no prompt, no state, no keys."""
    async with client.play(
        world="blocks", profile=profile, seed=seed, delivery=Delivery.LOCKSTEP, encodings=(Encoding.RGB24,)
    ) as session:
        frames: list[NDArray[np.uint8]] = []
        async for frame in session:
            frames.append(frame.rgb())
            if len(frames) == num_frames:
                break
    return np.stack(frames)


def recorded(count: int) -> NDArray[np.uint8]:
    """One picture of each of so many recordings that nothing was trained on, `(count, H, W, 3)`."""
    pictures = []
    for number in range(count):
        rng = random.Random(f"recorded/{number}")
        (moment,) = moments(1, rng)
        pictures.append(render(rng.choice(SCENES), draw_layout(rng.choice(TEST_LAYOUTS)), *moment.dot.state()))
    return np.stack(pictures)


def spread(pictures: NDArray[np.uint8]) -> float:
    """Mean over pixels of the standard deviation over pictures `(n, H, W, 3)`, in grey levels."""
    return float(pictures.astype(np.float64).std(axis=0).mean())


def sharpness(pictures: NDArray[np.uint8]) -> float:
    """Mean difference of pixels of `(n, H, W, 3)` to the next ones right and below, in grey levels."""
    p = pictures.astype(np.float64)
    return float(np.abs(np.diff(p, axis=1)).mean() + np.abs(np.diff(p, axis=2)).mean())


def change(first: NDArray[np.uint8], later: NDArray[np.uint8]) -> float:
    """How much of the place is another one: median over columns of the mean difference, in grey levels.

    The dot covers some columns, so they do not count.
    """
    return float(np.median(np.abs(first.astype(np.float64) - later).mean(axis=(0, 2))))


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


def keys_table(played: Sequence[Played]) -> str:
    """How far the dot is from the game's, and what is no better than guessing."""
    rows = ["| after frame | generated | stands still | another player's keys |", "|---|---|---|---|"]
    for frame in (1, 4, 8, 16, NUM_FRAMES):
        columns = [
            float(np.mean([values[frame - 1] for values in each]))
            for each in ([p.error for p in played], [p.standing for p in played], [p.strangers for p in played])
        ]
        rows.append(f"| {frame} | " + " | ".join(f"{value:.1f} px" for value in columns) + " |")
    return "\n".join(rows)


def film(played: Sequence[Played], every: int = 4) -> Image.Image:
    """Rows of frames: the game above, the generated world below."""
    rows = []
    for each in played:
        rows += [np.concatenate(list(part[::every]), 1) for part in (each.truth, each.rgb)]
    return _enlarged(np.concatenate(rows, 0))


def _enlarged(rgb: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(rgb).resize((rgb.shape[1] * 2, rgb.shape[0] * 2), Image.Resampling.NEAREST)


async def _play_all(address: str, profile: str, count: int) -> tuple[list[Played], list[NDArray[np.uint8]]]:
    async with connect(address) as client:
        played = [await play_keys(client, profile, number) for number in range(count)]
        seeds = [await play_freely(client, profile, seed, _STAYS_S * 16) for seed in range(NUM_SEEDS)]
    return played, seeds


def _report(played: list[Played], seeds: list[NDArray[np.uint8]], profile: str, sheets: Path | None) -> None:
    typer.echo(
        f"Keys, {len(played)} streams of `{profile}` from the game's own two frames: mean distance from its dot.\n"
    )
    typer.echo(keys_table(played))
    ghosts = np.mean([each.ghost for each in played])
    kept = np.mean([each.coloured for each in played])
    typer.echo(
        f"\nThe dot differs by {ghosts:.1f} grey levels from a drawn one; it has its colour in {kept:.0%} of frames.\n"
    )
    real = recorded(NUM_RECORDINGS)
    generated = np.stack([frames[16] for frames in seeds])
    stays = float(np.mean([change(frames[16], frames[-1]) for frames in seeds]))
    others = float(np.mean([change(a, b) for a, b in pairwise(real)]))
    typer.echo(f"Free: {NUM_SEEDS} seeds, a second after they began, beside recordings, as many at a time.\n")
    typer.echo("| | generated | recordings | share |\n|---|---|---|---|")
    for name, ask in (("spread", spread), ("sharpness", sharpness)):
        theirs = float(np.mean([ask(group) for group in real.reshape(-1, NUM_SEEDS, *real.shape[1:])]))
        typer.echo(f"| {name} | {ask(generated):.1f} | {theirs:.1f} | {ask(generated) / theirs:.2f} |")
    typer.echo(f"\nA place {_STAYS_S - 1} s later differs by {stays:.1f} grey levels; two recordings by {others:.1f}.")
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        film(played[:4]).save(sheets / "blocks-keys.png")
        picks = (0, 16, 64, _STAYS_S * 16 - 1)
        columns = [np.concatenate([frames[i] for i in picks], 0) for frames in seeds]
        _enlarged(np.concatenate([np.concatenate(columns[:8], 1), np.concatenate(columns[8:], 1)], 0)).save(
            sheets / "blocks-seeds.png"
        )
        typer.echo(f"wrote blocks-keys.png and blocks-seeds.png into {sheets}")


def main(
    *,
    address: Annotated[str, typer.Option(help="HOST:PORT of an engine; default: start one.")] = "",
    world: Annotated[str, typer.Option(help="Of the engine that is started: a name or a folder.")] = "blocks",
    profile: Annotated[str, typer.Option(help="One that has references.")] = "responsive",
    count: Annotated[int, typer.Option(min=1, help="Streams steered by keys.")] = 24,
    sheets: Annotated[Path | None, typer.Option(help="Folder for pictures of what was played.")] = None,
) -> None:
    """Print how well keys are obeyed, how much seeds differ and how well a place stays."""
    with ExitStack() as stack:
        if not address:
            address = stack.enter_context(LocalEngine(world=world)).address
        played, seeds = asyncio.run(_play_all(address, profile, count))
    _report(played, seeds, profile, sheets)


if __name__ == "__main__":
    typer.run(main)
