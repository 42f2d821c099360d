"""A prompt and how it takes over from the one in force."""

from dataclasses import dataclass

from streamdit.checks import check_share, check_smooth_frames, check_text
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
        check_text(self.text, "prompt.text")
        if self.transition not in TRANSITIONS:
            raise ValueError(f"transition is {self.transition!r}, expected one of {', '.join(TRANSITIONS)}")
        check_smooth_frames(self.smooth_frames, field="smooth_frames")
        if self.renoise_to is not None:
            check_share(self.renoise_to, "renoise_to")
