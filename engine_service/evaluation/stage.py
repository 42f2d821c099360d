"""The stage on which samplers are compared: one script, one world, offline, each fed exactly what a game could say.

Letters: T frames of a script, S state fields, r frames per latent, c latents per chunk, C H W of a latent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.partition import Partition
from engine_service.runtime.denoiser import Denoiser, EncodedPrompt, Runtime
from engine_service.stream import sampler
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.track import StateTrack

# (first, count): states `(1, count, r, S)` of latents from `first` on, counted from the next one to leave (those that
# have left are negative), and the prompt in force.
Conditioning = Callable[[int, int], tuple[Tensor, EncodedPrompt]]


class LatentSampler(Protocol):
    """Makes one chunk of clean latents after the other; its noise is its own, seeded."""

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        """Clean latents `(c, C, H, W)`, the first to be shown first."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a game says, frame by frame."""

    prompts: tuple[str, ...]  # T
    states: NDArray[np.float32]  # (T, S)
    horizon: int = 8  # frames the game can predict of itself

    def __post_init__(self) -> None:
        if not len(self.prompts) == len(self.states) > 0:
            raise ValueError(f"script has {len(self.prompts)} prompts and {len(self.states)} states, needs as many")


@dataclass(frozen=True, slots=True)
class Performance:
    """What one sampler made of one script."""

    rgb: NDArray[np.uint8]  # (T, H, W, 3)
    denoiser_calls: int
    seconds: float  # of computing
    frames_per_chunk: int  # r * c


class CountedDenoiser:
    """A denoiser that counts its micro-steps."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self.calls = 0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.calls += 1
        return self._denoiser.step(latents, sigmas, next_sigmas, states, prompt)


class StreamDiTSampler:
    """The engine's own: a moving buffer of some partition."""

    def __init__(self, denoiser: Denoiser, partition: Partition, latent_shape: tuple[int, int, int], seed: int) -> None:
        self._denoiser = denoiser
        self._buffer = MovingBuffer(partition, latent_shape, seed, partition.references)

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        partition = self._buffer.partition

        def of_buffer() -> sampler.Conditioning:
            return sampler.Conditioning(*conditioning(-partition.references, partition.num_latents))

        sampler.settle(self._buffer, self._denoiser, of_buffer)
        sampler.advance(self._buffer, self._denoiser, of_buffer)
        return self._buffer.shift()


def perform(
    runtime: Runtime,
    sampler_of: Callable[[Denoiser], LatentSampler],
    script: Script,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Performance:
    """Play a whole script: before each chunk the sampler hears the newest state, its horizon and the newest prompt."""
    counted = CountedDenoiser(runtime.denoiser)
    player = sampler_of(counted)
    r, num_frames = runtime.world.frames_per_latent, len(script.states)
    track = StateTrack(script.states[0].tolist())
    text, prompt = script.prompts[0], runtime.prompts.encode(runtime.prompts.tokens(script.prompts[0]))
    pictures: list[NDArray[np.uint8]] = []
    num_made, frames_per_chunk = 0, 0
    previous: Tensor | None = None
    seconds = 0.0
    while num_made < num_frames:
        if script.prompts[num_made] != text:
            text = script.prompts[num_made]
            prompt = runtime.prompts.encode(runtime.prompts.tokens(text))
        values, *horizon = script.states[num_made : num_made + 1 + script.horizon].tolist()
        track.update(num_made, values, horizon)
        started = clock()
        chunk = player.next_chunk(_conditioning(track, prompt, num_made, r))
        for latent in chunk[:, None]:
            frames = runtime.decoder.decode(latent if previous is None else previous, latent)
            pictures.extend(frames.numpy())
            previous = latent
        seconds += clock() - started
        frames_per_chunk = len(chunk) * r
        num_made += frames_per_chunk
    return Performance(np.stack(pictures[:num_frames]), counted.calls, seconds, frames_per_chunk)


def _conditioning(track: StateTrack, prompt: EncodedPrompt, num_made: int, frames_per_latent: int) -> Conditioning:
    """What is known before frame `num_made`; frames before the first have the first one's state."""

    def of_latents(first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
        start = num_made + first * frames_per_latent
        values = torch.tensor([track.at(frame) for frame in range(start, start + count * frames_per_latent)])
        return values.view(1, count, frames_per_latent, -1), prompt

    return of_latents
