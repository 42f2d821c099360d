"""The window: one picture or two, five times as large, with the HUD over them and a strip below."""

import numpy as np
import pygame
from numpy.typing import NDArray

from . import hud
from .play import Play, View
from .scene import SIZE
from .textbox import listen_to_text

SCALE = 5
SIDE = SIZE * SCALE  # px of a picture on the screen
GAP = 4  # px between two pictures


class Window:
    """Draws a play. Its size follows the view."""

    def __init__(self) -> None:
        pygame.display.init()
        pygame.font.init()
        pygame.display.set_caption("critters")
        self.screen = pygame.display.set_mode(self._size(View.CLASSIC))
        self._side_by_side = False
        pygame.key.stop_text_input()
        self._listens = False  # to text

    def draw(self, play: Play, *, now: float, fps: float) -> None:
        """Everything, back to front."""
        self._listens = listen_to_text(play.box, listening=self._listens)
        self._fit(play.view)
        self.screen.fill(hud.INK)
        self._pictures(play)
        stats = play.link.stats()
        top = 12
        if play.view is not View.CLASSIC and not play.link.connected:
            top += hud.draw_banner(self.screen, play.link.trouble)
        self._tags(play, top)
        if play.hud_shown:
            rows = hud.measurements(stats, fps, connected=play.link.connected)
            if play.link.connected:
                rows += hud.choices(play.steer, play.link.why_not_keys, play.transition, play.redraw)
            hud.draw_measurements(self.screen, (12, top), rows)
        prompt, waiting = play.shown_prompt(now)
        lamp = {True: hud.GOOD, False: hud.BAD, None: hud.FAINT}[play.link.connected]
        hud.draw_strip(self.screen, prompt, lamp=lamp, recording=play.tape.running, waiting=waiting)
        if play.box is not None:
            hud.draw_box(self.screen, play.box, caret=now % 1.0 < 0.6)
        if play.toast:
            hud.draw_toast(self.screen, play.toast, over_box=play.box is not None)
        pygame.display.flip()

    def close(self) -> None:
        """Give the display back."""
        hud.font.cache_clear()
        pygame.font.quit()
        pygame.display.quit()

    def _pictures(self, play: Play) -> None:
        generated = play.generated
        match play.view:
            case View.CLASSIC:
                self._picture(play.classic, 0)
            case View.GENERATED:
                self._picture(play.classic if generated is None else generated, 0)
            case View.SIDE_BY_SIDE:
                self._picture(play.classic if play.source is None else play.source, 0)
                if generated is None:
                    hud.draw_empty(self.screen, pygame.Rect(SIDE + GAP, 0, SIDE, SIDE))
                else:
                    self._picture(generated, SIDE + GAP)

    def _picture(self, rgb: NDArray[np.uint8], left: int) -> None:
        height, width, _ = rgb.shape
        picture = pygame.image.frombuffer(np.ascontiguousarray(rgb).tobytes(), (width, height), "RGB")
        self.screen.blit(pygame.transform.scale(picture, (SIDE, SIDE)), (left, 0))

    def _tags(self, play: Play, top: int) -> None:
        """The pictures' names in their upper right corners, where there is doubt."""
        if play.view is View.SIDE_BY_SIDE:
            self._tag("the true game" if play.source is None else f"sent: {play.redraw.source.value}", SIDE, top)
            self._tag(_generated(play), 2 * SIDE + GAP, top)
        elif play.view is View.GENERATED:
            self._tag("classic" if play.generated is None else _generated(play), SIDE, top)

    def _tag(self, name: str, right: int, top: int) -> None:
        wide = hud.font(20).size(name)[0] + 16
        box = pygame.Rect(right - wide - 12, top, wide, 24)
        hud.plate(self.screen, box, 170)
        hud.write(self.screen, name, (box.left + 8, box.top + 6), 20)

    def _fit(self, view: View) -> None:
        if (view is View.SIDE_BY_SIDE) != self._side_by_side:
            self._side_by_side = view is View.SIDE_BY_SIDE
            self.screen = pygame.display.set_mode(self._size(view))

    @staticmethod
    def _size(view: View) -> tuple[int, int]:
        width = 2 * SIDE + GAP if view is View.SIDE_BY_SIDE else SIDE
        return (width, SIDE + hud.STRIP_HEIGHT)


def _generated(play: Play) -> str:
    return "generated" if play.steer is None else f"generated, by {play.steer.value}"
