"""Play: a window on the hand-drawn world, on the generated one, or on both.

PYTHONPATH=examples/pygame python -m critters.main --address localhost:50051
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import pygame
import typer

from streamdit.launch import LocalEngine
from streamdit.live import LiveSession

from .game import Keys
from .link import EngineLink, Link, NoEngine
from .play import EXAMPLES, Play, View
from .script import Step, parse_script
from .steering import Steer
from .tape import WORLD, Tape
from .window import Window

DRAW_FPS = 60


def run(
    play: Play,
    window: Window,
    pace: Callable[[], float],
    *,
    script: Iterator[Step] | None = None,
    num_frames: int | None = None,
) -> None:
    """Play until the window closes or `num_frames` ticks are over.

    `pace` waits for the next drawing and returns the time, seconds; with a script no hand is listened to.
    """
    before, keys, num_read, fps = pace(), Keys(), -1, float(DRAW_FPS)
    while play.running and (num_frames is None or play.num_ticks < num_frames):
        now = pace()
        events = pygame.event.get()
        if script is None:
            keys = held_keys()
        elif play.num_ticks != num_read:  # one step of the script for every tick
            step, num_read = next(script, Step()), play.num_ticks
            events, keys = [*events, *step.taps], step.keys
        for event in events:
            play.handle(event, now)
        pygame.key.set_repeat(*((350, 35) if play.box else (0, 0)))
        play.advance(now, keys)
        fps += (1 / max(now - before, 1e-3) - fps) / 16  # settles in a quarter of a second
        window.draw(play, now=now, fps=fps)
        if play.screenshot_wanted:
            play.screenshot_wanted = False
            play.say(f"picture: {save_picture(window, play.tape.free('picture-{:03d}.png'))}", now)
        before = now


def held_keys() -> Keys:
    """The game's keys that are down now."""
    down = pygame.key.get_pressed()
    jump = down[pygame.K_UP] or down[pygame.K_SPACE]
    return Keys(left=down[pygame.K_LEFT], right=down[pygame.K_RIGHT], jump=jump)


def save_picture(window: Window, path: Path) -> Path:
    """What the window shows, as an image file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pygame.image.save(window.screen, path)
    return path


def real_time() -> Callable[[], float]:
    """A pace of DRAW_FPS drawings a second by the wall clock."""
    clock = pygame.time.Clock()

    def pace() -> float:
        clock.tick(DRAW_FPS)
        return time.perf_counter()

    return pace


def main(
    *,
    address: Annotated[str, typer.Option(help="HOST:PORT of an engine; without one, classic only.")] = "",
    engine: Annotated[bool, typer.Option("--engine", help="Start an engine of our own and stop it with us.")] = False,
    world: Annotated[str, typer.Option(help="Of the engine that is started: a name or a folder.")] = WORLD,
    prompt: Annotated[str, typer.Option(help="The world to begin with.")] = EXAMPLES[0],
    steer: Annotated[Steer, typer.Option(help="What the engine is told, where its world takes it.")] = Steer.KEYS,
    view: Annotated[View | None, typer.Option(help="What to show first.")] = None,
    out: Annotated[Path, typer.Option(help="Where recordings and pictures go.")] = Path("recordings"),
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many game ticks.")] = None,
    screenshot: Annotated[Path | None, typer.Option(help="Keep the last drawing as this file.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="TLS, with the system's certificates.")] = False,
    ca: Annotated[Path | None, typer.Option(help="TLS, with the certificates of this PEM file.")] = None,
    token: Annotated[str | None, typer.Option(help="The engine's.", envvar="STREAMDIT_TOKEN")] = None,
    keys: Annotated[str | None, typer.Option(help='Pressed keys: "right*24; tab; t; text a fox; enter".')] = None,
) -> None:
    """Play critters. Set SDL_VIDEODRIVER=dummy to play without a screen."""
    script = None if keys is None else parse_script(keys)
    with ExitStack() as stack:
        link: Link = NoEngine()
        if engine:
            address = stack.enter_context(LocalEngine(world=world)).address
        if address:
            live = LiveSession(address, world=WORLD, prompt=prompt, wait_s=0, secure=tls, ca=ca, token=token)
            link = EngineLink(stack.enter_context(live), address)
        window, tape, pace = Window(), Tape(out), real_time()
        stack.callback(window.close)
        stack.callback(tape.stop)
        play = Play(link, tape, prompt=prompt, steer=steer, now=pace())
        play.view = view or (View.GENERATED if address else View.CLASSIC)
        if not address:
            play.say(link.trouble, pace())
        run(play, window, pace, script=script, num_frames=frames)
        if screenshot is not None:
            save_picture(window, screenshot)


if __name__ == "__main__":
    typer.run(main)
