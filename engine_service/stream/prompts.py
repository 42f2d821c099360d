"""The prompt over media time: what is in force at a frame, and how a new one takes over.

Letters: L text tokens, Dt text width.
"""

import torch
from torch import Tensor

from engine_service.runtime.denoiser import EncodedPrompt


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
        done = frame - self._start
        return self._new if done >= self._length else between(self._old, self._new, done / self._length)


def between(old: EncodedPrompt, new: EncodedPrompt, share: float) -> EncodedPrompt:
    """Word embeddings `share` of the way from one prompt to another (StreamDiT supplement 8).

    The shorter prompt is stretched to the longer one's length by saying words twice: every place then holds two words
    and the way between them, and none holds padding.
    """
    lengths = [int((prompt.bias == 0).sum()) for prompt in (old, new)]
    longest = max(lengths)
    first, second = (stretch(p.words, length, longest) for p, length in zip((old, new), lengths, strict=True))
    return EncodedPrompt(torch.lerp(first, second, share), (old, new)[lengths.index(longest)].bias)


def stretch(words: Tensor, length: int, longest: int) -> Tensor:
    """The first `length` of `(1, L, Dt)` spread evenly over `longest` places; what is behind them stays."""
    places = torch.arange(words.shape[1])
    spread = places * length // longest
    return words[:, torch.where(places < longest, spread, places)]
