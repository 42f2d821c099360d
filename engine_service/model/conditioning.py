"""Numbers become vectors: noise levels and game state, one embedding per latent frame."""

import math
from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor, nn

from engine_service.model.world import StateField


class SigmaEmbedding(nn.Module):
    """`(B, F)` noise levels -> `(B, F, D)`."""

    frequencies: Tensor

    def __init__(self, width: int, num_frequencies: int = 64) -> None:
        super().__init__()
        steps = torch.arange(num_frequencies, dtype=torch.float32) / num_frequencies
        self.register_buffer("frequencies", 1000.0 * torch.exp(-math.log(10_000.0) * steps), persistent=False)
        self.mlp = nn.Sequential(nn.Linear(2 * num_frequencies, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, sigmas: Tensor) -> Tensor:
        angles = sigmas[..., None] * self.frequencies  # (B, F, 64)
        embedded: Tensor = self.mlp(torch.cat([angles.cos(), angles.sin()], dim=-1))
        return embedded


class StateEmbedding(nn.Module):
    """The state of each of a latent's r frames -> one vector: `(B, F, r, S)` -> `(B, F, D)`.

    Values enter as sines and cosines in octaves, so that one pixel of 256 is as plain to see as half a screen;
    a periodic field meets itself because only whole turns are used.
    """

    low: Tensor
    span: Tensor
    turns: Tensor

    def __init__(self, fields: Sequence[StateField], frames_per_latent: int, width: int, num_octaves: int = 7) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor([f.min for f in fields]), persistent=False)
        self.register_buffer("span", torch.tensor([f.max - f.min for f in fields]), persistent=False)
        octaves = 2.0 ** torch.arange(num_octaves)
        # A field with ends turns half as fast, so that its ends differ.
        per_field = torch.stack([octaves * (1.0 if f.periodic else 0.5) for f in fields])  # (S, octaves)
        self.register_buffer("turns", 2 * math.pi * per_field, persistent=False)
        num_features = frames_per_latent * len(fields) * 2 * num_octaves
        self.mlp = nn.Sequential(nn.Linear(num_features, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, state: Tensor) -> Tensor:
        unit = (state - self.low) / self.span  # (B, F, r, S) in 0..1
        angles = unit[..., None] * self.turns  # (B, F, r, S, octaves)
        features = torch.cat([angles.cos(), angles.sin()], dim=-1)
        embedded: Tensor = self.mlp(rearrange(features, "b f r s o -> b f (r s o)"))
        return embedded
