"""What is measured: transformers of a preset with random weights, or a world's own, and the tensors they are fed.

Letters: P sessions, B latents, C channels, H W latent height and width, r frames per latent, S state fields, L words.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from engine_service.model.attention import Window
from engine_service.model.autoencoder import Autoencoder
from engine_service.model.dit import DiTConfig, StreamDiT
from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.model.presets import Preset

M = TypeVar("M", bound=nn.Module)

STIR = 0.02  # standard deviation of weights that training starts from zero


class MicroStepInputs(NamedTuple):
    """One call's tensors, on the device, in the order of `MicroStep.forward`."""

    latents: Tensor  # (P, B, C, H, W)
    sigmas: Tensor  # (P, B)
    next_sigmas: Tensor  # (P, B)
    waves: Tensor  # (P, B, num_waves)
    words: Tensor  # (P, L, Dt)
    bias: Tensor  # (P, L)


def random_transformer(
    preset: Preset, device: torch.device, dtype: torch.dtype, window: Window | None = None
) -> StreamDiT:
    """A preset's transformer steered by text alone, its weights made where and as they are used.

    No weight is left zero: multiplying zeros costs a GPU less power, so it clocks higher than it ever would.
    """
    config = preset.dit(())
    with _made_as(device, dtype):
        dit = StreamDiT(config if window is None else replace(config, window=window))
    return stirred(dit).requires_grad_(False)


def random_autoencoder(preset: Preset, device: torch.device, dtype: torch.dtype) -> Autoencoder:
    """A preset's autoencoder with random weights."""
    with _made_as(device, dtype):
        autoencoder = Autoencoder(preset.autoencoder())
    return stirred(autoencoder).requires_grad_(False)


def micro_step_inputs(
    config: DiTConfig,
    dit: StreamDiT,
    partition: Partition,
    num_words: int,
    device: torch.device,
    *,
    num_sessions: int = 1,
) -> MicroStepInputs:
    """Noise, a prompt of noise, a state in the middle: what a shift's first micro-step would be given."""
    generator = torch.Generator(device).manual_seed(0)

    def noise(*shape: int) -> Tensor:
        return torch.randn(num_sessions, *shape, device=device, generator=generator)

    before, after = (
        torch.from_numpy(buffer_sigmas(partition, step)).to(device).expand(num_sessions, -1).contiguous()
        for step in (0, 1)
    )
    middle = [*((field.min + field.max) / 2 for field in config.state_fields), *[0.0] * config.num_actions]
    states = torch.tensor(middle, device=device).expand(
        num_sessions, partition.num_latents, config.frames_per_latent, -1
    )
    return MicroStepInputs(
        latents=noise(partition.num_latents, config.latent_channels, config.latent_height, config.latent_width),
        sigmas=before,
        next_sigmas=after,
        waves=dit.waves(before, states),
        words=noise(num_words, config.text_width),
        bias=torch.zeros(num_sessions, num_words, device=device),
    )


def stirred(module: M) -> M:
    """Random numbers where a module starts with zeros."""
    with torch.no_grad():
        for parameter in module.parameters():
            if not parameter.any():
                parameter.normal_(std=STIR)
    return module.eval()


@contextmanager
def _made_as(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """New parameters are born on this device in this precision."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(usual)
