"""What the server may ask of a running stream; `stream.session.StreamSession` is the real one."""

from collections.abc import Callable
from typing import Protocol

from engine_service.types import Chunk, Event, UnknownWords


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

    def apply(self, event: Event) -> UnknownWords | None:
        """Put a checked event into the next micro-step's conditioning. Pause and Resume are not for here."""

    def skip(self, num_frames: int) -> None:
        """Move media time on without frames: generation was late. Frame ids move with it."""

    def advance(self, listen: Callable[[], None] = nothing_new) -> Chunk:
        """Run the micro-steps of one shift and decode the chunk that became clean.

        `listen` is called before every micro-step and may `apply` prompts and states that came meanwhile.
        """
