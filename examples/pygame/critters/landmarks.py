"""Landmarks: the trees, houses and rocks that tell one place from another."""

from .canvas import Canvas

_CAP = ((-1, 1), (-0.92, 0.6), (-0.6, 0.18), (0, 0), (0.6, 0.18), (0.92, 0.6), (1, 1))
_ROCK = ((-1, 0), (-0.9, 0.5), (-0.4, 0.95), (0.3, 1), (0.85, 0.6), (1, 0))


def star(canvas: Canvas, x: float, y: float, size: float, colour: str) -> None:
    """A four-pointed star."""
    thin = size * 0.35
    corners = ((0, -size), (thin, -thin), (size, 0), (thin, thin))
    canvas.polygon(
        [(x + side * dx, y + side * dy) for side in (1, -1) for dx, dy in corners],
        colour,
    )


def round_tree(near: Canvas, x: float, top: float, size: float, colours: tuple[str, str]) -> None:
    """A trunk under a round crown with a light patch."""
    near.rect(x - 4, top + size, x + 4, 101, "#86664e")
    near.ellipse(x, top + size, size, size, colours[0])
    near.ellipse(x - size * 0.25, top + size * 0.75, size * 0.6, size * 0.55, colours[1])


def conifer(canvas: Canvas, x: float, ends: tuple[float, float], half: float, colours: tuple[str, str]) -> None:
    """Three tiers of needles on a short trunk."""
    top, bottom = ends
    tall = bottom - top
    canvas.rect(x - half / 6, bottom - 2, x + half / 6, bottom + 8, "#7d6150")
    for tier, colour in ((2, colours[0]), (1, colours[1]), (0, colours[0])):
        wide, low = half * (0.6 + 0.2 * tier), top + tall * (0.45 + 0.275 * tier)
        canvas.polygon([(x, low - tall * 0.45), (x + wide, low), (x - wide, low)], colour)


def flower(near: Canvas, x: float, y: float, colour: str) -> None:
    """Four petals around a yellow heart."""
    for dx, dy in ((-2.5, 0), (2.5, 0), (0, -2.5), (0, 2.5)):
        near.ellipse(x + dx, y + dy, 2.3, 2.3, colour)
    near.ellipse(x, y, 1.8, 1.8, "#f4d35a")


def barn(near: Canvas, x: float, wall: str = "#b4695e") -> None:
    """A barn with a big door and a round loft window."""
    near.rect(x - 20, 66, x + 20, 101, wall)
    near.polygon([(x - 24, 67), (x - 14, 48), (x, 40), (x + 14, 48), (x + 24, 67)], "#7d5a58")
    near.rect(x - 8, 80, x + 8, 101, "#d9b8a4")
    near.ellipse(x, 60, 5, 5, "#e0c4b0", glow="#ffd773")


def saguaro(near: Canvas, x: float, top: float, colour: str) -> None:
    """A cactus with two raised arms."""
    near.stroke([(x, top + 6), (x, 98)], 13, colour)
    near.stroke([(x, 78), (x - 16, 78), (x - 16, 56)], 8, colour)
    near.stroke([(x, 68), (x + 15, 68), (x + 15, 48)], 8, colour)
    near.stroke([(x - 2, top + 8), (x - 2, 96)], 3, "#86b284")


def palm(near: Canvas, foot: float, x: float, top: float) -> None:
    """A leaning trunk with six fronds and two nuts."""
    near.stroke([(foot, 99), (foot * 0.7 + x * 0.3, 80), (x, top)], 6, "#a37c58")
    for dx, dy in ((-20, 14), (20, 14), (-23, 0), (23, 0), (-10, -10), (10, -10)):
        near.polygon(
            [
                (x, top + 3),
                (x + dx * 0.55, top + dy * 0.2 - 7),
                (x + dx, top + dy),
                (x + dx * 0.5, top + dy * 0.4 + 2),
            ],
            "#4f9a70" if dy else "#66ae7c",
        )
    near.ellipse(x - 3, top + 4, 3, 3, "#7c5a44")
    near.ellipse(x + 3, top + 4, 3, 3, "#7c5a44")


def parasol(near: Canvas, x: float, cloth: str = "#d0605c", pale: str = "#f2e6d8") -> None:
    """A striped parasol and a towel."""
    near.rect(x - 1.5, 62, x + 1.5, 101, "#e8e0d4")
    for left, right, colour in (
        (-24, -12, cloth),
        (-12, 0, pale),
        (0, 12, cloth),
        (12, 24, pale),
    ):
        near.polygon([(x, 50), (x + left * 0.75, 58), (x + left, 70), (x + right, 70), (x + right * 0.75, 58)], colour)
    near.polygon([(x - 34, 95), (x - 12, 95), (x - 8, 100), (x - 30, 100)], "#6a8fc0")


def lighthouse(near: Canvas, x: float, bands: str = "#c4645c") -> None:
    """A striped tower with a lamp room."""
    for band in range(4):
        top, low = 40 + band * 15, 55 + band * 15
        near.polygon(
            [
                (x - 8 - band * 1.5, top),
                (x + 8 + band * 1.5, top),
                (x + 9.5 + band * 1.5, low),
                (x - 9.5 - band * 1.5, low),
            ],
            ("#f0e8e0", bands)[band % 2],
        )
    near.rect(x - 7, 28, x + 7, 40, "#b8dce4", glow="#ffe27a")
    near.polygon([(x - 10, 29), (x, 18), (x + 10, 29)], "#b4544e")
    near.rect(x - 11, 38, x + 11, 42, "#8c5450")


def oak(near: Canvas, x: float, crown: str = "#7f9a48") -> None:
    """A thick hollow tree."""
    near.polygon([(x - 16, 101), (x - 9, 84), (x - 9, 40), (x + 9, 40), (x + 9, 84), (x + 16, 101)], "#8c6a50")
    for dx, dy, size in ((-18, 40, 16), (18, 40, 16), (0, 28, 20)):
        near.ellipse(x + dx, dy, size, size * 0.85, crown)
    near.ellipse(x, 78, 6, 8, "#5e4638", glow="#ffcf66")


def toadstool(near: Canvas, x: float, top: float, half: float, cap: str = "#b8524c") -> None:
    """A spotted cap on a pale stem."""
    near.rect(x - half * 0.35, top + half * 0.8, x + half * 0.35, 101, "#e6dac4")
    near.polygon([(x + half * dx, top + half * dy) for dx, dy in _CAP], cap)
    for dx, dy in ((-0.45, 0.6), (0.1, 0.35), (0.55, 0.65)):
        near.ellipse(x + half * dx, top + half * dy, half * 0.17, half * 0.17, "#efe4d4")


def peak(far: Canvas, x: float, top: float, half: float, colour: str) -> None:
    """A mountain with a jagged cap of snow."""
    slope = half / (104 - top)
    far.polygon([(x, top), (x + half, 104), (x - half, 104)], colour)
    cap = [(-20, 20), (-9, 15), (-3, 22), (5, 15), (20, 20)]
    far.polygon([(x, top), *((x - dx * slope, top + dy) for dx, dy in cap)], "#f2f5fb")


def boulder(near: Canvas, x: float, half: float, tall: float) -> None:
    """A rock with a lighter face."""
    near.polygon([(x + half * a, 101 - tall * b) for a, b in _ROCK], "#9a8c94")
    near.polygon([(x + half * a * 0.8 - 3, 100 - tall * (0.3 + b * 0.62)) for a, b in _ROCK[1:-1]], "#b0a2a6")


def cabin(near: Canvas, x: float, wall: str = "#a07858") -> None:
    """A log cabin under a snowy roof."""
    near.rect(x + 8, 52, x + 15, 70, "#7a6a70")
    near.rect(x - 19, 74, x + 19, 101, wall)
    near.polygon([(x - 26, 77), (x, 50), (x + 26, 77)], "#eceff4")
    near.polygon([(x - 16, 77), (x, 60), (x + 16, 77)], "#8c6850")
    near.rect(x - 14, 82, x - 3, 92, "#c8dce4", glow="#ffd773")
    near.rect(x + 3, 83, x + 13, 101, "#6c5044")


def house(near: Canvas, sides: tuple[int, int], top: int, wall: str, roof: str) -> None:
    """A house with a pointed roof and rows of windows."""
    left, right = sides
    near.rect(left, top, right, 101, wall)
    near.polygon([(left - 3, top + 1), (right + 3, top + 1), ((left + right) / 2, top - 14)], roof)
    for y in range(top + 6, 84, 16):
        for x in range(left + 5, right - 10, 13):
            near.rect(x, y, x + 8, y + 9, "#d4e4ea", glow="#ffd773")
    near.rect((left + right) / 2 - 5, 86, (left + right) / 2 + 5, 101, roof)


def lamp(near: Canvas, x: float) -> None:
    """A street lamp."""
    near.rect(x - 1.5, 56, x + 1.5, 101, "#5c5868")
    near.ellipse(x, 53, 6, 6, "#f0ead8", glow="#ffe694")
