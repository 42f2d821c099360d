"""The backdrop of a scenery at some time, in some weather: a fixed sky, a far layer and a near layer."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .canvas import Canvas, Colour, Layer, Pixels, mix, rgb
from .horizon import GROUNDS, OUTLINES, Ground
from .kinds import KINDS
from .landmarks import flower, star
from .layout import Scenery
from .places import CLASSIC_PLACES, EDGE, ground
from .scene import PERIOD, SIZE
from .sky import DAYLIGHT, SKIES, sky_canvas
from .weather import weathered

GROUND = 108  # the row the soles stand on
_FAR_WIDTH = int(PERIOD) // 2  # the far layer moves at half speed


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Everything behind the critter: a sky fixed to the screen and two layers that scroll."""

    sky: Pixels
    far: Layer
    near: Layer

    def seen_from(self, camera: int) -> Pixels:
        """The backdrop with the screen's left edge at `camera`."""
        return self.near.over(self.far.over(self.sky, camera % int(PERIOD) // 2), camera)


@lru_cache(maxsize=96)  # the 54 classic ones, and the recordings at hand; half a megabyte each
def backdrop(scenery: Scenery, time: str, weather: str) -> Backdrop:
    """The sky and the layers of a scenery; drawn on first use."""

    def tone(colour: Colour) -> Colour:
        return weathered(_timed(colour, scenery.landscape, time), weather, DAYLIGHT[time])

    far, near = Canvas(_FAR_WIDTH, tone), Canvas(int(PERIOD), tone, dark=time == "night")
    if scenery.classic:
        CLASSIC_PLACES[scenery.landscape](far, near)
    else:
        _draw(scenery, far, near)
    if weather == "snow":
        near.wash(EDGE, "#ffffff", 0.55)
    black = np.zeros((SIZE, SIZE, 3), np.uint16)
    sky = sky_canvas(scenery.landscape, time, weather, scenery.sky).layer().over(black, 0)
    return Backdrop(sky, far.layer(), near.layer())


def _timed(colour: Colour, landscape: str, time: str) -> Colour:
    """A daylight colour as it looks at this time, under this landscape's sky."""
    if time == "day":
        return colour
    red, green, blue = colour
    sky = rgb(SKIES[landscape, time][2])
    if time == "sunset":
        return mix((red * 0.88, green * 0.74, blue * 0.74), sky, 0.15)
    return mix((red * 0.52, green * 0.56, blue * 0.6 + 18), sky, 0.28)


def _draw(scenery: Scenery, far: Canvas, near: Canvas) -> None:
    """The layers of a scenery that is drawn from its layout."""
    colours = GROUNDS[scenery.landscape][scenery.tint]
    if scenery.landscape == "beach":
        far.rect(0, 70, far.width, SIZE, colours.far)
        far.rect(0, 84, far.width, SIZE, colours.further)
        near.rect(0, 93, near.width, SIZE, "#e4f2ee")
    for each in sorted(scenery.far, key=lambda each: -each.size):
        OUTLINES[each.kind](far, each.x, each.size, each.tint, colours)
    ground(near, colours.back, colours.front)
    _litter(scenery, near, colours)
    for each in scenery.near:
        KINDS[each.kind].paint(near, each.x, each.size, each.tint)


def _litter(scenery: Scenery, near: Canvas, colours: Ground) -> None:
    """Flowers, stones or a road's line in the foreground: what shows that the ground moves."""
    if scenery.landscape == "city":
        for x in range(8, 256, 32):
            near.rect(x, 121, x + 16, 124, "#d8d0c0")
        return
    for index in range(7):
        x, y = (scenery.near[0].x + 37 * index) % PERIOD, (122, 119, 123)[index % 3]
        match scenery.landscape:
            case "meadow":
                flower(near, x, y, ("#d85858", "#f4f0f8", "#7e70d0")[(index // 3 + scenery.tint) % 3])
            case "beach" if index % 2:
                star(near, x, y, 6, "#d8806c")
            case _:
                near.ellipse(x, y + 1, 5 + index % 3, 3 + index % 2, _stone(colours))


def _stone(colours: Ground) -> str:
    """A darker tone of the ground."""
    red, green, blue = mix(rgb(colours.front), (70.0, 60.0, 60.0), 0.35)
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"
