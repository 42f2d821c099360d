"""Play blocks in a window: what the engine generates, and with Tab the true game beside it, by the same keys.

PYTHONPATH=examples/pygame python -m blocks.main
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import numpy as np
import pygame
import typer
from numpy.typing import NDArray

from critters.game import Keys as Held
from critters.hud import FAINT, FAIR, GOOD, INK, PAPER, SLATE, fitted, font, write
from critters.play import key_of
from critters.script import Step, parse_script
from critters.steering import Steer
from critters.textbox import TextBox, listen_to_text
from streamdit.launch import LocalEngine
from streamdit.live import LiveSession

from .game import Keys
from .play import Play, beginning, ticks_due
from .scene import FPS, HEIGHT, WIDTH

SCALE = 10
SIDE, TALL, GAP, STRIP = WIDTH * SCALE, HEIGHT * SCALE, 4, 86  # px
HINTS = "arrows, space · K keys, state or free · T prompt · N another seed · Tab the true game · Esc leaves"


class Window:
    """Draws a play; its width follows the view."""

    def __init__(self) -> None:
        pygame.display.init()
        pygame.font.init()
        pygame.display.set_caption("blocks")
        self.screen = pygame.display.set_mode((SIDE, TALL + STRIP))
        pygame.key.stop_text_input()
        self._listens = False  # to text

    def draw(self, play: Play, box: TextBox | None, now: float) -> None:
        """Everything."""
        self._listens = listen_to_text(box, listening=self._listens)
        width = 2 * SIDE + GAP if play.side_by_side else SIDE
        if self.screen.get_width() != width:
            self.screen = pygame.display.set_mode((width, TALL + STRIP))
        self.screen.fill(INK)
        generated = play.generated()
        left = SIDE + GAP if play.side_by_side else 0
        if play.side_by_side:
            self._picture(play.true(), 0)
            self._tag("the true game", 0)
        if generated is None:
            pygame.draw.rect(self.screen, SLATE, (left, 0, SIDE, TALL))
            write(self.screen, "no picture yet", (left + SIDE // 2 - 60, TALL // 2), 28, FAINT)
        else:
            self._picture(generated, left)
            self._tag(f"generated, by {play.steer.value}", left)
        self._strip(play, box, now)
        pygame.display.flip()

    def close(self) -> None:
        """Give the display back."""
        font.cache_clear()  # fonts do not outlive pygame's
        pygame.font.quit()
        pygame.display.quit()

    def _picture(self, rgb: NDArray[np.uint8], left: int) -> None:
        picture = pygame.image.frombuffer(np.ascontiguousarray(rgb).tobytes(), (WIDTH, HEIGHT), "RGB")
        self.screen.blit(pygame.transform.scale(picture, (SIDE, TALL)), (left, 0))

    def _tag(self, text: str, left: int) -> None:
        pygame.draw.rect(self.screen, INK, (left + 8, 8, 8 * len(text) + 16, 24), border_radius=8)
        write(self.screen, text, (left + 16, 13), 20)

    def _strip(self, play: Play, box: TextBox | None, now: float) -> None:
        width, toast = self.screen.get_width(), play.toast(now)
        if box is None:
            line, colour = play.prompt or "(prompt left open)", PAPER if play.prompt else FAINT
        else:
            line, colour = f"prompt: {box.before}{box.composed}|{box.after}", GOOD
        write(self.screen, fitted(line, 26, width - 24), (12, TALL + 10), 26, colour)
        write(
            self.screen, fitted(toast or _numbers(play), 20, width - 24), (12, TALL + 38), 20, FAIR if toast else PAPER
        )
        write(self.screen, HINTS, (12, TALL + 62), 19, FAINT)


def _numbers(play: Play) -> str:
    stats = play.engine.stats()
    if stats is None:
        return "no engine yet"
    latency = stats.control_latency_ms
    fps = "-" if stats.fps is None else f"{stats.fps:.1f}"
    return f"{fps} fps · control latency {'-' if latency is None else f'{latency.p50:.0f} ms'}"


def run(play: Play, window: Window, *, script: Iterator[Step] | None = None, num_frames: int | None = None) -> None:
    """Play until the window closes or `num_frames` ticks are over; with a script no hand is listened to. A key that
    went down and up again since the last tick is down for one."""
    clock, began = pygame.time.Clock(), time.perf_counter()
    box: TextBox | None = None
    tapped = Held()
    while num_frames is None or play.num_ticks < num_frames:
        clock.tick(60)
        now = time.perf_counter()
        due = ticks_due(play.num_ticks, began, now)
        if int((now - began) * FPS) > play.num_ticks + due:
            began = now - (play.num_ticks + due) / FPS
        events = pygame.event.get()
        for event in events if box is None else ():
            tapped |= key_of(event.key) if event.type == pygame.KEYDOWN else Held()
        for _ in range(due):
            step = _hand(box) if script is None else next(script, Step())
            events += step.taps
            keys, tapped = step.keys | tapped, Held()
            play.tick(Keys(keys.left, keys.right, keys.jump))
        for event in events:
            if event.type == pygame.QUIT:
                return
            leaves, box = _handle(event, play, box, now)
            if leaves:
                return
        window.draw(play, box, now)


def _hand(box: TextBox | None) -> Step:
    """The keys that are down now; while somebody types, none."""
    if box is not None:
        return Step()
    down = pygame.key.get_pressed()
    return Step(keys=Held(down[pygame.K_LEFT], down[pygame.K_RIGHT], down[pygame.K_SPACE] or down[pygame.K_UP]))


def _handle(event: pygame.event.Event, play: Play, box: TextBox | None, now: float) -> tuple[bool, TextBox | None]:
    """A key that went down, or text: whether to leave, and the text box after it."""
    key = event.key if event.type == pygame.KEYDOWN and not (box and box.composed) else None
    if box is not None:
        if key == pygame.K_ESCAPE:
            return False, None
        if key in (pygame.K_RETURN, pygame.K_KP_ENTER):
            play.ask(box.text.strip(), now)
            return False, None
        return False, box.heard(event)
    match key:
        case pygame.K_ESCAPE:
            return True, None
        case pygame.K_t:
            return False, TextBox(play.prompt, len(play.prompt))
        case pygame.K_k:
            play.next_steering(now)
        case pygame.K_n:
            play.dream(now)
        case pygame.K_TAB:
            play.side_by_side = not play.side_by_side
    return False, None


def main(
    *,
    address: Annotated[str, typer.Option(help="HOST:PORT of an engine; default: start one.")] = "",
    world: Annotated[str, typer.Option(help="Of the engine that is started: a name or a folder.")] = "blocks",
    prompt: Annotated[str, typer.Option(help="What the world should be; empty leaves it open.")] = "",
    steer: Annotated[Steer, typer.Option(help="What the engine is told.")] = Steer.KEYS,
    profile: Annotated[str, typer.Option(help="Of the engine's world; default: the world's own.")] = "",
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="Begin with the true game beside it.")] = False,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many game ticks.")] = None,
    screenshot: Annotated[Path | None, typer.Option(help="Keep the last drawing as this file.")] = None,
    tls: Annotated[bool, typer.Option("--tls", help="TLS, with the system's certificates.")] = False,
    ca: Annotated[Path | None, typer.Option(help="TLS, with the certificates of this PEM file.")] = None,
    token: Annotated[str | None, typer.Option(help="The engine's.", envvar="STREAMDIT_TOKEN")] = None,
    keys: Annotated[str | None, typer.Option(help='Pressed keys: "right*24; jump; tab; k".')] = None,
) -> None:
    """Play blocks. Set SDL_VIDEODRIVER=dummy to play without a screen."""
    script = None if keys is None else parse_script(keys)
    with ExitStack() as stack:
        address = address or stack.enter_context(LocalEngine(world=world)).address
        start = beginning() if steer is Steer.KEYS else None
        live = stack.enter_context(
            LiveSession(
                address,
                world="blocks",
                profile=profile,
                prompt=prompt or None,
                start=start,
                secure=tls,
                ca=ca,
                token=token,
            )
        )
        window = Window()
        stack.callback(window.close)
        play = Play(live, prompt=prompt, steer=steer)
        play.side_by_side = side_by_side
        run(play, window, script=script, num_frames=frames)
        if screenshot is not None:
            screenshot.parent.mkdir(parents=True, exist_ok=True)
            pygame.image.save(window.screen, screenshot)


if __name__ == "__main__":
    typer.run(main)
