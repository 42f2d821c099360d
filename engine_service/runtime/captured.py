"""Denoiser, decoder and encoder over captured calls, one for every shape: what all CUDA backends answer with.

Letters: P sessions in a call, B latents in a buffer.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from engine_service.runtime.cuda_graph import CapturedCall
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.runtime.weights import Networks


class CapturedDenoiser:
    """Micro-steps; latents stay on the device."""

    def __init__(self, calls: Mapping[tuple[int, int], CapturedCall]) -> None:
        """calls: by (B, P), each of `(latents, sigmas, next_sigmas, controls, words, bias)`; every B has the same P."""
        self._calls = dict(calls)
        self._batch_sizes = sorted({size for _, size in calls})

    @property
    def batch_sizes(self) -> Sequence[int]:
        """Those there are calls for."""
        return self._batch_sizes

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        size, length = latents.shape[:2]
        call = self._calls.get((length, size))
        if call is None:
            known = ", ".join(f"{size} x {length}" for length, size in sorted(self._calls))
            raise ValueError(f"{size} buffers of {length} latents were asked for, there are graphs for {known}")
        return call(latents, sigmas, next_sigmas, controls, prompt.words, prompt.bias)


class CapturedDecoder:
    """Frames leave the device through pinned memory."""

    def __init__(self, calls: Mapping[int, CapturedCall]) -> None:
        """calls: by P, each of `(previous, current)`."""
        self._calls = dict(calls)
        self._batch_sizes = sorted(calls)

    @property
    def batch_sizes(self) -> Sequence[int]:
        """Those there are calls for."""
        return self._batch_sizes

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        call = self._calls.get(len(current))
        if call is None:
            known = ", ".join(map(str, self._batch_sizes))
            raise ValueError(f"{len(current)} latents are to be decoded at once, there are graphs for {known}")
        return to_host(call(previous, current))


class CapturedEncoder:
    """The latent stays on the device."""

    def __init__(self, call: CapturedCall) -> None:
        self._call = call

    def encode(self, frames: Tensor) -> Tensor:
        return self._call(frames)


def micro_step_example(networks: Networks, length: int, size: int) -> tuple[Tensor, ...]:
    """`latents, sigmas, next_sigmas, controls, words, bias` of a world, as `CapturedDenoiser` passes them on."""
    config = networks.dit.config
    num_words = networks.text.config.max_words
    return (
        torch.zeros(size, length, config.latent_channels, config.latent_height, config.latent_width),
        torch.full((size, length), 0.5),
        torch.zeros(size, length),
        torch.zeros(size, length, config.frames_per_latent, config.num_controls),
        torch.zeros(size, num_words, config.text_width),
        torch.zeros(size, num_words),
    )


def to_host(frames: Tensor) -> Tensor:
    """A tensor in the host's memory; from CUDA by way of pinned memory, which the allocator keeps for next time."""
    if not frames.is_cuda:
        return frames
    landed = torch.empty_like(frames, device="cpu", pin_memory=True)
    landed.copy_(frames, non_blocking=True)
    torch.cuda.current_stream(frames.device).synchronize()
    return landed
