"""Checks of what a running session sends. Pure; a refusal costs the event and nothing else."""

import math

from engine_service.model.world import World
from engine_service.server.decoder import UnreadableError, decode
from engine_service.server.messages import (
    Action,
    EmptyMessage,
    Encoding,
    EventRequest,
    PromptRequest,
    SourceRequest,
    UnknownCommand,
)
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.types import Event, Prompt, SourceFrame, State, SwitchProfile, Transition

MAX_PROMPT_CHARS = 500
MAX_HORIZON_FRAMES = 32
MAX_SMOOTH_FRAMES = 320
MAX_NAME_CHARS = 80  # of a refused name that are repeated to the client
# Of a field's range: a float32 on the wire cannot hit a float64 border exactly.
RANGE_TOLERANCE = 1e-3


def check_event(event: EventRequest, world: World, *, newest_id: int) -> Event:
    """An event the session may obey; `newest_id` is the last one accepted.

    Raises:
        Rejection: naming the field and what it held.
    """
    match event:
        case EmptyMessage():
            raise Rejection(RejectReason.EMPTY_MESSAGE, field="body", value="", allowed="must be one this engine knows")
        case UnknownCommand():
            raise Rejection(
                RejectReason.UNKNOWN_COMMAND,
                field="control.command",
                value="",
                allowed="must be pause, resume, reset or switch_profile",
            )
        case Action():
            raise Rejection(
                RejectReason.UNKNOWN_ACTION,
                field="action.name",
                value=repr(event.name[:MAX_NAME_CHARS]),
                allowed=f"world {world.name} is steered by its state alone",
            )
    _check_rising(event.event_id, newest_id)
    match event:
        case PromptRequest():
            return _checked_prompt(event, world)
        case SourceRequest():
            return _decoded_source(event, world)
        case State():
            return check_state(event, world)
        case SwitchProfile():
            check_profile(event.profile, world, field="control.switch_profile.name")
    return event


def _checked_prompt(request: PromptRequest, world: World) -> Prompt:
    """Raises Rejection: PROMPT_EMPTY, PROMPT_TOO_LONG, UNKNOWN_TRANSITION or OUT_OF_RANGE."""
    check_prompt(request.text)
    known = {0: Transition.IMMEDIATE, **{transition.value: transition for transition in Transition}}
    if request.transition not in known:
        raise Rejection(
            RejectReason.UNKNOWN_TRANSITION,
            field="prompt.transition",
            value=request.transition,
            allowed="must be " + ", ".join(f"{transition.value} ({transition.name})" for transition in Transition),
        )
    if request.smooth_frames > MAX_SMOOTH_FRAMES:
        raise Rejection(
            RejectReason.OUT_OF_RANGE,
            field="prompt.smooth_frames",
            value=request.smooth_frames,
            allowed=f"must be 0..{MAX_SMOOTH_FRAMES}",
        )
    renoise_to = 1.0 if request.renoise_to is None else request.renoise_to
    _check_share(renoise_to, "prompt.renoise_to")
    return Prompt(
        request.event_id,
        request.text,
        transition=known[request.transition],
        smooth_frames=request.smooth_frames or round(world.fps),
        renoise_to=renoise_to,
    )


def _decoded_source(request: SourceRequest, world: World) -> SourceFrame:
    """Raises Rejection: SOURCE_NOT_TAKEN, SOURCE_SIZE, SOURCE_UNREADABLE or OUT_OF_RANGE."""
    if not world.takes_source_frames:
        raise Rejection(
            RejectReason.SOURCE_NOT_TAKEN,
            field="source_frame",
            value="a picture",
            allowed=f"world {world.name} redraws none",
        )
    _check_share(request.strength, "source_frame.strength")
    for name, size, wanted in (("width", request.width, world.width), ("height", request.height, world.height)):
        if size != wanted:
            raise Rejection(
                RejectReason.SOURCE_SIZE,
                field=f"source_frame.{name}",
                value=size,
                allowed=f"world {world.name} is {world.width}x{world.height}",
            )
    known = {encoding.value: encoding for encoding in Encoding}
    if request.encoding not in known:
        raise Rejection(
            RejectReason.SOURCE_UNREADABLE,
            field="source_frame.encoding",
            value=request.encoding,
            allowed="must be " + ", ".join(f"{encoding.value} ({encoding.name})" for encoding in Encoding),
        )
    try:
        rgb = decode(request.payload, known[request.encoding], width=request.width, height=request.height)
    except UnreadableError as error:
        raise Rejection(
            RejectReason.SOURCE_UNREADABLE,
            field="source_frame.payload",
            value=f"{len(request.payload)} bytes long",
            allowed=str(error),
        ) from error
    return SourceFrame(request.event_id, rgb, request.strength)


def _check_share(value: float, field: str) -> None:
    if not 0 <= value <= 1:  # neither is not a number
        raise Rejection(RejectReason.OUT_OF_RANGE, field=field, value=f"{value:g}", allowed="must be 0..1")


def check_profile(profile: str, world: World, *, field: str) -> str:
    """A profile the world has.

    Raises:
        Rejection: UNKNOWN_PROFILE.
    """
    if profile not in world.profiles:
        raise Rejection(
            RejectReason.UNKNOWN_PROFILE,
            field=field,
            value=repr(profile[:MAX_NAME_CHARS]),
            allowed=f"world {world.name} has {', '.join(world.profiles)}",
        )
    return profile


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


def check_state(state: State, world: World, *, field: str = "state") -> State:
    """A state, and a horizon, inside the world's ranges; what lies in the tolerance is moved to the border.

    Raises:
        Rejection: STATE_LENGTH, STATE_NOT_FINITE, STATE_OUT_OF_RANGE or HORIZON_TOO_LONG.
    """
    if len(state.horizon) > MAX_HORIZON_FRAMES:
        raise Rejection(
            RejectReason.HORIZON_TOO_LONG,
            field=f"{field}.horizon",
            value=f"{len(state.horizon)} frames long",
            allowed=f"must hold 0..{MAX_HORIZON_FRAMES} frames",
        )
    values = _check_values(state.values, world, f"{field}.values")
    horizon = tuple(_check_values(step, world, f"{field}.horizon[{i}].values") for i, step in enumerate(state.horizon))
    return State(state.event_id, values, horizon)


def _check_rising(event_id: int, newest_id: int) -> None:
    if event_id <= newest_id:
        raise Rejection(
            RejectReason.EVENT_ID_NOT_RISING,
            field="event_id",
            value=event_id,
            allowed=f"must be above {newest_id}, the last one accepted",
        )


def _check_values(values: tuple[float, ...], world: World, field: str) -> tuple[float, ...]:
    if len(values) != len(world.state_fields):
        names = ", ".join(state_field.name for state_field in world.state_fields)
        raise Rejection(
            RejectReason.STATE_LENGTH,
            field=field,
            value=f"{len(values)} values long",
            allowed=f"world {world.name} has {len(world.state_fields)} fields: {names}",
        )
    checked: list[float] = []
    for i, (value, state_field) in enumerate(zip(values, world.state_fields, strict=True)):
        name = f"{field}[{i}] ({state_field.name})"
        allowed = f"must be {state_field.min:g}..{state_field.max:g}"
        if not math.isfinite(value):
            raise Rejection(RejectReason.STATE_NOT_FINITE, field=name, value=value, allowed=allowed)
        slack = RANGE_TOLERANCE * (state_field.max - state_field.min)
        if not state_field.min - slack <= value <= state_field.max + slack:
            raise Rejection(RejectReason.STATE_OUT_OF_RANGE, field=name, value=f"{value:g}", allowed=allowed)
        checked.append(min(max(value, state_field.min), state_field.max))
    return tuple(checked)
