"""What a backend must answer, and the torch modules that every backend compiles.

Letters: P sessions in a call, B latents in a buffer, C channels, H W latent height and width, r frames per latent,
S state fields, A actions, L text tokens, Dt text width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from engine_service.model.autoencoder import Decoder, Encoder, from_rgb, to_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.flow import euler, velocity_from_clean
from engine_service.model.world import World
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.types import Past

CPU = torch.device("cpu")


class Denoiser(Protocol):
    """One micro-step of whole buffers: velocity and Euler in one graph."""

    @property
    def batch_sizes(self) -> Sequence[int]:
        """The P that a call may have, rising from 1."""

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        """latents `(P, B, C, H, W)` at sigmas `(P, B)` -> the same at next_sigmas.

        controls `(P, B, r, S + A)`: state fields, then actions, not a number where they are left open.

        Inputs may lie on the CPU or on the denoiser's device; the answer lies on the latter.
        """


class FrameDecoder(Protocol):
    """Latents become pictures."""

    @property
    def batch_sizes(self) -> Sequence[int]:
        """The P that a call may have, rising from 1."""

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        """Pairs of latents `(P, C, H, W)` -> the current ones' frames, uint8 `(P, r, height, width, 3)`, on the CPU."""


class FrameEncoder(Protocol):
    """Pictures become latents: what video-to-video begins with."""

    def encode(self, frames: Tensor) -> Tensor:
        """uint8 `(r, height, width, 3)`, on the CPU -> one latent `(1, C, H, W)`."""


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
    buffer_lengths: tuple[int, ...] | None = None  # that the denoiser has graphs for; None: any
    latent_device: torch.device = CPU  # where latents live between calls
    why: str = ""  # this backend and no other
    clips: Mapping[str, Past] = field(default_factory=dict)  # the world's start clips, by name

    def wait(self) -> None:
        """Return when the device has done what it was asked: a call to CUDA returns before that."""
        if self.latent_device.type == "cuda":
            torch.cuda.current_stream(self.latent_device).synchronize()


class MicroStep(nn.Module):
    """The graph of `Denoiser.step`; `waves`, `(P, B, num_waves)`, are `StreamDiT.waves` of sigmas and controls.

    At the border everything is float32, and so is Euler; the transformer's parameters are of `dtype`.
    """

    def __init__(self, dit: StreamDiT, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dit = dit
        self.dtype = dtype

    def forward(
        self,
        latents: Tensor,
        sigmas: Tensor,
        next_sigmas: Tensor,
        waves: Tensor,
        words: Tensor,
        bias: Tensor,
    ) -> Tensor:
        inner = (tensor.to(self.dtype) for tensor in (latents, waves, words, bias))
        clean = self.dit.predict(*inner).float()
        return euler(latents, velocity_from_clean(latents, clean, sigmas), sigmas, next_sigmas)


class DecodeStep(nn.Module):
    """The graph of `FrameDecoder.decode`; the decoder's parameters are of `dtype`."""

    def __init__(self, decoder: Decoder, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.decoder = decoder
        self.dtype = dtype

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        return to_rgb(self.decoder(previous.to(self.dtype), current.to(self.dtype)).float())


class EncodeStep(nn.Module):
    """The graph of `FrameEncoder.encode`; the encoder's parameters are of `dtype`."""

    def __init__(self, encoder: Encoder, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.encoder = encoder
        self.dtype = dtype

    def forward(self, frames: Tensor) -> Tensor:
        latent: Tensor = self.encoder(from_rgb(frames)[None].to(self.dtype)).float()
        return latent
