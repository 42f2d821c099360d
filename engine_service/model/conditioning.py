"""Numbers become vectors: noise levels, game state and actions, one embedding per latent frame.

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


def known_only(waves: Tensor, known: Tensor) -> Tensor:
    """Waves `(..., n)`, all of them 0 where `known` `(...)` is false: no value has that."""
    return torch.where(known[..., None], waves, torch.zeros_like(waves))


class StateEmbedding(nn.Module):
    """Waves of the state of each of a latent's r frames -> one vector, `(B, F, D)`.

    They come in octaves, so that one pixel of 256 is as plain to see as half a screen; a periodic field meets itself
    because only whole turns are used. A field that is left open is not a number: it has no waves, and where a state
    `may_be_open` a flag beside them says so for each field of each frame.
    """

    low: Tensor
    span: Tensor
    turns: Tensor

    def __init__(
        self,
        fields: Sequence[StateField],
        frames_per_latent: int,
        width: int,
        *,
        may_be_open: bool = False,
        num_octaves: int = 7,
    ) -> None:
        super().__init__()
        self.may_be_open = may_be_open
        self.register_buffer("low", torch.tensor([f.min for f in fields]), persistent=False)
        self.register_buffer("span", torch.tensor([f.max - f.min for f in fields]), persistent=False)
        turns = torch.stack([octaves(f, num_octaves) for f in fields])  # (S, octaves)
        self.register_buffer("turns", turns, persistent=False)
        self.num_waves = frames_per_latent * len(fields) * (2 * num_octaves + may_be_open)
        self.mlp = nn.Sequential(nn.Linear(self.num_waves, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def waves(self, state: Tensor) -> Tensor:
        """`(B, F, r, S)` -> `(B, F, num_waves)`."""
        known = ~state.isnan()  # (B, F, r, S)
        unit = (state.nan_to_num() - self.low) / self.span  # (B, F, r, S) in 0..1
        waves = known_only(waves_of(unit[..., None] * self.turns), known)
        parts = [rearrange(waves, "b f r s o -> b f (r s o)")]
        if self.may_be_open:
            parts.append(rearrange(known.to(state.dtype), "b f r s -> b f (r s)"))
        return torch.cat(parts, dim=-1)

    def forward(self, waves: Tensor) -> Tensor:
        embedded: Tensor = self.mlp(waves)
        return embedded


class ActionEmbedding(nn.Module):
    """The actions in force at each of a latent's r frames -> one vector, `(B, F, D)`.

    Nothing said is not a number; nothing held is zeros. A flag for each frame tells the two apart.
    """

    def __init__(self, num_actions: int, frames_per_latent: int, width: int) -> None:
        super().__init__()
        self.num_waves = frames_per_latent * (num_actions + 1)
        self.mlp = nn.Sequential(nn.Linear(self.num_waves, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def waves(self, actions: Tensor) -> Tensor:
        """`(B, F, r, A)` -> `(B, F, num_waves)`; values as they are, and a flag for each frame."""
        said = (~actions.isnan().any(dim=-1, keepdim=True)).to(actions.dtype)  # (B, F, r, 1)
        return torch.cat([actions.nan_to_num(), said], dim=-1).flatten(2)

    def forward(self, waves: Tensor) -> Tensor:
        embedded: Tensor = self.mlp(waves)
        return embedded
