"""FIFO-Diffusion (Kim et al. 2024, arXiv 2405.11473), a baseline: diagonal denoising over a long queue.

As published: the queue holds one latent per noise level, f * n of them, and one iteration brings each of them one
level down, so that one leaves and one of pure noise enters (section 3.2). A window of f latents is all the network
sees, so the queue is cut into n of them (latent partitioning, 3.3); with lookahead (3.4) 2n windows overlap by half, of
each only the noisier half is kept, so that every latent is denoised beside cleaner ones. What is ours: flow matching's
Euler step instead of DDIM's, levels in equal steps of sigma, and the state of every latent asked anew at each call.

    | f/2 latents that have left | f * n levels, clean end first, each one step apart |
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine_service.evaluation.stage import Conditioning
from engine_service.model.flow import interpolate
from engine_service.runtime.denoiser import Denoiser


@dataclass(frozen=True, slots=True, kw_only=True)
class FifoConfig:
    """The authors' defaults; the window is the paper's 16 latents."""

    window: int = 16  # f
    partitions: int = 4  # n
    lookahead: bool = True

    def __post_init__(self) -> None:
        if self.window < 2 or self.window % 2:
            raise ValueError(f"window is {self.window}, must be even and at least 2")
        if self.partitions < 1:
            raise ValueError(f"partitions is {self.partitions}, must be at least 1")

    @property
    def num_levels(self) -> int:
        """f * n, also the latents in the queue."""
        return self.window * self.partitions


class FifoSampler:
    """One latent per call of `next_chunk`, made by n or 2n calls of the denoiser."""

    def __init__(self, denoiser: Denoiser, config: FifoConfig, latent_shape: tuple[int, int, int], seed: int) -> None:
        self._denoiser = denoiser
        self._config = config
        self._latent_shape = latent_shape
        self._generator = torch.Generator().manual_seed(seed)
        self._context = config.window // 2 if config.lookahead else 0  # latents that have left, seen but not changed
        levels = torch.arange(1, config.num_levels + 1) / config.num_levels
        self._sigmas = torch.cat([torch.zeros(self._context), levels])[None]  # (1, context + f * n)
        self._next_sigmas = torch.cat([torch.zeros(self._context), levels - 1 / config.num_levels])[None]
        self._latents: Tensor | None = None  # (1, context + f * n, C, H, W)

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        if self._latents is None:
            self._latents = self._begin(conditioning)
            for _ in range(self._config.num_levels - self._config.window):  # copies of the clip's first latent
                self._iterate(self._latents, conditioning)
        return self._iterate(self._latents, conditioning)

    def _iterate(self, latents: Tensor, conditioning: Conditioning) -> Tensor:
        """Bring every latent one level down; the clean one, `(1, C, H, W)`, leaves."""
        f, stride = self._config.window, self._context or self._config.window
        for start in reversed(range(0, latents.shape[1] - f + 1, stride)):  # the noisiest window first
            window = slice(start, start + f)
            states, prompt = conditioning(start - self._context, f)
            moved = self._denoiser.step(
                latents[:, window], self._sigmas[:, window], self._next_sigmas[:, window], states, prompt
            )
            latents[:, start + f - stride : start + f] = moved[:, f - stride :]
        clean = latents[:, self._context].clone()
        self._latents = torch.cat([latents[:, 1:], self._noise(1)], dim=1)
        return clean

    def _begin(self, conditioning: Conditioning) -> Tensor:
        """The queue from a clip of f latents (section 4.1): place i holds the clip's latent max(0, i - (fn - f)),
        noised to its level."""
        f, num_levels = self._config.window, self._config.num_levels
        clip = self._noise(f)
        states, prompt = conditioning(0, f)
        for i in range(f):
            level, after = torch.full((1, f), 1 - i / f), torch.full((1, f), 1 - (i + 1) / f)
            clip = self._denoiser.step(clip, level, after, states, prompt)
        places = (torch.arange(-self._context, num_levels) - (num_levels - f)).clamp_min(0)
        return interpolate(clip[:, places], self._noise(self._context + num_levels), self._sigmas)

    def _noise(self, count: int) -> Tensor:
        return torch.randn(1, count, *self._latent_shape, generator=self._generator)
