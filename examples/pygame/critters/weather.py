"""Rain and snow: how they colour the world, and what falls over the picture."""

from functools import cache

from .canvas import Canvas, Colour, Layer, Pixels, mix, rgb
from .scene import SIZE

_GREY = {"rain": rgb("#5d6b7e"), "snow": rgb("#b4bdcb")}
_SHARE = {"rain": 0.36, "snow": 0.24}
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
    fallen = int(clock * _FALL[weather] + 0.5) % SIZE
    return _falling(weather, fallen).over(picture, 0)


@cache
def _falling(weather: str, fallen: int) -> Layer:
    """The streaks or flakes after falling this many px."""
    canvas = Canvas(SIZE)
    if weather == "rain":
        for drop in range(24):
            _streak(canvas, drop * SIZE // 24, (drop * 79 + fallen) % SIZE)
    else:
        for flake in range(28):
            column = flake // 2 * SIZE // 14 + 5
            _flake(canvas, column, (flake // 2 * 39 % 64 + flake % 2 * 64 + fallen) % SIZE)
    return canvas.layer()


def _streak(canvas: Canvas, x: int, y: int) -> None:
    """One drop 2 px wide and 9 px long, its part under the screen's foot coming back at the top."""
    for top in (y, y - SIZE):
        canvas.rect(x, top, x + 2, top + 9, "#c9e2ff")


def _flake(canvas: Canvas, x: int, y: int) -> None:
    """One round flake, its part under the screen's foot coming back at the top."""
    for middle in (y, y - SIZE):
        canvas.ellipse(x, middle, 2.2, 2.2, "#ffffff")
