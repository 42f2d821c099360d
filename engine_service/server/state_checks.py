"""Checks of a state, whole or partial. Pure."""

import math
from collections.abc import Sequence

from engine_service.model.world import StateField, World
from engine_service.server.messages import StateRequest
from engine_service.server.rejection import Rejection, RejectReason, quoted
from engine_service.types import State

MAX_HORIZON_FRAMES = 32
# Of a range: a float32 on the wire cannot hit a float64 border exactly.
RANGE_TOLERANCE = 1e-3


def check_state(request: StateRequest, world: World, *, field: str = "state") -> State:
    """A state, and a horizon, inside the world's ranges; what lies in the tolerance is moved to the border.

    Raises:
        Rejection: UNKNOWN_STATE_FIELD, STATE_FIELD_REPEATED, STATE_LENGTH, STATE_NOT_FINITE, STATE_OUT_OF_RANGE or
            HORIZON_TOO_LONG.
    """
    check_horizon(len(request.horizon), f"{field}.horizon")
    fields = _check_fields(request.fields, world, f"{field}.fields")
    carried = world.state_fields if fields is None else [world.state_fields[i] for i in fields]
    whose = f"world {world.name} has" if fields is None else f"{field}.fields names"
    values = _check_values(request.values, carried, f"{field}.values", whose)
    horizon = tuple(
        _check_values(step, carried, f"{field}.horizon[{i}].values", whose) for i, step in enumerate(request.horizon)
    )
    return State(request.event_id, values, horizon, fields)


def check_states(steps: Sequence[tuple[float, ...]], world: World, *, field: str) -> tuple[tuple[float, ...], ...]:
    """States of all fields, one after another.

    Raises:
        Rejection: STATE_LENGTH, STATE_NOT_FINITE or STATE_OUT_OF_RANGE.
    """
    whose = f"world {world.name} has"
    return tuple(_check_values(step, world.state_fields, f"{field}[{i}].values", whose) for i, step in enumerate(steps))


def check_horizon(num_frames: int, field: str) -> None:
    """Raises Rejection: HORIZON_TOO_LONG."""
    if num_frames > MAX_HORIZON_FRAMES:
        raise Rejection(
            RejectReason.HORIZON_TOO_LONG,
            field=field,
            value=f"{num_frames} frames long",
            allowed=f"must hold 0..{MAX_HORIZON_FRAMES} frames",
        )


def _check_fields(names: tuple[str, ...], world: World, field: str) -> tuple[int, ...] | None:
    """The fields that are named, as indices; None if none is: all of them."""
    known = {state_field.name: i for i, state_field in enumerate(world.state_fields)}
    for i, name in enumerate(names):
        if name not in known:
            raise Rejection(
                RejectReason.UNKNOWN_STATE_FIELD,
                field=f"{field}[{i}]",
                value=quoted(name),
                allowed=f"world {world.name} has {', '.join(known) or 'none'}",
            )
        if name in names[:i]:
            raise Rejection(
                RejectReason.STATE_FIELD_REPEATED,
                field=f"{field}[{i}]",
                value=quoted(name),
                allowed="may be there once",
            )
    return tuple(known[name] for name in names) if names else None


def _check_values(values: tuple[float, ...], fields: Sequence[StateField], field: str, whose: str) -> tuple[float, ...]:
    if len(values) != len(fields):
        names = ", ".join(state_field.name for state_field in fields)
        raise Rejection(
            RejectReason.STATE_LENGTH,
            field=field,
            value=f"{len(values)} values long",
            allowed=f"{whose} {len(fields)} fields: {names}",
        )
    checked: list[float] = []
    for i, (value, state_field) in enumerate(zip(values, fields, strict=True)):
        name = f"{field}[{i}] ({state_field.name})"
        allowed = f"must be {state_field.min:g}..{state_field.max:g}"
        if not math.isfinite(value):
            raise Rejection(RejectReason.STATE_NOT_FINITE, field=name, value=value, allowed=allowed)
        slack = RANGE_TOLERANCE * (state_field.max - state_field.min)
        if not state_field.min - slack <= value <= state_field.max + slack:
            raise Rejection(RejectReason.STATE_OUT_OF_RANGE, field=name, value=f"{value:g}", allowed=allowed)
        checked.append(min(max(value, state_field.min), state_field.max))
    return tuple(checked)
