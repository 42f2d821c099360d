"""What a client may say beside the events of `types`, and what was agreed on; no protobuf."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from engine_service.model.world import World
from engine_service.stream.player import Player
from engine_service.types import Actions, Past, Pause, Prompt, Resume, State, SwitchProfile
from streamdit.types import Steering


class Encoding(Enum):
    """How a frame's pixels travel; the numbers are the wire's."""

    JPEG = 1
    RGB24 = 2


class Delivery(Enum):
    """What happens to frames the client is not ready for; the numbers are the wire's."""

    LATEST = 1
    LOCKSTEP = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class StateRequest:
    """What is happening, not checked yet."""

    event_id: int
    values: tuple[float, ...]
    horizon: tuple[tuple[float, ...], ...] = ()
    fields: tuple[str, ...] = ()  # names of what they carry; none: all, in the world's order


NamedValues: TypeAlias = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ActionsRequest:
    """A complete set of actions, not checked yet."""

    event_id: int
    values: NamedValues
    horizon: tuple[NamedValues, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """What is to be un-said, not checked yet."""

    event_id: int
    steering: tuple[int, ...]  # as on the wire: a newer client may know more of them


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What a stream is to go on from, not decoded yet: a clip's name, or frames."""

    clip: str | None
    encoding: int = 0  # as on the wire
    width: int = 0
    height: int = 0
    payloads: tuple[bytes, ...] = ()
    states: tuple[tuple[float, ...], ...] = ()
    actions: tuple[NamedValues, ...] = ()


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """Start again, not checked yet."""

    event_id: int
    seed: int | None = None
    start: StartRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A client's wishes, not checked yet; zeros and empty strings ask for the engine's defaults."""

    api_version: int
    sdk: str  # name and version, for the log
    world: str
    encodings: tuple[int, ...]  # as on the wire: a newer client may know more of them
    profile: str
    seed: int | None
    delivery: int  # as on the wire
    window: int
    jpeg_quality: int
    prompt: str | None
    state: StateRequest | None
    resume_token: str
    actions: ActionsRequest | None = None
    start: StartRequest | None = None
    received_frame_id: int | None = None  # of the session that the token asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """What was agreed on. The worker applies what was said (event id 0) before the first chunk."""

    session_id: str
    world: World
    profile: str
    seed: int
    encoding: Encoding
    delivery: Delivery
    window: int  # frames
    jpeg_quality: int  # 1..100
    prompt: Prompt | None  # None: left open, or its default; the same for state and actions
    state: State | None
    resume_token: str  # empty: not kept when the connection breaks
    actions: Actions | None = None
    start: Past | str | None = None  # what it goes on from: frames of the client's, or a clip of the world's

    @property
    def steered_by(self) -> frozenset[Steering]:
        """What the opening said."""
        said = {Steering.PROMPT: self.prompt, Steering.STATE: self.state, Steering.ACTIONS: self.actions}
        return frozenset(steering for steering, words in said.items() if words is not None)


# Called in the worker thread; may take its time, and fail with an exception whose text the client will read.
PlayerFactory: TypeAlias = Callable[[SessionPlan], Player]


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """A new prompt, not checked yet."""

    event_id: int
    text: str
    transition: int = 0  # as on the wire: a newer client may know more of them
    smooth_frames: int = 0  # 0: one second
    renoise_to: float | None = None


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A picture to be redrawn, not decoded yet."""

    event_id: int
    encoding: int  # as on the wire
    width: int
    height: int
    payload: bytes
    strength: float


@dataclass(frozen=True, slots=True)
class UnknownCommand:
    """A control message without a command this engine knows."""

    event_id: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Every frame up to and including this one has left the client's receive queue."""

    frame_id: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """To be answered at once with the same client time."""

    client_time_us: int


@dataclass(frozen=True, slots=True)
class Close:
    """The client is leaving."""

    detail: str


@dataclass(frozen=True, slots=True)
class EmptyMessage:
    """A message without a body this engine knows."""

    event_id: int


# What may change a running session, once it is checked.
EventRequest: TypeAlias = (
    PromptRequest
    | StateRequest
    | ActionsRequest
    | ReleaseRequest
    | SourceRequest
    | ResetRequest
    | SwitchProfile
    | Pause
    | Resume
    | UnknownCommand
    | EmptyMessage
)
ClientMessage: TypeAlias = OpenRequest | EventRequest | Ack | Heartbeat | Close
