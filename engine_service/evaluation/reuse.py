"""Reuse-and-Diffuse, VidRD (Gu et al., arXiv 2309.03549), the baseline that makes clip after clip.

A clip is denoised as a whole. It is tied to the clip before by what that one began with and came through, both with
the order of latents reversed, so that the new clip sets out from where the old one ended (section 4.3):

FNR, frame-level noise reversion: the first M latents begin with the old clip's noise, reversed.
PNS, past-dependent noise sampling: so do the others, mixed with new noise: (a old + new) / sqrt(1 + a^2).
DSG, denoising with staged guidance: before early steps the first M latents are overwritten with the old clip's at the
same step; the first of them for a share b of all steps, the later ones for less and less.

Checked against the authors' code (`model/pipeline.py` of anonymous0x233/ReuseAndDiffuse); like there, a clip leaves
whole, its first M latents too. Adapted to flow matching: the old clip's path is Euler's from sigma 1 to 0 in equal
steps instead of DDIM's with eta 0. Adapted to a game: each latent has its own state, that of its own time, not of the
latent it was overwritten with. Guidance is the denoiser's; VidRD's temporal decoder, which sees the previous latent,
is ours already.

Letters: F latents in a clip, M of them tied to the clip before, C H W of a latent.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.evaluation.stage import Conditioning
from engine_service.runtime.denoiser import Denoiser


@dataclass(frozen=True, slots=True, kw_only=True)
class ReuseConfig:
    """As in the authors' example; their clip is of frames, the model having no latents in time."""

    clip: int = 16  # F, latents
    overlap: int = 4  # M, latents
    num_steps: int = 50  # denoiser calls for a clip
    noise_reuse: float = 4.0  # a: 0 is all new noise
    staged_share: float = 0.4  # b: the share of steps for which the first latent is overwritten

    def __post_init__(self) -> None:
        if self.clip < 1:
            raise ValueError(f"clip is {self.clip} latents, must be at least 1")
        if not 1 <= self.overlap <= self.clip:
            raise ValueError(f"overlap is {self.overlap} latents, must be 1..{self.clip}")
        if self.num_steps < 1:
            raise ValueError(f"num_steps is {self.num_steps}, must be at least 1")
        if self.noise_reuse < 0:
            raise ValueError(f"noise_reuse is {self.noise_reuse}, must be at least 0")
        if not 0 <= self.staged_share <= 1:
            raise ValueError(f"staged_share is {self.staged_share}, must be 0..1")


def staged(config: ReuseConfig) -> NDArray[np.bool_]:
    """DSG: is a latent overwritten before a step, `(num_steps, M)`; latent m is for b * num_steps * (M - m) / M."""
    remaining = config.overlap - np.arange(config.overlap)
    stages = remaining * (config.num_steps / config.overlap) * config.staged_share  # (M,)
    overwritten: NDArray[np.bool_] = np.arange(config.num_steps)[:, None] < stages
    return overwritten


def next_noise(past: Tensor, fresh: Tensor, config: ReuseConfig) -> Tensor:
    """FNR and PNS: the next clip's noise from the last one's and new noise, all `(1, F, C, H, W)`."""
    reverted = past.flip(1)
    a = config.noise_reuse
    mixed = (a * reverted + fresh) / math.sqrt(1 + a**2)  # both of variance 1, so this too
    return torch.cat([reverted[:, : config.overlap], mixed[:, config.overlap :]], dim=1)


class ReuseSampler:
    """Clips of F latents; each remembers the one before and nothing older."""

    def __init__(
        self, denoiser: Denoiser, latent_shape: tuple[int, int, int], config: ReuseConfig, *, seed: int
    ) -> None:
        self._denoiser = denoiser
        self._latent_shape = latent_shape
        self._config = config
        self._staged = torch.from_numpy(staged(config))  # (num_steps, M)
        self._generator = torch.Generator().manual_seed(seed)
        self._noise: Tensor | None = None  # of the last clip, (1, F, C, H, W)
        self._path: list[Tensor] = []  # its last M latents before each staged step, reversed, (1, M, C, H, W)

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        """One clip, `(F, C, H, W)`, in `num_steps` calls."""
        config = self._config
        fresh = torch.randn(1, config.clip, *self._latent_shape, generator=self._generator)
        noise = fresh if self._noise is None else next_noise(self._noise, fresh, config)
        past, path = self._path, list[Tensor]()
        latents = noise
        for step in range(config.num_steps):
            overwritten = self._staged[step]  # (M,)
            if past and overwritten.any():
                tied = torch.where(overwritten[None, :, None, None, None], past[step], latents[:, : config.overlap])
                latents = torch.cat([tied, latents[:, config.overlap :]], dim=1)
            if overwritten.any():
                path.append(latents[:, -config.overlap :].flip(1))
            states, prompt = conditioning(0, config.clip)
            sigma = torch.full((1, config.clip), 1 - step / config.num_steps)
            next_sigma = torch.full((1, config.clip), 1 - (step + 1) / config.num_steps)
            latents = self._denoiser.step(latents, sigma, next_sigma, states, prompt)
        self._noise, self._path = noise, path
        return latents[0]
