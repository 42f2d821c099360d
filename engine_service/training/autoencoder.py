"""Train the autoencoder on recordings: crops of three frames groups, so that the decoder learns to lean on the past."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine_service.model.autoencoder import Autoencoder, from_rgb, to_rgb
from engine_service.training.loop import Schedule, run_steps
from engine_service.training.run import RunFolder, build_optimizers

MOVED = 0.05  # of -1..1: a pixel that changes by less stands still


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderTraining:
    """How the autoencoder is trained."""

    num_steps: int = 2000
    batch_size: int = 16
    crop: int = 64  # px, or a smaller picture's whole side; the network is convolutional
    learning_rate: float = 3e-3
    warmup_steps: int = 50
    decay_fraction: float = 0.6
    ema_decay: float = 0.998
    latent_noise: float = 0.05  # what the decoder learns to forgive the transformer
    edge_weight: float = 0.5
    motion_weight: float = 0.0  # added to the 1 of pixels that differ from the frame before: small things that move
    seed: int = 0
    save_every: int = 200


def reconstruction_loss(pictures: Tensor, target: Tensor, edge_weight: float, weights: Tensor | None = None) -> Tensor:
    """Mean absolute error of pixels and of their differences to the right and below: edges stay sharp.

    pictures and target `(b, r, 3, h, w)`; weights of pixels `(b, r, 1, h, w)`, or all alike.
    """
    if weights is None:
        weights = torch.ones_like(target[:, :, :1])
    weights = weights / weights.mean()
    error = pictures - target
    loss = (weights * error.abs()).mean()
    loss = loss + edge_weight * (weights[..., 1:] * error.diff(dim=-1).abs()).mean()
    return loss + edge_weight * (weights[..., 1:, :] * error.diff(dim=-2).abs()).mean()


def motion_weights(frames: Tensor, motion_weight: float) -> Tensor:
    """What a pixel of the current latent's frames weighs: more where it differs from the frame before.

    frames (previous and current) `(b, 2, r, 3, h, w)` -> `(b, r, 1, h, w)`.
    """
    r = frames.shape[2]
    in_order = frames.flatten(1, 2)  # (b, 2r, 3, h, w)
    moved = in_order.diff(dim=1)[:, r - 1 :].abs().amax(dim=2, keepdim=True) > MOVED
    return 1 + motion_weight * moved.float()


def draw_crops(
    rgb: NDArray[np.uint8], frames_per_latent: int, options: AutoencoderTraining, rng: np.random.Generator
) -> Tensor:
    """A batch of (previous, current) latents' frames: `(b, 2, r, 3, h, w)` in -1..1."""
    span = 2 * frames_per_latent
    height, width = min(options.crop, rgb.shape[2]), min(options.crop, rgb.shape[3])
    batch = np.empty((options.batch_size, span, height, width, 3), np.uint8)
    for i in range(options.batch_size):
        clip = rng.integers(rgb.shape[0])
        start = rng.integers((rgb.shape[1] - span) // frames_per_latent + 1) * frames_per_latent
        # Multiples of 8 keep a crop's latents on the grid of whole pictures.
        top, left = (
            rng.integers((rgb.shape[2] - height) // 8 + 1) * 8,
            rng.integers((rgb.shape[3] - width) // 8 + 1) * 8,
        )
        batch[i] = rgb[clip, start : start + span, top : top + height, left : left + width]
        if rng.random() < 0.1:  # the first latent of a stream is its own predecessor
            batch[i, :frames_per_latent] = batch[i, frames_per_latent:]
    return rearrange(from_rgb(torch.from_numpy(batch)), "b (two r) c h w -> b two r c h w", two=2)


def train_autoencoder(
    model: Autoencoder, rgb: NDArray[np.uint8], run: RunFolder, options: AutoencoderTraining, device: str
) -> dict[str, Tensor]:
    """Train to `num_steps`, resuming where the run's checkpoint left off; gives the averaged weights."""
    r = model.config.frames_per_latent
    model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = build_optimizers(model, "muon", options.learning_rate, 0.0)

    def loss_of(step: int) -> Tensor:
        rng = np.random.default_rng((options.seed, step))
        torch.manual_seed(options.seed * 1_000_003 + step)
        frames = draw_crops(rgb, r, options, rng).to(device)  # (b, 2, r, 3, h, w)
        latents = model.encoder(frames.flatten(0, 1)).unflatten(0, (-1, 2))  # (b, 2, C, h, w)
        noisy = latents + options.latent_noise * torch.randn_like(latents)
        pictures = model.decoder(noisy[:, 0], noisy[:, 1])  # (b, r, 3, h, w)
        weights = motion_weights(frames, options.motion_weight)
        return reconstruction_loss(pictures, frames[:, 1], options.edge_weight, weights)

    def on_save(step: int, averaged: dict[str, Tensor]) -> dict[str, float]:
        reconstruction_sheet(model, averaged, rgb, run.path / f"sheet-{step:06d}.png")
        return {}

    schedule = Schedule(
        num_steps=options.num_steps,
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup_steps,
        decay_fraction=options.decay_fraction,
        ema_decay=options.ema_decay,
        save_every=options.save_every,
    )
    return run_steps(model, optimizers, run, schedule, title="autoencoder", loss_of=loss_of, on_save=on_save)


@torch.no_grad()
def reconstruction_sheet(
    model: Autoencoder, weights: dict[str, Tensor], rgb: NDArray[np.uint8], file: Path, num_pictures: int = 8
) -> None:
    """True pictures above, their reconstruction below, from the averaged weights."""
    device = next(model.parameters()).device
    twin = Autoencoder(model.config).to(device)
    twin.load_state_dict(weights)
    r = model.config.frames_per_latent
    picks = np.linspace(0, rgb.shape[0] - 1, num_pictures).astype(int)
    frames = from_rgb(torch.from_numpy(np.stack([rgb[i, : 2 * r] for i in picks]))).to(device)
    latents = [twin.encoder(part) for part in torch.split(frames, r, dim=1)]
    pictures = to_rgb(twin.decoder(latents[0], latents[1])[:, -1]).cpu().numpy()
    truth = np.stack([rgb[i, 2 * r - 1] for i in picks])
    sheet = np.concatenate([np.concatenate(list(truth), 1), np.concatenate(list(pictures), 1)], 0)
    Image.fromarray(sheet).save(file)
