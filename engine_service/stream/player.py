"""What the server may ask of a running stream; `stream.session.StreamSession` is the real one."""

from collections.abc import Callable, Hashable
from typing import Protocol

from engine_service.model.ladder import Rung
from engine_service.stream.batch import Calls
from engine_service.types import Chunk, Event, Remark


def nothing_new() -> None:
    """For a stream that hears of events between chunks alone."""


class Player(Protocol):
    """One session's stream of frames. Lives in the worker thread; knows no clock and no client."""

    @property
    def frames_per_shift(self) -> int:
        """Frames in the next chunk; changes with the profile."""

    @property
    def frame_period_us(self) -> int:
        """Media time between frames."""

    def apply(self, event: Event) -> tuple[Remark, ...]:
        """Put a checked event into the next micro-step's conditioning; what is to be said of it.

        Pause and Resume are not for here.
        """

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder of the profile in force, the profile itself first; a shift shows as many frames on each."""

    def take_rung(self, rung: Rung) -> None:
        """Go on with the partition of one of `rungs`; what is in flight goes along, re-noised."""

    def skip(self, num_frames: int) -> None:
        """Move media time on without frames: generation was late. Frame ids move with it."""

    @property
    def batch_group(self) -> Hashable:
        """What sessions must have in common to share a call; changes with the profile."""

    @property
    def largest_batch(self) -> int:
        """How many sessions can share a call; 1 where a device gains nothing by it."""

    def shift(self, listen: Callable[[], None] = nothing_new) -> Calls[Chunk]:
        """Run the micro-steps of one shift and decode the chunk that became clean, by calls that may be shared.

        `listen` is called before every micro-step and may `apply` prompts, states, actions and releases that came
        meanwhile.
        """
