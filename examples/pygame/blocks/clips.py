"""Write the world's start clips: two frames each of the game's own, for a stream to go on from.

PYTHONPATH=examples/pygame python -m blocks.clips --out engine_service/worlds/blocks
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .game import Dot, Keys, tick
from .scene import Scene, draw_layout, render

CLIPS = {
    "standing": (Scene("white", "red", "day"), 1_150_001, Dot(x=28), (Keys(), Keys())),
    "walking": (Scene("white", "green", "dusk"), 1_150_002, Dot(x=12), (Keys(right=True), Keys(right=True))),
    "jumping": (Scene("pink", "yellow", "night"), 1_150_003, Dot(x=44), (Keys(jump=True), Keys())),
}  # scene, number of a test layout, where the dot is before it, and the keys of its frames


def write(file: Path, scene: Scene, number: int, dot: Dot, held: Sequence[Keys]) -> None:
    """One clip: frames, states, actions and the prompt."""
    layout = draw_layout(number)
    dots = [dot := tick(dot, keys) for keys in held]
    np.savez_compressed(
        file,
        rgb=np.stack([render(scene, layout, *each.state()) for each in dots]),
        states=np.array([each.state() for each in dots], np.float32),
        actions=np.array([keys.values() for keys in held], np.float32),
        prompt=np.array(f"a {scene.dot} dot and {scene.bars} bars, {scene.sky}"),
    )


def main(*, out: Annotated[Path, typer.Option(help="The world's folder.")]) -> None:
    """Write every clip as NAME.npz."""
    for name, (scene, number, dot, held) in CLIPS.items():
        write(out / f"{name}.npz", scene, number, dot, held)
    typer.echo(f"wrote {', '.join(CLIPS)} into {out}")


if __name__ == "__main__":
    typer.run(main)
