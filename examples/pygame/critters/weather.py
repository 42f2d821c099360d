"""Rain and snow: how they colour the world, and what falls over the picture."""

from functools import cache

import numpy as np

from .canvas import Canvas, Colour, Layer, Pixels, mix, rgb
from .scene import SIZE

_GREY = {"rain": rgb("#5d6b7e"), "snow": rgb("#b4bdcb")}
_SHARE = {"rain": 0.36, "snow": 0.3}
_FALL = {"rain": 128, "snow": 64}  # px fallen in one turn of the clock, the height of one repeat


def weathered(colour: Colour, weather: str, daylight: float) -> Colour:
    """The colour as this weather greys it; `daylight` 0..1 says how bright the grey is."""
    if weather == "clear":
        return colour
    grey = mix(rgb("#10142c"), _GREY[weather], daylight)
    return mix(colour, grey, _SHARE[weather])


def draw_weather(picture: Pixels, weather: str, clock: float) -> Pixels:
    """The picture with rain or snow over it, at this point of the weather's turn."""
    if weather == "clear":
        return picture
    top = SIZE - int(clock * _FALL[weather] + 0.5) % SIZE
    sheet = _sheet(weather)
    seen = slice(top, top + SIZE)
    return Layer(SIZE, sheet.paint[seen], sheet.clear[seen]).over(picture, 0)


@cache
def _sheet(weather: str) -> Layer:
    """The streaks or flakes on two screens, one below the other, for a window to slide over."""
    canvas = Canvas(SIZE)
    if weather == "rain":
        for drop in range(24):
            _streak(canvas, drop * SIZE // 24, drop * 79 % SIZE)
    else:
        for flake in range(28):
            _flake(canvas, flake // 2 * SIZE // 14 + 5, flake // 2 * 39 % 64 + flake % 2 * 64)
    once = canvas.layer()
    return Layer(SIZE, np.concatenate([once.paint] * 2), np.concatenate([once.clear] * 2))


def _streak(canvas: Canvas, x: int, y: int) -> None:
    """One drop 2 px wide and 9 px long, its part under the screen's foot coming back at the top."""
    for top in (y, y - SIZE):
        canvas.rect(x, top, x + 2, top + 9, "#c9e2ff")


def _flake(canvas: Canvas, x: int, y: int) -> None:
    """One round flake; what leaves the screen at the foot or the top comes back at the other."""
    for middle in (y - SIZE, y, y + SIZE):
        canvas.ellipse(x, middle, 2.3, 2.3, "#ffffff")
