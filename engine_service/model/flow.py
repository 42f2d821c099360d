"""Flow matching in sigma: x = (1 - sigma) * clean + sigma * noise, velocity = noise - clean.

The paper's t is 1 - sigma (StreamDiT eq. 1-4). All functions take one sigma per latent:
latents `(B, F, C, H, W)`, sigmas `(B, F)`.
"""

import torch
from torch import Tensor


def per_latent(sigmas: Tensor) -> Tensor:
    """Make sigmas broadcast over a latent: `(B, F)` -> `(B, F, 1, 1, 1)`."""
    return sigmas[..., None, None, None]


def interpolate(clean: Tensor, noise: Tensor, sigmas: Tensor) -> Tensor:
    """Noised latents at `sigmas` (eq. 1)."""
    level = per_latent(sigmas)
    return (1 - level) * clean + level * noise


def velocity(clean: Tensor, noise: Tensor) -> Tensor:
    """What carries clean to noise in unit sigma (eq. 2 with the sign of sigma)."""
    return noise - clean


def velocity_from_clean(latents: Tensor, clean: Tensor, sigmas: Tensor) -> Tensor:
    """Velocity implied by a prediction of the clean latents; 0 where a latent is clean already."""
    level = per_latent(sigmas)
    return torch.where(level > 0, (latents - clean) / level.clamp_min(1e-4), torch.zeros_like(latents))


def euler(latents: Tensor, velocities: Tensor, sigmas: Tensor, next_sigmas: Tensor) -> Tensor:
    """One Euler step from `sigmas` to `next_sigmas` (eq. 4, one step size per latent: eq. 6)."""
    return latents + velocities * per_latent(next_sigmas - sigmas)


def renoise(latents: Tensor, noise: Tensor, sigmas: Tensor, next_sigmas: Tensor) -> Tensor:
    """Bring latents from `sigmas` up to higher `next_sigmas` with fresh noise; lower levels are left alone.

    From x = (1-s) clean + s eps to level u > s: scale by a = (1-u)/(1-s), so the clean part is right, then add
    noise of variance u^2 - a^2 s^2. Exact for Gaussian eps.
    """
    start = per_latent(sigmas)
    target = per_latent(torch.maximum(sigmas, next_sigmas))
    scale = (1 - target) / (1 - start).clamp_min(1e-6)
    missing = (target**2 - (scale * start) ** 2).clamp_min(0).sqrt()
    return torch.where(target > start, scale * latents + missing * noise, latents)
