"""The offline stage: any sampler plays a script, so that several can be compared on the same prompts and states.

Letters: c latents that leave at once, r frames per latent, S state fields, T frames of a script, C H W of a latent.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.partition import Partition
from engine_service.runtime.denoiser import Denoiser, Runtime
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream import sampler
from engine_service.stream.batch import play_alone
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.track import StateTrack

# (first, count): states (1, count, r, S) of `count` latents, starting `first` latents after the next one to leave
# (negative: already left), and the prompt in force.
Conditioning: TypeAlias = Callable[[int, int], tuple[Tensor, EncodedPrompt]]


class LatentSampler(Protocol):
    """Noise in, clean latents out, for as long as it is asked."""

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        """The next clean latents to leave, `(c, C, H, W)`, oldest first."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a game says, frame by frame."""

    name: str
    prompts: tuple[str, ...]  # T
    states: NDArray[np.float32]  # (T, S)

    def __post_init__(self) -> None:
        if self.states.ndim != 2 or len(self.states) == 0:
            raise ValueError(f"script {self.name}: states are of shape {self.states.shape}, expected (frames, fields)")
        if len(self.prompts) != len(self.states):
            raise ValueError(f"script {self.name}: {len(self.prompts)} prompts for {len(self.states)} states")

    @property
    def num_frames(self) -> int:
        """T."""
        return len(self.states)


@dataclass(frozen=True, slots=True)
class Performance:
    """What one sampler made of one script."""

    rgb: NDArray[np.uint8]  # (T, H, W, 3)
    denoiser_calls: int
    seconds: float  # spent on latents and pictures, by the clock given
    frames_per_chunk: int  # that left together


class CountedDenoiser:
    """A denoiser that counts its calls; its answers lie where its questions did, on the CPU."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self.calls = 0

    @property
    def batch_sizes(self) -> Sequence[int]:
        """Those of the denoiser it counts for."""
        return self._denoiser.batch_sizes

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.calls += 1
        return self._denoiser.step(latents, sigmas, next_sigmas, states, prompt).to(latents.device)


class StreamDiTSampler:
    """The engine's own way: a moving buffer of one partition, as in `stream.session.StreamSession`."""

    def __init__(
        self, denoiser: Denoiser, latent_shape: tuple[int, int, int], partition: Partition, *, seed: int
    ) -> None:
        self._denoiser = denoiser
        self._partition = partition
        self._buffer = MovingBuffer(partition, latent_shape, seed, max_references=partition.references)

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        """One shift of the buffer, `(c, C, H, W)`."""

        def listen() -> sampler.Conditioning:
            return sampler.Conditioning(*conditioning(-self._partition.references, self._partition.num_latents))

        play_alone(sampler.settle(self._buffer, self._denoiser, listen))
        play_alone(sampler.advance(self._buffer, self._denoiser, listen))
        return self._buffer.shift()


class _Prompter:
    """What the script says at the frame that is made next, to a client's horizon and no further."""

    def __init__(self, runtime: Runtime, script: Script, horizon: int) -> None:
        self._runtime = runtime
        self._script = script
        self._horizon = horizon
        self._track = StateTrack(runtime.world.resting_state)
        self._next_frame = 0
        self._text = ""
        self._prompt: EncodedPrompt | None = None

    def move_to(self, frame: int) -> None:
        """Say the state of `frame` and of `horizon` frames after it, and its prompt."""
        self._next_frame = frame
        said, *expected = self._script.states[frame : frame + 1 + self._horizon].tolist()
        self._track.update(frame, said, expected)
        text = self._script.prompts[frame]
        if self._prompt is None or text != self._text:
            self._text = text
            self._prompt = self._runtime.prompts.encode(self._runtime.prompts.tokens(text))

    def conditioning(self, first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
        """A `Conditioning`: the state each frame is expected to have, held after the horizon."""
        if self._prompt is None:
            raise ValueError("nothing has been said yet: move to a frame first")
        r = self._runtime.world.frames_per_latent
        start = self._next_frame + first * r
        values = torch.tensor([self._track.at(frame) for frame in range(start, start + count * r)], dtype=torch.float32)
        return values.view(1, count, r, -1), self._prompt


def perform(
    runtime: Runtime,
    sampler_of: Callable[[Denoiser], LatentSampler],
    script: Script,
    *,
    horizon: int = 8,
    clock: Callable[[], float] = time.perf_counter,
) -> Performance:
    """Play a script from its first frame to its last; a new state and prompt count from the next chunk on.

    Of the future a sampler hears what a client in play would say: `horizon` frames, then their last state held.
    Beside the frames themselves, memory does not grow with the script.

    Raises:
        ValueError: the script's states are not of this world, or horizon is negative.
    """
    world = runtime.world
    if script.states.shape[1] != len(world.state_fields):
        raise ValueError(
            f"script {script.name}: states have {script.states.shape[1]} values, "
            f"world {world.name} has {len(world.state_fields)}"
        )
    if horizon < 0:
        raise ValueError(f"horizon is {horizon} frames, must be at least 0")
    denoiser = CountedDenoiser(runtime.denoiser)
    prompter = _Prompter(runtime, script, horizon)
    rgb = np.empty((script.num_frames, world.height, world.width, 3), np.uint8)
    previous: Tensor | None = None
    num_frames = 0
    frames_per_chunk = 0
    start = clock()
    player = sampler_of(denoiser)
    while num_frames < script.num_frames:
        prompter.move_to(num_frames)
        chunk = player.next_chunk(prompter.conditioning)  # (c, C, H, W)
        frames_per_chunk = len(chunk) * world.frames_per_latent
        for latent in chunk[:, None]:
            pictures = runtime.decoder.decode(latent if previous is None else previous, latent)[0].numpy()
            previous = latent
            kept = pictures[: script.num_frames - num_frames]  # the last chunk may be longer than the script
            rgb[num_frames : num_frames + len(kept)] = kept
            num_frames += len(kept)
    return Performance(rgb, denoiser.calls, clock() - start, frames_per_chunk)
