"""What a recording's events come to: state, actions and prompt in force at every frame. Pure.

T frames, S state fields, A actions. `wrong` makes the error for an event that does not fit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit.errors import RecordingError
from streamdit.types import ActionInfo, StateField, Steering

Event: TypeAlias = Mapping[str, Any]
Wrong: TypeAlias = Callable[[str], RecordingError]
FIELD_OF = {"prompt": "text", "state": "values", "actions": "held", "release": "steering"}  # what each type must have
STEERINGS = tuple(steering.name.lower() for steering in Steering)


def told(events: Sequence[Event], kind: str, wrong: Wrong) -> Iterator[Event]:
    """The events of one kind, and the releases of it, which have `steering`. Raises what `wrong` makes."""
    for number, event in enumerate(events, start=1):
        if event["type"] not in (kind, "release"):
            continue
        field = FIELD_OF[event["type"]]
        if field not in event:
            raise wrong(f"line {number}, a {event['type']}, has no {field!r}")
        if event["type"] == "release":
            for steering in event["steering"]:
                if steering not in STEERINGS:
                    raise wrong(f"line {number} releases {steering!r}, expected some of {', '.join(STEERINGS)}")
            if kind not in event["steering"]:
                continue
        yield event


def states_in_force(
    events: Sequence[Event], fields: Sequence[StateField], num_frames: int, wrong: Wrong, unsaid: float | None
) -> NDArray[np.float32]:
    """float32 (T, S)."""
    columns = {field.name: column for column, field in enumerate(fields)}
    at_first = [field.resting if unsaid is None else unsaid for field in fields]
    states = np.empty((num_frames, len(fields)), np.float32)  # (T, S)
    states[:] = at_first
    for event in told(events, "state", wrong):
        frame = event["frame"]
        if event["type"] == "release":
            states[frame:] = at_first
            continue
        names, values = event.get("fields") or list(columns), event["values"]
        for name in names:
            if name not in columns:
                raise wrong(f"state at frame {frame} names {name!r}, expected some of {', '.join(columns)}")
        if len(values) != len(names):
            named = f"names {len(names)}" if event.get("fields") else f"the world has {len(names)} fields"
            raise wrong(f"state at frame {frame} has {len(values)} values, {named}")
        states[frame:, [columns[name] for name in names]] = values
    return states


def actions_in_force(
    events: Sequence[Event], actions: Sequence[ActionInfo], num_frames: int, wrong: Wrong, unsaid: float
) -> NDArray[np.float32]:
    """float32 (T, A)."""
    columns = {action.name: column for column, action in enumerate(actions)}
    held = np.full((num_frames, len(columns)), unsaid, np.float32)  # (T, A)
    for event in told(events, "actions", wrong):
        frame = event["frame"]
        if event["type"] == "release":
            held[frame:] = unsaid
            continue
        held[frame:] = 0.0
        for name, value in event["held"].items():
            if name not in columns:
                raise wrong(f"actions at frame {frame} hold {name!r}, expected some of {', '.join(columns)}")
            held[frame:, columns[name]] = value
    return held


def prompts_in_force(events: Sequence[Event], num_frames: int, wrong: Wrong) -> list[str]:
    """T of them."""
    prompts = [""] * num_frames
    for event in told(events, "prompt", wrong):
        text = "" if event["type"] == "release" else event["text"]
        prompts[event["frame"] :] = [text] * max(0, num_frames - event["frame"])
    return prompts
