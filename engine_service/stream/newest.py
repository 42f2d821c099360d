"""Two events of one kind that wait for the same frame are one: the newest wins, and no press is lost. Pure."""

from collections.abc import Sequence

from engine_service.types import Actions, State
from streamdit.types import ActionInfo, ActionKind

Values = tuple[float, ...]


def newest_state(older: State, newer: State) -> State:
    """What both say together: fields that the newer one does not name stay as the older one said, horizon and all."""
    if newer.fields is None:
        return newer
    known = range(len(older.values)) if older.fields is None else older.fields
    fields = (*known, *(field for field in newer.fields if field not in known))
    num_steps = 1 + max(len(older.horizon), len(newer.horizon))
    steps = []
    for i in range(num_steps):
        step = dict(zip(known, _step(older, i), strict=True)) | dict(zip(newer.fields, _step(newer, i), strict=True))
        steps.append(tuple(step[field] for field in fields))
    event_id = max(older.event_id, newer.event_id)
    return State(event_id, steps[0], tuple(steps[1:]), None if older.fields is None else fields)


def newest_actions(older: Actions, newer: Actions) -> Actions:
    """The newer set; what the older one pressed and the newer one does not was tapped."""
    pressed = tuple(i for i, value in enumerate(older.values) if value)
    in_order = (*older.tapped, *pressed, *newer.tapped)
    last_ones = reversed(dict.fromkeys(reversed(in_order)))
    kept = tuple(i for i in last_ones if not newer.values[i])
    return Actions(max(older.event_id, newer.event_id), newer.values, newer.horizon, kept)


def held_for_a_frame(event: Actions, before: Sequence[float], actions: Sequence[ActionInfo]) -> Values:
    """The set's values at its first frame: buttons that were tapped count for it.

    Only where it is a press (`before`, the frame before, has the button up or open), and only where the set's exclusive
    groups allow it: there the newest wins.
    """
    values = list(event.values)
    for i in reversed(event.tapped):
        group = actions[i].group
        taken = group and any(values[j] for j, other in enumerate(actions) if other.group == group)
        if actions[i].kind is ActionKind.BUTTON and not before[i] > 0 and not taken:
            values[i] = 1.0
    return tuple(values)


def _step(state: State, i: int) -> Values:
    """What a state expects i frames after its own; the last entry is held."""
    return ((state.values, *state.horizon))[min(i, len(state.horizon))]
