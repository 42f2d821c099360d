"""Landmarks that somebody built, in the sizes and colours that layouts draw."""

from . import landmarks
from .canvas import Canvas
from .growth import FOOT

_BARNS = ("#b4695e", "#6c8cb0", "#e8dfd0")
_SAILS = ("#f2ece0", "#e8d8b0", "#f2ece0")
_CLOTHS = (("#d0605c", "#f2e6d8"), ("#4c7fc0", "#f2e6d8"), ("#48a078", "#f8e080"))
_BANDS = ("#c4645c", "#4a70b0", "#3c3c4c")
_HUTS = (("#e07868", "#f4ead8"), ("#58a8c0", "#f4ead8"), ("#f0c858", "#f4ead8"))
_HOUSES = (("#70a09c", "#4f7a7c"), ("#c48a74", "#8c5a54"), ("#d8c080", "#6f7f6c"))
_TOWERS = ("#a088b0", "#7c98b8", "#b89484")
_TENTS = (("#d88858", "#b46848"), ("#5c90b8", "#3f6f98"), ("#e0c058", "#b89838"))


def barn(near: Canvas, x: float, size: float, tint: int) -> None:
    """A barn with a big door and a round loft window."""
    del size
    landmarks.barn(near, x, _BARNS[tint])


def windmill(near: Canvas, x: float, size: float, tint: int) -> None:
    """A round tower with four sails."""
    near.polygon([(x - 15, FOOT), (x - 9, 52), (x + 9, 52), (x + 15, FOOT)], ("#d8ccb8", "#c08870", "#90a0b0")[tint])
    near.polygon([(x - 11, 53), (x, 38), (x + 11, 53)], "#7d5a58")
    near.rect(x - 5, 84, x + 5, FOOT, "#6c5044")
    near.rect(x - 3, 66, x + 3, 73, "#6c5044", glow="#ffd773")
    reach = 31 * size
    for dx, dy in ((0.87, -0.5), (-0.5, -0.87), (-0.87, 0.5), (0.5, 0.87)):
        tip = (x + dx * reach, 52 + dy * reach)
        near.stroke([(x, 52), tip], 2.5, "#6c5044")
        side = (-dy * 7, dx * 7)
        start = (x + dx * 8, 52 + dy * 8)
        near.polygon([start, tip, (tip[0] + side[0], tip[1] + side[1]), (start[0] + side[0], start[1] + side[1])], _SAILS[tint])
    near.ellipse(x, 52, 3, 3, "#5a4438")


def haystack(near: Canvas, x: float, size: float, tint: int) -> None:
    """A heap of hay."""
    del tint
    near.ellipse(x, 99, 20 * size, 25 * size, "#e0b850")
    near.rect(x - 20 * size, 98, x + 20 * size, FOOT, "#e0b850")
    for dx in (-10, 0, 10):
        near.stroke([(x + dx * 0.5, 82), (x + dx, 96)], 2, "#c0963c")


def fence(near: Canvas, x: float, size: float, tint: int) -> None:
    """Four posts and two rails."""
    del size
    colour = ("#d8c8a8", "#a87c5c", "#f4f0e8")[tint]
    for dx in range(-20, 21, 12):
        near.rect(x + dx - 2, 83, x + dx + 2, FOOT, colour)
    near.rect(x - 24, 87, x + 22, 90, colour)
    near.rect(x - 24, 94, x + 22, 97, colour)


def tent(near: Canvas, x: float, size: float, tint: int) -> None:
    """A tent with an open flap."""
    colour, shade = _TENTS[tint]
    top = FOOT - 38 * size
    near.polygon([(x - 30 * size, FOOT), (x, top), (x + 30 * size, FOOT)], colour)
    near.polygon([(x, top), (x + 30 * size, FOOT), (x + 14 * size, FOOT)], shade)
    near.polygon([(x - 8 * size, FOOT), (x, top + 14), (x + 8 * size, FOOT)], "#4c4048", glow="#ffd773")


def parasol(near: Canvas, x: float, size: float, tint: int) -> None:
    """A striped parasol and a towel."""
    del size
    landmarks.parasol(near, x, *_CLOTHS[tint])


def lighthouse(near: Canvas, x: float, size: float, tint: int) -> None:
    """A striped tower with a lamp room."""
    del size
    landmarks.lighthouse(near, x, _BANDS[tint])


def hut(near: Canvas, x: float, size: float, tint: int) -> None:
    """A striped hut of boards."""
    colour, pale = _HUTS[tint]
    wide, top = 19 * size, 68
    for stripe in range(6):
        left = x - wide + stripe * wide / 3
        near.rect(left, top, left + wide / 3, FOOT, (colour, pale)[stripe % 2])
    near.polygon([(x - wide - 4, top + 1), (x, 48), (x + wide + 4, top + 1)], colour)
    near.rect(x - 6, 80, x + 6, FOOT, "#6c5848", glow="#ffd773")


def sandcastle(near: Canvas, x: float, size: float, tint: int) -> None:
    """Two towers, a wall and a flag."""
    del size
    for left, top, right in ((-18, 84, -8), (8, 84, 18), (-18, 92, 18), (-5, 76, 5)):
        near.rect(x + left, top, x + right, FOOT, "#d8b070")
    for left in (-18, -12, 8, 14):
        near.rect(x + left, 81, x + left + 4, 85, "#d8b070")
    near.rect(x - 0.8, 62, x + 0.8, 77, "#6c5848")
    near.polygon([(x + 0.8, 62), (x + 12, 66), (x + 0.8, 70)], ("#d0505c", "#4c7fc0", "#48a078")[tint])


def cabin(near: Canvas, x: float, size: float, tint: int) -> None:
    """The log cabin."""
    del size
    landmarks.cabin(near, x, ("#a07858", "#b05c50", "#6f8878")[tint])


def signpost(near: Canvas, x: float, size: float, tint: int) -> None:
    """Two boards on a pole, pointing both ways."""
    del size, tint
    near.rect(x - 2, 62, x + 2, FOOT, "#7d6150")
    near.polygon([(x - 4, 64), (x + 14, 64), (x + 20, 69), (x + 14, 74), (x - 4, 74)], "#d8b888")
    near.polygon([(x + 4, 78), (x - 14, 78), (x - 20, 82.5), (x - 14, 87), (x + 4, 87)], "#c8a070")


def house(near: Canvas, x: float, size: float, tint: int) -> None:
    """A house with a pointed roof and rows of windows."""
    wall, roof = _HOUSES[tint]
    half = 21
    landmarks.house(near, (round(x) - half, round(x) + half), round(101 - 46 * size), wall, roof)


def tower(near: Canvas, x: float, size: float, tint: int) -> None:
    """A high block with a flat roof and an aerial."""
    top, left, right = 101 - 84 * size, x - 17, x + 17
    near.rect(x - 1, top - 12, x + 1, top, "#6c6878")
    near.rect(left, top, right, FOOT, _TOWERS[tint])
    near.rect(left - 2, top - 2, right + 2, top + 3, "#6c6878")
    y = top + 9
    while y < 86:
        for dx in (-13, -3.5, 6):
            near.rect(x + dx, y, x + dx + 7, y + 6, "#d4e4ea", glow="#ffd773")
        y += 12
    near.rect(x - 5, 90, x + 5, FOOT, "#6c6878")


def church(near: Canvas, x: float, size: float, tint: int) -> None:
    """A nave and a steeple with a clock."""
    del size
    wall, roof = (("#e4dccc", "#8c5a54"), ("#c8a890", "#5c6c7c"), ("#d0d4d8", "#4f7a7c"))[tint]
    near.rect(x - 6, 70, x + 28, FOOT, wall)
    near.polygon([(x - 8, 72), (x + 2, 56), (x + 24, 56), (x + 31, 72)], roof)
    near.rect(x - 28, 50, x - 6, FOOT, wall)
    near.polygon([(x - 31, 51), (x - 17, 14), (x - 3, 51)], roof)
    near.ellipse(x - 17, 60, 5, 5, "#f8f4e8", glow="#ffe694")
    for left in (2, 13):
        near.rect(x + left, 80, x + left + 6, 92, "#8cb0c8", glow="#ffd773")
    near.rect(x - 22, 86, x - 12, FOOT, "#6c5044")


def lamp(near: Canvas, x: float, size: float, tint: int) -> None:
    """A street lamp."""
    del size, tint
    landmarks.lamp(near, x)


def bench(near: Canvas, x: float, size: float, tint: int) -> None:
    """A seat with a back."""
    del size
    colour = ("#a87c5c", "#5c8c78", "#b05c50")[tint]
    for top in (80, 91):
        near.rect(x - 16, top, x + 16, top + 4, colour)
    for left in (-13, 10):
        near.rect(x + left, 80, x + left + 3, FOOT, "#5c5868")
