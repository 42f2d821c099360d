"""What an engine takes and what it refuses: ranges, names, lengths. Pure functions over the public types.

They live here once: the engine checks with them what comes in, `testing.FakeEngine` too, and the SDK what a game is
about to say. `field` is where a value stands, as the refusal names it, e.g. "state.values". Numbers of the wire are
taken as numbers, for a newer client may know more of them. S: state fields, A: actions.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit.rejection import Rejection, RejectReason, quoted
from streamdit.types import (
    TRANSITIONS,
    ActionInfo,
    ActionKind,
    Delivery,
    Encoding,
    ProfileInfo,
    PromptTransition,
    StateField,
    Steering,
    WorldInfo,
)

MAX_PROMPT_CHARS = 500
MAX_SMOOTH_FRAMES = 320
MAX_HORIZON_FRAMES = 32
MAX_START_FRAMES = 256
MAX_WINDOW = 256  # frames; no engine can be told to allow more
MAX_SEED = 2**64 - 1
MAX_TEXT_BYTES = 1_000_000
MAX_NAMED = 8  # of a list that is refused, as many are repeated to the client
MAX_PIXELS = 2**24  # of one frame
MAX_MESSAGE_BYTES = 1024 * 1024  # of one message to an engine, all of it
RANGE_TOLERANCE = 1e-3  # of a range: a float32 on the wire cannot hit a float64 border exactly

Values: TypeAlias = tuple[float, ...]
NamedValues: TypeAlias = Sequence[tuple[str, float]]
DecodePicture: TypeAlias = Callable[[bytes, Encoding], NDArray[np.uint8]]  # ValueError: it is none of the world's size

# ------------------------------------------------------------------------------------------------ numbers, words


def check_whole(value: SupportsIndex, field: str, least: int, most: int, otherwise: str = "") -> int:
    """A whole number in `least..most`. `otherwise` says what else would do.

    Raises:
        Rejection: OUT_OF_RANGE, also of what is no whole number.
    """
    number = value.__index__() if isinstance(value, SupportsIndex) else least - 1
    if not least <= number <= most:
        allowed = f"must be a whole number, {least}..{most}{otherwise}"
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=f"{value!r}", allowed=allowed)
    return number


def check_number(value: float, field: str) -> float:
    """A finite number.

    Raises:
        Rejection: STATE_NOT_FINITE, also of what is no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        shown = value if isinstance(value, float) else repr(value)
        raise Rejection(
            RejectReason.STATE_NOT_FINITE, field=field, value=shown, allowed="expected a finite number"
        ) from None
    return number


def check_share(value: float, field: str) -> float:
    """A number in 0..1.

    Raises:
        Rejection: OUT_OF_RANGE, also of what is no number.
    """
    number = _as_number(value)
    if not 0 <= number <= 1:  # neither is not a number
        shown = f"{value:g}" if isinstance(value, int | float) else repr(value)
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=shown, allowed="must be 0..1")
    return number


def _as_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def check_text(value: str, field: str) -> str:
    """Text that UTF-8 can carry, in at most `MAX_TEXT_BYTES`.

    Raises:
        Rejection: OUT_OF_RANGE, also of what is no text.
    """
    if not isinstance(value, str):
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=quoted(str(value)), allowed="must be text")
    try:
        num_bytes = len(value.encode())
    except UnicodeEncodeError as error:
        raise Rejection(
            RejectReason.OUT_OF_RANGE,
            field=field,
            value=quoted(value),
            allowed=f"must be text that UTF-8 can carry: {error.reason}",
        ) from None
    if num_bytes > MAX_TEXT_BYTES:
        value, allowed = f"{num_bytes} bytes long", f"a message holds {MAX_TEXT_BYTES}"
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=value, allowed=allowed)
    return value


def check_within(field: str, value: int, most: int) -> int:
    """A number in 1..`most`.

    Raises:
        Rejection: OUT_OF_RANGE.
    """
    if not 1 <= value <= most:
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=value, allowed=f"must be 1..{most}")
    return value


# ------------------------------------------------------------------------------------------------------- openings


def check_api_version(number: int, newest: int) -> int:
    """A version of the wire that this side speaks.

    Raises:
        Rejection: API_VERSION_UNSUPPORTED.
    """
    if not 1 <= number <= newest:
        raise Rejection(
            RejectReason.API_VERSION_UNSUPPORTED,
            field="open.api_version",
            value=number,
            allowed=f"this engine speaks 1..{newest}",
        )
    return number


def check_world(name: str, served: Iterable[str]) -> str:
    """The name of a world that is served.

    Raises:
        Rejection: UNKNOWN_WORLD.
    """
    names = list(served)
    if name not in names:
        raise Rejection(
            RejectReason.UNKNOWN_WORLD,
            field="open.world",
            value=quoted(name),
            allowed=f"this engine serves {', '.join(names)}",
        )
    return name


def check_profile(name: str, world: WorldInfo, *, field: str) -> ProfileInfo:
    """A profile that the world has.

    Raises:
        Rejection: UNKNOWN_PROFILE.
    """
    for profile in world.profiles:
        if profile.name == name:
            return profile
    raise Rejection(
        RejectReason.UNKNOWN_PROFILE,
        field=field,
        value=quoted(name),
        allowed=f"world {world.name} has {', '.join(profile.name for profile in world.profiles)}",
    )


def check_encodings(numbers: Sequence[int]) -> Encoding:
    """The first of a client's encodings that is known; JPEG if it names none.

    Raises:
        Rejection: NO_COMMON_ENCODING.
    """
    known = {encoding.value: encoding for encoding in Encoding}
    for wish in numbers or (Encoding.JPEG.value,):
        if wish in known:
            return known[wish]
    raise Rejection(
        RejectReason.NO_COMMON_ENCODING,
        field="open.encodings",
        value=[*numbers[:MAX_NAMED], *(["..."] if len(numbers) > MAX_NAMED else [])],
        allowed=f"this engine speaks {listed(Encoding, by_name=True)}",
    )


def check_delivery(number: int) -> Delivery:
    """A delivery; 0 is LATEST.

    Raises:
        Rejection: OUT_OF_RANGE.
    """
    known = {0: Delivery.LATEST, **{delivery.value: delivery for delivery in Delivery}}
    if number not in known:
        raise Rejection(
            RejectReason.OUT_OF_RANGE,
            field="open.delivery",
            value=number,
            allowed=f"this engine speaks {listed(Delivery, by_name=True)}",
        )
    return known[number]


def listed(kind: type[Enum], *, by_name: bool = False) -> str:
    """All there is of an enum, for a refusal: "1 (JPEG), 2 (RGB24)", or by name "JPEG (1), RGB24 (2)"."""
    return ", ".join(f"{one.name} ({one.value})" if by_name else f"{one.value} ({one.name})" for one in kind)


# ------------------------------------------------------------------------------------------------ events at large


def check_rising(event_id: int, newest_id: int) -> None:
    """An event that comes after the newest one accepted.

    Raises:
        Rejection: EVENT_ID_NOT_RISING.
    """
    if event_id <= newest_id:
        raise Rejection(
            RejectReason.EVENT_ID_NOT_RISING,
            field="event_id",
            value=event_id,
            allowed=f"must be above {newest_id}, the last one accepted",
        )


def empty_message() -> Rejection:
    """Of a message without a body that is known."""
    return Rejection(RejectReason.EMPTY_MESSAGE, field="body", value="", allowed="must be one this engine knows")


def unknown_command() -> Rejection:
    """Of a control message without a command that is known."""
    return Rejection(
        RejectReason.UNKNOWN_COMMAND,
        field="control.command",
        value="",
        allowed="must be pause, resume, reset, switch_profile or release",
    )


def open_expected(instead: str) -> Rejection:
    """Of a first message that is not `open`, but `instead`."""
    return Rejection(RejectReason.OPEN_EXPECTED, field="first message", value=instead, allowed="must be open")


def open_repeated() -> Rejection:
    """Of a second `open` on one stream."""
    return Rejection(RejectReason.OPEN_REPEATED, field="open", value="repeated", allowed="once a stream")


def check_ack(frame_id: int, in_flight: Iterable[int]) -> None:
    """A frame that was sent and not acknowledged yet; `in_flight` has all of these.

    Raises:
        Rejection: ACK_UNKNOWN_FRAME.
    """
    known = list(in_flight)
    if frame_id not in known:
        raise Rejection(
            RejectReason.ACK_UNKNOWN_FRAME,
            field="ack.frame_id",
            value=frame_id,
            allowed=f"frames sent and not acknowledged: {', '.join(str(one) for one in known) or 'none'}",
        )


# -------------------------------------------------------------------------------------------------------- prompts


def check_prompt(text: str, *, field: str = "prompt.text") -> str:
    """A prompt that says something, at most `MAX_PROMPT_CHARS` characters.

    Raises:
        Rejection: PROMPT_EMPTY or PROMPT_TOO_LONG.
    """
    if not text.strip():
        raise Rejection(
            RejectReason.PROMPT_EMPTY,
            field=field,
            value=repr(text[:20]) if text else "",
            allowed=f"must hold 1..{MAX_PROMPT_CHARS} characters that are not all blank",
        )
    if len(text) > MAX_PROMPT_CHARS:
        raise Rejection(
            RejectReason.PROMPT_TOO_LONG,
            field=field,
            value=f"{len(text)} characters long",
            allowed=f"must hold 1..{MAX_PROMPT_CHARS} characters",
        )
    return text


def check_transition(number: int) -> PromptTransition:
    """How a prompt takes over, by the wire's number; 0 is at once.

    Raises:
        Rejection: UNKNOWN_TRANSITION.
    """
    if not 0 <= number <= len(TRANSITIONS):
        known = ", ".join(f"{i} ({name.upper()})" for i, name in enumerate(TRANSITIONS, start=1))
        raise Rejection(
            RejectReason.UNKNOWN_TRANSITION, field="prompt.transition", value=number, allowed=f"must be {known}"
        )
    return TRANSITIONS[max(number - 1, 0)]


def check_smooth_frames(num_frames: int, *, field: str = "prompt.smooth_frames") -> int:
    """Over how many frames a prompt takes over; 0 is one second.

    Raises:
        Rejection: OUT_OF_RANGE.
    """
    number = num_frames.__index__() if isinstance(num_frames, SupportsIndex) else -1
    if not 0 <= number <= MAX_SMOOTH_FRAMES:
        shown = num_frames if isinstance(num_frames, SupportsIndex) else repr(num_frames)
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=shown, allowed=f"must be 0..{MAX_SMOOTH_FRAMES}")
    return number


# --------------------------------------------------------------------------------------------------------- states


@dataclass(frozen=True, slots=True)
class CheckedState:
    """A state inside its ranges. `fields` are indices of the world's, or None: `values` carries all of them."""

    values: Values
    horizon: tuple[Values, ...] = ()
    fields: tuple[int, ...] | None = None


def check_state(
    values: Sequence[float],
    horizon: Sequence[Sequence[float]],
    fields: Sequence[str],
    world: WorldInfo,
    *,
    field: str = "state",
) -> CheckedState:
    """A state, and a horizon, inside the world's ranges; what lies in the tolerance is moved to the border.

    Raises:
        Rejection: UNKNOWN_STATE_FIELD, STATE_FIELD_REPEATED, STATE_LENGTH, STATE_NOT_FINITE, STATE_OUT_OF_RANGE or
            HORIZON_TOO_LONG.
    """
    check_horizon(len(horizon), f"{field}.horizon")
    indices = _check_fields(fields, world, f"{field}.fields")
    carried = world.state_fields if indices is None else [world.state_fields[i] for i in indices]
    whose = f"world {world.name} has" if indices is None else f"{field}.fields names"
    checked = _check_values(values, carried, f"{field}.values", whose)
    steps = tuple(_check_values(step, carried, f"{field}.horizon[{i}].values", whose) for i, step in enumerate(horizon))
    return CheckedState(checked, steps, indices)


def check_states(steps: Sequence[Sequence[float]], world: WorldInfo, *, field: str) -> tuple[Values, ...]:
    """States of all fields (S,), one after another.

    Raises:
        Rejection: STATE_LENGTH, STATE_NOT_FINITE or STATE_OUT_OF_RANGE.
    """
    whose = f"world {world.name} has"
    return tuple(_check_values(step, world.state_fields, f"{field}[{i}].values", whose) for i, step in enumerate(steps))


def check_horizon(num_frames: int, field: str) -> None:
    """How far ahead a client may look.

    Raises:
        Rejection: HORIZON_TOO_LONG.
    """
    if num_frames > MAX_HORIZON_FRAMES:
        raise Rejection(
            RejectReason.HORIZON_TOO_LONG,
            field=field,
            value=f"{num_frames} frames long",
            allowed=f"must hold 0..{MAX_HORIZON_FRAMES} frames",
        )


def _check_fields(names: Sequence[str], world: WorldInfo, field: str) -> tuple[int, ...] | None:
    """The fields that are named, as indices; None if none is: all of them."""
    known = {state_field.name: i for i, state_field in enumerate(world.state_fields)}
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name not in known:
            raise Rejection(
                RejectReason.UNKNOWN_STATE_FIELD,
                field=f"{field}[{i}]",
                value=quoted(name),
                allowed=f"world {world.name} has {', '.join(known) or 'none'}",
            )
        if name in seen:
            raise Rejection(
                RejectReason.STATE_FIELD_REPEATED,
                field=f"{field}[{i}]",
                value=quoted(name),
                allowed="may be there once",
            )
        seen.add(name)
    return tuple(known[name] for name in names) if names else None


def _check_values(values: Sequence[float], fields: Sequence[StateField], field: str, whose: str) -> Values:
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


# -------------------------------------------------------------------------------------------------------- actions


def check_actions(
    values: NamedValues, horizon: Sequence[NamedValues], world: WorldInfo, *, field: str = "actions"
) -> tuple[Values, tuple[Values, ...]]:
    """A complete set (A,), and a horizon of them, in the world's order; an action that is not named is 0.

    Raises:
        Rejection: ACTIONS_NOT_TAKEN, UNKNOWN_ACTION, ACTION_REPEATED, ACTION_OUT_OF_RANGE, ACTIONS_EXCLUSIVE or
            HORIZON_TOO_LONG.
    """
    _check_actions_taken(world, field)
    check_horizon(len(horizon), f"{field}.horizon")
    checked = _check_set(values, world, f"{field}.values")
    return checked, tuple(_check_set(step, world, f"{field}.horizon[{i}].values") for i, step in enumerate(horizon))


def check_action_sets(steps: Sequence[NamedValues], world: WorldInfo, *, field: str) -> tuple[Values, ...]:
    """Complete sets, one after another.

    Raises:
        Rejection: as `check_actions`.
    """
    if steps:
        _check_actions_taken(world, field)
    return tuple(_check_set(step, world, f"{field}[{i}].values") for i, step in enumerate(steps))


def _check_actions_taken(world: WorldInfo, field: str) -> None:
    if not world.actions:
        raise Rejection(
            RejectReason.ACTIONS_NOT_TAKEN, field=field, value="a set", allowed=f"world {world.name} takes no actions"
        )


def _check_set(given: NamedValues, world: WorldInfo, field: str) -> Values:
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
        values[known[name]] = check_action(value, world.actions[known[name]], f"{where}.value ({name})")
    check_groups(values, world.actions, field)
    return tuple(values)


def check_action(value: float, action: ActionInfo, field: str) -> float:
    """A value that the action can have; what lies in the tolerance of an axis is moved to the border.

    Raises:
        Rejection: ACTION_OUT_OF_RANGE, also of what is no number.
    """
    number = _as_number(value)
    shown = f"{value:g}" if isinstance(value, int | float) else repr(value)
    if action.kind is ActionKind.BUTTON:
        if number not in (0.0, 1.0):
            raise Rejection(RejectReason.ACTION_OUT_OF_RANGE, field=field, value=shown, allowed="a button is 0 or 1")
        return number
    slack = RANGE_TOLERANCE * (action.max - action.min)
    if not action.min - slack <= number <= action.max + slack:  # neither is not a number
        allowed = f"must be {action.min:g}..{action.max:g}"
        raise Rejection(RejectReason.ACTION_OUT_OF_RANGE, field=field, value=shown, allowed=allowed)
    return min(max(number, action.min), action.max)


def check_groups(values: Sequence[float], actions: Sequence[ActionInfo], field: str) -> None:
    """Of each exclusive group at most one of the values (A,) differs from 0.

    Raises:
        Rejection: ACTIONS_EXCLUSIVE.
    """
    held: dict[str, str] = {}  # by group
    for value, action in zip(values, actions, strict=True):
        if value and action.group:
            if action.group in held:
                raise Rejection(
                    RejectReason.ACTIONS_EXCLUSIVE,
                    field=field,
                    value=f"{held[action.group]}, {action.name}",
                    allowed=f"at most one of group {action.group} may differ from 0",
                )
            held[action.group] = action.name


# ------------------------------------------------------------------------------------------------------- releases


def check_release(numbers: Sequence[int], world: WorldInfo) -> frozenset[Steering]:
    """What may be un-said, by the wire's numbers.

    Raises:
        Rejection: CANNOT_BE_OPEN.
    """
    may = {steering.value: steering for steering in Steering if steering in world.may_be_open}
    names = ", ".join(steering.name.lower() for steering in may.values())
    allowed = f"world {world.name} can leave open {names or 'nothing'}"
    if not numbers:
        raise Rejection(RejectReason.CANNOT_BE_OPEN, field="control.release.steering", value="", allowed=allowed)
    known = {steering.value: steering.name.lower() for steering in Steering}
    for i, number in enumerate(numbers):
        if number not in may:
            where = f"control.release.steering[{i}]"
            raise Rejection(RejectReason.CANNOT_BE_OPEN, field=where, value=known.get(number, number), allowed=allowed)
    return frozenset(may[number] for number in numbers)


# ---------------------------------------------------------------------------------------- pictures of the client's


def check_source(
    world: WorldInfo, *, encoding: int, width: int, height: int, strength: float, payload: bytes, decode: DecodePicture
) -> NDArray[np.uint8]:
    """A picture to be redrawn, uint8 (height, width, 3).

    Raises:
        Rejection: SOURCE_NOT_TAKEN, SOURCE_SIZE, SOURCE_UNREADABLE or OUT_OF_RANGE.
    """
    if not world.takes_source_frames:
        raise Rejection(
            RejectReason.SOURCE_NOT_TAKEN,
            field="source_frame",
            value="a picture",
            allowed=f"world {world.name} redraws none",
        )
    check_share(strength, "source_frame.strength")
    _check_size(width, height, world, RejectReason.SOURCE_SIZE, "source_frame")
    kind = _check_picture_encoding(encoding, RejectReason.SOURCE_UNREADABLE, "source_frame.encoding")
    return _decoded(payload, kind, decode, RejectReason.SOURCE_UNREADABLE, "source_frame.payload")


class StartFrames(Protocol):
    """Frames to start from, as they came: T payloads, and none or T states and sets of actions."""

    @property
    def encoding(self) -> int:
        """As on the wire."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""

    @property
    def payloads(self) -> Sequence[bytes]:
        """T of them."""

    @property
    def states(self) -> Sequence[Sequence[float]]:
        """None, or T of all S fields."""

    @property
    def actions(self) -> Sequence[NamedValues]:
        """None, or T complete sets."""


@dataclass(frozen=True, slots=True)
class CheckedStart:
    """What a stream goes on from: uint8 (T, height, width, 3), and none or T states (S,) and sets (A,)."""

    rgb: NDArray[np.uint8]
    states: tuple[Values, ...]
    actions: tuple[Values, ...]


def check_references(profile: str, world: WorldInfo, *, field: str) -> int:
    """How many latents a stream of this profile can start from.

    Raises:
        Rejection: UNKNOWN_PROFILE, START_DOES_NOT_FIT.
    """
    references = check_profile(profile, world, field=field).references
    if references == 0:
        fitting = ", ".join(known.name for known in world.profiles if known.references) or "none"
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=field,
            value=f"for profile {profile}",
            allowed=f"it has no references to start from; profiles that have: {fitting}",
        )
    return references


def check_start_clip(name: str, world: WorldInfo, *, field: str) -> str:
    """The name of a clip to start from.

    Raises:
        Rejection: UNKNOWN_START_CLIP.
    """
    if name not in world.start_clips:
        raise Rejection(
            RejectReason.UNKNOWN_START_CLIP,
            field=field,
            value=quoted(name),
            allowed=f"world {world.name} has {', '.join(world.start_clips) or 'none'}",
        )
    return name


def check_start_steps(num_steps: int, field: str) -> None:
    """How many frames, states or action sets a start may bring, whatever the world, before anything is built of them.

    Raises:
        Rejection: START_DOES_NOT_FIT.
    """
    if num_steps > MAX_START_FRAMES:
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=field,
            value=f"{num_steps} steps",
            allowed=f"must hold 0..{MAX_START_FRAMES}",
        )


def check_start_length(num_frames: int, references: int, world: WorldInfo, *, field: str) -> None:
    """As many frames as a stream can start from.

    Raises:
        Rejection: START_DOES_NOT_FIT.
    """
    r = world.frames_per_latent
    most = references * r
    if not 0 < num_frames <= most or num_frames % r:
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=field,
            value=f"{num_frames} frames",
            allowed=f"must be a multiple of {r}, from {r} to {most}",
        )


def check_start_frames(
    frames: StartFrames, world: WorldInfo, references: int, decode: DecodePicture, *, field: str
) -> CheckedStart:
    """A client's own frames to start from; they are decoded last.

    Raises:
        Rejection: START_DOES_NOT_FIT, START_UNREADABLE, or as states and actions are refused.
    """
    num_frames = len(frames.payloads)
    check_start_length(num_frames, references, world, field=f"{field}.payloads")
    _check_size(frames.width, frames.height, world, RejectReason.START_DOES_NOT_FIT, field)
    kind = _check_picture_encoding(frames.encoding, RejectReason.START_DOES_NOT_FIT, f"{field}.encoding")
    for name, steps in (("states", len(frames.states)), ("actions", len(frames.actions))):
        if steps not in (0, num_frames):
            raise Rejection(
                RejectReason.START_DOES_NOT_FIT,
                field=f"{field}.{name}",
                value=f"{steps} steps",
                allowed=f"must be none or one for each of {num_frames} frames",
            )
    states = check_states(frames.states, world, field=f"{field}.states")
    actions = check_action_sets(frames.actions, world, field=f"{field}.actions")
    pictures = [
        _decoded(payload, kind, decode, RejectReason.START_UNREADABLE, f"{field}.payloads[{i}]")
        for i, payload in enumerate(frames.payloads)
    ]
    return CheckedStart(np.stack(pictures), states, actions)


def _check_size(width: int, height: int, world: WorldInfo, reason: RejectReason, field: str) -> None:
    for name, size, wanted in (("width", width, world.width), ("height", height, world.height)):
        if size != wanted:
            allowed = f"world {world.name} is {world.width}x{world.height}"
            raise Rejection(reason, field=f"{field}.{name}", value=size, allowed=allowed)


def _check_picture_encoding(number: int, reason: RejectReason, field: str) -> Encoding:
    known = {encoding.value: encoding for encoding in Encoding}
    if number not in known:
        raise Rejection(reason, field=field, value=number, allowed=f"must be {listed(Encoding)}")
    return known[number]


def _decoded(
    payload: bytes, encoding: Encoding, decode: DecodePicture, reason: RejectReason, field: str
) -> NDArray[np.uint8]:
    try:
        return decode(payload, encoding)
    except ValueError as error:
        raise Rejection(reason, field=field, value=f"{len(payload)} bytes long", allowed=str(error)) from error


def check_token(token: str | None) -> str | None:
    """A token that a header can carry; the error does not repeat it.

    Raises:
        ValueError: it is empty, begins or ends with a space, or holds a line break or another character that a header
            cannot carry.
    """
    if token is None:
        return None
    if not isinstance(token, str):
        raise ValueError(f"token is {type(token).__name__}, expected text")
    if not token:
        raise ValueError("token is empty, expected at least one character or none at all")
    found = re.search(r"[^\x20-\x7e]|^ | $", token)
    if found is not None:
        at_end = " at its end: was it read from a file?" if token.rstrip() == token[: found.start()] else ""
        place = f"character {found.start() + 1} of {len(token)}{at_end}"
        raise ValueError(f"token holds {found[0]!r} as {place}, which a header cannot carry")
    return token
