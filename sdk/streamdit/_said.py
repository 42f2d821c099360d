"""What a session has said and not un-said; what is said next is checked against the world before it is sent. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from streamdit.checks import check_action, check_groups, check_horizon, check_number
from streamdit.types import ActionSet, Steering, WorldInfo

Values: TypeAlias = tuple[float, ...]
StateStep: TypeAlias = Mapping[str, float] | Sequence[float]  # by name, or all values in the world's order


@dataclass(frozen=True, slots=True)
class StateWish:
    """A state on its way; `fields` names what `values` and every step of `horizon` carry, none of them: all."""

    values: Values
    horizon: tuple[Values, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionsWish:
    """A complete set on its way, and what is expected after it."""

    values: Mapping[str, float]
    horizon: tuple[Mapping[str, float], ...] = ()


class Said:
    """State and actions in force, as far as this side has said them."""

    def __init__(self, world: WorldInfo) -> None:
        self._world = world
        self._may_be_partial = Steering.STATE in world.may_be_open
        self.state = self._unsaid_state()
        self.actions: Mapping[str, float] | None = None  # None: no set was said

    def _unsaid_state(self) -> dict[str, float]:
        return {} if self._may_be_partial else {field.name: field.resting for field in self._world.state_fields}

    def say_state(
        self, values: Sequence[float] | None, fields: Mapping[str, float], horizon: Sequence[StateStep] = ()
    ) -> StateWish:
        """All `values`, and `fields` over them. Some fields alone leave the others as they were: open, if nobody has
        said them and the world may invent them, else their initial value.

        Raises:
            ValueError: a field the world does not have, a wrong number of values, a value that is not finite, too long
                a horizon.
        """
        check_horizon(len(horizon), "horizon")
        given = fields if values is None else {**self._by_name(values), **fields}
        _check_state(given, self._names)
        held = {**self.state, **given}
        # A world that may leave the state open gets what was named alone: to it, silence and a value differ.
        partial = self._may_be_partial and not set(self._names) <= set(given)
        carried = [name for name in self._names if not partial or name in given]
        steps = []
        step = held
        for i, expected in enumerate(horizon):
            named = expected if isinstance(expected, Mapping) else self._by_name(expected)
            _check_state(named, self._names)
            for name in named if isinstance(expected, Mapping) else ():
                if name not in carried:
                    raise ValueError(f"horizon[{i}] names state field {name!r}, the state itself does not")
            step = {**step, **named}
            steps.append(tuple(float(step[name]) for name in carried))
        self.state = {name: float(held[name]) for name in self._names if name in held}
        return StateWish(tuple(self.state[name] for name in carried), tuple(steps), tuple(carried) if partial else ())

    def say_actions(self, held: ActionSet, horizon: Sequence[ActionSet] = ()) -> ActionsWish:
        """The complete set in force from now on, and what is expected after it.

        Raises:
            ValueError: the world takes none of that name, or none at all; a value that it cannot have; two of a group;
                too long a horizon.
        """
        check_horizon(len(horizon), "horizon")
        wish = ActionsWish(
            checked_actions(held, self._world), tuple(checked_actions(step, self._world) for step in horizon)
        )
        self.actions = wish.values
        return wish

    def release(self, names: Sequence[str | Steering]) -> tuple[Steering, ...]:
        """Un-say these.

        Raises:
            ValueError: there is no such steering, or the world cannot leave it open.
        """
        steerings = tuple(steering_named(name) for name in names)
        may = ", ".join(steering.name.lower() for steering in self._world.may_be_open) or "nothing"
        if not steerings:
            raise ValueError(f"release what? world {self._world.name!r} can leave open: {may}")
        for steering in steerings:
            if steering not in self._world.may_be_open:
                name = steering.name.lower()
                raise ValueError(f"world {self._world.name!r} cannot leave its {name} open, it can: {may}")
        if Steering.STATE in steerings:
            self.state = self._unsaid_state()
        if Steering.ACTIONS in steerings:
            self.actions = None
        return steerings

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self._world.state_fields)

    def _by_name(self, values: Sequence[float]) -> dict[str, float]:
        names = self._names
        if len(values) != len(names):
            raise ValueError(f"state has {len(values)} values, the world has {len(names)} fields: {', '.join(names)}")
        return dict(zip(names, values, strict=True))


def check_state_call(
    values: Sequence[float] | None,
    fields: Mapping[str, float],
    horizon: Sequence[StateStep],
    world: WorldInfo | None,
) -> None:
    """A state as it is called with, before it is told what is held; without a world only what needs none.

    Raises:
        ValueError: as `Said.say_state`.
    """
    if world is not None:
        Said(world).say_state(values, fields, horizon)
        return
    check_horizon(len(horizon), "horizon")
    named = [(f"state field {name!r}", value) for name, value in fields.items()]
    for field, value in named + [(f"state[{i}]", value) for i, value in enumerate(() if values is None else values)]:
        check_number(value, field)


def action_set(*held: str | ActionSet) -> dict[str, float]:
    """Values by name, of names that are held at 1 and mappings.

    Raises:
        ValueError: a name is there twice, it is no set at all, or a value is no number.
    """
    values: dict[str, float] = {}
    for given in held:
        named = {given: 1.0} if isinstance(given, str) else given
        if not isinstance(named, Mapping | Sequence):
            raise ValueError(f"actions is {named!r}, expected names or values by name")
        for name, value in named.items() if isinstance(named, Mapping) else ((name, 1.0) for name in named):
            if name in values:
                raise ValueError(f"action {name!r} is there twice")
            values[name] = check_number(value, f"action {name!r}")
    return values


def checked_actions(held: ActionSet, world: WorldInfo) -> dict[str, float]:
    """A set that the world takes.

    Raises:
        ValueError: naming the action and its value, and what the world has.
    """
    if not world.actions:
        raise ValueError(f"this engine takes no actions: world {world.name!r} has none")
    known = {action.name: action for action in world.actions}
    values = action_set(held)
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"action {name!r} is unknown, world {world.name!r} has: {', '.join(known)}")
        values[name] = check_action(value, known[name], f"action {name!r}")
    check_groups([values.get(name, 0.0) for name in known], world.actions, "the set of actions")
    return values


def _check_state(fields: Mapping[str, float], names: Sequence[str]) -> None:
    for name, value in fields.items():
        if name not in names:
            raise ValueError(f"state field {name!r} is unknown, the world has: {', '.join(names)}")
        check_number(value, f"state field {name!r}")


def steering_named(name: str | Steering) -> Steering:
    """Raises ValueError: there is no such steering."""
    if isinstance(name, Steering):
        return name
    known = {steering.name.lower(): steering for steering in Steering}
    if name not in known:
        raise ValueError(f"steering is {name!r}, expected one of {', '.join(known)}")
    return known[name]
