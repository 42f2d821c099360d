"""The sky of a scene: bands of colour, the sun or the moon and the stars, and the clouds."""

import math

import numpy as np

from .canvas import Canvas, Point
from .landmarks import star
from .layout import Sky
from .scene import SIZE
from .weather import weathered

DAYLIGHT = {"day": 1.0, "sunset": 0.75, "night": 0.3}

# Four flat bands from the top of the sky down to the horizon.
SKIES = {
    ("meadow", "day"): ("#58b4f0", "#7cc8f5", "#a4dbf8", "#cfeefa"),
    ("meadow", "sunset"): ("#7a5fa8", "#c8709a", "#f0956f", "#f8c07a"),
    ("meadow", "night"): ("#141c4c", "#1f2b66", "#2e3f80", "#435896"),
    ("desert", "day"): ("#3fb3d8", "#7fd0dc", "#bfe4d4", "#f2ecc8"),
    ("desert", "sunset"): ("#8a3f78", "#d0566a", "#f08050", "#f7b25c"),
    ("desert", "night"): ("#1c1848", "#2c2462", "#44357a", "#65508c"),
    ("beach", "day"): ("#2aa4ee", "#55bdf4", "#8ad6f8", "#c2ecfa"),
    ("beach", "sunset"): ("#5a58b0", "#a56bb4", "#ee8a92", "#fbc28c"),
    ("beach", "night"): ("#0d2350", "#153468", "#214a80", "#346696"),
    ("forest", "day"): ("#7cc4d4", "#98d4d4", "#b6e2d2", "#d6eed2"),
    ("forest", "sunset"): ("#6a5488", "#a8647c", "#d88a66", "#e8b870"),
    ("forest", "night"): ("#0e2440", "#163450", "#204860", "#305e70"),
    ("mountains", "day"): ("#4a86dc", "#70a4e6", "#9cc2ee", "#cadef4"),
    ("mountains", "sunset"): ("#584a9c", "#9060ac", "#d480a8", "#f2aca0"),
    ("mountains", "night"): ("#181a54", "#24286c", "#363e88", "#5058a0"),
    ("city", "day"): ("#80b0e0", "#a0c4e8", "#c0d6ec", "#e0e4ea"),
    ("city", "sunset"): ("#6c4a8c", "#b45a88", "#ea7a6c", "#f6aa64"),
    ("city", "night"): ("#1a1640", "#282256", "#3c326e", "#564688"),
}
_FAIR = {"day": "#fbfdff", "sunset": "#f6b8a4", "night": "#4c5a8c"}  # clouds of fair weather
_DARK = {"day": "#8d9bb0", "sunset": "#7a6584", "night": "#363f66"}  # clouds of bad weather


def sky_canvas(landscape: str, time: str, weather: str, sky: Sky) -> Canvas:
    """Four bands, then the sun, the low sun or the moon, then the clouds, fair ones and those of bad weather."""
    canvas = Canvas(SIZE, lambda colour: weathered(colour, weather, DAYLIGHT[time]))
    for top, colour in zip((0, 24, 46, 66), SKIES[landscape, time], strict=True):
        canvas.rect(0, top, SIZE, SIZE, colour)
    if time == "day":
        canvas.ellipse(*sky.sun, 12, 12, "#fff3a8")
        canvas.ellipse(*sky.sun, 9, 9, "#ffdf4a")
    elif time == "sunset":
        canvas.ellipse(*sky.low_sun, 21, 21, "#ffb14e")
        canvas.ellipse(*sky.low_sun, 17, 17, "#ff7a2e")
    else:
        canvas.polygon(_crescent(*sky.moon, 14), "#f6efc4")
        for x, y, size in sky.stars:
            star(canvas, x, y, size, "#fdf6d0")
    for x, y, half in sky.clouds:
        _cloud(canvas, x, y, half, _FAIR[time])
    if weather != "clear":
        for x, half in sky.bank:
            canvas.ellipse(x, 4, half, 11, _DARK[time])
            canvas.ellipse(x + 20, 0, half, 9, _DARK[time])
    return canvas


def _cloud(canvas: Canvas, x: float, y: float, half: float, colour: str) -> None:
    """A flat-footed heap of fair weather."""
    canvas.ellipse(x - half * 0.5, y, half * 0.6, half * 0.4, colour)
    canvas.ellipse(x + half * 0.5, y, half * 0.55, half * 0.36, colour)
    canvas.ellipse(x, y - half * 0.25, half * 0.6, half * 0.5, colour)


def _crescent(x: float, y: float, size: float) -> list[Point]:
    """The outline of a moon: a round right side, hollowed out from the left."""
    horn = math.radians(130)
    outer = [(x + size * math.cos(turn), y + size * math.sin(turn)) for turn in np.linspace(-horn, horn, 40)]
    depth = [(math.cos(horn) + 1 - up * up, up * math.sin(horn)) for up in np.linspace(1, -1, 20)]
    return outer + [(x + size * right, y + size * down) for right, down in depth]
