"""The plainest picture of a state: what a bot sends to be redrawn. Pure."""

import numpy as np
from numpy.typing import NDArray

from streamdit.bots.trajectories import SCREEN_LEFT, SCREEN_RIGHT, StateValues, is_critter_world
from streamdit.types import WorldInfo

SKY, GROUND, BOX = (150, 180, 210), (110, 130, 90), (190, 120, 120)
HORIZON = 0.75  # of the height: where the ground begins
BOX_SHARE = 0.25  # of the height: the box's side


def boxes(world: WorldInfo, values: StateValues) -> NDArray[np.uint8]:
    """Sky, ground and one box that stands where the state says, uint8 (H, W, 3)."""
    rgb = np.empty((world.height, world.width, 3), np.uint8)  # (H, W, 3)
    floor, side = round(HORIZON * world.height), round(BOX_SHARE * world.height)
    rgb[:floor], rgb[floor:] = SKY, GROUND
    across, rise = _place(world, values)
    left = min(max(round(across * world.width - side / 2), 0), world.width - side)
    bottom = max(floor - rise, side)
    rgb[bottom - side : bottom, left : left + side] = BOX
    return rgb


def _place(world: WorldInfo, values: StateValues) -> tuple[float, int]:
    """How far across the picture, 0..1, and how many px above the ground."""
    if is_critter_world(world):
        state = dict(zip((field.name for field in world.state_fields), values, strict=True))
        return state["x"] / (SCREEN_LEFT + SCREEN_RIGHT), round(state["y"])
    field = world.state_fields[0]
    return (values[0] - field.min) / (field.max - field.min), 0
