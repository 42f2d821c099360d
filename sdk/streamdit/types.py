"""What crosses the borders of the SDK: frozen, slotted, without protobuf. The proto says what each means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

# How a new prompt takes over: at once; its words gradually; or with all that is in flight noised again.
PromptTransition: TypeAlias = Literal["immediate", "smooth", "fast"]
TRANSITIONS: tuple[PromptTransition, ...] = get_args(PromptTransition)
# What is held: values by name, or names of what is held at 1; what is not named is 0.
ActionSet: TypeAlias = Mapping[str, float] | Sequence[str]

# ------------------------------------------------------------------------------------------------ worlds


@dataclass(frozen=True, slots=True)
class StateField:
    """Name and range of one state value; a periodic field meets itself at its ends."""

    name: str
    min: float
    max: float
    periodic: bool = False
    initial: float | None = None  # what the engine assumes until the first state arrives; None: the middle

    @property
    def resting(self) -> float:
        """What the engine assumes until the first state arrives."""
        return (self.min + self.max) / 2 if self.initial is None else self.initial


class ActionKind(Enum):
    """What values an action may have; the wire's numbers."""

    BUTTON = 1  # 0 or 1
    AXIS = 2  # anything from min to max


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """One action that a world takes."""

    name: str
    kind: ActionKind = ActionKind.BUTTON
    min: float = 0.0  # an axis's range; it holds 0, the value of an action that is not named
    max: float = 1.0
    group: str = ""  # at most one action of a group differs from 0; "": no group
    default_key: str = ""  # what a game would bind it to, e.g. "left", "space", "w"; "": none
    description: str = ""  # one sentence for people

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("an action's name is empty")
        if not self.min <= 0 <= self.max or not self.min < self.max:
            raise ValueError(f"action {self.name}: range is {self.min:g}..{self.max:g}, it must hold 0 and more")
        if self.kind is ActionKind.BUTTON and (self.min, self.max) != (0, 1):
            raise ValueError(f"action {self.name}: range is {self.min:g}..{self.max:g}, a button's is 0..1")


class Steering(Enum):
    """What a session can be steered by; the wire's numbers. In calls the lower-case name will do: "state"."""

    PROMPT = 1
    STATE = 2
    ACTIONS = 3


@dataclass(frozen=True, slots=True)
class ProfileInfo:
    """A partition of the moving buffer, B = references + chunks * chunk_size latents."""

    name: str
    references: int
    chunks: int
    chunk_size: int
    steps_per_shift: int
    frames_per_shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldInfo:
    """What a world expects and what it gives. Sizes in pixels."""

    name: str
    description: str
    fps: float
    width: int
    height: int
    state_fields: tuple[StateField, ...]
    profiles: tuple[ProfileInfo, ...]
    default_profile: str
    example_prompts: tuple[str, ...]
    vocabulary: tuple[str, ...] = ()
    actions: tuple[ActionInfo, ...] = ()
    takes_source_frames: bool = False
    steered_by: tuple[Steering, ...] = (Steering.PROMPT, Steering.STATE)
    may_be_open: tuple[Steering, ...] = ()  # what may be left for the engine to invent
    start_clips: tuple[str, ...] = ()  # moments that a stream can go on from, by name
    frames_per_latent: int = 1  # frames to start from come in multiples of it

    @property
    def frame_period_us(self) -> int:
        """Media time between two frames."""
        return round(1_000_000 / self.fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What an engine serves, before a session is opened."""

    server_version: str
    api_version: int
    worlds: tuple[WorldInfo, ...]
    backend: str
    device: str
    max_sessions: int
    active_sessions: int


# ---------------------------------------------------------------------------------------------- sessions


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a stream goes on from: one of the world's clips, or frames of your own, the oldest first.

    Args:
        clip: its name, one of `WorldInfo.start_clips`.
        frames: uint8 `(T, height, width, 3)`, the world's size; T is a multiple of its `frames_per_latent`, and at most
            `references` of the profile times that.
        states: what was in force at each frame, all fields in the world's order; or none.
        actions: the set that was held at each frame; or none.
        jpeg_quality: 1..100, of the frames on their way; 0 sends the plain pixels.

    Raises:
        ValueError: it is neither or both, or its parts are not of one length.
    """

    clip: str = ""
    frames: NDArray[np.uint8] | None = None
    states: Sequence[Sequence[float]] = ()
    actions: Sequence[ActionSet] = ()
    jpeg_quality: int = 95

    def __post_init__(self) -> None:
        if bool(self.clip) == (self.frames is not None):
            raise ValueError("a start needs a clip's name or frames, one of the two")
        if not 0 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}, expected 1..100, or 0 for plain pixels")
        if self.frames is None:
            if len(self.states) or len(self.actions):
                raise ValueError("a start clip brings its own states and actions")
            return
        if self.frames.dtype != np.uint8 or self.frames.ndim != 4 or len(self.frames) == 0:
            raise ValueError(f"start frames are {self.frames.dtype} {self.frames.shape}, expected uint8 (T, H, W, 3)")
        for name, steps in (("states", self.states), ("actions", self.actions)):
            if len(steps) not in (0, len(self.frames)):
                raise ValueError(
                    f"start has {len(steps)} {name} for {len(self.frames)} frames, expected none or as many"
                )


class Encoding(Enum):
    """How a frame's payload is packed; the wire's numbers."""

    JPEG = 1
    RGB24 = 2


class Delivery(Enum):
    """When frames come; the wire's numbers."""

    LATEST = 1  # paced; the newest frame replaces a waiting one: players
    LOCKSTEP = 2  # a chunk is made once every frame sent was acknowledged: bots, training
    ALL = 3  # paced, nothing dropped; too far behind is closed with TOO_SLOW: recorders


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What was chosen when the session was opened."""

    session_id: str
    world: WorldInfo
    encoding: Encoding
    profile: str
    seed: int
    delivery: Delivery
    window: int
    api_version: int
    idle_timeout_s: float
    max_prompt_chars: int
    max_horizon_frames: int
    server_time_us: int
    resume_token: str = ""  # for `Opening.resume_token` after a broken connection; "": the session is not kept
    resume_s: float = 0.0  # for so long
    resumed: bool = False  # this is the session that was asked to go on
    last_event_id: int = 0  # resumed: the newest event the engine has heard
    steered_by: tuple[Steering, ...] = ()  # what was said; the rest is open or has its default
    actions_timeout_s: float = 0.0  # no action is held any more after so much silence; 0: they are held on


@dataclass(frozen=True, slots=True)
class Drops:
    """Frames lost, by cause: generation late, encoding late, client without credit."""

    generate: int = 0
    encode: int = 0
    network: int = 0

    def __add__(self, other: "Drops") -> "Drops":
        return Drops(self.generate + other.generate, self.encode + other.encode, self.network + other.network)

    @property
    def total(self) -> int:
        """All causes together."""
        return self.generate + self.encode + self.network


# ------------------------------------------------------------------------------------------ news of a session


@dataclass(frozen=True, slots=True)
class EventApplied:
    """An event is in the conditioning; `frame_id` is the first frame that obeys it."""

    event_id: int
    frame_id: int  # 0: it was replaced, with so many others that its answer did not wait for a frame
    pts_us: int
    replaced_by: int = 0  # a newer event that came before any frame could obey this one, and is obeyed in its place


@dataclass(frozen=True, slots=True)
class EventRejected:
    """An event was ignored; the session goes on as if it had not been sent."""

    event_id: int
    reason: str
    field: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the engine wants known; `code` is UNKNOWN_WORDS, FAR_PROMPT, LATE, RUNG_CHANGED or ACTIONS_RELEASED;
    after the last one the session says again by itself what it holds. WORLD_LOST is a `LiveSession`'s own word."""

    code: str
    detail: str
    event_id: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draining:
    """The engine is going down; the stream ends by itself within the deadline."""

    deadline_s: float
    detail: str


@dataclass(frozen=True, slots=True)
class ServerStats:
    """The engine's own view, once a second; None where nothing was measured."""

    frames_sent: int
    dropped: Drops
    step_ms: float | None
    decode_ms: float | None
    encode_ms: float | None
    drift_ms: float | None
    rung: int
    active_sessions: int


# ------------------------------------------------------------------------------------------------ endings


class ClosedReason(Enum):
    """Why a session ended; the same words on the wire, in Python and in C#."""

    CLIENT_CLOSED = 1
    CLIENT_GONE = 2
    IDLE = 3
    TOO_SLOW = 4
    SERVER_DRAINING = 5
    ENGINE_FAILED = 6
    CONNECTION_LOST = 7  # the connection broke before the engine said why
    REJECTED = 8  # the engine refused; the detail names field and value


@dataclass(frozen=True, slots=True)
class Totals:
    """The engine's count over a whole session."""

    frames_generated: int
    frames_sent: int
    dropped: Drops
    duration_s: float


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a session, as a value. `totals` is None when the engine could not say."""

    reason: ClosedReason
    detail: str = ""
    totals: Totals | None = None
