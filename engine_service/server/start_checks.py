"""Checks of what a stream is to go on from: the SDK's; frames of a client's own are decoded here."""

import numpy as np
from numpy.typing import NDArray

from engine_service.model.world import World
from engine_service.server.decoder import decode
from engine_service.server.messages import Encoding, StartRequest
from engine_service.types import Past
from streamdit import checks
from streamdit import types as sdk


def check_start(request: StartRequest, world: World, profile: str, *, field: str) -> Past | str:
    """The client's own frames, or the name of one of the world's clips, for a stream of that profile.

    Decoding takes milliseconds for each frame of 512x512: not for an event loop.

    Raises:
        Rejection: UNKNOWN_START_CLIP, START_DOES_NOT_FIT, START_UNREADABLE, or as states and actions are refused.
    """
    references = checks.check_references(profile, world.info, field=field)
    if request.clip is not None:
        return checks.check_start_clip(request.clip, world.info, field=f"{field}.clip")

    def decode_one(payload: bytes, encoding: sdk.Encoding) -> NDArray[np.uint8]:
        return decode(payload, Encoding(encoding.value), width=world.width, height=world.height)

    start = checks.check_start_frames(request, world.info, references, decode_one, field=f"{field}.frames")
    return Past(start.rgb, start.states, start.actions)
