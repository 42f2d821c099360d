"""What `testing.FakeEngine` serves: a square on a coloured ground, its contract, its way to refuse."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import grpc
import numpy as np
import simplejpeg
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from numpy.typing import NDArray

from streamdit._convert import ERROR_DOMAIN, STATUS_DETAILS
from streamdit.types import ProfileInfo, StateField, WorldInfo
from streamdit.wire import engine_pb2 as pb

FAKE_WORLD = WorldInfo(
    name="square",
    description="A square on a coloured ground.",
    fps=16.0,
    width=64,
    height=48,
    state_fields=(StateField("x", 0.0, 128.0, initial=64.0), StateField("spin", 0.0, 1.0, periodic=True, initial=0.5)),
    profiles=(ProfileInfo("single", 0, 4, 1, 1, 1), ProfileInfo("quartet", 1, 2, 2, 1, 4)),
    default_profile="single",
    example_prompts=("a square on grass", "a square on sand", "a square on ice"),
    vocabulary=(),
    takes_source_frames=True,
)
SMOOTH, MAX_SMOOTH_FRAMES = pb.PROMPT_TRANSITION_SMOOTH, 320
Colour: TypeAlias = tuple[float, ...]


def ground_of(prompt: str) -> Colour:
    """The colour a prompt gives the ground, 0..127 each."""
    code = zlib.crc32(prompt.encode())
    return (float(code & 0x7F), float(code >> 8 & 0x7F), float(code >> 16 & 0x7F))


@dataclass(frozen=True, slots=True)
class FakeScene:
    """What the fake world shows; every event makes another one. Frames are counted from 0, in media time."""

    values: tuple[float, ...]
    ground: Colour
    old_ground: Colour = ()  # SMOOTH: where the way to `ground` began,
    turned_at: int = 0  # at which frame,
    turn_frames: int = 0  # and how long it takes
    source: NDArray[np.uint8] | None = None  # (H, W, 3)
    strength: float = 1.0
    source_until: int = 0  # the frame that shows nothing of the source any more

    def ground_at(self, frame: int) -> Colour:
        """The ground's colour, on the way from the old prompt's if that takes its time."""
        share = min(1.0, (frame + 1 - self.turned_at) / self.turn_frames) if self.turn_frames else 1.0
        if share == 1.0:
            return self.ground
        return tuple(old + share * (new - old) for old, new in zip(self.old_ground, self.ground, strict=True))

    def turned(self, frame: int, prompt: pb.Prompt, fps: float) -> "FakeScene":
        """Another prompt. IMMEDIATE and FAST look the same here: nothing is in flight."""
        turn_frames = (prompt.smooth_frames or round(fps)) if prompt.transition == SMOOTH else 0
        return replace(
            self,
            ground=ground_of(prompt.text),
            old_ground=self.ground_at(frame),
            turned_at=frame,
            turn_frames=turn_frames,
        )

    def redrawn(self, frame: int, source: NDArray[np.uint8], strength: float, fps: float) -> "FakeScene":
        """With a source, for a second."""
        return replace(self, source=source, strength=strength, source_until=frame + round(fps))

    def picture(self, world: WorldInfo, frame: int) -> NDArray[np.uint8]:
        """The frame, uint8 (H, W, 3): ground, square, and over both the source by what its strength keeps."""
        rgb = paint(world, self.ground_at(frame), self.values)
        if self.source is None or frame >= self.source_until:
            return rgb
        return (self.strength * rgb + (1 - self.strength) * self.source).round().astype(np.uint8)


def unpacked(source: pb.SourceFrame) -> NDArray[np.uint8]:
    """A source frame's picture `(H, W, 3)`.

    Raises:
        ValueError: the payload is none, or one of another size.
    """
    shape = (source.height, source.width, 3)
    if source.encoding == pb.ENCODING_RGB24:
        return np.frombuffer(source.payload, np.uint8).reshape(shape)
    rgb: NDArray[np.uint8] = simplejpeg.decode_jpeg(source.payload, colorspace="RGB")
    return rgb.reshape(shape)


def paint(world: WorldInfo, ground: Colour, values: Sequence[float]) -> NDArray[np.uint8]:
    """The fake world's picture, uint8 (H, W, 3): a pure function of the ground's colour and the state."""
    rgb = np.empty((world.height, world.width, 3), np.uint8)  # (H, W, 3)
    rgb[:] = np.round(ground)
    if values:
        field = world.state_fields[0]
        side = world.height // 4
        share = (values[0] - field.min) / (field.max - field.min)
        left = round(share * (world.width - side))
        rgb[side : 2 * side, left : left + side] = 255
    return rgb


async def abort_rejected(
    context: Any, code: grpc.StatusCode, reason: str, *, field: str, value: str, detail: str
) -> NoReturn:
    """End the call as the contract says: a google.rpc.Status with an ErrorInfo."""
    info = error_details_pb2.ErrorInfo(domain=ERROR_DOMAIN, reason=reason, metadata={"field": field, "value": value})
    packed = any_pb2.Any()
    packed.Pack(info)
    status = status_pb2.Status(code=code.value[0], message=detail, details=[packed])
    await context.abort(code, detail, trailing_metadata=((STATUS_DETAILS, status.SerializeToString()),))
    raise AssertionError("abort raises")


def world_message(world: WorldInfo) -> pb.WorldInfo:
    """A world as the wire carries it."""
    return pb.WorldInfo(
        name=world.name,
        description=world.description,
        fps=world.fps,
        width=world.width,
        height=world.height,
        state_fields=[
            pb.StateField(name=f.name, min=f.min, max=f.max, periodic=f.periodic, initial=f.resting)
            for f in world.state_fields
        ],
        profiles=[
            pb.ProfileInfo(
                name=profile.name,
                references=profile.references,
                chunks=profile.chunks,
                chunk_size=profile.chunk_size,
                steps_per_shift=profile.steps_per_shift,
                frames_per_shift=profile.frames_per_shift,
            )
            for profile in world.profiles
        ],
        default_profile=world.default_profile,
        example_prompts=world.example_prompts,
        vocabulary=world.vocabulary,
        actions=world.actions,
        takes_source_frames=world.takes_source_frames,
    )
