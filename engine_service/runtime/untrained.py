"""A preset without weights: random ones, to compile it and to measure it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from engine_service.model.autoencoder import Autoencoder
from engine_service.model.dit import StreamDiT
from engine_service.model.presets import Preset
from engine_service.model.text import TextEncoder, VocabularyTokenizer
from engine_service.runtime.weights import Networks


def untrained_networks(preset: Preset, dtype: torch.dtype, seed: int = 0) -> Networks:
    """Networks of a preset's size in `dtype`, steered by text alone; the text encoder has a shape and no weights.

    Made in that precision at once: of a large preset there is no room for a copy in single precision.
    """
    with torch.random.fork_rng(devices=[]), _default(dtype):
        torch.manual_seed(seed)
        dit, autoencoder = StreamDiT(preset.dit(())), Autoencoder(preset.autoencoder())
        for module in (dit, autoencoder):
            for parameter in module.parameters():
                if not parameter.any():  # the identity a training begins with would be compiled away
                    nn.init.normal_(parameter, std=0.02)
            module.to(dtype).eval().requires_grad_(False)
    with torch.device("meta"):
        text = TextEncoder(preset.text(vocabulary_size=1))
    return Networks(dit, text, autoencoder.decoder, autoencoder.encoder, VocabularyTokenizer((), preset.text_words))


@contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
