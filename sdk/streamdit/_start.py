"""What a stream goes on from, on its way to the engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from streamdit._said import Said, StateWish, Values, checked_actions
from streamdit._source import MAX_PAYLOAD_BYTES, check_picture, encode_source
from streamdit.checks import check_start_length, check_text
from streamdit.types import Encoding, Start, WorldInfo


@dataclass(frozen=True, slots=True)
class PackedStart:
    """A start as the wire carries it: a clip's name, or pictures of the world's size."""

    clip: str
    encoding: Encoding = Encoding.JPEG
    width: int = 0
    height: int = 0
    payloads: tuple[bytes, ...] = ()
    states: tuple[Values, ...] = ()
    actions: tuple[Mapping[str, float], ...] = ()


def checked_start(start: Start | str, world: WorldInfo, profile: str) -> Start:
    """A start for a session of that profile, not packed yet.

    Raises:
        ValueError: the world has no such clip, or the frames, states or actions do not fit it.
    """
    start = Start(check_text(start, "start")) if isinstance(start, str) else start
    if not isinstance(start, Start):
        raise ValueError(f"start is {start!r}, expected a Start or the name of a clip")
    references = next((known.references for known in world.profiles if known.name == profile), 0)
    if not references:
        fitting = ", ".join(known.name for known in world.profiles if known.references) or "none"
        raise ValueError(f"profile {profile!r} has nothing to start from; profiles that have: {fitting}")
    if start.frames is None:
        if start.clip not in world.start_clips:
            known_clips = ", ".join(world.start_clips) or "none"
            raise ValueError(f"start clip {start.clip!r} is unknown, world {world.name!r} has: {known_clips}")
        return start
    check_start_length(len(start.frames), references, world, field="start")
    for rgb in start.frames:
        check_picture(rgb, world.width, world.height)
    said = Said(world)
    for values in start.states:
        said.say_state(values, {})
    for held in start.actions:
        checked_actions(held, world)
    return start


def packed_start(start: Start | str, world: WorldInfo, profile: str) -> PackedStart:
    """A start for a session of that profile.

    Raises:
        ValueError: the world has no such clip, or the frames, states or actions do not fit it.
    """
    start = checked_start(start, world, profile)
    if start.frames is None:
        return PackedStart(start.clip)
    packed = [encode_source(rgb, world.width, world.height, start.jpeg_quality) for rgb in start.frames]
    num_bytes = sum(len(payload) for payload, _ in packed)
    if num_bytes > MAX_PAYLOAD_BYTES:
        raise ValueError(f"start frames are {num_bytes} bytes, a message holds {MAX_PAYLOAD_BYTES}")
    said = Said(world)
    states: list[StateWish] = [said.say_state(values, {}) for values in start.states]
    return PackedStart(
        clip="",
        encoding=packed[0][1],
        width=world.width,
        height=world.height,
        payloads=tuple(payload for payload, _ in packed),
        states=tuple(state.values for state in states),
        actions=tuple(checked_actions(held, world) for held in start.actions),
    )
