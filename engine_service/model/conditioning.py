"""Numbers become vectors: noise levels and game state, one embedding per latent frame.

Every number is heard as waves, sines and cosines of many wavelengths. Taking a sine needs single precision, what comes
after it does not; so each module gives its `waves` apart, and a graph in bfloat16 begins behind them
(docs/decisions/0006).
"""

import math
from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor, nn

from engine_service.model.world import StateField


class SigmaEmbedding(nn.Module):
    """Waves of `(B, F)` noise levels -> `(B, F, D)`."""

    frequencies: Tensor

    def __init__(self, width: int, num_frequencies: int = 64) -> None:
        super().__init__()
        steps = torch.arange(num_frequencies, dtype=torch.float32) / num_frequencies
        self.register_buffer("frequencies", 1000.0 * torch.exp(-math.log(10_000.0) * steps), persistent=False)
        self.mlp = nn.Sequential(nn.Linear(2 * num_frequencies, width), nn.SiLU(), nn.Linear(width, width))

        self.num_waves = 2 * num_frequencies

    def waves(self, sigmas: Tensor) -> Tensor:
        """`(B, F)` -> `(B, F, num_waves)`."""
        return waves_of(sigmas[..., None] * self.frequencies)

    def forward(self, waves: Tensor) -> Tensor:
        embedded: Tensor = self.mlp(waves)
        return embedded


def waves_of(angles: Tensor) -> Tensor:
    """Cosines, then sines, along the last axis, twice as long."""
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def octaves(field: StateField, num_octaves: int) -> Tensor:
    """Radians per span of the field, `(octaves,)`; a field with ends turns half as fast, so that its ends differ."""
    return 2 * math.pi * (1.0 if field.periodic else 0.5) * 2.0 ** torch.arange(num_octaves)


class StateEmbedding(nn.Module):
    """Waves of the state of each of a latent's r frames -> one vector, `(B, F, D)`.

    They come in octaves, so that one pixel of 256 is as plain to see as half a screen; a periodic field meets itself
    because only whole turns are used.
    """

    low: Tensor
    span: Tensor
    turns: Tensor

    def __init__(self, fields: Sequence[StateField], frames_per_latent: int, width: int, num_octaves: int = 7) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor([f.min for f in fields]), persistent=False)
        self.register_buffer("span", torch.tensor([f.max - f.min for f in fields]), persistent=False)
        turns = torch.stack([octaves(f, num_octaves) for f in fields])  # (S, octaves)
        self.register_buffer("turns", turns, persistent=False)
        self.num_waves = frames_per_latent * len(fields) * 2 * num_octaves
        self.mlp = nn.Sequential(nn.Linear(self.num_waves, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def waves(self, state: Tensor) -> Tensor:
        """`(B, F, r, S)` -> `(B, F, num_waves)`."""
        unit = (state - self.low) / self.span  # (B, F, r, S) in 0..1
        return rearrange(waves_of(unit[..., None] * self.turns), "b f r s o -> b f (r s o)")

    def forward(self, waves: Tensor) -> Tensor:
        embedded: Tensor = self.mlp(waves)
        return embedded
