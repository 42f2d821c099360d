"""ReuseDiffuse (VidRD: Gu et al. 2023, arXiv 2309.03549), a baseline: clip after clip, each begun from the last.

Its three parts, as others describe them (the paper itself could not be read while this was written): frame-level noise
reversion, the next clip's noise is the last one's in reversed order of frames; past-dependent noise sampling, of which
a share a / sqrt(1 + a^2) is kept and the rest drawn anew; denoising with staged guidance, the first M latents are
overwritten with the last clip's final M at the same level, until a share of the steps is done. What is ours: flow
matching's Euler step instead of DDIM's. Its temporal decoder is this engine's own (previous latent first).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine_service.evaluation.stage import Conditioning
from engine_service.runtime.denoiser import Denoiser


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseConfig:
    """How clips are made and how much of one begins the next."""

    clip: int = 16  # latents
    overlap: int = 4  # M, latents of the last clip that lead into the next and are not shown again
    num_steps: int = 16  # micro-steps of a clip
    guided_share: float = 0.75  # of the steps that are guided by the last clip
    past: float = 1.0  # a: how much of the noise is the past's

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.clip:
            raise ValueError(f"overlap is {self.overlap}, must be at least 0 and below clip {self.clip}")
        if not 0 <= self.guided_share <= 1:
            raise ValueError(f"guided_share is {self.guided_share}, must be 0..1")
        if self.num_steps < 1:
            raise ValueError(f"num_steps is {self.num_steps}, must be at least 1")


def reversed_frames(noise: Tensor) -> Tensor:
    """Frame-level noise reversion: `(1, F, C, H, W)` last frame first."""
    return noise.flip(1)


def past_dependent(past: Tensor, fresh: Tensor, share: float) -> Tensor:
    """Past-dependent noise sampling: as much variance as either has, correlated with the past."""
    return (share * past + fresh) / math.sqrt(1 + share**2)


class ReuseSampler:
    """A whole clip per call of `next_chunk`; after the first without the overlap."""

    def __init__(self, denoiser: Denoiser, config: ReuseConfig, latent_shape: tuple[int, int, int], seed: int) -> None:
        self._denoiser = denoiser
        self._config = config
        self._latent_shape = latent_shape
        self._generator = torch.Generator().manual_seed(seed)
        self._noise: Tensor | None = None  # (1, clip, C, H, W), of the last clip
        self._trail: Sequence[Tensor] = ()  # the last clip's final M latents before each of its steps

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        config = self._config
        fresh = torch.randn(1, config.clip, *self._latent_shape, generator=self._generator)
        again = self._noise is not None
        self._noise = fresh if self._noise is None else past_dependent(reversed_frames(self._noise), fresh, config.past)
        overlap = config.overlap if again else 0
        latents, trail = self._noise, []
        states, prompt = conditioning(-overlap, config.clip)
        for i in range(config.num_steps):
            if again and i < config.guided_share * config.num_steps:
                latents = torch.cat([self._trail[i], latents[:, overlap:]], dim=1)
            trail.append(latents[:, config.clip - config.overlap :])
            level = torch.full((1, config.clip), 1 - i / config.num_steps)
            after = torch.full((1, config.clip), 1 - (i + 1) / config.num_steps)
            latents = self._denoiser.step(latents, level, after, states, prompt)
        self._trail = trail
        return latents[0, overlap:]
