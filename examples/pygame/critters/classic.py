"""The hand-written renderer: the picture of a scene in a state, 128 by 128."""

import math
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from .canvas import Pixels
from .landscapes import GROUND, backdrop
from .layout import Layout, draw_layout
from .scene import SIZE, Scene, State
from .sprites import BASELINE, SPRITE_SIZE, STEPS, critter_sprite
from .weather import draw_weather

_LIGHT = {"day": (256, 256, 256), "sunset": (256, 238, 222), "night": (202, 212, 240)}  # of 256
_SHADOW = 44  # shadow width on the ground, px


def render(scene: Scene, state: State, layout: Layout | None = None) -> NDArray[np.uint8]:
    """The picture of the scene in this state, (128, 128, 3); the same inputs give the same picture.

    Without a layout it is layout 0.

    Raises:
        ValueError: the layout was drawn for another landscape or critter.
    """
    if layout is None:
        layout = draw_layout(0, scene.landscape, scene.critter)
    if (layout.scenery.landscape, layout.critter) != (scene.landscape, scene.critter):
        drawn, asked = f"{layout.critter}, {layout.scenery.landscape}", f"{scene.critter}, {scene.landscape}"
        raise ValueError(f"layout {layout.seed} was drawn for ({drawn}), the scene is ({asked})")
    picture = backdrop(layout.scenery, scene.time, scene.weather).seen_from(_whole(state.camera))
    x, y = _whole(state.x), _whole(state.y)
    shade = _shadow(y)
    _paste(picture, shade, x - shade.shape[1] // 2, GROUND - shade.shape[0] // 2)
    facing = 1 if state.facing >= 0 else -1
    sprite = _lit_sprite(scene.critter, layout.coat, scene.time, facing, int(state.walk * STEPS) % STEPS, state.y > 1)
    _paste(picture, sprite, x - SPRITE_SIZE // 2, GROUND - BASELINE - y)
    return draw_weather(picture, scene.weather, state.clock).astype(np.uint8)


def _whole(value: float) -> int:
    """The nearest whole px, halves upwards."""
    return math.floor(value + 0.5)


@cache
def _shadow(height: int) -> Pixels:
    """A soft dark oval, RGBA; it shrinks as the critter rises."""
    half = _SHADOW / 2 * (1 - height / 120)
    rows, columns = np.mgrid[-4.5:5, -_SHADOW / 2 + 0.5 : _SHADOW / 2]
    distance = np.sqrt((columns / half) ** 2 + (rows / (half / 5)) ** 2)
    shade = np.zeros((*distance.shape, 4), np.uint16)
    shade[..., :3] = (24, 20, 48)
    shade[..., 3] = np.clip((1 - distance) * 3, 0, 1) * 110
    return shade


@lru_cache(maxsize=2048)  # 41 coats in three lights and 17 pictures
def _lit_sprite(critter: str, coat: str, time: str, facing: int, step: int, airborne: bool) -> Pixels:
    """The critter in the light of the hour, RGBA."""
    sprite = critter_sprite(critter, facing, step, airborne, coat).astype(np.uint16)
    sprite[..., :3] = sprite[..., :3] * np.array(_LIGHT[time], np.uint16) >> 8
    return sprite


def _paste(picture: Pixels, image: Pixels, left: int, top: int) -> None:
    """Lay the RGBA image over the picture, cutting off what leaves it."""
    height, width = image.shape[:2]
    x0, x1 = max(left, 0), min(left + width, SIZE)
    y0, y1 = max(top, 0), min(top + height, SIZE)
    if x0 >= x1 or y0 >= y1:
        return
    part = image[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = part[..., 3:]
    target = picture[y0:y1, x0:x1]
    target[:] = (target * (255 - alpha) + part[..., :3] * alpha + 127) // 255
