"""The kinds of landmarks that layouts choose from: how wide each is, in which sizes it comes, where it belongs."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from . import buildings, growth
from .canvas import Canvas

Painter: TypeAlias = Callable[[Canvas, float, float, int], None]  # canvas, x, size, tint

NUM_TINTS = 3  # every kind and every ground comes in as many colours

_USUAL = (1.0,)


class Kind(NamedTuple):
    """One kind of near landmark."""

    paint: Painter
    width: float  # px at size 1
    sizes: tuple[float, ...] = _USUAL
    alone: bool = False  # at most one in a layout


class Background(NamedTuple):
    """What a skyline is made of."""

    kinds: tuple[str, ...]
    number: tuple[int, int]  # at least, at most
    sizes: tuple[float, ...]


KINDS: Mapping[str, Kind] = {
    "tree": Kind(growth.tree, 54, (0.7, 1.0)),
    "apple tree": Kind(growth.apple_tree, 46, (0.9, 1.1)),
    "poplar": Kind(growth.poplar, 22, (0.8, 1.05)),
    "bush": Kind(growth.bush, 36),
    "fir": Kind(growth.fir, 46, (0.65, 1.0)),
    "birch": Kind(growth.birch, 46),
    "oak": Kind(growth.hollow_oak, 68, alone=True),
    "toadstool": Kind(growth.big_toadstool, 44, (0.8, 1.1)),
    "stump": Kind(growth.stump, 30),
    "palm": Kind(growth.palm_tree, 48, (0.85, 1.05)),
    "cactus": Kind(growth.cactus, 44, (0.8, 1.0)),
    "round cactus": Kind(growth.barrel, 24),
    "pyramid": Kind(growth.pyramid, 84, (0.75, 1.0)),
    "arch": Kind(growth.arch, 62, (0.9, 1.1), alone=True),
    "mesa": Kind(growth.mesa, 72, (0.8, 1.05)),
    "boulder": Kind(growth.rock, 42, (0.8, 1.2)),
    "crag": Kind(growth.crag, 72, (0.8, 1.05)),
    "barn": Kind(buildings.barn, 50, alone=True),
    "windmill": Kind(buildings.windmill, 64, alone=True),
    "haystack": Kind(buildings.haystack, 40),
    "fence": Kind(buildings.fence, 48),
    "tent": Kind(buildings.tent, 60, alone=True),
    "parasol": Kind(buildings.parasol, 56),
    "lighthouse": Kind(buildings.lighthouse, 32, alone=True),
    "hut": Kind(buildings.hut, 46),
    "sandcastle": Kind(buildings.sandcastle, 38),
    "cabin": Kind(buildings.cabin, 54, alone=True),
    "signpost": Kind(buildings.signpost, 40),
    "house": Kind(buildings.house, 48, (0.75, 1.3)),
    "tower": Kind(buildings.tower, 40, (0.8, 1.0)),
    "church": Kind(buildings.church, 62, alone=True),
    "lamp": Kind(buildings.lamp, 14),
    "bench": Kind(buildings.bench, 34),
}
LARGE: Mapping[str, tuple[str, ...]] = {
    "meadow": ("tree", "tree", "apple tree", "poplar", "barn", "windmill"),
    "desert": ("cactus", "cactus", "pyramid", "mesa", "arch", "tent"),
    "beach": ("palm", "palm", "parasol", "lighthouse", "hut", "boulder"),
    "forest": ("fir", "fir", "birch", "oak", "tree", "toadstool"),
    "mountains": ("fir", "fir", "crag", "cabin", "boulder", "tent"),
    "city": ("house", "house", "tower", "church", "tree"),
}
SMALL: Mapping[str, tuple[str, ...]] = {
    "meadow": ("bush", "haystack", "fence"),
    "desert": ("round cactus", "boulder"),
    "beach": ("sandcastle", "bush"),
    "forest": ("stump", "bush"),
    "mountains": ("boulder", "signpost"),
    "city": ("lamp", "bench"),
}
BACKGROUNDS: Mapping[str, Background] = {
    "meadow": Background(("hill",), (1, 3), (0.6, 1.0, 1.5)),
    "desert": Background(("hill", "table", "point"), (2, 3), (0.7, 1.0, 1.4)),
    "beach": Background(("sail", "sail", "island", "steamer"), (1, 3), (0.8, 1.1)),
    "forest": Background(("firs", "crown"), (4, 7), (0.7, 1.0, 1.3)),
    "mountains": Background(("peak", "peak", "round top"), (2, 3), (0.7, 1.0, 1.25)),
    "city": Background(("block", "block", "spire"), (4, 7), (0.6, 1.0, 1.4)),
}
