"""Micro-steps over a moving buffer: the only loop in the engine that calls the denoiser."""

from collections.abc import Callable

import torch
from torch import Tensor

from engine_service.model.partition import buffer_sigmas
from engine_service.runtime.denoiser import Denoiser, EncodedPrompt
from engine_service.stream.buffer import MovingBuffer

# Read before every micro-step, so that an event between two of them still counts.
Conditioning = Callable[[], tuple[Tensor, EncodedPrompt]]


def advance(buffer: MovingBuffer, denoiser: Denoiser, conditioning: Conditioning) -> None:
    """Run the s micro-steps that make the head chunk clean (StreamDiT eq. 6)."""
    partition = buffer.partition
    for micro_step in range(partition.steps_per_shift):
        level = torch.from_numpy(buffer_sigmas(partition, micro_step))[None]
        next_level = torch.from_numpy(buffer_sigmas(partition, micro_step + 1))[None]
        _step(buffer, denoiser, conditioning, level, next_level)


def settle(buffer: MovingBuffer, denoiser: Denoiser, conditioning: Conditioning) -> None:
    """Bring latents that are too noisy down to the level of their place: after a start, or a longer buffer.

    All travel together from pure noise, each resting once it has arrived; at most T micro-steps.
    """
    target = buffer.ready_sigmas
    num_levels = buffer.partition.num_levels
    for i in range(num_levels):
        if bool((buffer.sigmas <= target).all()):
            return
        ceiling = torch.full_like(target, 1 - (i + 1) / num_levels)
        next_level = torch.minimum(buffer.sigmas, torch.maximum(target, ceiling))
        if not torch.equal(next_level, buffer.sigmas):
            _step(buffer, denoiser, conditioning, buffer.sigmas, next_level)


def _step(
    buffer: MovingBuffer, denoiser: Denoiser, conditioning: Conditioning, level: Tensor, next_level: Tensor
) -> None:
    states, prompt = conditioning()
    buffer.latents = denoiser.step(buffer.latents, level, next_level, states, prompt)
    buffer.sigmas = next_level
