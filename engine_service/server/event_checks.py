"""Checks of what a running session sends: the SDK's, on what came over the wire. Pure; a refusal costs the event and
nothing else."""

import numpy as np
from numpy.typing import NDArray

from engine_service.model.world import World
from engine_service.server.action_checks import check_actions
from engine_service.server.decoder import decode
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
from engine_service.server.start_checks import check_start
from engine_service.server.state_checks import check_state
from engine_service.types import Event, Prompt, Release, Reset, SourceFrame, SwitchProfile, Transition
from streamdit import checks
from streamdit import types as sdk


def check_event(  # noqa: PLR0911 - one per kind
    event: EventRequest, world: World, *, newest_id: int, profile: str = ""
) -> Event:
    """An event the session may obey; `newest_id` is the last one accepted, `profile` the one in force ("": default).

    Raises:
        Rejection: naming the field and what it held.
    """
    match event:
        case EmptyMessage():
            raise checks.empty_message()
        case UnknownCommand():
            raise checks.unknown_command()
    checks.check_rising(event.event_id, newest_id)
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
            return Release(event.event_id, checks.check_release(event.steering, world.info))
        case ResetRequest():
            return _checked_reset(event, world, profile or world.default_profile)
        case SwitchProfile():
            checks.check_profile(event.profile, world.info, field="control.switch_profile.name")
    return event


def _checked_reset(request: ResetRequest, world: World, profile: str) -> Reset:
    """Raises Rejection: as `check_start`."""
    start = None
    if request.start is not None:
        start = check_start(request.start, world, profile, field="control.reset.start")
    return Reset(request.event_id, request.seed, start)


def _checked_prompt(request: PromptRequest, world: World) -> Prompt:
    """Raises Rejection: PROMPT_EMPTY, PROMPT_TOO_LONG, UNKNOWN_TRANSITION or OUT_OF_RANGE."""
    checks.check_prompt(request.text)
    transition = checks.check_transition(request.transition)
    smooth_frames = checks.check_smooth_frames(request.smooth_frames)
    renoise_to = 1.0 if request.renoise_to is None else checks.check_share(request.renoise_to, "prompt.renoise_to")
    return Prompt(
        request.event_id,
        request.text,
        transition=Transition[transition.upper()],
        smooth_frames=smooth_frames or round(world.fps),
        renoise_to=renoise_to,
    )


def _decoded_source(request: SourceRequest, world: World) -> SourceFrame:
    """Raises Rejection: SOURCE_NOT_TAKEN, SOURCE_SIZE, SOURCE_UNREADABLE or OUT_OF_RANGE."""

    def decode_one(payload: bytes, encoding: sdk.Encoding) -> NDArray[np.uint8]:
        return decode(payload, Encoding(encoding.value), width=world.width, height=world.height)

    rgb = checks.check_source(
        world.info,
        encoding=request.encoding,
        width=request.width,
        height=request.height,
        strength=request.strength,
        payload=request.payload,
        decode=decode_one,
    )
    return SourceFrame(request.event_id, rgb, request.strength)
