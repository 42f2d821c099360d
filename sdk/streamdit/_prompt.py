"""A prompt and how it takes over from the one in force."""

from dataclasses import dataclass

from streamdit.types import TRANSITIONS, PromptTransition


@dataclass(frozen=True, slots=True)
class PromptWish:
    """What `Session.prompt` is called with.

    Raises:
        ValueError: there is no such transition, or a number that no engine would take.
    """

    text: str
    transition: PromptTransition = "immediate"
    smooth_frames: int = 0
    renoise_to: float | None = None

    def __post_init__(self) -> None:
        if self.transition not in TRANSITIONS:
            raise ValueError(f"transition is {self.transition!r}, expected one of {', '.join(TRANSITIONS)}")
        if self.smooth_frames < 0:
            raise ValueError(f"smooth_frames is {self.smooth_frames}, expected at least 0")
        if self.renoise_to is not None and not 0 <= self.renoise_to <= 1:  # neither is not a number
            raise ValueError(f"renoise_to is {self.renoise_to}, expected 0..1")
