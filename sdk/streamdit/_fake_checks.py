"""What `testing.FakeEngine` refuses of state, actions, releases and starts, with the engine's words."""

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit._fake_world import unpacked
from streamdit.types import ActionKind, Steering, WorldInfo
from streamdit.wire import engine_pb2 as pb

MAX_HORIZON_FRAMES = 32
Problem: TypeAlias = tuple[str, str, object, str]  # reason, field, value, detail


class Wrong(Exception):  # noqa: N818  it is the client's mistake
    """A refusal on its way up."""

    def __init__(self, reason: str, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field} is {value}, {allowed}")
        self.problem: Problem = (reason, field, value, str(self))


def state_values(state: pb.State, world: WorldInfo, held: Sequence[float], where: str = "state") -> tuple[float, ...]:
    """All values once the state is in force, over those held. Raises Wrong."""
    names = [field.name for field in world.state_fields]
    for i, name in enumerate(state.fields):
        at = f"{where}.fields[{i}]"
        if name not in names:
            raise Wrong("UNKNOWN_STATE_FIELD", at, repr(name), f"world {world.name} has {', '.join(names)}")
        if name in state.fields[:i]:
            raise Wrong("STATE_FIELD_REPEATED", at, repr(name), "may be there once")
    carried = list(state.fields) or names
    _check_horizon(len(state.horizon), where)
    for i, step in enumerate(state.horizon):
        _check_values(step.values, carried, world, f"{where}.horizon[{i}].values")
    _check_values(state.values, carried, world, f"{where}.values")
    said = dict(zip(carried, state.values, strict=True))
    return tuple(said.get(name, value) for name, value in zip(names, held, strict=True))


def _check_values(values: Sequence[float], carried: Sequence[str], world: WorldInfo, where: str) -> None:
    if len(values) != len(carried):
        raise Wrong("STATE_LENGTH", where, len(values), f"state has {len(values)} values, expected {len(carried)}")
    ranges = {field.name: field for field in world.state_fields}
    for i, (name, value) in enumerate(zip(carried, values, strict=True)):
        field, at = ranges[name], f"{where}[{i}] ({name})"
        if not math.isfinite(value):
            raise Wrong("STATE_NOT_FINITE", at, value, "must be finite")
        if not field.min <= value <= field.max:
            raise Wrong("STATE_OUT_OF_RANGE", at, value, f"must be {field.min}..{field.max}")


def _check_horizon(num_frames: int, where: str) -> None:
    if num_frames > MAX_HORIZON_FRAMES:
        allowed = f"must hold 0..{MAX_HORIZON_FRAMES} frames"
        raise Wrong("HORIZON_TOO_LONG", f"{where}.horizon", f"{num_frames} frames long", allowed)


def action_values(actions: pb.Actions, world: WorldInfo, where: str = "actions") -> tuple[float, ...]:
    """The complete set, in the world's order. Raises Wrong."""
    if not world.actions:
        raise Wrong("ACTIONS_NOT_TAKEN", where, "a set", f"world {world.name} takes no actions")
    _check_horizon(len(actions.horizon), where)
    for i, step in enumerate(actions.horizon):
        _set(step.values, world, f"{where}.horizon[{i}].values")
    return _set(actions.values, world, f"{where}.values")


def _set(given: Iterable[pb.ActionValue], world: WorldInfo, where: str) -> tuple[float, ...]:
    known = {action.name: action for action in world.actions}
    values: dict[str, float] = {}
    groups: dict[str, str] = {}
    for i, named in enumerate(given):
        name, value, at = named.name, named.value, f"{where}[{i}].value ({named.name})"
        action = known.get(name)
        if action is None:
            raise Wrong("UNKNOWN_ACTION", f"{where}[{i}].name", repr(name), f"world has {', '.join(known)}")
        if name in values:
            raise Wrong("ACTION_REPEATED", f"{where}[{i}].name", repr(name), "may be there once in a set")
        if action.kind is ActionKind.BUTTON and value not in (0.0, 1.0):
            raise Wrong("ACTION_OUT_OF_RANGE", at, value, "a button is 0 or 1")
        if not action.min <= value <= action.max:
            raise Wrong("ACTION_OUT_OF_RANGE", at, value, f"must be {action.min:g}..{action.max:g}")
        values[name] = value
        if value and action.group:
            other = groups.setdefault(action.group, name)
            if other != name:
                allowed = f"at most one of group {action.group} may differ from 0"
                raise Wrong("ACTIONS_EXCLUSIVE", where, f"{other}, {name}", allowed)
    return tuple(values.get(name, 0.0) for name in known)


def released(release: pb.Release, world: WorldInfo) -> set[Steering]:
    """What is un-said. Raises Wrong."""
    may = {steering.value: steering for steering in world.may_be_open}
    names = ", ".join(steering.name.lower() for steering in world.may_be_open) or "nothing"
    allowed = f"world {world.name} can leave open {names}"
    known = {steering.value: steering.name.lower() for steering in Steering}
    if not release.steering:
        raise Wrong("CANNOT_BE_OPEN", "control.release.steering", "empty", allowed)
    for i, number in enumerate(release.steering):
        if number not in may:
            value = known.get(number, number)
            raise Wrong("CANNOT_BE_OPEN", f"control.release.steering[{i}]", value, allowed)
    return {may[number] for number in release.steering}


def start_pictures(start: pb.Start, world: WorldInfo, profile: str, where: str) -> NDArray[np.uint8] | None:
    """The frames of a start, `(T, H, W, 3)`; None of a clip. Raises Wrong."""
    references = next(known.references for known in world.profiles if known.name == profile)
    if references == 0:
        raise Wrong("START_DOES_NOT_FIT", where, f"for profile {profile}", "it has no references to start from")
    if start.WhichOneof("source") == "clip":
        if start.clip not in world.start_clips:
            allowed = f"world {world.name} has {', '.join(world.start_clips) or 'none'}"
            raise Wrong("UNKNOWN_START_CLIP", f"{where}.clip", repr(start.clip), allowed)
        return None
    _check_frames(start.frames, world, references * world.frames_per_latent, f"{where}.frames")
    pictures = []
    for i, payload in enumerate(start.frames.payloads):
        try:
            pictures.append(unpacked(payload, start.frames.encoding, world))
        except ValueError as error:
            at, got = f"{where}.frames.payloads[{i}]", f"{len(payload)} bytes long"
            raise Wrong("START_UNREADABLE", at, got, str(error)) from error
    return np.stack(pictures)


def _check_frames(frames: pb.StartFrames, world: WorldInfo, most: int, where: str) -> None:
    """Everything but the pictures themselves. Raises Wrong."""
    num_frames, r = len(frames.payloads), world.frames_per_latent
    if not 0 < num_frames <= most or num_frames % r:
        allowed = f"must be a multiple of {r}, from {r} to {most}"
        raise Wrong("START_DOES_NOT_FIT", f"{where}.payloads", f"{num_frames} frames", allowed)
    for name, size, wanted in (("width", frames.width, world.width), ("height", frames.height, world.height)):
        if size != wanted:
            allowed = f"world {world.name} is {world.width}x{world.height}"
            raise Wrong("START_DOES_NOT_FIT", f"{where}.{name}", size, allowed)
    if frames.encoding not in (pb.ENCODING_JPEG, pb.ENCODING_RGB24):
        raise Wrong("START_DOES_NOT_FIT", f"{where}.encoding", int(frames.encoding), "must be JPEG or RGB24")
    for name, steps in (("states", len(frames.states)), ("actions", len(frames.actions))):
        if steps not in (0, num_frames):
            raise Wrong("START_DOES_NOT_FIT", f"{where}.{name}", f"{steps} steps", "must be none or one a frame")
    names = [field.name for field in world.state_fields]
    for i, state in enumerate(frames.states):
        _check_values(state.values, names, world, f"{where}.states[{i}].values")
    if frames.actions and not world.actions:
        raise Wrong("ACTIONS_NOT_TAKEN", f"{where}.actions", "a set", f"world {world.name} takes no actions")
    for i, held in enumerate(frames.actions):
        _set(held.values, world, f"{where}.actions[{i}].values")
