"""The prompt over media time: what is in force at a frame, and how a new one takes over (StreamDiT supplement 8)."""

from engine_service.model.text import mix_words
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.types import FarPrompt, Remark, UnknownWords


class PromptTrack:
    """One prompt, or the way from one to the next."""

    def __init__(self, prompt: EncodedPrompt) -> None:
        self._old = self._new = prompt
        self._start = 0  # frame index in media time
        self._length = 0  # frames

    def update(self, frame: int, prompt: EncodedPrompt, smooth_frames: int = 0) -> None:
        """From `frame` on: the new prompt, or over so many frames the way to it from what is in force then."""
        self._old = self.at(frame)
        self._new, self._start, self._length = prompt, frame, smooth_frames

    def at(self, frame: int) -> EncodedPrompt:
        """What is in force at a frame; at the end of the way it is the new prompt itself."""
        done, old, new = frame - self._start, self._old, self._new
        if done >= self._length:
            return new
        return EncodedPrompt(*mix_words(old.words, old.bias, new.words, new.bias, done / self._length))


def remark_text(remark: Remark) -> str:
    """A sentence for people."""
    match remark:
        case UnknownWords():
            parts = [f"the world does not know: {', '.join(remark.words)}"] if remark.words else []
            return "; ".join([*parts, *(f"read {said!r} as {meant!r}" for said, meant in remark.read_as)])
        case FarPrompt():
            return (
                f"the world was taught nothing like this; the nearest prompt that it knows is {remark.nearest!r} "
                f"(similarity {remark.similarity:.2f})"
            )
