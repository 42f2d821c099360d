"""Where a scripted player is, frame by frame: endless generators of full states in a world's field order. Pure."""

import math
from collections import deque
from collections.abc import Iterator
from random import Random
from typing import TypeAlias

from streamdit.types import StateField, WorldInfo

StateValues: TypeAlias = tuple[float, ...]

WALK_PX = 4.0  # per frame
PHASE_STEP = 1 / 8  # of the walk cycle, per frame
CLOCK_STEP = 1 / 16  # of the weather cycle, per frame
JUMP_PX, GRAVITY_PX = 10.0, 2.5  # per frame, per frame^2
SCREEN_LEFT, SCREEN_RIGHT = 40.0, 88.0  # beyond these the camera moves instead of the critter
CRITTER_FIELDS = ("x", "y", "facing", "walk", "camera", "clock")


def is_critter_world(world: WorldInfo) -> bool:
    """Whether the world has all that a walking critter needs."""
    return set(CRITTER_FIELDS) <= {field.name for field in world.state_fields}


def in_range(field: StateField, value: float) -> float:
    """Wrapped if the field is periodic, else clipped."""
    if field.periodic:
        wrapped = field.min + math.fmod(value - field.min, field.max - field.min)
        return wrapped if wrapped >= field.min else wrapped + field.max - field.min
    return min(max(value, field.min), field.max)


def standing(world: WorldInfo) -> dict[str, float]:
    """Every field by name: a critter stands in the middle, another world rests."""
    state = {field.name: field.resting for field in world.state_fields}
    if is_critter_world(world):
        state |= {"x": 64.0, "y": 0.0, "facing": 1.0, "walk": 0.0, "camera": 0.0, "clock": 0.0}
    return state


def ordered(world: WorldInfo, state: dict[str, float]) -> StateValues:
    """In the world's field order and ranges."""
    return tuple(in_range(field, state[field.name]) for field in world.state_fields)


def wander(world: WorldInfo, random: Random) -> Iterator[StateValues]:
    """One state per frame for ever: a critter that walks, stands and jumps, or smooth values in range."""
    return _walk(world, random) if is_critter_world(world) else _drift(world, random)


def _walk(world: WorldInfo, random: Random) -> Iterator[StateValues]:
    state = standing(world)
    direction, frames_left = 1.0, 0
    rise_px: float | None = None  # of the jump in the air, per frame
    while True:
        if frames_left == 0:
            direction = random.choice((-1.0, 0.0, 1.0, 1.0))
            frames_left = random.randint(16, 48)
        frames_left -= 1
        if rise_px is None and random.random() < 1 / 40:
            rise_px = JUMP_PX
        if rise_px is not None:
            state["y"] += rise_px
            rise_px -= GRAVITY_PX
            if state["y"] <= 0.0:
                state["y"], rise_px = 0.0, None
        if direction:
            state["facing"] = direction
            state["walk"] = (state["walk"] + PHASE_STEP) % 1.0
            x = state["x"] + direction * WALK_PX
            if SCREEN_LEFT <= x <= SCREEN_RIGHT:
                state["x"] = x
            else:
                state["camera"] += direction * WALK_PX
        else:
            state["walk"] = 0.0
        state["clock"] = (state["clock"] + CLOCK_STEP) % 1.0
        values = ordered(world, state)
        state = dict(zip((field.name for field in world.state_fields), values, strict=True))
        yield values


def _drift(world: WorldInfo, random: Random) -> Iterator[StateValues]:
    """Periodic fields turn steadily; the others swing between 10 % and 90 % of their range."""
    speeds = [random.uniform(0.2, 0.6) for _ in world.state_fields]  # turns per second
    phases = [random.random() for _ in world.state_fields]
    frame = 0
    while True:
        values = []
        for field, speed_hz, phase in zip(world.state_fields, speeds, phases, strict=True):
            turns = phase + speed_hz * frame / world.fps
            share = turns % 1.0 if field.periodic else 0.5 + 0.4 * math.sin(2 * math.pi * turns)
            values.append(field.min + share * (field.max - field.min))
        yield tuple(values)
        frame += 1


def with_horizon(
    states: Iterator[StateValues], num_frames: int
) -> Iterator[tuple[StateValues, tuple[StateValues, ...]]]:
    """Each state with the `num_frames` that follow it; a scripted player can predict itself."""
    window: deque[StateValues] = deque(maxlen=num_frames + 1)
    for values in states:
        window.append(values)
        if len(window) == num_frames + 1:
            yield window[0], tuple(window)[1:]
