"""The zoo: eight critters drawn from shapes, looking right, 56 px high, in walk and jump poses and many coats."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .coats import COATS, PATCH, Coat, classic_coat
from .poses import STEPS, Pose, pose_of
from .shapes import Part, paint
from .waddlers import duck, frog, penguin, robot
from .walkers import cat, fox, pig, rabbit

SPRITE_SIZE = 56  # width and height of a sprite, px
BASELINE = 53  # the row of the soles

_ZOO: dict[str, Callable[[Pose], list[Part]]] = {
    "pig": pig,
    "cat": cat,
    "fox": fox,
    "rabbit": rabbit,
    "frog": frog,
    "duck": duck,
    "penguin": penguin,
    "robot": robot,
}


@lru_cache(maxsize=2048)  # 41 coats in 18 pictures each, and room
def critter_sprite(critter: str, facing: int, step: int, airborne: bool, coat: str | None = None) -> NDArray[np.uint8]:
    """The critter as (56, 56, 4) RGBA with straight alpha, read-only; step 0 stands, the air has one pose.

    Without a coat it wears the classic one.
    """
    if critter not in _ZOO:
        raise ValueError(f"critter is {critter!r}, expected one of {', '.join(_ZOO)}")
    if facing not in (-1, 1):
        raise ValueError(f"facing is {facing!r}, expected -1 or 1")
    if step not in range(STEPS):
        raise ValueError(f"step is {step!r}, expected 0 to {STEPS - 1}")
    if coat is None:
        return critter_sprite(critter, facing, step, airborne, classic_coat(critter))
    if coat not in COATS[critter]:
        raise ValueError(f"coat of a {critter} is {coat!r}, expected one of {', '.join(COATS[critter])}")
    if airborne and step:
        return critter_sprite(critter, facing, 0, True, coat)
    if facing == -1:
        sprite = np.ascontiguousarray(critter_sprite(critter, 1, step, airborne, coat)[:, ::-1])
    else:
        sprite = paint(_dressed(_ZOO[critter](pose_of(step, airborne)), COATS[critter][coat]), SPRITE_SIZE)
    sprite.flags.writeable = False
    return sprite


def _dressed(parts: list[Part], coat: Coat) -> list[Part]:
    """The drawing in the coat's colours; patches that it does not colour are left out."""
    return [
        part._replace(colour=coat.get(part.colour, part.colour))
        for part in parts
        if part.colour != PATCH or PATCH in coat
    ]
