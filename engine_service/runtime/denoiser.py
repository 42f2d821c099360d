"""What a backend must answer, and the torch modules that every backend compiles.

Letters: B latents in the buffer, C channels, H W latent height and width, r frames per latent, S state fields,
L text tokens, Dt text width. One session at a time: the leading axis is 1.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from engine_service.model.autoencoder import Decoder, Encoder, from_rgb, to_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.flow import euler, velocity_from_clean
from engine_service.model.text import TextEncoder, Tokenizer, Tokens
from engine_service.model.world import World


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt as the transformer reads it."""

    words: Tensor  # (1, L, Dt)
    bias: Tensor  # (1, L), 0 for words and very negative for padding


class Denoiser(Protocol):
    """One micro-step of a whole buffer: velocity and Euler in one graph."""

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        """latents `(1, B, C, H, W)` at sigmas `(1, B)` -> the same at next_sigmas; states `(1, B, r, S)`."""


class FrameDecoder(Protocol):
    """Latents become pictures."""

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        """Two latents `(1, C, H, W)` -> the current one's frames, uint8 `(r, height, width, 3)`."""


class FrameEncoder(Protocol):
    """Pictures become latents: what video-to-video begins with."""

    def encode(self, frames: Tensor) -> Tensor:
        """uint8 `(r, height, width, 3)` -> one latent `(1, C, H, W)`."""


class PromptEncoder:
    """Text -> embedding; runs only when the prompt changes, always in torch."""

    def __init__(self, tokenizer: Tokenizer, encoder: TextEncoder) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder

    def tokens(self, text: str) -> Tokens:
        """Word numbers, and the words the world does not know."""
        return self._tokenizer(text)

    @torch.inference_mode()
    def encode(self, tokens: Tokens) -> EncodedPrompt:
        """One pass of the text encoder."""
        words, bias = self._encoder(torch.tensor([tokens.ids]))
        return EncodedPrompt(words, bias)


@dataclass(frozen=True, slots=True)
class Runtime:
    """A world ready to be played on one backend; shared by all its sessions, used by one thread."""

    world: World
    backend: str
    device: str
    latent_shape: tuple[int, int, int]  # (C, H, W)
    denoiser: Denoiser
    decoder: FrameDecoder
    encoder: FrameEncoder
    prompts: PromptEncoder


class MicroStep(nn.Module):
    """The graph of `Denoiser.step`; `waves`, `(1, B, num_waves)`, are `StreamDiT.waves` of sigmas and states."""

    def __init__(self, dit: StreamDiT) -> None:
        super().__init__()
        self.dit = dit

    def forward(
        self,
        latents: Tensor,
        sigmas: Tensor,
        next_sigmas: Tensor,
        waves: Tensor,
        words: Tensor,
        bias: Tensor,
    ) -> Tensor:
        clean = self.dit.predict(latents, waves, words, bias)
        return euler(latents, velocity_from_clean(latents, clean, sigmas), sigmas, next_sigmas)


class DecodeStep(nn.Module):
    """The graph of `FrameDecoder.decode`."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        return to_rgb(self.decoder(previous, current)[0])


class EncodeStep(nn.Module):
    """The graph of `FrameEncoder.encode`."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, frames: Tensor) -> Tensor:
        latent: Tensor = self.encoder(from_rgb(frames)[None])
        return latent
