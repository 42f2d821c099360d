"""Checks of what a stream is to go on from; frames of a client's own are decoded here."""

import numpy as np

from engine_service.model.world import World
from engine_service.server.action_checks import check_action_sets
from engine_service.server.decoder import UnreadableError, decode
from engine_service.server.messages import Encoding, StartRequest
from engine_service.server.rejection import Rejection, RejectReason, quoted
from engine_service.server.state_checks import check_states
from engine_service.types import Past


def check_start(request: StartRequest, world: World, profile: str, *, field: str) -> Past | str:
    """The client's own frames, or the name of one of the world's clips, for a stream of that profile.

    Decoding takes milliseconds for each frame of 512x512: not for an event loop.

    Raises:
        Rejection: UNKNOWN_START_CLIP, START_DOES_NOT_FIT, START_UNREADABLE, or as states and actions are refused.
    """
    references = world.profiles[profile].references
    if references == 0:
        fitting = ", ".join(name for name, partition in world.profiles.items() if partition.references) or "none"
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=field,
            value=f"for profile {profile}",
            allowed=f"it has no references to start from; profiles that have: {fitting}",
        )
    if request.clip is not None:
        if request.clip not in world.start_clips:
            raise Rejection(
                RejectReason.UNKNOWN_START_CLIP,
                field=f"{field}.clip",
                value=quoted(request.clip),
                allowed=f"world {world.name} has {', '.join(world.start_clips) or 'none'}",
            )
        return request.clip
    return _decoded(request, world, references * world.frames_per_latent, f"{field}.frames")


def _decoded(request: StartRequest, world: World, most: int, field: str) -> Past:
    num_frames, r = len(request.payloads), world.frames_per_latent
    if not 0 < num_frames <= most or num_frames % r:
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=f"{field}.payloads",
            value=f"{num_frames} frames",
            allowed=f"must be a multiple of {r}, from {r} to {most}",
        )
    for name, size, wanted in (("width", request.width, world.width), ("height", request.height, world.height)):
        if size != wanted:
            raise Rejection(
                RejectReason.START_DOES_NOT_FIT,
                field=f"{field}.{name}",
                value=size,
                allowed=f"world {world.name} is {world.width}x{world.height}",
            )
    known = {encoding.value: encoding for encoding in Encoding}
    if request.encoding not in known:
        raise Rejection(
            RejectReason.START_DOES_NOT_FIT,
            field=f"{field}.encoding",
            value=request.encoding,
            allowed="must be " + ", ".join(f"{encoding.value} ({encoding.name})" for encoding in Encoding),
        )
    for name, steps in (("states", len(request.states)), ("actions", len(request.actions))):
        if steps not in (0, num_frames):
            raise Rejection(
                RejectReason.START_DOES_NOT_FIT,
                field=f"{field}.{name}",
                value=f"{steps} steps",
                allowed=f"must be none or one for each of {num_frames} frames",
            )
    states = check_states(request.states, world, field=f"{field}.states")
    actions = check_action_sets(request.actions, world, field=f"{field}.actions")
    pictures = []
    for i, payload in enumerate(request.payloads):
        try:
            pictures.append(decode(payload, known[request.encoding], width=world.width, height=world.height))
        except UnreadableError as error:
            raise Rejection(
                RejectReason.START_UNREADABLE,
                field=f"{field}.payloads[{i}]",
                value=f"{len(payload)} bytes long",
                allowed=str(error),
            ) from error
    return Past(np.stack(pictures), states, actions)
