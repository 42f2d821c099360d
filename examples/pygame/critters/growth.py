"""Landmarks that grow or lie about, in the sizes and colours that layouts draw: trees, cacti, rocks."""

from .canvas import Canvas
from .landmarks import boulder, conifer, oak, palm, round_tree, saguaro, toadstool

FOOT = 101  # the row a landmark stands on

_LEAVES = (("#5f9f72", "#78b482"), ("#d88a3c", "#eba858"), ("#e890b0", "#f6b4c8"))  # summer, autumn, blossom
_APPLE_LEAVES = (("#82a850", "#98ba62"), ("#4c8c58", "#62a26c"), ("#82a850", "#98ba62"))
_APPLES = ("#c8503e", "#f0d048", "#c8503e")
_POPLARS = ("#4f8a58", "#7ea84c", "#c8a03c")
_BUSHES = (("#6fac78", "#6fac78"), ("#5c9468", "#d85868"), ("#88a850", "#f0e8f4"))  # leaves, berries
_NEEDLES = (("#437a66", "#528a72"), ("#4c7f5c", "#68a070"), ("#386878", "#4a7f8c"))
_BIRCHES = (("#a8c868", "#bcd880"), ("#e8c040", "#f2d468"), ("#88b878", "#a0c890"))
_CACTI = ("#6c9c70", "#4f8c7c", "#8ca858")
_SANDS = ("#dcb070", "#d08a5c", "#c8a888")
_SHADES = ("#b98c5c", "#a8683f", "#a08468")
_CAPS = ("#b8524c", "#d89038", "#7868b8")
_CROWNS = ("#7f9a48", "#c87838", "#5c8c58")
_STRATA = (("#c47c58", "#a8644a"), ("#d8a070", "#bc8258"), ("#9c6c64", "#845650"))
_CRAGS = (("#94849c", "#7e7088"), ("#8c8c94", "#74747e"), ("#a08878", "#887060"))


def tree(near: Canvas, x: float, size: float, tint: int) -> None:
    """A round crown on a trunk."""
    round_tree(near, x, 101 - 73 * size, 26 * size, _LEAVES[tint])


def apple_tree(near: Canvas, x: float, size: float, tint: int) -> None:
    """A round crown with apples in it."""
    round_tree(near, x, 101 - 62 * size, 23 * size, _APPLE_LEAVES[tint])
    for dx, dy in ((-12, -44), (2, -52), (12, -38), (-2, -32), (14, -50)):
        near.ellipse(x + dx * size, FOOT + dy * size, 3.2, 3.2, _APPLES[tint])


def poplar(near: Canvas, x: float, size: float, tint: int) -> None:
    """A tall narrow tree."""
    near.rect(x - 3, 90, x + 3, FOOT, "#86664e")
    near.ellipse(x, FOOT - 46 * size, 11 * size, 40 * size, _POPLARS[tint])


def bush(near: Canvas, x: float, size: float, tint: int) -> None:
    """Half a ball of leaves, with berries or blossoms or neither."""
    leaves, berries = _BUSHES[tint]
    near.ellipse(x, 98, 17 * size, 14 * size, leaves)
    near.ellipse(x + 11 * size, 99, 11 * size, 9 * size, leaves)
    if berries != leaves:
        for dx, dy in ((-9, 94), (-2, 89), (6, 95), (13, 96)):
            near.ellipse(x + dx * size, dy, 2.2, 2.2, berries)


def fir(near: Canvas, x: float, size: float, tint: int) -> None:
    """A tall conifer."""
    conifer(near, x, (94 - 74 * size, 94), 23 * size, _NEEDLES[tint])


def birch(near: Canvas, x: float, size: float, tint: int) -> None:
    """A white trunk with dark marks under light leaves."""
    near.rect(x - 4, 40, x + 4, FOOT, "#eeeae2")
    for y, left in ((60, -4), (70, 0), (80, -4), (90, 0)):
        near.rect(x + left, y, x + left + 4, y + 3, "#4c4850")
    leaves, light = _BIRCHES[tint]
    for dx, dy, wide in ((0, 30, 17), (-10, 44, 13), (11, 46, 13)):
        near.ellipse(x + dx * size, dy, wide * size, wide * 0.85 * size, leaves)
    near.ellipse(x - 4 * size, 28, 9 * size, 8 * size, light)


def hollow_oak(near: Canvas, x: float, size: float, tint: int) -> None:
    """The thick hollow tree."""
    del size
    oak(near, x, _CROWNS[tint])


def big_toadstool(near: Canvas, x: float, size: float, tint: int) -> None:
    """A toadstool as large as a bush, and a little one beside it."""
    toadstool(near, x - 5, 101 - 36 * size, 15 * size, _CAPS[tint])
    toadstool(near, x + 14 * size, 85, 8, _CAPS[tint])


def stump(near: Canvas, x: float, size: float, tint: int) -> None:
    """What is left of a tree, with its rings."""
    del tint
    near.polygon([(x - 15 * size, FOOT), (x - 10 * size, 84), (x + 10 * size, 84), (x + 15 * size, FOOT)], "#8c6a50")
    near.ellipse(x, 84, 10 * size, 4, "#dcbc90")
    near.ellipse(x, 84, 5 * size, 2, "#b8946c")


def palm_tree(near: Canvas, x: float, size: float, tint: int) -> None:
    """A palm that leans to either side or stands straight."""
    lean = (11, -11, 3)[tint] * size
    palm(near, x - lean, x + lean, 100 - 62 * size)


def cactus(near: Canvas, x: float, size: float, tint: int) -> None:
    """A saguaro."""
    saguaro(near, x, 101 - 67 * size, _CACTI[tint])


def barrel(near: Canvas, x: float, size: float, tint: int) -> None:
    """A round cactus with a flower on it."""
    near.ellipse(x, 92, 12 * size, 13 * size, ("#7fa868", "#5f9878", "#98a85c")[tint])
    near.ellipse(x, 79, 4.5, 3.8, ("#d8506c", "#f0c040", "#f4f0f8")[tint])


def pyramid(near: Canvas, x: float, size: float, tint: int) -> None:
    """Two faces of a pyramid, one in the shade."""
    top, half = 100 - 62 * size, 42 * size
    near.polygon([(x - half, 100), (x, top), (x + half, 100)], _SANDS[tint])
    near.polygon([(x, top), (x + half, 100), (x + half / 3, 100)], _SHADES[tint])


def arch(near: Canvas, x: float, size: float, tint: int) -> None:
    """A bow of rock one can look through."""
    bow = [(-24, 98), (-22, 70), (-12, 56), (4, 52), (18, 60), (23, 76), (24, 98)]
    colour, light = (("#bd7860", "#d08e70"), ("#b08468", "#c89c7c"), ("#a86a70", "#c08488"))[tint]
    near.stroke([(x + dx * size, FOOT - (FOOT - y) * size) for dx, y in bow], 15 * size, colour)
    near.stroke([(x + dx * size, FOOT - (FOOT - y) * size) for dx, y in ((-24, 97), (-18, 72), (-14, 60))], 5, light)


def mesa(near: Canvas, x: float, size: float, tint: int) -> None:
    """A table mountain in two layers of rock."""
    colour, band = _STRATA[tint]
    top = FOOT - 56 * size
    sides = [(-36, 100), (-26, top), (26, top), (36, 100)]
    near.polygon([(x + dx * size, y) for dx, y in sides], colour)
    near.polygon(
        [(x - 30 * size, top + 22), (x + 30 * size, top + 22), (x + 32 * size, top + 32), (x - 32 * size, top + 32)],
        band,
    )
    near.rect(x - 26 * size, top, x + 26 * size, top + 6, band)


def rock(near: Canvas, x: float, size: float, tint: int) -> None:
    """A boulder."""
    boulder(near, x, 21 * size, (26, 34, 20)[tint] * size)


def crag(near: Canvas, x: float, size: float, tint: int) -> None:
    """A sharp peak close by, snow on its tip."""
    colour, shade = _CRAGS[tint]

    def at(points: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        return [(x + dx * size, 100 - up * size) for dx, up in points]

    near.polygon(at(((-35, 0), (-22, 34), (-14, 42), (-2, 74), (8, 56), (16, 48), (36, 0))), colour)
    near.polygon(at(((-2, 74), (8, 56), (16, 48), (36, 0), (10, 0), (0, 40))), shade)
    near.polygon(at(((-11, 50), (-2, 74), (10, 54), (4, 48), (-1, 54), (-6, 44))), "#f0f2f8")
