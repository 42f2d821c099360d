"""Buffered flow matching (StreamDiT eq. 5-8): what one training example asks of the model.

Letters: b examples, B latents in the buffer, r frames per latent, S state fields, C H W of a latent.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.flow import interpolate
from engine_service.model.partition import Partition, bend, segment_bounds
from engine_service.model.text import PAD


@dataclass(frozen=True, slots=True)
class LatentClips:
    """Recordings as the transformer sees them; N recordings of F latents."""

    latents: NDArray[np.float16]  # (N, F, C, H, W)
    states: NDArray[np.float32]  # (N, F, r, S)
    tokens: NDArray[np.int64]  # (N, F, L)


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch; `weights` is 1 where a latent is to be predicted and 0 on references."""

    noised: Tensor  # (b, B, C, H, W)
    clean: Tensor  # (b, B, C, H, W)
    sigmas: Tensor  # (b, B)
    states: Tensor  # (b, B, r, S)
    tokens: Tensor  # (b, L)
    weights: Tensor  # (b, B)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How far training examples stray from what really happened, so that the stream may too."""

    stale: float = 0.35  # share of examples whose in-flight latents remember an older state
    foreign: float = 0.25  # share whose references and in-flight latents remember another recording altogether
    max_stale: int = 3  # latents
    unprompted: float = 0.07  # share without a prompt, for classifier-free guidance
    reference_noise: float = 0.1  # largest standard deviation added to references


def draw_sigmas(partition: Partition, num_examples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A level for every latent `(b, B)`: each chunk uniform in its own segment (eq. 8, bent by eq. 9), references 0.

    Half of the examples sit exactly on a level the sampler visits, where it matters most.
    """
    bounds = segment_bounds(partition)
    place = rng.random((num_examples, partition.chunks), dtype=np.float32)  # 0 clean end, 1 noisy end
    steps = partition.steps_per_shift
    visited = np.ceil(place * steps) / steps  # the sampler's own levels, noisy end included, clean end not
    on_grid = rng.random((num_examples, 1)) < 0.5
    place = np.where(on_grid, np.maximum(visited, 1 / steps), place)
    per_chunk = bend(bounds[:-1] + (bounds[1:] - bounds[:-1]) * place, partition.gamma)  # (b, N)
    chunks = np.repeat(per_chunk, partition.chunk_size, axis=1)  # (b, N*c)
    references = np.zeros((num_examples, partition.references), np.float32)
    return np.concatenate([references, chunks], axis=1).astype(np.float32)


def draw_batch(
    clips: LatentClips,
    partition: Partition,
    num_examples: int,
    options: BatchOptions,
    rng: np.random.Generator,
) -> Batch:
    """Draw examples of one partition.

    In play, what is in flight was drawn from an older state or an older prompt. So the noised latents sometimes
    hold a stale or foreign past while state, prompt and target are the present: the state must win.
    """
    num_recordings, length = clips.latents.shape[:2]
    buffer = partition.num_latents
    if length < buffer:
        raise ValueError(f"recordings hold {length} latents, a partition of the mix needs {buffer}")
    recordings = rng.integers(num_recordings, size=num_examples)
    starts = rng.integers(length - buffer + 1, size=num_examples)
    places = starts[:, None] + np.arange(buffer)  # (b, B)
    clean = clips.latents[recordings[:, None], places].astype(np.float32)
    states = clips.states[recordings[:, None], places]
    # The prompt in force may be any paraphrase of the recording.
    tokens = clips.tokens[recordings, rng.integers(length, size=num_examples)]
    unprompted = rng.random((num_examples, 1)) < options.unprompted
    tokens = np.where(unprompted, PAD, tokens)

    kind = rng.random(num_examples)
    # Without a prompt the past alone says what is to be seen.
    foreign = (kind < options.foreign) & ~unprompted[:, 0]
    stale = (kind >= options.foreign) & (kind < options.foreign + options.stale)
    delay = np.where(stale, rng.integers(1, options.max_stale + 1, size=num_examples), 0)
    in_flight = np.arange(buffer) >= partition.references
    origin = np.where(in_flight, np.maximum(places - delay[:, None], 0), places)  # (b, B)
    source = np.where(foreign, rng.integers(num_recordings, size=num_examples), recordings)
    remembered = clips.latents[source[:, None], origin].astype(np.float32)

    sigmas = draw_sigmas(partition, num_examples, rng)
    noise = rng.standard_normal(clean.shape, dtype=np.float32)
    noised = interpolate(torch.from_numpy(remembered), torch.from_numpy(noise), torch.from_numpy(sigmas))
    grain = options.reference_noise * rng.random((num_examples, 1, 1, 1, 1), dtype=np.float32)
    reference = torch.from_numpy(~in_flight)[None, :, None, None, None]
    noised = torch.where(reference, noised + torch.from_numpy(grain * noise), noised)
    return Batch(
        noised=noised,
        clean=torch.from_numpy(clean),
        sigmas=torch.from_numpy(sigmas),
        states=torch.from_numpy(states),
        tokens=torch.from_numpy(tokens),
        weights=torch.from_numpy(np.broadcast_to(in_flight, (num_examples, buffer)).astype(np.float32)),
    )
