"""Micro-steps over a moving buffer: the only loop in the engine that asks the denoiser.

It asks by yielding (see `batch`), so that several sessions' micro-steps can be one call.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine_service.model.partition import buffer_sigmas
from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.batch import Calls, MicroStepCall
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.source import Source


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the next micro-step is to obey."""

    controls: Tensor  # (1, B, r, S + A)
    prompt: EncodedPrompt
    source: Source | None = None


# Read before every micro-step, so that an event between two of them still counts.
Listen = Callable[[], Conditioning]


def advance(buffer: MovingBuffer, denoiser: Denoiser, listen: Listen) -> Calls[None]:
    """Run the s micro-steps that make the head chunk clean (StreamDiT eq. 6)."""
    partition = buffer.partition
    source = None
    for micro_step in range(partition.steps_per_shift):
        next_level = torch.from_numpy(buffer_sigmas(partition, micro_step + 1))[None]
        source = yield from _step(buffer, denoiser, listen, next_level)
    if source is not None and source.strength == 0:
        buffer.follow(source, buffer.sigmas)


def settle(buffer: MovingBuffer, denoiser: Denoiser, listen: Listen, *, start_steps: int = 0) -> Calls[None]:
    """Bring latents that are too noisy down to the level of their place: after a start, or a longer buffer.

    All travel together from pure noise, each resting once it has arrived; at most T micro-steps, or `start_steps` where
    nothing has left the buffer yet. What a stream begins with is invented in one go, and with few steps comes out grey.
    """
    target = buffer.ready_sigmas
    num_levels = buffer.partition.num_levels
    if buffer.last_clean is None:
        num_levels = max(num_levels, start_steps)
    for i in range(num_levels):
        if bool((buffer.sigmas <= target).all()):
            return
        ceiling = torch.full_like(target, 1 - (i + 1) / num_levels)
        next_level = torch.minimum(buffer.sigmas, torch.maximum(target, ceiling))
        if not torch.equal(next_level, buffer.sigmas):
            yield from _step(buffer, denoiser, listen, next_level)


def _step(buffer: MovingBuffer, denoiser: Denoiser, listen: Listen, next_level: Tensor) -> Calls[Source | None]:
    given = listen()
    if given.source is not None:
        buffer.follow(given.source, next_level)
    buffer.latents = yield MicroStepCall(
        denoiser, buffer.latents, buffer.sigmas, next_level, given.controls, given.prompt
    )
    buffer.sigmas = next_level
    return given.source
