"""What a picture holds that neither the scene nor the state says: a layout, drawn from an integer.

One number gives a layout for every landscape and every critter: the same sky in all of them, other landmarks in each.
Layout 0 is the scenery and the coats of the classic pictures.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from .canvas import Point
from .coats import COATS, classic_coat
from .kinds import BACKGROUNDS, KINDS, LARGE, NUM_TINTS, SMALL
from .scene import CRITTERS, LANDSCAPES, PERIOD, SIZE

_GAP = 8  # px at least between two large landmarks
_FAR_WIDTH = int(PERIOD) // 2


@dataclass(frozen=True, slots=True)
class Landmark:
    """One thing and where it stands; x is its middle, px in its layer, which repeats."""

    kind: str
    x: float
    size: float = 1.0  # of its usual one
    tint: int = 0  # which of its colours


@dataclass(frozen=True, slots=True)
class Sky:
    """Where everything hangs above the horizon; it does not move with the camera. Places in px."""

    sun: Point = (100, 22)
    low_sun: Point = (88, 52)
    moon: Point = (100, 22)
    stars: tuple[tuple[float, float, float], ...] = (
        (14, 14, 4),
        (40, 30, 3),
        (62, 10, 4),
        (26, 48, 3),
        (76, 40, 3),
        (118, 50, 3),
    )  # x, y, size
    clouds: tuple[tuple[float, float, float], ...] = ()  # x, y, half the width
    bank: tuple[tuple[float, float], ...] = ((6, 22), (52, 26), (98, 20))  # of bad weather: x, half the width


@dataclass(frozen=True, slots=True)
class Scenery:
    """The place: its sky, what stands far and near, and the colours of the ground."""

    landscape: str
    sky: Sky
    far: tuple[Landmark, ...]
    near: tuple[Landmark, ...]
    tint: int = 0
    classic: bool = False  # drawn by hand; `near` then only says what is there


@dataclass(frozen=True, slots=True)
class Layout:
    """All that the seed decides about a picture."""

    seed: int
    scenery: Scenery
    critter: str
    coat: str


@lru_cache(maxsize=512)
def draw_layout(seed: int, landscape: str, critter: str) -> Layout:
    """The layout of this number for a landscape and a critter; the same arguments give the same layout."""
    if seed < 0:
        raise ValueError(f"layout seed is {seed}, expected 0 or more")
    if landscape not in LANDSCAPES:
        raise ValueError(f"landscape is {landscape!r}, expected one of {', '.join(LANDSCAPES)}")
    if critter not in CRITTERS:
        raise ValueError(f"critter is {critter!r}, expected one of {', '.join(CRITTERS)}")
    if seed == 0:
        scenery = Scenery(landscape, Sky(), (), _CLASSIC[landscape], classic=True)
        return Layout(0, scenery, critter, classic_coat(critter))
    coat = random.Random(f"{seed}/{critter}").choice(list(COATS[critter]))
    return Layout(seed, _scenery(seed, landscape), critter, coat)


def _scenery(seed: int, landscape: str) -> Scenery:
    rng = random.Random(f"{seed}/{landscape}")
    far = tuple(_far(landscape, rng))
    near = tuple(_near(landscape, rng))
    return Scenery(landscape, _sky(random.Random(f"{seed}/sky")), far, near, rng.randrange(NUM_TINTS))


def _sky(rng: random.Random) -> Sky:
    def place(low: float, high: float, *, top: int, bottom: int) -> Point:
        return (round(rng.uniform(low, high)), rng.randint(top, bottom))

    cells = rng.sample([(column, row) for column in range(6) for row in range(3)], rng.randint(4, 9))
    columns = rng.sample(range(4), rng.choice((0, 1, 2, 2, 3)))
    return Sky(
        sun=place(18, 110, top=16, bottom=34),
        low_sun=place(14, 114, top=40, bottom=62),
        moon=place(18, 110, top=16, bottom=34),
        stars=tuple((11 + 21 * column, 9 + 18 * row + rng.randint(-3, 3), rng.choice((3, 4))) for column, row in cells),
        clouds=tuple((16 + 32 * column, rng.randint(14, 40), rng.choice((9, 13, 17))) for column in columns),
        bank=tuple((x + rng.randint(-10, 10), rng.choice((16, 22, 28))) for x in (6, 52, 98)),
    )


def _far(landscape: str, rng: random.Random) -> list[Landmark]:
    """A skyline: kinds of the background side by side, each as wide as it likes."""
    background = BACKGROUNDS[landscape]
    num = rng.randint(*background.number)
    offset, step = rng.uniform(0, _FAR_WIDTH), _FAR_WIDTH / num
    return [
        Landmark(
            rng.choice(background.kinds),
            round((offset + index * step + rng.uniform(-0.25, 0.25) * step) % _FAR_WIDTH),
            rng.choice(background.sizes),
            rng.randrange(NUM_TINTS),
        )
        for index in range(num)
    ]


def _near(landscape: str, rng: random.Random) -> list[Landmark]:
    """Large landmarks with room between them, and something small in some of the gaps."""
    large = _large(landscape, rng)
    room = PERIOD - sum(_width(each) for each in large)
    shares = [rng.uniform(0.3, 1.7) for _ in large]
    gaps = [_GAP + (room - _GAP * len(large)) * share / sum(shares) for share in shares]
    placed, left = [], rng.uniform(0, PERIOD)
    for each, gap in zip(large, gaps, strict=True):
        half = _width(each) / 2
        placed.append(Landmark(each.kind, round((left + half) % PERIOD), each.size, each.tint))
        left += 2 * half + gap
        fitting = [kind for kind in SMALL[landscape] if KINDS[kind].width + _GAP < gap]
        if fitting and rng.random() < 0.7:
            kind = rng.choice(fitting)
            placed.append(Landmark(kind, round((left - gap / 2) % PERIOD), 1.0, rng.randrange(NUM_TINTS)))
    return placed


def _large(landscape: str, rng: random.Random) -> list[Landmark]:
    """Three to five large landmarks that fit into one period; some kinds stand alone."""
    chosen: list[Landmark] = []
    for _ in range(rng.choice((2, 3, 3, 4, 4, 5))):
        taken = {each.kind for each in chosen if KINDS[each.kind].alone}
        kind = rng.choice([kind for kind in LARGE[landscape] if kind not in taken])
        landmark = Landmark(kind, 0.0, rng.choice(KINDS[kind].sizes), rng.randrange(NUM_TINTS))
        if sum(map(_width, chosen)) + _width(landmark) + _GAP * (len(chosen) + 1) <= PERIOD:
            chosen.append(landmark)
    return chosen


def _width(landmark: Landmark) -> float:
    return KINDS[landmark.kind].width * landmark.size


def in_view(layout: Layout, camera: float) -> tuple[Landmark, ...]:
    """The near landmarks whose middle is on the screen, not at its very edge."""
    margin = 10
    return tuple(
        each for each in layout.scenery.near if margin <= (each.x - camera) % PERIOD <= SIZE - margin
    )


_CLASSIC: dict[str, tuple[Landmark, ...]] = {
    "meadow": (
        Landmark("tree", 34),
        Landmark("bush", 84),
        Landmark("apple tree", 124),
        Landmark("barn", 184),
        Landmark("fence", 230),
    ),
    "desert": (Landmark("cactus", 26), Landmark("pyramid", 98), Landmark("arch", 190)),
    "beach": (
        Landmark("palm", 40),
        Landmark("parasol", 98),
        Landmark("lighthouse", 152),
        Landmark("palm", 210),
        Landmark("palm", 236),
    ),
    "forest": (
        Landmark("fir", 22),
        Landmark("fir", 58),
        Landmark("oak", 112),
        Landmark("fir", 164),
        Landmark("fir", 190),
        Landmark("toadstool", 226),
        Landmark("toadstool", 246),
    ),
    "mountains": (
        Landmark("fir", 20),
        Landmark("boulder", 66),
        Landmark("cabin", 122),
        Landmark("fir", 158),
        Landmark("crag", 205),
    ),
    "city": (
        Landmark("house", 26),
        Landmark("lamp", 52),
        Landmark("house", 77),
        Landmark("house", 124),
        Landmark("house", 179),
        Landmark("lamp", 222),
        Landmark("tree", 238),
    ),
}
