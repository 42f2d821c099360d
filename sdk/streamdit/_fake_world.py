"""What `testing.FakeEngine` serves: a square on a coloured ground, its contract, its way to refuse."""

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeAlias

import grpc
import numpy as np
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from numpy.typing import NDArray

from streamdit._convert import ERROR_DOMAIN, STATUS_DETAILS
from streamdit.types import ActionInfo, ActionKind, ProfileInfo, StateField, Steering, WorldInfo
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
STEERED_WORLD = replace(
    FAKE_WORLD,
    name="keys",
    description="A square that may be left alone, and keys that light up.",
    actions=(
        ActionInfo("left", group="walk", default_key="left", description="Walks to the left."),
        ActionInfo("right", group="walk", default_key="right", description="Walks to the right."),
        ActionInfo("jump", default_key="space", description="Jumps."),
        ActionInfo("throttle", ActionKind.AXIS, -1.0, 1.0, description="Forwards or backwards."),
    ),
    steered_by=(Steering.PROMPT, Steering.STATE, Steering.ACTIONS),
    may_be_open=(Steering.PROMPT, Steering.STATE, Steering.ACTIONS),
    start_clips=("meadow", "ledge"),
    frames_per_latent=2,
    profiles=(ProfileInfo("single", 0, 4, 1, 1, 1), ProfileInfo("quartet", 2, 2, 2, 1, 4)),
    default_profile="quartet",
)
SMOOTH = pb.PROMPT_TRANSITION_SMOOTH
Colour: TypeAlias = tuple[float, ...]


def ground_of(prompt: str) -> Colour:
    """The colour a prompt gives the ground, 0..127 each."""
    code = zlib.crc32(prompt.encode())
    return (float(code & 0x7F), float(code >> 8 & 0x7F), float(code >> 16 & 0x7F))


@dataclass(frozen=True, slots=True)
class FakeScene:
    """What the fake world shows; every event makes another one. Frames are counted from 0, in media time."""

    values: tuple[float, ...]  # not a number where the state is open
    ground: Colour
    actions: tuple[float, ...] = ()  # the set in force; (): none was said
    tapped: tuple[float, ...] = ()  # what was held since the last chunk, if only for a moment
    seed: int = 0  # what is open comes from
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

    def holding(self, values: tuple[float, ...]) -> "FakeScene":
        """With another set; what the last one held is tapped until it was shown."""
        before = self.tapped or (0.0,) * len(values)
        return replace(self, actions=values, tapped=tuple(a or b for a, b in zip(values, before, strict=True)))

    def shown(self) -> "FakeScene":
        """After a chunk's first frame: what is not held any more was seen."""
        return replace(self, tapped=())

    def left_open(self, steering: Iterable[Steering]) -> "FakeScene":
        """Without what was said of these."""
        opened = self
        for one in steering:
            if one is Steering.PROMPT:
                opened = replace(opened, ground=ground_of(f"seed {self.seed}"), turn_frames=0)
            elif one is Steering.STATE:
                opened = replace(opened, values=(math.nan,) * len(self.values))
            else:
                opened = replace(opened, actions=(), tapped=())
        return opened

    def picture(self, world: WorldInfo, frame: int) -> NDArray[np.uint8]:
        """The frame, uint8 (H, W, 3): ground, square, keys, and over all the source by what its strength keeps."""
        rgb = paint(world, self.ground_at(frame), self.values, self.seed)
        if self.actions:
            paint_keys(world, rgb, self.tapped or self.actions)
        if self.source is None or frame >= self.source_until:
            return rgb
        return (self.strength * rgb + (1 - self.strength) * self.source).round().astype(np.uint8)


def paint(world: WorldInfo, ground: Colour, values: Sequence[float], seed: int = 0) -> NDArray[np.uint8]:
    """The fake world's picture, uint8 (H, W, 3): a pure function of the ground's colour and the state. A square that
    nobody places is grey, and stands where the seed says."""
    rgb = np.empty((world.height, world.width, 3), np.uint8)  # (H, W, 3)
    rgb[:] = np.round(ground)
    if values:
        field = world.state_fields[0]
        side = world.height // 4
        invented = math.isnan(values[0])
        share = seed * 0.37 % 1.0 if invented else (values[0] - field.min) / (field.max - field.min)
        left = round(share * (world.width - side))
        rgb[side : 2 * side, left : left + side] = 160 if invented else 255
    return rgb


def paint_keys(world: WorldInfo, rgb: NDArray[np.uint8], held: Sequence[float]) -> None:
    """A cell for each action along the lower edge: black at 0, white at the end of its range."""
    width, height = world.width // len(held), world.height // 8
    for i, (action, value) in enumerate(zip(world.actions, held, strict=True)):
        share = abs(value) / max(-action.min, action.max)
        rgb[-height:, i * width : (i + 1) * width] = round(255 * share)


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
        takes_source_frames=world.takes_source_frames,
        actions=[
            pb.ActionInfo(
                name=action.name,
                kind=f"ACTION_KIND_{action.kind.name}",
                min=action.min,
                max=action.max,
                group=action.group,
                default_key=action.default_key,
                description=action.description,
            )
            for action in world.actions
        ],
        steered_by=[f"STEERING_{one.name}" for one in world.steered_by],
        may_be_open=[f"STEERING_{one.name}" for one in world.may_be_open],
        start_clips=world.start_clips,
        frames_per_latent=world.frames_per_latent,
    )
