"""A player whose pixels tell what it was told, and the world it plays in."""

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine_service.model.ladder import Rung, ladder
from engine_service.model.partition import Partition
from engine_service.model.world import StateField, World
from engine_service.server.messages import SessionPlan
from engine_service.stream.batch import Calls
from engine_service.stream.player import nothing_new
from engine_service.types import (
    Actions,
    Applied,
    Chunk,
    Event,
    Frame,
    Prompt,
    Release,
    Remark,
    Reset,
    SourceFrame,
    State,
    SwitchProfile,
    UnknownWords,
)
from streamdit.types import ActionInfo, ActionKind, Steering

ACTIONS = (
    ActionInfo("left", group="walk", default_key="left", description="Walks to the left."),
    ActionInfo("right", group="walk"),
    ActionInfo("jump"),
    ActionInfo("throttle", ActionKind.AXIS, -1.0, 0.5),
)
WORLD = World(
    name="fake",
    description="Pixels that tell what the engine was told.",
    fps=16.0,
    width=32,
    height=16,
    frames_per_latent=2,
    state_fields=(
        StateField("x", 0.0, 1.0),
        StateField("y", 0.0, 1.0, initial=0.0),
        StateField("facing", -1.0, 1.0, periodic=True),
    ),
    profiles={"responsive": Partition(1, 2, 1, 2), "balanced": Partition(0, 4, 2, 2)},
    default_profile="responsive",
    example_prompts=("a fox in the snow",),
    vocabulary=("a", "fox", "in", "the", "snow", "rain", "bear"),
)

# The same, but it takes actions and nothing has to be said.
KEYS_WORLD = replace(
    WORLD, name="keys", actions=ACTIONS, may_be_open=frozenset(Steering), start_clips={"meadow": "meadow.npz"}
)


def fingerprint(text: str) -> list[int]:
    """Three bytes that tell prompts apart."""
    return list(zlib.crc32(text.encode()).to_bytes(4, "big")[:3])


def picture(
    text: str, values: tuple[float, ...], seed: int, frame_id: int, held: tuple[float, ...] | None = None
) -> NDArray[np.uint8]:
    """Row 0: the state, 0..1 -> 0..255 in x and y; row 1: the prompt; row 2: the seed; row 3: the frame id; row 4: the
    first three actions, 255 where held, 128 where nobody said."""
    rgb = np.zeros((WORLD.height, WORLD.width, 3), np.uint8)  # (H, W, 3)
    rgb[0] = [round(values[0] * 255), round(values[1] * 255), round((values[2] + 1) * 127)]
    rgb[1] = fingerprint(text)
    rgb[2] = list((seed % 2**24).to_bytes(3, "big"))
    rgb[3] = list((frame_id % 2**24).to_bytes(3, "big"))
    rgb[4] = 128 if held is None else [round(value * 255) for value in held[:3]]
    return rgb


class ManualClock:
    """Stands still until it is told to move."""

    def __init__(self, now_ns: int = 1_000_000_000) -> None:
        self.ns = now_ns

    def now_ns(self) -> int:
        return self.ns

    def move(self, seconds: float) -> None:
        self.ns += round(seconds * 1e9)


class FakePlayer:
    """Obeys at once. The prompts "explode" and "swell" make it raise; with a clock, a chunk costs `cost_s` of it."""

    def __init__(self, plan: SessionPlan, *, clock: ManualClock | None = None, cost_s: float = 0.0) -> None:
        if plan.prompt is not None and plan.prompt.text == "refuse to be made":
            raise ValueError("this player cannot be made")
        self.plan = plan
        self.thread = threading.get_ident()
        self.seen: list[Event] = []
        self.skipped: list[int] = []
        self.rungs_taken: list[Rung] = []
        self.cost_s = cost_s
        self._clock = clock
        self._seed = plan.seed
        self._profile = plan.profile
        self._text = WORLD.example_prompts[0]
        self.sources: list[SourceFrame] = []
        self.held: tuple[float, ...] | None = None
        self.released: frozenset[Steering] = frozenset()
        self._values = plan.world.resting_state
        self._next_frame_id = 1
        self._newest_event_id = 0
        self._pending: list[int] = []
        self.during_chunk: Callable[[], object] = nothing_new

    @property
    def frames_per_shift(self) -> int:
        return WORLD.frames_per_shift(self._profile)

    @property
    def frame_period_us(self) -> int:
        return WORLD.frame_period_us

    def apply(self, event: Event) -> tuple[Remark, ...]:
        assert threading.get_ident() == self.thread, "a player stays in its thread"
        self.seen.append(event)
        self._newest_event_id = max(self._newest_event_id, event.event_id)
        self._pending.append(event.event_id)
        match event:
            case Prompt():
                if event.text == "explode":
                    raise RuntimeError("the fake exploded")
                if event.text == "swell":
                    raise MemoryError("cannot hold another latent")
                self._text = event.text
                unknown = tuple(word for word in event.text.split() if word not in WORLD.vocabulary)
                return (UnknownWords(event.event_id, unknown),) if unknown else ()
            case State(fields=None):
                self._values = event.values
            case State():
                said = dict(zip(event.fields or (), event.values, strict=True))
                self._values = tuple(said.get(i, value) for i, value in enumerate(self._values))
            case Actions():
                self.held = event.values
            case Release():
                self.released |= event.steering
            case SourceFrame():
                self.sources.append(event)
            case Reset():
                self._seed = self.plan.seed if event.seed is None else event.seed
            case SwitchProfile():
                self._profile = event.profile
            case _:
                raise AssertionError(f"{event} is not for a player")
        return ()

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return ladder(WORLD.profiles[self._profile])

    def take_rung(self, rung: Rung) -> None:
        assert threading.get_ident() == self.thread, "a player stays in its thread"
        assert rung in self.rungs
        self.rungs_taken.append(rung)

    def skip(self, num_frames: int) -> None:
        self.skipped.append(num_frames)
        self._next_frame_id += num_frames

    @property
    def batch_group(self) -> str:
        return self._profile

    @property
    def largest_batch(self) -> int:
        return 1

    def shift(self, listen: Callable[[], None] = nothing_new) -> Calls[Chunk]:
        yield from ()  # it has no network to ask
        return self.advance(listen)

    def advance(self, listen: Callable[[], None] = nothing_new) -> Chunk:
        start_ns = self._now_ns()
        self.during_chunk()
        listen()
        if self._clock is not None:
            self._clock.move(self.cost_s)
        frames = tuple(
            Frame(
                frame_id=frame_id,
                pts_us=(frame_id - 1) * self.frame_period_us,
                last_event_id=self._newest_event_id,
                rgb=picture(self._text, self._values, self._seed, frame_id, self.held),
                generate_start_ns=start_ns,
                generate_end_ns=self._now_ns(),
            )
            for frame_id in range(self._next_frame_id, self._next_frame_id + self.frames_per_shift)
        )
        self._next_frame_id += len(frames)
        first = frames[0]
        applied = tuple(Applied(event_id, first.frame_id, first.pts_us) for event_id in self._pending)
        self._pending.clear()
        return Chunk(frames, applied, step_s=0.004, decode_s=0.001)

    def _now_ns(self) -> int:
        return time.monotonic_ns() if self._clock is None else self._clock.now_ns()
