"""Checks of what a running session sends. Pure; a refusal costs the event and nothing else."""

from engine_service.model.world import World
from engine_service.server.action_checks import check_actions
from engine_service.server.decoder import UnreadableError, decode
from engine_service.server.messages import (
    ActionsRequest,
    EmptyMessage,
    Encoding,
    EventRequest,
    PromptRequest,
    ReleaseRequest,
    ResetRequest,
    SourceRequest,
    StateRequest,
    UnknownCommand,
)
from engine_service.server.rejection import Rejection, RejectReason, quoted
from engine_service.server.start_checks import check_start
from engine_service.server.state_checks import check_state
from engine_service.types import Event, Prompt, Release, Reset, SourceFrame, SwitchProfile, Transition
from streamdit.types import Steering

MAX_PROMPT_CHARS = 500
MAX_SMOOTH_FRAMES = 320


def check_event(  # noqa: PLR0911 - one per kind
    event: EventRequest, world: World, *, newest_id: int, profile: str = ""
) -> Event:
    """An event the session may obey; `newest_id` is the last one accepted, `profile` the one in force ("": default).

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
                allowed="must be pause, resume, reset, switch_profile or release",
            )
    _check_rising(event.event_id, newest_id)
    match event:
        case PromptRequest():
            return _checked_prompt(event, world)
        case SourceRequest():
            return _decoded_source(event, world)
        case StateRequest():
            return check_state(event, world)
        case ActionsRequest():
            return check_actions(event, world)
        case ReleaseRequest():
            return _checked_release(event, world)
        case ResetRequest():
            return _checked_reset(event, world, profile or world.default_profile)
        case SwitchProfile():
            check_profile(event.profile, world, field="control.switch_profile.name")
    return event


def _checked_release(request: ReleaseRequest, world: World) -> Release:
    """Raises Rejection: CANNOT_BE_OPEN."""
    may = {steering.value: steering for steering in Steering if steering in world.may_be_open}
    names = ", ".join(steering.name.lower() for steering in may.values())
    allowed = f"world {world.name} can leave open {names or 'nothing'}"
    if not request.steering:
        raise Rejection(RejectReason.CANNOT_BE_OPEN, field="control.release.steering", value="", allowed=allowed)
    known = {steering.value: steering.name.lower() for steering in Steering}
    for i, number in enumerate(request.steering):
        if number not in may:
            value = known.get(number, number)
            where = f"control.release.steering[{i}]"
            raise Rejection(RejectReason.CANNOT_BE_OPEN, field=where, value=value, allowed=allowed)
    return Release(request.event_id, frozenset(may[number] for number in request.steering))


def _checked_reset(request: ResetRequest, world: World, profile: str) -> Reset:
    """Raises Rejection: as `check_start`."""
    start = None
    if request.start is not None:
        start = check_start(request.start, world, profile, field="control.reset.start")
    return Reset(request.event_id, request.seed, start)


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
            value=quoted(profile),
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


def _check_rising(event_id: int, newest_id: int) -> None:
    if event_id <= newest_id:
        raise Rejection(
            RejectReason.EVENT_ID_NOT_RISING,
            field="event_id",
            value=event_id,
            allowed=f"must be above {newest_id}, the last one accepted",
        )
