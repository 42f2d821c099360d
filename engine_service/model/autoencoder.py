"""r frames <-> one latent. The decoder sees the previous latent too, so chunks meet without a seam.

Letters: B batch, r frames per latent, C latent channels, H W picture height and width.
Pictures are in -1..1 here; uint8 stays outside, except at the decoder's end (`to_rgb`).
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderConfig:
    """Shape of the autoencoder; 8x8 in space, r in time."""

    latent_channels: int  # C
    frames_per_latent: int  # r
    widths: tuple[int, int, int]  # channels at 1/2, 1/4, 1/8 of the picture's side


SPATIAL = 8  # pixels per latent position, each side


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        hidden = nn.functional.silu(self.first(nn.functional.silu(x)))
        return x + torch.as_tensor(self.second(hidden))


class Encoder(nn.Module):
    """`(B, r, 3, H, W)` -> `(B, C, H / 8, W / 8)`, each position of unit root mean square."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        _, quarter, eighth = config.widths
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48 * config.frames_per_latent, quarter, 3, padding=1),
            ResidualBlock(quarter),
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * quarter, eighth, 1),
            ResidualBlock(eighth),
            nn.Conv2d(eighth, config.latent_channels, 1),
        )

    def forward(self, frames: Tensor) -> Tensor:
        latent: Tensor = self.layers(rearrange(frames, "b r c h w -> b (r c) h w"))
        return unit_rms(latent)


def unit_rms(latent: Tensor) -> Tensor:
    """Scale every position to unit root mean square over channels: the scale flow matching expects of data."""
    return latent * torch.rsqrt(latent.square().mean(dim=-3, keepdim=True) + 1e-6)


class Decoder(nn.Module):
    """Previous and current latent, each `(B, C, H / 8, W / 8)` -> the current latent's frames `(B, r, 3, H, W)`.

    At the start of a stream the first latent stands in for its own predecessor.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        half, quarter, eighth = config.widths
        self.frames_per_latent = config.frames_per_latent
        self.layers = nn.Sequential(
            nn.Conv2d(2 * config.latent_channels, eighth, 3, padding=1),
            ResidualBlock(eighth),
            ResidualBlock(eighth),
            nn.Conv2d(eighth, 4 * quarter, 3, padding=1),
            nn.PixelShuffle(2),
            ResidualBlock(quarter),
            nn.Conv2d(quarter, 4 * half, 3, padding=1),
            nn.PixelShuffle(2),
            ResidualBlock(half),
            nn.SiLU(),
            nn.Conv2d(half, 4 * 3 * config.frames_per_latent, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        pictures: Tensor = self.layers(torch.cat([previous, current], dim=1))
        return rearrange(pictures, "b (r c) h w -> b r c h w", r=self.frames_per_latent)


def to_rgb(frames: Tensor) -> Tensor:
    """Pictures in -1..1 `(..., 3, H, W)` -> uint8 `(..., H, W, 3)`."""
    scaled = (frames.movedim(-3, -1) * 127.5 + 127.5).round().clamp(0, 255)
    return scaled.to(torch.uint8)


def from_rgb(rgb: Tensor) -> Tensor:
    """uint8 `(..., H, W, 3)` -> pictures in -1..1 `(..., 3, H, W)`."""
    # Float before it moves: TensorRT can do nothing else with uint8.
    return rgb.float().movedim(-1, -3) / 127.5 - 1


class Autoencoder(nn.Module):
    """Both halves, for training; the stream needs the decoder alone."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
