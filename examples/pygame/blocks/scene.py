"""What a picture shows: a scene (what words can name), a layout (what they do not say) and where the dot is.

A picture is a pure function of the three. Letters: H W pixels.
"""

import random
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 64, 48  # px
FPS = 16
GROUND = 40  # row of the ground's first pixel
RADIUS = 4  # of the dot, px
BAR = 8  # px a bar takes of the ground's width; two of them are a gap
HEIGHTS = range(4, 33, 4)  # of a bar, px
GAP_SHARE = 0.25  # of the places for bars stay empty

Colour: TypeAlias = tuple[int, int, int]

DOTS: dict[str, Colour] = {"white": (250, 250, 250), "pink": (255, 120, 190)}
BARS: dict[str, Colour] = {
    "red": (196, 60, 52),
    "green": (64, 150, 84),
    "blue": (52, 92, 200),
    "yellow": (226, 182, 40),
}
SKIES: dict[str, Colour] = {"day": (160, 214, 246), "dusk": (244, 170, 128), "night": (42, 40, 84)}
_GROUNDS: dict[str, Colour] = {"day": (112, 104, 96), "dusk": (104, 76, 84), "night": (30, 26, 44)}
_LIGHT = {"day": 1.0, "dusk": 0.9, "night": 0.72}  # on the bars

TRAINING_LAYOUTS = range(1, 1_000_000)
VALIDATION_LAYOUTS = range(1_000_000, 1_100_000)
TEST_LAYOUTS = range(1_100_000, 1_200_000)
LAYOUTS = {"train": TRAINING_LAYOUTS, "validation": VALIDATION_LAYOUTS, "test": TEST_LAYOUTS}


@dataclass(frozen=True, slots=True)
class Scene:
    """What words can name: the colours of the dot and of the bars, and the time of day."""

    dot: str = "white"
    bars: str = "red"
    sky: str = "day"

    def __post_init__(self) -> None:
        for name, value, known in (("dot", self.dot, DOTS), ("bars", self.bars, BARS), ("sky", self.sky, SKIES)):
            if value not in known:
                raise ValueError(f"{name} is {value!r}, expected one of {', '.join(known)}")


SCENES = tuple(Scene(dot, bars, sky) for dot in DOTS for bars in BARS for sky in SKIES)


@dataclass(frozen=True, slots=True)
class Layout:
    """Heights of the bars from left to right, px; 0 is a gap."""

    heights: tuple[int, ...]


def draw_layout(number: int) -> Layout:
    """The layout of a number, always the same."""
    rng = random.Random(f"blocks/{number}")
    return Layout(tuple(0 if rng.random() < GAP_SHARE else rng.choice(HEIGHTS) for _ in range(WIDTH // BAR)))


def render(scene: Scene, layout: Layout, x: float, y: float) -> NDArray[np.uint8]:
    """The picture, `(H, W, 3)`.

    Args:
        x: middle of the dot, px from the left.
        y: height of its lowest point above the ground, px.
    """
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:GROUND] = SKIES[scene.sky]
    picture[GROUND:] = _GROUNDS[scene.sky]
    light = _LIGHT[scene.sky]
    face = np.array(BARS[scene.bars]) * light
    for place, height in enumerate(layout.heights):
        if height:
            left, top = place * BAR + 1, GROUND - height
            picture[top:GROUND, left : left + BAR - 2] = face
            picture[top : top + 2, left : left + BAR - 2] = np.minimum(face * 1.35, 255)  # its lit edge
    _draw_dot(picture, scene.dot, x, y)
    return picture


def dot_pixels(dot: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A dot as `(side, side, 3)`, and which of these pixels are its own, `(side, side)`."""
    places = np.arange(-RADIUS, RADIUS + 1)
    distance = np.hypot(places[:, None], places)
    pixels = np.empty((*distance.shape, 3), np.uint8)
    pixels[:] = (20, 20, 28)  # its rim
    pixels[distance <= RADIUS - 0.8] = DOTS[dot]
    return pixels, distance <= RADIUS + 0.4


def _draw_dot(picture: NDArray[np.uint8], dot: str, x: float, y: float) -> None:
    """Only what is on the screen of it."""
    pixels, inside = dot_pixels(dot)
    rows, columns = np.nonzero(inside)
    down, right = rows + GROUND - 1 - 2 * RADIUS - round(y), columns + round(x) - RADIUS
    seen = (down >= 0) & (down < HEIGHT) & (right >= 0) & (right < WIDTH)
    picture[down[seen], right[seen]] = pixels[inside][seen]
