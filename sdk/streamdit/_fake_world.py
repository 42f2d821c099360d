"""What `testing.FakeEngine` serves: a square on a coloured ground, its contract, its way to refuse."""

import zlib
from collections.abc import Sequence
from typing import Any, NoReturn

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
)


def unpacked(source: pb.SourceFrame) -> tuple[NDArray[np.uint8], float]:
    """A source frame's picture `(H, W, 3)` and its strength."""
    if source.encoding == pb.ENCODING_RGB24:
        rgb = np.frombuffer(source.payload, np.uint8).reshape(source.height, source.width, 3)
    else:
        rgb = simplejpeg.decode_jpeg(source.payload, colorspace="RGB")
    return rgb, source.strength


def redrawn(rgb: NDArray[np.uint8], source: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    """The fake world's picture over a source: a mixture of both, by the strength."""
    return (strength * rgb + (1 - strength) * source).round().astype(np.uint8)


def paint(world: WorldInfo, prompt: str, values: Sequence[float]) -> NDArray[np.uint8]:
    """The fake world's picture, uint8 (H, W, 3): a pure function of prompt and state."""
    ground = zlib.crc32(prompt.encode())
    rgb = np.empty((world.height, world.width, 3), np.uint8)  # (H, W, 3)
    rgb[:] = [ground & 0x7F, ground >> 8 & 0x7F, ground >> 16 & 0x7F]
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
    )
