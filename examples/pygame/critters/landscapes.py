"""Six landscapes at three times of day: a fixed sky, a far layer and a near layer."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from .canvas import Canvas, Colour, Layer, Pixels, Point, mix, rgb
from .landmarks import (
    barn,
    boulder,
    cabin,
    conifer,
    flower,
    house,
    lamp,
    lighthouse,
    oak,
    palm,
    parasol,
    peak,
    round_tree,
    saguaro,
    star,
    toadstool,
)
from .scene import PERIOD, SIZE
from .weather import weathered

GROUND = 108  # the row the soles stand on
_EDGE = 98  # the row where the ground begins
_FAR_WIDTH = int(PERIOD) // 2  # the far layer moves at half speed

# Four flat bands from the top of the sky down to the horizon.
_SKIES = {
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
_DAYLIGHT = {"day": 1.0, "sunset": 0.75, "night": 0.3}


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Everything behind the critter: a sky fixed to the screen and two layers that scroll."""

    sky: Pixels
    far: Layer
    near: Layer

    def seen_from(self, camera: int) -> Pixels:
        """The backdrop with the screen's left edge at `camera`."""
        return self.near.over(self.far.over(self.sky, camera % int(PERIOD) // 2), camera)


@cache
def backdrop(landscape: str, time: str, weather: str) -> Backdrop:
    """The sky and the layers of a landscape; drawn on first use."""

    def tone(colour: Colour) -> Colour:
        return weathered(_timed(colour, landscape, time), weather, _DAYLIGHT[time])

    far, near = Canvas(_FAR_WIDTH, tone), Canvas(int(PERIOD), tone, dark=time == "night")
    _LANDSCAPES[landscape](far, near)
    if weather == "snow":
        near.wash(_EDGE, "#ffffff", 0.55)
    black = np.zeros((SIZE, SIZE, 3), np.uint16)
    return Backdrop(_sky(landscape, time, weather).layer().over(black, 0), far.layer(), near.layer())


def _timed(colour: Colour, landscape: str, time: str) -> Colour:
    """A daylight colour as it looks at this time, under this landscape's sky."""
    if time == "day":
        return colour
    red, green, blue = colour
    sky = rgb(_SKIES[landscape, time][2])
    if time == "sunset":
        return mix((red * 0.88, green * 0.74, blue * 0.74), sky, 0.15)
    return mix((red * 0.52, green * 0.56, blue * 0.6 + 18), sky, 0.28)


def _sky(landscape: str, time: str, weather: str) -> Canvas:
    """Four bands, then the sun, the low sun or the moon, then the clouds of bad weather."""
    sky = Canvas(SIZE, lambda colour: weathered(colour, weather, _DAYLIGHT[time]))
    for top, colour in zip((0, 24, 46, 66), _SKIES[landscape, time], strict=True):
        sky.rect(0, top, SIZE, SIZE, colour)
    if time == "day":
        sky.ellipse(100, 22, 12, 12, "#fff3a8")
        sky.ellipse(100, 22, 9, 9, "#ffdf4a")
    elif time == "sunset":
        sky.ellipse(88, 52, 21, 21, "#ffb14e")
        sky.ellipse(88, 52, 17, 17, "#ff7a2e")
    else:
        sky.polygon(_crescent(100, 22, 14), "#f6efc4")
        for x, y, size in ((14, 14, 4), (40, 30, 3), (62, 10, 4), (26, 48, 3), (76, 40, 3), (118, 50, 3)):
            star(sky, x, y, size, "#fdf6d0")
    if weather != "clear":
        shade = {"day": "#8d9bb0", "sunset": "#7a6584", "night": "#363f66"}[time]
        for x, width in ((6, 22), (52, 26), (98, 20)):
            sky.ellipse(x, 4, width, 11, shade)
            sky.ellipse(x + 20, 0, width, 9, shade)
    return sky


def _crescent(x: float, y: float, size: float) -> list[Point]:
    """The outline of a moon: a round right side, hollowed out from the left."""
    horn = math.radians(130)
    outer = [(x + size * math.cos(turn), y + size * math.sin(turn)) for turn in np.linspace(-horn, horn, 40)]
    depth = [(math.cos(horn) + 1 - up * up, up * math.sin(horn)) for up in np.linspace(1, -1, 20)]
    return outer + [(x + size * right, y + size * down) for right, down in depth]


def _ground(near: Canvas, colour: str, front: str) -> None:
    near.rect(0, _EDGE, near.width, SIZE, colour)
    near.rect(0, 117, near.width, SIZE, front)


def _meadow(far: Canvas, near: Canvas) -> None:
    far.ellipse(28, 104, 46, 36, "#9ccfb4")
    far.ellipse(98, 108, 52, 30, "#8cc4a4")
    _ground(near, "#a5cc74", "#8fbb62")
    round_tree(near, 34, 28, 27, ("#5f9f72", "#78b482"))
    near.ellipse(84, 98, 17, 14, "#6fac78")
    round_tree(near, 124, 44, 19, ("#82a850", "#98ba62"))
    for x, y in ((114, 62), (126, 54), (134, 68), (122, 72)):
        near.ellipse(x, y, 3, 3, "#c8503e")
    barn(near, 184)
    for x in range(212, 256, 11):
        near.rect(x, 84, x + 4, 101, "#d8c8a8")
    near.rect(208, 88, 253, 91, "#d8c8a8")
    near.rect(208, 94, 253, 97, "#d8c8a8")
    for x, y, colour in (
        (20, 122, "#d85858"),
        (48, 119, "#d85858"),
        (100, 122, "#f4f0f8"),
        (122, 120, "#f4f0f8"),
    ):
        flower(near, x, y, colour)
    for x, y in ((168, 121), (196, 122), (236, 120)):
        flower(near, x, y, "#7e70d0")


def _desert(far: Canvas, near: Canvas) -> None:
    far.ellipse(20, 108, 50, 30, "#e6c08c")
    far.polygon([(66, 100), (72, 62), (104, 62), (112, 100)], "#d49c7c")
    far.ellipse(100, 112, 56, 26, "#dcb07e")
    _ground(near, "#ecd29a", "#dcb97c")
    saguaro(near, 26, 34, "#6c9c70")
    near.polygon([(56, 100), (98, 42), (140, 100)], "#dcb070")
    near.polygon([(98, 42), (140, 100), (112, 100)], "#b98c5c")
    near.stroke([(166, 98), (168, 70), (178, 56), (194, 52), (208, 60), (213, 76), (214, 98)], 15, "#bd7860")
    near.stroke([(166, 97), (168, 72), (176, 60)], 6, "#d08e70")
    near.ellipse(241, 92, 11, 14, "#7fa868")
    near.ellipse(241, 78, 4, 3.5, "#d8506c")
    for x, y, size in ((60, 122, 6), (132, 121, 4), (150, 123, 7), (226, 122, 5)):
        near.ellipse(x, y, size, size * 0.6, "#b4876a")


def _beach(far: Canvas, near: Canvas) -> None:
    far.rect(0, 70, far.width, SIZE, "#4fa8cf")
    far.rect(0, 84, far.width, SIZE, "#6cbfd8")
    far.ellipse(18, 71, 22, 8, "#8ab08c")
    far.rect(-4, 71, 40, 84, "#4fa8cf")
    far.polygon([(58, 69), (86, 69), (81, 76), (63, 76)], "#a8664e")
    far.polygon([(71, 40), (71, 67), (88, 67)], "#f4eee4")
    far.polygon([(69, 46), (69, 67), (58, 67)], "#e0d4cc")
    near.rect(0, 93, near.width, SIZE, "#e4f2ee")
    _ground(near, "#f0dca8", "#e0c488")
    palm(near, 24, 46, 40)
    parasol(near, 98)
    lighthouse(near, 152)
    palm(near, 222, 206, 50)
    palm(near, 226, 240, 34)
    star(near, 66, 122, 6, "#d8806c")
    near.ellipse(128, 122, 7, 4, "#d88c70")
    near.ellipse(190, 122, 5, 4, "#c8a0b8")


def _forest(far: Canvas, near: Canvas) -> None:
    for x, top in ((12, 44), (40, 58), (66, 38), (94, 54), (118, 48)):
        conifer(far, x, (top, 100), 20, ("#8fbcae", "#8fbcae"))
    _ground(near, "#8ba06a", "#75875a")
    conifer(near, 22, (12, 94), 25, ("#437a66", "#528a72"))
    conifer(near, 58, (52, 96), 17, ("#568c70", "#66997a"))
    oak(near, 112)
    conifer(near, 164, (34, 95), 20, ("#4c7f5c", "#5c9068"))
    conifer(near, 190, (20, 94), 22, ("#3d6f6c", "#4c8078"))
    toadstool(near, 226, 66, 15)
    toadstool(near, 246, 84, 9)
    for x, size in ((44, 9), (84, 6), (142, 8), (206, 6)):
        near.ellipse(x, 128, size * 1.5, size, "#5d7a52")


def _mountains(far: Canvas, near: Canvas) -> None:
    peak(far, 34, 26, 58, "#8c9cc8")
    peak(far, 100, 44, 44, "#7e8cba")
    _ground(near, "#b4bca0", "#98a088")
    conifer(near, 20, (44, 95), 18, ("#55857c", "#659488"))
    boulder(near, 66, 22, 26)
    cabin(near, 122)
    conifer(near, 158, (60, 96), 14, ("#6a9478", "#7aa284"))
    near.polygon([(172, 100), (184, 66), (192, 58), (204, 26), (214, 44), (222, 52), (242, 100)], "#94849c")
    near.polygon([(204, 26), (214, 44), (222, 52), (242, 100), (216, 100), (206, 60)], "#7e7088")
    near.polygon([(194, 52), (204, 26), (216, 46), (209, 52), (205, 46), (200, 56)], "#f0f2f8")
    for x, y, size in ((40, 122, 7), (96, 123, 5), (180, 122, 8), (234, 123, 5)):
        near.ellipse(x, y, size, size * 0.6, "#7f7c80")


def _city(far: Canvas, near: Canvas) -> None:
    for x, top, wide in ((0, 52, 20), (20, 34, 18), (44, 60, 22), (66, 26, 18), (90, 46, 22), (112, 62, 16)):
        far.rect(x, top, x + wide, SIZE, "#a8b0cc")
    _ground(near, "#c4bcb4", "#8a8690")
    for x in range(8, 256, 32):
        near.rect(x, 121, x + 16, 124, "#d8d0c0")
    house(near, (6, 46), 34, "#70a09c", "#4f7a7c")
    house(near, (58, 96), 66, "#c48a74", "#8c5a54")
    house(near, (112, 136), 14, "#a088b0", "#745f88")
    house(near, (152, 206), 58, "#c8a878", "#6f7f6c")
    lamp(near, 52)
    lamp(near, 222)
    round_tree(near, 238, 58, 14, ("#74a080", "#88b090"))


_LANDSCAPES: dict[str, Callable[[Canvas, Canvas], None]] = {
    "meadow": _meadow,
    "desert": _desert,
    "beach": _beach,
    "forest": _forest,
    "mountains": _mountains,
    "city": _city,
}
