"""What crosses the borders of the SDK: frozen, slotted, without protobuf. The proto says what each means."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias, get_args

# How a new prompt takes over: at once; its words gradually; or with all that is in flight noised again.
PromptTransition: TypeAlias = Literal["immediate", "smooth", "fast"]
TRANSITIONS: tuple[PromptTransition, ...] = get_args(PromptTransition)

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
    """What an action's values mean; the wire's numbers."""

    BUTTON = 1  # 0 or 1
    AXIS = 2  # min..max


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """One thing a player can do; an action that is not named is 0."""

    name: str
    kind: ActionKind = ActionKind.BUTTON
    min: float = 0.0
    max: float = 1.0
    group: str = ""  # at most one of a group at a time; "": none
    default_key: str = ""
    description: str = ""


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
    actions: tuple[str, ...] = ()
    takes_source_frames: bool = False

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
    frame_id: int
    pts_us: int


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
    """Something the engine wants known; `code` is UNKNOWN_WORDS, LATE or RUNG_CHANGED."""

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
