"""What is written over and under the pictures: measurements, prompt, banner, toast, text box."""

from functools import cache
from typing import TypeAlias

import pygame

from streamdit.clock import Percentiles
from streamdit.stats import SessionStats
from streamdit.types import PromptTransition

from .captions import parse
from .redraw import Redraw, Source
from .steering import Steer
from .textbox import TextBox

Colour: TypeAlias = tuple[int, int, int]

INK, SLATE, PAPER = (17, 19, 31), (38, 42, 62), (236, 239, 248)
FAINT, GOOD, FAIR, BAD = (138, 146, 170), (96, 211, 148), (246, 196, 83), (242, 95, 92)
STRIP_HEIGHT = 76  # px under the pictures
REASON_WIDTH = 300  # px; the notice shows the whole reason
_MARGIN = 12
_BOX_HEIGHT = 104

HINTS = (
    "arrows move · K steering · T prompt · 1-8 examples · C transition · V redraw · , or . strength",
    "Tab view, the true game beside it · F1 HUD · R record · F12 picture · Esc leaves",
)


@cache
def font(size: int) -> pygame.font.Font:
    """Pygame's own font at a size."""
    return pygame.font.Font(None, size)


def write(screen: pygame.Surface, text: str, place: tuple[int, int], size: int = 22, colour: Colour = PAPER) -> int:
    """One line with its upper left corner at `place`; returns its width."""
    line = font(size).render(text, True, colour)
    screen.blit(line, place)
    return line.get_width()


def plate(screen: pygame.Surface, box: pygame.Rect, alpha: int = 215, colour: Colour = INK) -> None:
    """A see-through rounded plate that text can be read on."""
    surface = pygame.Surface(box.size, pygame.SRCALPHA)
    pygame.draw.rect(surface, (*colour, alpha), surface.get_rect(), border_radius=10)
    screen.blit(surface, box)


def dot(screen: pygame.Surface, colour: Colour, middle: tuple[int, int]) -> None:
    """A smooth round lamp."""
    large = pygame.Surface((56, 56), pygame.SRCALPHA)
    large.fill((*colour, 0))
    pygame.draw.circle(large, colour, (28, 28), 26)
    screen.blit(pygame.transform.smoothscale(large, (14, 14)), (middle[0] - 7, middle[1] - 7))


def measurements(
    stats: SessionStats | None, window_fps: float, *, connected: bool | None
) -> list[tuple[str, str, Colour]]:
    """The rows of the HUD: name, reading, colour. What was not measured is a dash."""
    engine = {True: ("playing", GOOD), False: ("not connected", BAD), None: ("none", FAINT)}[connected]
    rows = [("window", f"{window_fps:.0f} fps", PAPER), ("engine", *engine)]
    if stats is None:
        return rows
    latency = _median(stats.control_latency_ms)
    server = stats.server
    rows += [
        ("generated", _number(stats.fps, "fps", 1), GOOD if (stats.fps or 0) > 15 else FAIR),
        ("jitter p95", _number(_p95(stats.jitter_ms), "ms", 1), PAPER),
        ("control latency", _number(latency, "ms"), GOOD if (latency or 0) < 400 else FAIR),
        ("round trip", _number(stats.round_trip_ms, "ms", 1), PAPER),
        ("engine step", _number(server.step_ms if server else None, "ms", 1), PAPER),
        ("rung", "-" if stats.rung is None else str(stats.rung), GOOD if stats.rung == 0 else FAIR),
    ]
    if stats.rung and stats.rung_reason:
        rows.append(("because", fitted(stats.rung_reason, 22, REASON_WIDTH), FAIR))
    dropped = stats.dropped
    drops = f"{dropped.generate} made · {dropped.encode} packed · {dropped.network} sent"
    rows.append(("drops", drops if dropped.total else "0", FAIR if dropped.total else GOOD))
    return rows


def choices(
    steer: Steer | None, why_not_keys: str, transition: PromptTransition, redraw: Redraw
) -> list[tuple[str, str, Colour]]:
    """More rows: what the player chose, and what the world does not take of it."""
    off = redraw.source is Source.OFF
    told = "-" if steer is None else steer.value
    return [
        ("steered by", f"{told}, takes no keys" if why_not_keys else told, FAIR if why_not_keys else GOOD),
        ("transition", transition, PAPER),
        ("redraw", str(redraw), FAINT if off else GOOD),
    ]


def draw_measurements(screen: pygame.Surface, corner: tuple[int, int], rows: list[tuple[str, str, Colour]]) -> None:
    """The rows on a plate, names left, readings right."""
    wide = max(font(22).size(reading)[0] for _, reading, _ in rows)
    box = pygame.Rect(*corner, 150 + wide + 2 * _MARGIN - 10, 22 * len(rows) + 2 * _MARGIN - 6)
    plate(screen, box)
    for number, (name, reading, colour) in enumerate(rows):
        top = box.top + _MARGIN + 22 * number
        write(screen, name, (box.left + _MARGIN, top), colour=FAINT)
        write(screen, reading, (box.right - _MARGIN - font(22).size(reading)[0], top), colour=colour)


def draw_strip(screen: pygame.Surface, prompt: str, *, lamp: Colour, recording: bool, waiting: bool = False) -> None:
    """Under the pictures: the connection's lamp, the prompt in force, the keys."""
    width, height = screen.get_size()
    top = height - STRIP_HEIGHT
    pygame.draw.rect(screen, INK, (0, top, width, STRIP_HEIGHT))
    dot(screen, lamp, (_MARGIN + 7, top + 19))
    shown = fitted(prompt + (" ..." if waiting else ""), 26, width - 130)
    write(screen, shown, (_MARGIN + 22, top + 11), 26, FAINT if waiting else PAPER)
    if recording:
        dot(screen, BAD, (width - 70, top + 19))
        write(screen, "REC", (width - 58, top + 13), 22, BAD)
    for number, hints in enumerate(HINTS):
        write(screen, hints, (_MARGIN + 1, top + 38 + 16 * number), 19, FAINT)


def draw_empty(screen: pygame.Surface, box: pygame.Rect) -> None:
    """Where a generated picture would be."""
    pygame.draw.rect(screen, SLATE, box)
    text = "no picture yet"
    wide, high = font(28).size(text)
    write(screen, text, (box.centerx - wide // 2, box.centery - high // 2), 28, FAINT)


def draw_banner(screen: pygame.Surface, text: str) -> int:
    """A line across the top that stays as long as its cause; returns its height."""
    width = screen.get_width()
    pygame.draw.rect(screen, FAIR, (0, 0, width, 30))
    shown = fitted(text, 22, width - 2 * _MARGIN)
    write(screen, shown, ((width - font(22).size(shown)[0]) // 2, 8), colour=INK)
    return 30


def draw_toast(screen: pygame.Surface, text: str, *, over_box: bool) -> None:
    """A line above the strip, or above the text box, that goes away by itself."""
    shown = fitted(text, 22, screen.get_width() - 60)
    wide = font(22).size(shown)[0] + 2 * _MARGIN
    bottom = screen.get_height() - STRIP_HEIGHT - (_BOX_HEIGHT + 24 if over_box else 12)
    box = pygame.Rect((screen.get_width() - wide) // 2, bottom - 34, wide, 34)
    plate(screen, box, 230)
    write(screen, shown, (box.left + _MARGIN, box.top + 10), colour=FAIR)


def draw_box(screen: pygame.Surface, box: TextBox, *, caret: bool) -> None:
    """The prompt being typed, and what the game makes of it so far."""
    width, height = screen.get_size()
    frame = pygame.Rect(20, height - STRIP_HEIGHT - _BOX_HEIGHT - 12, width - 40, _BOX_HEIGHT)
    plate(screen, frame, 235)
    left, top = frame.left + _MARGIN + 4, frame.top + _MARGIN
    write(screen, "What should the world be?", (left, top), colour=FAINT)
    line = font(28).render(box.before + box.composed + box.after, True, PAPER)
    begin, at = (font(28).size(text)[0] for text in (box.before, box.before + box.composed))
    room = frame.width - 2 * _MARGIN - 12
    scrolled = max(0, at - room)
    screen.blit(line, (left, top + 24), (scrolled, 0, room + 2, line.get_height()))
    if box.composed:
        pygame.draw.rect(screen, GOOD, (left + begin - scrolled, top + 46, at - begin, 2))
    if caret:
        pygame.draw.rect(screen, GOOD, (left + at - scrolled, top + 22, 2, 24))
    understood, colour = reading_of(box.text)
    write(screen, understood, (left, top + 58), colour=colour)
    keys = "Enter sends · Esc cancels"
    write(screen, keys, (frame.right - _MARGIN - 4 - font(19).size(keys)[0], top + 2), 19, FAINT)


def reading_of(text: str) -> tuple[str, Colour]:
    """What the game understands of a text, or what it does not."""
    if not text.strip():
        return "a critter, a landscape, a time of day, a weather", FAINT
    try:
        scene = parse(text)
    except ValueError as error:
        return str(error), FAIR
    return f"{scene.critter} · {scene.landscape} · {scene.time} · {scene.weather}", GOOD


def fitted(text: str, size: int, width: int) -> str:
    """The text, cut at a word's end with three dots if it is wider than `width` px."""
    if font(size).size(text)[0] <= width:
        return text
    while text and font(size).size(text + " ...")[0] > width:
        text = text[:-1]
    return text.rstrip() + " ..."


def _median(percentiles: Percentiles | None) -> float | None:
    return None if percentiles is None else percentiles.p50


def _p95(percentiles: Percentiles | None) -> float | None:
    return None if percentiles is None else percentiles.p95


def _number(value: float | None, unit: str, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f} {unit}"
