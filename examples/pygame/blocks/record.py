"""Record scripted players without a window: training data is nothing else than recordings of this game.

PYTHONPATH=examples/pygame python -m blocks.record --out DIR --count 600

Frame t shows the effect of the keys of frame t. Some recordings branch: the same moment goes on with other keys, or is
painted again as another scene.
"""

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, repeat
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from streamdit.progress import track
from streamdit.recording import Recorder, holds_whole
from streamdit.types import StateField

from .captions import caption
from .game import ACTIONS, LEFT_END, RIGHT_END, STEP, Dot, Keys, tick
from .scene import BARS, DOTS, FPS, HEIGHT, LAYOUTS, SCENES, SKIES, WIDTH, Layout, Scene, draw_layout, render

STATE_FIELDS = (StateField("x", 0.0, WIDTH), StateField("y", 0.0, 32.0))
KEYS_BRANCHES, PROMPT_BRANCHES = 0.5, 0.25  # of the recordings have a branch of this kind
BRANCH_FRAMES = 16
CAPTION_EVERY = FPS // 2  # frames
_FIRST_FORK = 4  # frames of a recording before a branch leaves it
_LABELS = {"dot": DOTS, "bars": BARS, "sky": SKIES}


class Moment(NamedTuple):
    """The game in one frame, and the keys that led to it."""

    dot: Dot
    keys: Keys


def some_keys(rng: random.Random) -> Iterator[Keys]:
    """A player who walks, stands, rises and flies, for a while each time."""
    while True:
        direction = rng.choice((-1, 1))
        jumps = rng.random() < 0.45
        moves = rng.random() < 0.65
        side = direction if moves else 0
        if jumps:
            yield from repeat(_held(side), rng.randint(0, 3))
            yield from repeat(_held(side, jump=True), rng.randint(1, 6))
        yield from repeat(_held(side), rng.randint(1, 8))
        if rng.random() < 0.05:
            yield from repeat(Keys(left=True, right=True), rng.randint(2, 5))


def _held(direction: int, *, jump: bool = False) -> Keys:
    return Keys(left=direction < 0, right=direction > 0, jump=jump)


def moments(num_frames: int, rng: random.Random) -> list[Moment]:
    """The game, frame by frame. Before the first frame it has run for up to a second, so that it begins anywhere."""
    keys = some_keys(rng)
    moment = Moment(Dot(x=rng.randrange(LEFT_END, RIGHT_END + 1, STEP)), Keys())
    played: list[Moment] = []
    for _ in range(rng.randrange(FPS)):
        moment = _next(moment, next(keys))
    while len(played) < num_frames:
        played.append(moment)
        moment = _next(moment, next(keys))
    return played


def _next(moment: Moment, keys: Keys) -> Moment:
    return Moment(tick(moment.dot, keys), keys)


def other_way(played: Sequence[Moment], frame: int, rng: random.Random) -> list[Moment]:
    """From a frame on with other keys than were held: another direction at first, then this and that."""
    before = played[frame + 1].keys
    direction = rng.choice([other for other in (-1, 0, 1) if other != before.direction])
    first = _held(direction, jump=rng.random() < 0.4)
    taken = [played[frame]]
    for keys in (*repeat(first, rng.randint(4, 12)), *islice(some_keys(rng), BRANCH_FRAMES)):
        if len(taken) < BRANCH_FRAMES:
            taken.append(_next(taken[-1], keys))
    return taken


def other_scene(scene: Scene, rng: random.Random) -> Scene:
    """A scene that differs in one label or two."""
    for label in rng.sample(list(_LABELS), 1 if rng.random() < 0.65 else 2):
        scene = replace(scene, **{label: rng.choice([v for v in _LABELS[label] if v != getattr(scene, label)])})
    return scene


def record(index: int, *, out: Path, num_frames: int, seed: int, split: str) -> None:
    """Write one recording and its branches below `out`, unless it is there already.

    It is written after its branches: once it is there, they are too.
    """
    name = f"{split}-{index:05d}"
    if holds_whole(out / name):
        return
    rng = random.Random(f"{seed}/{name}")
    scene = SCENES[index % len(SCENES)]
    number = rng.choice(LAYOUTS[split])
    layout = draw_layout(number)
    played = moments(num_frames, rng)
    last = num_frames - BRANCH_FRAMES

    def write(to: Path, played: Sequence[Moment], shown: Scene, **metadata: str | int) -> None:
        surely = frozenset(label for label in _LABELS if getattr(shown, label) != getattr(scene, label))
        labels = {"dot": shown.dot, "bars": shown.bars, "sky": shown.sky}
        _write(to, played, shown, layout, rng, surely, split, labels, {"layout": number, **metadata})

    if last >= _FIRST_FORK and rng.random() < KEYS_BRANCHES:
        frame = rng.randrange(_FIRST_FORK, last + 1)
        metadata: dict[str, str | int] = {"branch_of": name, "branch_frame": frame, "branch_kind": "keys"}
        write(out / f"{name}-keys", other_way(played, frame, rng), scene, **metadata)
    if last >= _FIRST_FORK and rng.random() < PROMPT_BRANCHES:
        frame = rng.randrange(_FIRST_FORK, last + 1)
        metadata = {"branch_of": name, "branch_frame": frame, "branch_kind": "prompt"}
        write(out / f"{name}-prompt", played[frame : frame + BRANCH_FRAMES], other_scene(scene, rng), **metadata)
    write(out / name, played, scene)


def _write(
    folder: Path,
    played: Sequence[Moment],
    scene: Scene,
    layout: Layout,
    rng: random.Random,
    surely: frozenset[str],
    split: str,
    labels: dict[str, str],
    metadata: dict[str, str | int],
) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    recorder = Recorder(
        folder,
        world="blocks",
        fps=FPS,
        width=WIDTH,
        height=HEIGHT,
        state_fields=STATE_FIELDS,
        actions=ACTIONS,
        labels=labels,
        split=split,
        metadata=metadata,
    )
    with recorder:
        for frame, moment in enumerate(played):
            if frame % CAPTION_EVERY == 0:
                recorder.prompt(caption(scene, rng, surely=surely))
            recorder.actions(moment.keys.held())
            recorder.state(moment.dot.state())
            recorder.frame(render(scene, layout, *moment.dot.state()))


def balance(played: Sequence[Moment]) -> dict[str, float]:
    """Shares of frames in which the dot stands, walks, or is in the air."""
    airborne = np.array([moment.dot.y > 0 for moment in played])
    walks = np.array([moment.keys.direction != 0 for moment in played]) & ~airborne
    return {
        "standing": float((~airborne & ~walks).mean()),
        "walking": float(walks.mean()),
        "airborne": float(airborne.mean()),
    }


def main(
    *,
    out: Annotated[Path, typer.Option(help="Folder the recordings are written into.")],
    count: Annotated[int, typer.Option(min=1, help="How many recordings, their branches not counted.")] = 600,
    frames: Annotated[int, typer.Option(min=1, help="Length of each.")] = 48,
    seed: Annotated[int, typer.Option(help="Another seed, other players, layouts and captions.")] = 0,
    split: Annotated[str, typer.Option(help="Whose layouts: train, validation or test.")] = "train",
) -> None:
    """Record scripted players into OUT; recordings that are there already are kept."""
    if split not in LAYOUTS:
        raise typer.BadParameter(f"{split!r}, expected one of {', '.join(LAYOUTS)}", param_hint="--split")
    for index in track(range(count), "recording"):
        record(index, out=out, num_frames=frames, seed=seed, split=split)
    shares = balance([each for i in range(50) for each in moments(frames, random.Random(f"{seed}/balance/{i}"))])
    typer.echo(f"{count} recordings in {out}; " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))


if __name__ == "__main__":
    typer.run(main)
