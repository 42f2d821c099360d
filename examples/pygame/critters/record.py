"""Record scripted players without a window: training data is nothing else than recordings of this game.

PYTHONPATH=examples/pygame python -m critters.record --out DIR --count 1500 --seconds 4 --jobs 2
"""

import multiprocessing
import random
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from .captions import caption
from .classic import render
from .game import tick, to_state
from .players import PLAYERS, random_start
from .scene import FPS, Scene, State
from .splits import SPLITS, scenes_of
from .tape import open_recorder

TELEPORT_SHARE = 0.25  # of the recordings jump to a new random place about once a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides one recording; the same plan gives the same frames and events."""

    folder: Path
    scene: Scene
    split: str
    num_frames: int
    seed: str
    held_out_captions: bool = False


def plan(
    out: Path, *, count: int, num_frames: int, seed: int, split: str, held_out_captions: bool = False
) -> list[Plan]:
    """The recordings to make, in order. Every scene of the split is taken once before any is taken again."""
    plans: list[Plan] = []
    scenes = scenes_of(split)
    while len(plans) < count:
        shuffled = list(scenes)
        random.Random(f"{seed}/{split}/{len(plans)}").shuffle(shuffled)
        for index, scene in enumerate(shuffled[: count - len(plans)], start=len(plans)):
            plans.append(
                Plan(
                    folder=out / f"{split}-{index:05d}",
                    scene=scene,
                    split=split,
                    num_frames=num_frames,
                    seed=f"{seed}/{split}-{index:05d}",
                    held_out_captions=held_out_captions,
                )
            )
    return plans


def record(plan: Plan) -> bool:
    """Make one recording; False if it was there already. One that was cut short is made again."""
    if (plan.folder / "session.json").exists():
        return False
    if plan.folder.exists():
        shutil.rmtree(plan.folder)
    rng = random.Random(plan.seed)
    player, teleports = rng.choice(list(PLAYERS)), rng.random() < TELEPORT_SHARE
    recorder = open_recorder(
        plan.folder,
        labels={**asdict(plan.scene), "player": player, "teleports": teleports},
        split=plan.split,
        seed=plan.seed,
        held_out_captions=plan.held_out_captions,
    )
    with recorder:
        for frame, state in enumerate(islice(states(player, teleports, rng), plan.num_frames)):
            if frame % FPS == 0:
                recorder.prompt(caption(plan.scene, rng, held_out=plan.held_out_captions))
            recorder.state(state.values())
            recorder.frame(render(plan.scene, state))
    return True


def states(player: str, teleports: bool, rng: random.Random) -> Iterator[State]:
    """The states of a game without end; one that teleports is somewhere else about once a second."""
    game, keys_down = random_start(rng), PLAYERS[player](rng)
    until_jump = rng.randint(12, 20)
    for keys in keys_down:
        yield to_state(game)
        until_jump -= 1
        if teleports and until_jump == 0:
            game, until_jump = random_start(rng), rng.randint(12, 20)
        else:
            game = tick(game, keys)


def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder the recordings are written into.")],
    count: Annotated[int, typer.Option(min=1, help="How many recordings.")] = 389,
    seconds: Annotated[float, typer.Option(min=1 / FPS, help="Length of each.")] = 4.0,
    seed: Annotated[int, typer.Option(help="Another seed, other players and captions.")] = 0,
    split: Annotated[str, typer.Option(help="Whose scenes: train or held-out.")] = "train",
    held_out_captions: Annotated[bool, typer.Option(help="Say the scenes as training never does.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at work.")] = 1,
) -> None:
    """Record scripted players into OUT; recordings that are there already are kept."""
    if split not in SPLITS:
        raise typer.BadParameter(f"{split!r}, expected one of {', '.join(SPLITS)}", param_hint="--split")
    plans = plan(
        out,
        count=count,
        num_frames=round(seconds * FPS),
        seed=seed,
        split=split,
        held_out_captions=held_out_captions,
    )
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, _made(plans, jobs) as made:
        num_made = sum(progress.track(made, total=len(plans)))
    typer.echo(f"{num_made} made, {len(plans) - num_made} were there already: {out}")


@contextmanager
def _made(plans: list[Plan], jobs: int) -> Iterator[Iterable[bool]]:
    """What `record` answers for each plan, as they finish, in this process or in `jobs` others."""
    # Backdrops are built once per process and sky; the neighbours in a sorted list share them.
    ordered = sorted(plans, key=lambda plan: astuple(plan.scene)[1:])
    if jobs == 1:
        yield map(record, ordered)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(record, plan) for plan in ordered]
        try:
            yield (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    typer.run(main)
