"""The far layer of drawn layouts: hills, peaks, roofs, boats; each knows the colours of its ground."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from .canvas import Canvas
from .landmarks import conifer, peak
from .scene import SIZE


class Ground(NamedTuple):
    """Colours of one ground: its two bands, and what stands far off in two shades."""

    back: str
    front: str
    far: str
    further: str


Outline: TypeAlias = Callable[[Canvas, float, float, int, Ground], None]  # canvas, x, size, tint, colours

GROUNDS: Mapping[str, tuple[Ground, ...]] = {
    "meadow": (
        Ground("#a5cc74", "#8fbb62", "#9ccfb4", "#8cc4a4"),
        Ground("#dcc76a", "#c8b052", "#b8c890", "#a4b87c"),
        Ground("#7cba7c", "#66a668", "#86b4c0", "#74a4b0"),
    ),
    "desert": (
        Ground("#ecd29a", "#dcb97c", "#e6c08c", "#d49c7c"),
        Ground("#dc9868", "#c88050", "#cc8868", "#b87058"),
        Ground("#f4e8cc", "#e2d0a8", "#e4d4b8", "#ccb49c"),
    ),
    "beach": (
        Ground("#f0dca8", "#e0c488", "#4fa8cf", "#6cbfd8"),
        Ground("#f8f0e0", "#e8dcc8", "#38b4b4", "#78d8c8"),
        Ground("#d8b488", "#c49c70", "#3c74b4", "#5c98cc"),
    ),
    "forest": (
        Ground("#8ba06a", "#75875a", "#8fbcae", "#a4c8b8"),
        Ground("#b48c54", "#9a7446", "#d0a880", "#dcbc98"),
        Ground("#68947c", "#547c68", "#7ca8b8", "#94b8c4"),
    ),
    "mountains": (
        Ground("#b4bca0", "#98a088", "#8c9cc8", "#7e8cba"),
        Ground("#b898b4", "#9c7c9c", "#a898c8", "#9888b8"),
        Ground("#98c080", "#7ea868", "#86a4b4", "#7694a8"),
    ),
    "city": (
        Ground("#c4bcb4", "#8a8690", "#a8b0cc", "#98a0c0"),
        Ground("#d8b8a0", "#9a8078", "#ccacb4", "#bc9ca8"),
        Ground("#b0bcc4", "#707c8c", "#90b4c4", "#80a4b8"),
    ),
}


def _hill(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    far.ellipse(x, 108, (44, 54, 36)[tint], 36 * size, (ground.far, ground.further, ground.far)[tint])


def _table(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    half, top = (18, 26, 14)[tint], 100 - 38 * size
    far.polygon([(x - half - 7, 100), (x - half, top), (x + half, top), (x + half + 8, 100)], ground.further)


def _point(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    half = (26, 32, 20)[tint]
    far.polygon([(x - half, 100), (x, 100 - 34 * size), (x + half, 100)], ground.further)


def _sail(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    """A sailing boat."""
    del ground
    far.polygon([(x - 14, 69), (x + 14, 69), (x + 9, 76), (x - 9, 76)], ("#a8664e", "#4a5a80", "#e8e0d8")[tint])
    low = 67
    far.polygon([(x - 1, low - 29 * size), (x - 1, low), (x + 16, low)], ("#f4eee4", "#f4eee4", "#d8605c")[tint])
    far.polygon([(x - 3, low - 22 * size), (x - 3, low), (x - 14, low)], "#e0d4cc")


def _island(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    far.ellipse(x, 71, (22, 15, 28)[tint], (9, 14, 8)[tint] * size, "#8ab08c")
    far.rect(x - 30, 71, x + 30, 84, ground.far)


def _steamer(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    del size, ground
    far.polygon([(x - 20, 66), (x + 22, 66), (x + 16, 76), (x - 16, 76)], ("#3c4a68", "#a84a48", "#4c7068")[tint])
    far.rect(x - 12, 58, x + 12, 66, "#f0ece4")
    far.rect(x - 3, 46, x + 5, 58, "#d0605c")


def _firs(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    colour = (ground.far, ground.further, ground.far)[tint]
    conifer(far, x, (100 - 52 * size, 100), 20, (colour, colour))


def _crown(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    colour = (ground.far, ground.further, ground.far)[tint]
    far.rect(x - 3, 70, x + 3, SIZE, colour)
    far.ellipse(x, 100 - 38 * size, 16, 18 * size, colour)


def _peak(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    peak(far, x, 104 - 66 * size, (46, 58, 38)[tint], (ground.far, ground.further, ground.far)[tint])


def _round_top(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    far.ellipse(x, 106, (40, 50, 34)[tint], 50 * size, (ground.further, ground.far, ground.further)[tint])


def _block(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    half = (9, 11, 7)[tint]
    far.rect(x - half, 100 - 48 * size, x + half, SIZE, (ground.far, ground.further, ground.far)[tint])


def _spire(far: Canvas, x: float, size: float, tint: int, ground: Ground) -> None:
    top = 100 - 44 * size
    far.rect(x - 8, top, x + 8, SIZE, ground.further)
    far.polygon([(x - 8, top), (x, top - 20), (x + 8, top)], ground.further)
    del tint


OUTLINES: Mapping[str, Outline] = {
    "hill": _hill,
    "table": _table,
    "point": _point,
    "sail": _sail,
    "island": _island,
    "steamer": _steamer,
    "firs": _firs,
    "crown": _crown,
    "peak": _peak,
    "round top": _round_top,
    "block": _block,
    "spire": _spire,
}
