"""Checks of a set of actions. Pure."""

from collections.abc import Sequence

from engine_service.model.world import World
from engine_service.server.messages import ActionsRequest, NamedValues
from engine_service.server.rejection import Rejection, RejectReason, quoted
from engine_service.server.state_checks import RANGE_TOLERANCE, check_horizon
from engine_service.types import Actions
from streamdit.types import ActionInfo, ActionKind


def check_actions(request: ActionsRequest, world: World, *, field: str = "actions") -> Actions:
    """A complete set, and a horizon of them, in the world's order; an action that is not named is 0.

    Raises:
        Rejection: ACTIONS_NOT_TAKEN, UNKNOWN_ACTION, ACTION_REPEATED, ACTION_OUT_OF_RANGE, ACTIONS_EXCLUSIVE or
            HORIZON_TOO_LONG.
    """
    _check_taken(world, field)
    check_horizon(len(request.horizon), f"{field}.horizon")
    values = _check_set(request.values, world, f"{field}.values")
    horizon = tuple(_check_set(step, world, f"{field}.horizon[{i}].values") for i, step in enumerate(request.horizon))
    return Actions(request.event_id, values, horizon)


def check_action_sets(steps: Sequence[NamedValues], world: World, *, field: str) -> tuple[tuple[float, ...], ...]:
    """Complete sets, one after another.

    Raises:
        Rejection: as `check_actions`.
    """
    if steps:
        _check_taken(world, field)
    return tuple(_check_set(step, world, f"{field}[{i}].values") for i, step in enumerate(steps))


def _check_taken(world: World, field: str) -> None:
    if not world.actions:
        raise Rejection(
            RejectReason.ACTIONS_NOT_TAKEN, field=field, value="a set", allowed=f"world {world.name} takes no actions"
        )


def _check_set(given: NamedValues, world: World, field: str) -> tuple[float, ...]:
    known = {action.name: i for i, action in enumerate(world.actions)}
    values = [0.0] * len(known)
    named: set[str] = set()
    for place, (name, value) in enumerate(given):
        where = f"{field}[{place}]"
        if name not in known:
            raise Rejection(
                RejectReason.UNKNOWN_ACTION,
                field=f"{where}.name",
                value=quoted(name),
                allowed=f"world {world.name} has {', '.join(known)}",
            )
        if name in named:
            raise Rejection(
                RejectReason.ACTION_REPEATED,
                field=f"{where}.name",
                value=quoted(name),
                allowed="may be there once in a set",
            )
        named.add(name)
        values[known[name]] = _check_value(value, world.actions[known[name]], f"{where}.value ({name})")
    _check_groups(values, world, field)
    return tuple(values)


def _check_value(value: float, action: ActionInfo, field: str) -> float:
    if action.kind is ActionKind.BUTTON:
        if value not in (0.0, 1.0):
            raise Rejection(
                RejectReason.ACTION_OUT_OF_RANGE, field=field, value=f"{value:g}", allowed="a button is 0 or 1"
            )
        return value
    slack = RANGE_TOLERANCE * (action.max - action.min)
    if not action.min - slack <= value <= action.max + slack:  # neither is not a number
        raise Rejection(
            RejectReason.ACTION_OUT_OF_RANGE,
            field=field,
            value=f"{value:g}",
            allowed=f"must be {action.min:g}..{action.max:g}",
        )
    return min(max(value, action.min), action.max)


def _check_groups(values: Sequence[float], world: World, field: str) -> None:
    held: dict[str, str] = {}  # by group
    for value, action in zip(values, world.actions, strict=True):
        if value and action.group:
            if action.group in held:
                raise Rejection(
                    RejectReason.ACTIONS_EXCLUSIVE,
                    field=field,
                    value=f"{held[action.group]}, {action.name}",
                    allowed=f"at most one of group {action.group} may differ from 0",
                )
            held[action.group] = action.name
