"""What crosses the borders between layers: frozen, slotted, without behaviour."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit.types import Steering

# ------------------------------------------------------------------------------------------------ events


class Transition(Enum):
    """How a new prompt takes over from the old one; the same words on the wire and in the SDK."""

    IMMEDIATE = 1  # the new words count for every latent from the next micro-step on
    SMOOTH = 2  # the words' embedding moves from the old to the new over some frames
    FAST = 3  # as IMMEDIATE, and what is in flight goes back towards noise, so that the old picture is forgotten


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the world should be; in force from the next micro-step on."""

    event_id: int
    text: str
    transition: Transition = Transition.IMMEDIATE
    smooth_frames: int = 16  # SMOOTH: how long the way takes
    renoise_to: float = 1.0  # FAST: the noise level that latents in flight go back to, at least their own


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """A picture of the client's own, to be redrawn as the prompt says (SDEdit, arXiv 2108.01073, in the buffer)."""

    event_id: int
    rgb: NDArray[np.uint8]  # (H, W, 3), of the world's size
    strength: float  # 0 gives the source back, 1 keeps nothing of it


@dataclass(frozen=True, slots=True)
class State:
    """What is happening, in the world's field order; `horizon[i]` is a guess for i + 1 frames later.

    With `fields`, indices of the world's, `values` and every step of `horizon` carry these alone, in their order; the
    others stay as they were: said, or open.
    """

    event_id: int
    values: tuple[float, ...]
    horizon: tuple[tuple[float, ...], ...] = ()
    fields: tuple[int, ...] | None = None  # None: all of them


@dataclass(frozen=True, slots=True)
class Actions:
    """The complete set of actions in force from now on, one value per action of the world, in its order."""

    event_id: int
    values: tuple[float, ...]
    horizon: tuple[tuple[float, ...], ...] = ()
    tapped: tuple[int, ...] = ()  # pressed and let go again before anybody heard; oldest first


@dataclass(frozen=True, slots=True)
class Release:
    """What was said of these is un-said: from now on it is for the world to invent."""

    event_id: int
    steering: frozenset[Steering]


@dataclass(frozen=True, slots=True)
class Past:
    """The last moments before a stream, oldest first: what it goes on from."""

    rgb: NDArray[np.uint8]  # (T, H, W, 3), T a multiple of the world's frames per latent
    states: tuple[tuple[float, ...], ...] = ()  # none, or one a frame, of all fields in the world's order
    actions: tuple[tuple[float, ...], ...] = ()  # none, or one a frame, of all actions in the world's order
    prompt: str = ""  # what was in force then; a session that has said none goes on with it


@dataclass(frozen=True, slots=True)
class Reset:
    """Start the buffer again, from noise or from where a past left off; no seed means the session's own."""

    event_id: int
    seed: int | None = None
    start: Past | str | None = None  # one of the client's own, or one of the world's clips by its name


@dataclass(frozen=True, slots=True)
class SwitchProfile:
    """Another partition; the latents in flight are re-noised to its levels."""

    event_id: int
    profile: str


@dataclass(frozen=True, slots=True)
class Pause:
    """No further chunks until `Resume`."""

    event_id: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after `Pause`."""

    event_id: int


Event: TypeAlias = Prompt | State | Actions | Release | SourceFrame | Reset | SwitchProfile | Pause | Resume

# ------------------------------------------------------------------------------------------------ frames


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and what it knew. Times are the engine's monotonic clock, nanoseconds."""

    frame_id: int  # pts_us / frame period + 1
    pts_us: int
    last_event_id: int
    rgb: NDArray[np.uint8]  # (H, W, 3)
    generate_start_ns: int
    generate_end_ns: int


@dataclass(frozen=True, slots=True)
class Applied:
    """An event and the first frame that obeys it."""

    event_id: int
    frame_id: int  # 0: it was replaced, and answered before any frame obeyed the newer one
    pts_us: int
    replaced_by: int = 0  # a newer event, which is obeyed in its place


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """Words of a prompt that the world does not know, or that it takes for misspelt; the rest is in force."""

    event_id: int
    words: tuple[str, ...]
    read_as: tuple[tuple[str, str], ...] = ()  # misspellings, and what they were taken for


@dataclass(frozen=True, slots=True)
class FarPrompt:
    """A prompt about something that the world was never taught; it is in force all the same."""

    event_id: int
    nearest: str  # the prompt that it knows and that is most like it
    similarity: float  # cosine, -1..1


Remark: TypeAlias = UnknownWords | FarPrompt  # about a prompt


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one shift of the buffer gave."""

    frames: tuple[Frame, ...]
    applied: tuple[Applied, ...]
    step_s: float  # all micro-steps of the shift
    decode_s: float


@dataclass(frozen=True, slots=True)
class Drops:
    """Frames lost, by cause."""

    generate: int = 0
    encode: int = 0
    network: int = 0

    def __add__(self, other: "Drops") -> "Drops":
        return Drops(self.generate + other.generate, self.encode + other.encode, self.network + other.network)


# ------------------------------------------------------------------------------------------------ the GPU


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuReading:
    """One look at the GPU through NVML. Every call may be unsupported on its own: None is "not measured"."""

    time_ns: int  # the engine's monotonic clock
    name: str
    lost: bool = False  # it fell off the bus, or its driver went away; no later reading will say otherwise
    gpu_pct: int | None = None  # share of the last sample period (1/6 to 1 s) with a kernel running
    memory_pct: int | None = None  # the same, with memory being read or written
    sm_clock_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    memory_clock_mhz: int | None = None
    memory_clock_max_mhz: int | None = None
    throttle_reasons: tuple[str, ...] | None = None  # words; (): it runs as fast as it was set to
    power_w: float | None = None
    power_limit_w: float | None = None  # the one enforced
    energy_j: float | None = None  # since the driver was loaded; only differences mean something
    temperature_c: int | None = None
    margin_c: int | None = None  # what is left until it slows down
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    # Of processes: None where this one is not among those that the driver lists, as in many containers.
    own_memory_bytes: int | None = None
    other_memory_bytes: int | None = None
    own_gpu_pct: int | None = None
    other_gpu_pct: int | None = None


# ------------------------------------------------------------------------------------------------ endings


class ClosedReason(Enum):
    """Why a session ended; the same words on the wire, in Python and in C#."""

    CLIENT_CLOSED = 1
    CLIENT_GONE = 2
    IDLE = 3
    TOO_SLOW = 4
    SERVER_DRAINING = 5
    ENGINE_FAILED = 6


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a session, as a value."""

    reason: ClosedReason
    detail: str = ""
