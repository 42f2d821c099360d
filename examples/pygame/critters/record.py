"""Record scripted players without a window: training data is nothing else than recordings of this game.

PYTHONPATH=examples/pygame python -m critters.record --out DIR --count 1500 --seconds 4 --jobs 2
"""

import multiprocessing
import random
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from streamdit.progress import track
from streamdit.recording import holds_whole

from .actions import ACTIONS
from .balance import Balance, balance, total
from .episode import BRANCH_FRAMES, Episode, Fork, Plan, play_with_branches
from .players import PLAYERS
from .scene import CRITTERS, FPS, LANDSCAPES, TIMES, WEATHERS, Scene
from .splits import LAYOUTS, SPLITS, is_held_out, scenes_of
from .tape import open_recorder

TELEPORT_SHARE = 0.15  # of the recordings jump to a new random place about once a second
KEYS_BRANCHES, PROMPT_BRANCHES = 0.5, 0.35  # of the recordings have a branch of this kind
_FIRST_FORK = 4  # frames of a recording before a branch leaves it
_LABELS = {"critter": CRITTERS, "landscape": LANDSCAPES, "time": TIMES, "weather": WEATHERS}


def plan(
    *,
    count: int,
    num_frames: int,
    seed: int,
    split: str,
    layouts: str = "",
    classic: bool = False,
    held_out_captions: bool = False,
) -> list[Plan]:
    """The episodes to play, in order. Every scene of the split is taken once before any is taken again.

    Args:
        layouts: whose layouts, one of LAYOUTS; as a rule `train` for the split of that name, else `validation`.
        classic: layout 0, captions that name all four labels, no branches.
    """
    plans: list[Plan] = []
    scenes = scenes_of(split)
    numbers = LAYOUTS[layouts or ("train" if split == "train" else "validation")]
    while len(plans) < count:
        shuffled = list(scenes)
        random.Random(f"{seed}/{split}/{len(plans)}").shuffle(shuffled)
        for index, scene in enumerate(shuffled[: count - len(plans)], start=len(plans)):
            name = f"{split}-{index:05d}"
            rng = random.Random(f"{seed}/{name}")
            each = Plan(
                name=name,
                scene=scene,
                split=split,
                num_frames=num_frames,
                seed=f"{seed}/{name}",
                player=rng.choice(list(PLAYERS)),
                teleports=rng.random() < TELEPORT_SHARE,
                held_out_captions=held_out_captions,
            )
            if classic:
                each = replace(each, full_captions=True)
            else:
                each = replace(each, layout=rng.choice(numbers), forks=_forks(each, rng))
            plans.append(each)
    return plans


def _forks(plan: Plan, rng: random.Random) -> tuple[Fork, ...]:
    """Where this episode branches; one that teleports, or is too short, does not."""
    last = plan.num_frames - BRANCH_FRAMES
    if plan.teleports or last < _FIRST_FORK:
        return ()
    forks = []
    if rng.random() < KEYS_BRANCHES / (1 - TELEPORT_SHARE):
        forks.append(Fork("keys", rng.randrange(_FIRST_FORK, last + 1, 2), plan.scene, f"{plan.seed}-keys"))
    if rng.random() < PROMPT_BRANCHES / (1 - TELEPORT_SHARE):
        other = _other_scene(plan, rng)
        forks.append(Fork("prompt", rng.randrange(_FIRST_FORK, last + 1, 2), other, f"{plan.seed}-prompt"))
    return tuple(forks)


def _other_scene(plan: Plan, rng: random.Random) -> Scene:
    """A scene that differs in one label or two; for training one that training may see."""
    while True:
        scene = plan.scene
        for label in rng.sample(list(_LABELS), 1 if rng.random() < 0.65 else 2):
            values = [value for value in _LABELS[label] if value != getattr(scene, label)]
            scene = replace(scene, **{label: rng.choice(values)})
        if plan.split != "train" or not is_held_out(scene):
            return scene


def record(plan: Plan, out: Path) -> Balance | None:
    """Write one episode and its branches below `out`; None if it was there already, else what happens in it.

    An episode that was cut short is made again. It is written after its branches: once it is there, they are too.
    """
    if holds_whole(out / plan.name):
        return None
    episode, branches = play_with_branches(plan)
    for branch in branches:
        _write(
            branch.episode,
            plan,
            out / f"{plan.name}-{branch.kind}",
            branch_of=plan.name,
            branch_frame=branch.frame,
            branch_kind=branch.kind,
        )
    _write(episode, plan, out / plan.name)
    return total(balance(each.states) for each in (episode, *(branch.episode for branch in branches)))


def _write(episode: Episode, plan: Plan, folder: Path, **metadata: str | int) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    recorder = open_recorder(
        folder,
        labels=dict(episode.labels),
        split=plan.split,
        seed=plan.seed,
        layout=plan.layout,
        held_out_captions=plan.held_out_captions,
        **metadata,
    )
    with recorder:
        for frame, rgb in enumerate(episode.rgb):
            if frame == 0 or episode.captions[frame] is not episode.captions[frame - 1]:
                caption = episode.captions[frame]
                recorder.prompt(caption.text)
                recorder.event("names", names=dict(caption.names))
            held = zip(ACTIONS, episode.actions[frame].tolist(), strict=True)
            recorder.actions({action.name: value for action, value in held})
            recorder.state(episode.states[frame].tolist())
            recorder.frame(rgb)


def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder the recordings are written into.")],
    count: Annotated[int, typer.Option(min=1, help="How many recordings, their branches not counted.")] = 389,
    seconds: Annotated[float, typer.Option(min=1 / FPS, help="Length of each.")] = 4.0,
    seed: Annotated[int, typer.Option(help="Another seed, other players, layouts and captions.")] = 0,
    split: Annotated[str, typer.Option(help="Whose scenes: train or held-out.")] = "train",
    layouts: Annotated[str, typer.Option(help="Whose layouts: train, validation or test; else the split's.")] = "",
    classic: Annotated[bool, typer.Option("--classic", help="Layout 0, captions that say all, no branches.")] = False,
    held_out_captions: Annotated[bool, typer.Option(help="Say the scenes as training never does.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at work.")] = 1,
) -> None:
    """Record scripted players into OUT; recordings that are there already are kept."""
    if split not in SPLITS:
        raise typer.BadParameter(f"{split!r}, expected one of {', '.join(SPLITS)}", param_hint="--split")
    if layouts and layouts not in LAYOUTS:
        raise typer.BadParameter(f"{layouts!r}, expected one of {', '.join(LAYOUTS)}", param_hint="--layouts")
    plans = plan(
        count=count,
        num_frames=round(seconds * FPS),
        seed=seed,
        split=split,
        layouts=layouts,
        classic=classic,
        held_out_captions=held_out_captions,
    )
    with _made(plans, out, jobs) as made:
        balances = list(track(made, "recording", total=len(plans)))
    new = [each for each in balances if each is not None]
    num_branches = sum(len(plan.forks) for plan in plans)
    typer.echo(f"{len(new)} made, {len(plans) - len(new)} were there already, with {num_branches} branches: {out}")
    if new:
        typer.echo(str(total(new)))


@contextmanager
def _made(plans: list[Plan], out: Path, jobs: int) -> Iterator[Iterable[Balance | None]]:
    """What `record` answers for each plan, as they finish, in this process or in `jobs` others."""
    # Sprites are drawn once per process and coat; the neighbours in a sorted list share them.
    ordered = sorted(plans, key=lambda plan: plan.scene.critter)
    if jobs == 1:
        yield (record(plan, out) for plan in ordered)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(record, plan, out) for plan in ordered]
        try:
            yield (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    typer.run(main)
