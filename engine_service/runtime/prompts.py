"""From a prompt's text to what the transformer reads of it, kept for when the same is asked again.

Letters: P sessions in a call, L text tokens, Dt text width.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine_service.model.known_prompts import KnownPrompts, Nearest, nearest_known
from engine_service.model.text import PAD, TextEncoder, Tokenizer, Tokens

KEPT = 256  # prompts; the one that was asked for the longest time ago falls out


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt as the transformer reads it."""

    words: Tensor  # (P, L, Dt)
    bias: Tensor  # (P, L), 0 for words and very negative for padding


@dataclass(frozen=True, slots=True)
class ReadPrompt:
    """All that is known of a prompt's text."""

    tokens: Tokens
    encoded: EncodedPrompt
    far_from: Nearest | None  # the nearest prompt that the world was taught, where that is about something else


class PromptEncoder:
    """Text -> embedding on a device; runs only when the prompt changes, always in torch on the CPU.

    Any thread may ask. At most `kept` prompts are kept.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        encoder: TextEncoder,
        device: torch.device = torch.device("cpu"),  # noqa: B008 - a constant
        *,
        known: KnownPrompts | None = None,
        kept: int = KEPT,
    ) -> None:
        """`known` is what the world was taught; None if it does not say."""
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._device = device
        self._known = known
        self._kept = kept
        self._always: dict[str, ReadPrompt] = {}
        self._read: OrderedDict[str, ReadPrompt] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, texts: Iterable[str]) -> None:
        """Read these now, and never let them fall out: what sessions begin with."""
        self._always |= {text: self._anew(text) for text in texts}

    def read(self, text: str) -> ReadPrompt:
        """A prompt as it was read before, or else anew."""
        if text in self._always:
            return self._always[text]
        with self._lock:
            found = self._read.get(text)
            if found is not None:
                self._read.move_to_end(text)
                return found
        read = self._anew(text)
        with self._lock:
            self._read[text] = read
            while len(self._read) > self._kept:
                self._read.popitem(last=False)
        return read

    def _anew(self, text: str) -> ReadPrompt:
        tokens = self.tokens(text)
        return ReadPrompt(tokens, self.encode(tokens), self._far_from(tokens))

    def tokens(self, text: str) -> Tokens:
        """Word numbers, and the words the world does not know."""
        return self._tokenizer(text)

    @torch.inference_mode()
    def encode(self, tokens: Tokens) -> EncodedPrompt:
        """One pass of the text encoder."""
        words, bias = self._encoder(torch.tensor([tokens.ids]))
        return EncodedPrompt(words.to(self._device), bias.to(self._device))

    @torch.inference_mode()
    def _far_from(self, tokens: Tokens) -> Nearest | None:
        """Nothing for a prompt without a known word: that is said otherwise."""
        if self._known is None or all(number == PAD for number in tokens.ids):
            return None
        nearest = nearest_known(self._encoder.sentence_vectors(torch.tensor([tokens.ids]))[0], self._known)
        return nearest if nearest.similarity < self._known.threshold else None


def compute_on_one_core() -> None:
    """Torch in the calling thread, and in no other, from now on.

    A prompt is so little work that threads only wait for each other: on a machine whose cores are taken, by micro-steps
    for example, two of them need a hundred times as long as one.
    """
    before = torch.get_num_threads()  # also settles this thread's own number: from here on only we change it
    torch.set_num_threads(1)
    # That was also what later threads begin with. Only another thread can take that back and leave ours alone.
    restore = threading.Thread(target=torch.set_num_threads, args=(before,))
    restore.start()
    restore.join()
