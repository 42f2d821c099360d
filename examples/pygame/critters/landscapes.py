"""Six landscapes at three times of day: a fixed sky, a far layer and a near layer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from .canvas import Canvas, Colour, Layer, Pixels, mix, rgb
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
        return weathered(_timed(colour, time), weather, _DAYLIGHT[time])

    far, near = Canvas(_FAR_WIDTH, tone), Canvas(int(PERIOD), tone)
    _LANDSCAPES[landscape](far, near, time == "night")
    if weather == "snow":
        near.wash(_EDGE, "#ffffff", 0.45)
    black = np.zeros((SIZE, SIZE, 3), np.uint16)
    return Backdrop(_sky(landscape, time, weather).layer().over(black, 0), far.layer(), near.layer())


def _timed(colour: Colour, time: str) -> Colour:
    """A daylight colour as it looks at this time."""
    red, green, blue = colour
    if time == "sunset":
        return mix((red * 0.92, green * 0.74, blue * 0.74), rgb("#e0703c"), 0.12)
    if time == "night":
        return (red * 0.36 + 8, green * 0.44 + 12, blue * 0.58 + 34)
    return colour


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
        sky.ellipse(100, 22, 13, 13, "#f6efc4")
        sky.ellipse(94, 19, 11, 11, _SKIES[landscape, time][0])
        for x, y, size in ((14, 14, 4), (40, 30, 3), (62, 10, 4), (26, 48, 3), (76, 40, 3), (118, 50, 3)):
            _star(sky, x, y, size)
    if weather != "clear":
        shade = {"day": "#8d9bb0", "sunset": "#7a6584", "night": "#363f66"}[time]
        for x, width in ((6, 22), (52, 26), (98, 20)):
            sky.ellipse(x, 4, width, 11, shade)
            sky.ellipse(x + 20, 0, width, 9, shade)
    return sky


def _star(canvas: Canvas, x: float, y: float, size: float) -> None:
    thin = size * 0.35
    canvas.polygon(
        [(x, y - size), (x + thin, y - thin), (x + size, y), (x + thin, y + thin)]
        + [(x, y + size), (x - thin, y + thin), (x - size, y), (x - thin, y - thin)],
        "#fdf6d0",
    )


def _ground(near: Canvas, colour: str, front: str) -> None:
    near.rect(0, _EDGE, near.width, SIZE, colour)
    near.rect(0, 117, near.width, SIZE, front)


def _round_tree(near: Canvas, x: float, top: float, size: float, colour: str, light: str) -> None:
    near.rect(x - 4, top + size, x + 4, 101, "#86664e")
    near.ellipse(x, top + size, size, size, colour)
    near.ellipse(x - size * 0.25, top + size * 0.75, size * 0.6, size * 0.55, light)


def _conifer(canvas: Canvas, x: float, top: float, bottom: float, half: float, colours: tuple[str, str]) -> None:
    tall = bottom - top
    canvas.rect(x - half / 6, bottom - 2, x + half / 6, bottom + 8, "#7d6150")
    for tier, colour in ((2, colours[0]), (1, colours[1]), (0, colours[0])):
        wide, low = half * (0.6 + 0.2 * tier), top + tall * (0.45 + 0.275 * tier)
        canvas.polygon([(x, low - tall * 0.45), (x + wide, low), (x - wide, low)], colour)


def _flower(near: Canvas, x: float, y: float, colour: str) -> None:
    for dx, dy in ((-2.5, 0), (2.5, 0), (0, -2.5), (0, 2.5)):
        near.ellipse(x + dx, y + dy, 2.3, 2.3, colour)
    near.ellipse(x, y, 1.8, 1.8, "#f4d35a")


def _meadow(far: Canvas, near: Canvas, night: bool) -> None:
    far.ellipse(28, 104, 46, 36, "#9ccfb4")
    far.ellipse(98, 108, 52, 30, "#8cc4a4")
    _ground(near, "#a5cc74", "#8fbb62")
    _round_tree(near, 34, 28, 27, "#5f9f72", "#78b482")
    near.ellipse(84, 98, 17, 14, "#6fac78")
    _round_tree(near, 124, 44, 19, "#82a850", "#98ba62")
    for x, y in ((114, 62), (126, 54), (134, 68), (122, 72)):
        near.ellipse(x, y, 3, 3, "#c8503e")
    _barn(near, 184, night)
    for x in range(212, 256, 11):
        near.rect(x, 84, x + 4, 101, "#d8c8a8")
    near.rect(208, 88, 253, 91, "#d8c8a8")
    near.rect(208, 94, 253, 97, "#d8c8a8")
    for x, y, colour in ((20, 122, "#d85858"), (48, 119, "#d85858"), (100, 122, "#f4f0f8"), (122, 120, "#f4f0f8")):
        _flower(near, x, y, colour)
    for x, y in ((168, 121), (196, 122), (236, 120)):
        _flower(near, x, y, "#7e70d0")


def _barn(near: Canvas, x: float, night: bool) -> None:
    near.rect(x - 20, 66, x + 20, 101, "#b4695e")
    near.polygon([(x - 24, 67), (x - 14, 48), (x, 40), (x + 14, 48), (x + 24, 67)], "#7d5a58")
    near.rect(x - 8, 80, x + 8, 101, "#d9b8a4")
    near.ellipse(x, 60, 5, 5, "#ffd773" if night else "#e0c4b0", glow=night)


def _desert(far: Canvas, near: Canvas, night: bool) -> None:
    far.ellipse(20, 108, 50, 30, "#e6c08c")
    far.polygon([(66, 100), (72, 62), (104, 62), (112, 100)], "#d49c7c")
    far.ellipse(100, 112, 56, 26, "#dcb07e")
    _ground(near, "#ecd29a", "#dcb97c")
    _saguaro(near, 26, 34, "#6c9c70")
    near.polygon([(56, 100), (98, 42), (140, 100)], "#dcb070")
    near.polygon([(98, 42), (140, 100), (112, 100)], "#b98c5c")
    near.stroke([(166, 98), (168, 70), (178, 56), (194, 52), (208, 60), (213, 76), (214, 98)], 15, "#bd7860")
    near.stroke([(166, 97), (168, 72), (176, 60)], 6, "#d08e70")
    near.ellipse(241, 92, 11, 14, "#7fa868")
    near.ellipse(241, 78, 4, 3.5, "#d8506c")
    for x, y, size in ((60, 122, 6), (132, 121, 4), (150, 123, 7), (226, 122, 5)):
        near.ellipse(x, y, size, size * 0.6, "#b4876a")


def _saguaro(near: Canvas, x: float, top: float, colour: str) -> None:
    near.stroke([(x, top + 6), (x, 98)], 13, colour)
    near.stroke([(x, 78), (x - 16, 78), (x - 16, 56)], 8, colour)
    near.stroke([(x, 68), (x + 15, 68), (x + 15, 48)], 8, colour)
    near.stroke([(x - 2, top + 8), (x - 2, 96)], 3, "#86b284")


def _beach(far: Canvas, near: Canvas, night: bool) -> None:
    far.rect(0, 70, far.width, SIZE, "#4fa8cf")
    far.rect(0, 84, far.width, SIZE, "#6cbfd8")
    far.ellipse(98, 71, 22, 8, "#8ab08c")
    far.rect(70, 71, 128, 84, "#4fa8cf")
    far.polygon([(22, 69), (50, 69), (45, 76), (27, 76)], "#a8664e")
    far.polygon([(35, 40), (35, 67), (52, 67)], "#f4eee4")
    far.polygon([(33, 46), (33, 67), (22, 67)], "#e0d4cc")
    near.rect(0, 93, near.width, SIZE, "#e4f2ee")
    _ground(near, "#f0dca8", "#e0c488")
    _palm(near, 24, 46, 40)
    _parasol(near, 98)
    _lighthouse(near, 152, night)
    _palm(near, 222, 206, 50)
    _palm(near, 226, 240, 34)
    _star(near, 66, 122, 6)
    near.ellipse(128, 122, 7, 4, "#d88c70")
    near.ellipse(190, 122, 5, 4, "#c8a0b8")


def _palm(near: Canvas, foot: float, x: float, top: float) -> None:
    near.stroke([(foot, 99), (foot * 0.7 + x * 0.3, 80), (x, top)], 6, "#a37c58")
    for dx, dy in ((-20, 14), (20, 14), (-23, 0), (23, 0), (-10, -10), (10, -10)):
        near.polygon(
            [(x, top + 3), (x + dx * 0.55, top + dy * 0.2 - 7), (x + dx, top + dy), (x + dx * 0.5, top + dy * 0.4 + 2)],
            "#4f9a70" if dy else "#66ae7c",
        )
    near.ellipse(x - 3, top + 4, 3, 3, "#7c5a44")
    near.ellipse(x + 3, top + 4, 3, 3, "#7c5a44")


def _parasol(near: Canvas, x: float) -> None:
    near.rect(x - 1.5, 62, x + 1.5, 101, "#e8e0d4")
    for left, right, colour in ((-24, -12, "#d0605c"), (-12, 0, "#f2e6d8"), (0, 12, "#d0605c"), (12, 24, "#f2e6d8")):
        near.polygon([(x, 50), (x + left * 0.75, 58), (x + left, 70), (x + right, 70), (x + right * 0.75, 58)], colour)
    near.polygon([(x - 34, 95), (x - 12, 95), (x - 8, 100), (x - 30, 100)], "#6a8fc0")


def _lighthouse(near: Canvas, x: float, night: bool) -> None:
    for band in range(4):
        top, low = 40 + band * 15, 55 + band * 15
        near.polygon(
            [(x - 8 - band * 1.5, top), (x + 8 + band * 1.5, top), (x + 9.5 + band * 1.5, low), (x - 9.5 - band * 1.5, low)],
            ("#f0e8e0", "#c4645c")[band % 2],
        )
    near.rect(x - 7, 28, x + 7, 40, "#ffe27a" if night else "#b8dce4", glow=night)
    near.polygon([(x - 10, 29), (x, 18), (x + 10, 29)], "#b4544e")
    near.rect(x - 11, 38, x + 11, 42, "#8c5450")


def _forest(far: Canvas, near: Canvas, night: bool) -> None:
    for x, top in ((12, 44), (40, 58), (66, 38), (94, 54), (118, 48)):
        _conifer(far, x, top, 100, 20, ("#8fbcae", "#8fbcae"))
    _ground(near, "#8ba06a", "#75875a")
    _conifer(near, 22, 12, 94, 25, ("#437a66", "#528a72"))
    _conifer(near, 58, 52, 96, 17, ("#568c70", "#66997a"))
    _oak(near, 112, night)
    _conifer(near, 164, 34, 95, 20, ("#4c7f5c", "#5c9068"))
    _conifer(near, 190, 20, 94, 22, ("#3d6f6c", "#4c8078"))
    _toadstool(near, 226, 66, 15)
    _toadstool(near, 246, 84, 9)
    for x, size in ((44, 9), (84, 6), (142, 8), (206, 6)):
        near.ellipse(x, 128, size * 1.5, size, "#5d7a52")


def _oak(near: Canvas, x: float, night: bool) -> None:
    near.polygon([(x - 16, 101), (x - 9, 84), (x - 9, 40), (x + 9, 40), (x + 9, 84), (x + 16, 101)], "#8c6a50")
    for dx, dy, size in ((-18, 40, 16), (18, 40, 16), (0, 28, 20)):
        near.ellipse(x + dx, dy, size, size * 0.85, "#7f9a48")
    near.ellipse(x, 78, 6, 8, "#ffcf66" if night else "#5e4638", glow=night)


def _toadstool(near: Canvas, x: float, top: float, half: float) -> None:
    near.rect(x - half * 0.35, top + half * 0.8, x + half * 0.35, 101, "#e6dac4")
    near.polygon([(x + half * dx, top + half * dy) for dx, dy in _CAP], "#b8524c")
    for dx, dy in ((-0.45, 0.6), (0.1, 0.35), (0.55, 0.65)):
        near.ellipse(x + half * dx, top + half * dy, half * 0.17, half * 0.17, "#efe4d4")


_CAP = ((-1, 1), (-0.92, 0.6), (-0.6, 0.18), (0, 0), (0.6, 0.18), (0.92, 0.6), (1, 1))


def _mountains(far: Canvas, near: Canvas, night: bool) -> None:
    _peak(far, 34, 26, 58, "#8c9cc8")
    _peak(far, 100, 44, 44, "#7e8cba")
    _ground(near, "#b4bca0", "#98a088")
    _conifer(near, 20, 44, 95, 18, ("#55857c", "#659488"))
    _boulder(near, 66, 22, 26)
    _cabin(near, 122, night)
    _conifer(near, 158, 60, 96, 14, ("#6a9478", "#7aa284"))
    near.polygon([(172, 100), (184, 66), (192, 58), (204, 26), (214, 44), (222, 52), (242, 100)], "#94849c")
    near.polygon([(204, 26), (214, 44), (222, 52), (242, 100), (216, 100), (206, 60)], "#7e7088")
    near.polygon([(194, 52), (204, 26), (216, 46), (209, 52), (205, 46), (200, 56)], "#f0f2f8")
    for x, y, size in ((40, 122, 7), (96, 123, 5), (180, 122, 8), (234, 123, 5)):
        near.ellipse(x, y, size, size * 0.6, "#7f7c80")


def _peak(far: Canvas, x: float, top: float, half: float, colour: str) -> None:
    slope = half / (104 - top)
    far.polygon([(x, top), (x + half, 104), (x - half, 104)], colour)
    cap = [(-20, 20), (-9, 15), (-3, 22), (5, 15), (20, 20)]
    far.polygon([(x, top), *((x - dx * slope, top + dy) for dx, dy in cap)], "#f2f5fb")


def _boulder(near: Canvas, x: float, half: float, tall: float) -> None:
    near.polygon([(x + half * a, 101 - tall * b) for a, b in _ROCK], "#9a8c94")
    near.polygon([(x + half * a * 0.8 - 3, 100 - tall * (0.3 + b * 0.62)) for a, b in _ROCK[1:-1]], "#b0a2a6")


_ROCK = ((-1, 0), (-0.9, 0.5), (-0.4, 0.95), (0.3, 1), (0.85, 0.6), (1, 0))


def _cabin(near: Canvas, x: float, night: bool) -> None:
    near.rect(x + 8, 52, x + 15, 70, "#7a6a70")
    near.rect(x - 19, 74, x + 19, 101, "#a07858")
    near.polygon([(x - 26, 77), (x, 50), (x + 26, 77)], "#eceff4")
    near.polygon([(x - 16, 77), (x, 60), (x + 16, 77)], "#8c6850")
    near.rect(x - 14, 82, x - 3, 92, "#ffd773" if night else "#c8dce4", glow=night)
    near.rect(x + 3, 83, x + 13, 101, "#6c5044")


def _city(far: Canvas, near: Canvas, night: bool) -> None:
    for x, top, wide in ((0, 52, 20), (20, 34, 18), (44, 60, 22), (66, 26, 18), (90, 46, 22), (112, 62, 16)):
        far.rect(x, top, x + wide, SIZE, "#a8b0cc")
    _ground(near, "#c4bcb4", "#8a8690")
    for x in range(8, 256, 32):
        near.rect(x, 121, x + 16, 124, "#d8d0c0")
    _house(near, (6, 46), 34, "#70a09c", "#4f7a7c", night)
    _house(near, (58, 96), 66, "#c48a74", "#8c5a54", night)
    _house(near, (112, 136), 14, "#a088b0", "#745f88", night)
    _house(near, (152, 206), 58, "#c8a878", "#6f7f6c", night)
    _lamp(near, 52, night)
    _lamp(near, 222, night)
    _round_tree(near, 238, 58, 14, "#74a080", "#88b090")


def _house(near: Canvas, sides: tuple[int, int], top: int, wall: str, roof: str, night: bool) -> None:
    left, right = sides
    near.rect(left, top, right, 101, wall)
    near.polygon([(left - 3, top + 1), (right + 3, top + 1), ((left + right) / 2, top - 14)], roof)
    for y in range(top + 6, 84, 16):
        for x in range(left + 5, right - 10, 13):
            near.rect(x, y, x + 8, y + 9, "#ffd773" if night else "#d4e4ea", glow=night)
    near.rect((left + right) / 2 - 5, 86, (left + right) / 2 + 5, 101, roof)


def _lamp(near: Canvas, x: float, night: bool) -> None:
    near.rect(x - 1.5, 56, x + 1.5, 101, "#5c5868")
    near.ellipse(x, 53, 6, 6, "#ffe694" if night else "#f0ead8", glow=night)


_LANDSCAPES: dict[str, Callable[[Canvas, Canvas, bool], None]] = {
    "meadow": _meadow,
    "desert": _desert,
    "beach": _beach,
    "forest": _forest,
    "mountains": _mountains,
    "city": _city,
}
