"""FIFO-Diffusion (Kim et al., arXiv 2405.11473), the baseline whose buffer is longer than the model.

    lookahead                      buffer
    | f/2 latents that left | f*n latents, each one level noisier than the one before |
    sigma    lowest           1/(f*n)                                               1
              |-- stretch 0 --|
                       |-- stretch 1 --|        ...       |-- stretch 2n-1 --|

Section 3.1, diagonal denoising: an iteration brings every latent one level down; the cleanest leaves, noise enters.
Section 3.2, latent partitioning: the model sees f latents, so that an iteration takes n calls.
Section 3.3, lookahead denoising: stretches overlap by half and only the noisier half of each is kept, so that every
latent is denoised beside cleaner ones; 2n calls.

The order of calls, the padding, the start and which latent leaves follow the authors' code (`scripts/evaluation/
funcs.py` of jjihwan/FIFO-Diffusion_public). Adapted to flow matching: levels are equal steps of sigma instead of a DDIM
schedule; a latent is noised as (1 - sigma) clean + sigma noise instead of by sqrt(alpha); a step is Euler's, without
noise of its own (the authors' eta is 1). Adapted to a game: each latent has its own state. Guidance is the denoiser's.

Letters: f latents in a stretch, n stretches side by side, C H W of a latent.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine_service.evaluation.stage import Conditioning, StreamDiTSampler
from engine_service.model.flow import interpolate
from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.runtime.denoiser import Denoiser


@dataclass(frozen=True, slots=True, kw_only=True)
class FifoConfig:
    """The authors' defaults."""

    stretch: int = 16  # f, latents the model sees at once
    num_stretches: int = 4  # n
    lookahead: bool = True

    def __post_init__(self) -> None:
        if self.stretch < 1:
            raise ValueError(f"stretch is {self.stretch} latents, must be at least 1")
        if self.num_stretches < 1:
            raise ValueError(f"num_stretches is {self.num_stretches}, must be at least 1")
        if self.lookahead and self.stretch % 2:
            raise ValueError(f"stretch is {self.stretch} latents, must be even for lookahead")

    @property
    def num_levels(self) -> int:
        """f*n: latents in the buffer, noise levels, iterations of a latent's life."""
        return self.stretch * self.num_stretches

    @property
    def padding(self) -> int:
        """Latents that have left and are still looked at."""
        return self.stretch // 2 if self.lookahead else 0

    @property
    def calls_per_iteration(self) -> int:
        """2n with lookahead, n without."""
        return self.num_stretches * (2 if self.lookahead else 1)


def fifo_sigmas(config: FifoConfig) -> tuple[Tensor, Tensor]:
    """Levels before and after an iteration, each `(1, padding + f*n)`.

    The padding stands at the lowest level of the buffer, although what has left is clean: so in the authors' code.
    """
    diagonal = Partition(references=0, chunks=config.num_levels, chunk_size=1, steps_per_shift=1)
    before, after = (torch.from_numpy(buffer_sigmas(diagonal, micro_step)) for micro_step in (0, 1))
    return (
        torch.cat([before[:1].expand(config.padding), before])[None],
        torch.cat([after[:1].expand(config.padding), after])[None],
    )


def iterate(
    latents: Tensor, denoiser: Denoiser, conditioning: Conditioning, config: FifoConfig, *, first: int
) -> Tensor:
    """Bring every latent of the buffer one level down, `(1, padding + f*n, C, H, W)`; the padding stays as it is.

    `first` says which latent the buffer's head is, counted from the next one to leave.
    """
    sigmas, next_sigmas = fifo_sigmas(config)
    f = config.stretch
    kept = f - config.padding  # latents of a stretch that are written back: the noisier ones
    moved = latents.clone()
    for i in reversed(range(config.calls_per_iteration)):  # noisiest first
        start = i * kept
        states, prompt = conditioning(first + start - config.padding, f)
        stretch = slice(start, start + f)
        denoised = denoiser.step(latents[:, stretch], sigmas[:, stretch], next_sigmas[:, stretch], states, prompt)
        moved[:, start + f - kept : start + f] = denoised[:, f - kept :]
    return moved


def noised_base(base: Tensor, noise: Tensor, config: FifoConfig) -> Tensor:
    """The first buffer, `(1, padding + f*n, C, H, W)`, from a base clip `(f, C, H, W)` and noise of the buffer's shape.

    The clip lies at the noisy end; before it, its first latent stands in for the past (`prepare_latents`).
    """
    places = torch.arange(-config.padding, config.num_levels)
    clean = base[(places - (config.num_levels - config.stretch)).clamp_min(0)][None]
    return interpolate(clean, noise, fifo_sigmas(config)[0])


class FifoSampler:
    """Diagonal denoising of f*n latents; one leaves at a time."""

    def __init__(
        self, denoiser: Denoiser, latent_shape: tuple[int, int, int], config: FifoConfig, *, seed: int
    ) -> None:
        self._denoiser = denoiser
        self._latent_shape = latent_shape
        self._config = config
        self._generator = torch.Generator().manual_seed(seed)
        self._latents: Tensor | None = None  # (1, padding + f*n, C, H, W)

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        """One iteration, `(1, C, H, W)`; the first call makes the base clip and fills the buffer."""
        if self._latents is None:
            self._latents = self._filled(conditioning)
        self._latents, left = self._iteration(self._latents, conditioning, first=0)
        return left

    def _filled(self, conditioning: Conditioning) -> Tensor:
        """A buffer whose head is the base clip's first latent: what leaves before is thrown away, as in the paper."""
        config = self._config
        # Plain text-to-video is one chunk of f latents, as many steps as the buffer has levels.
        plain = Partition(references=0, chunks=1, chunk_size=config.stretch, steps_per_shift=config.num_levels)
        seed = int(torch.randint(2**31, (), generator=self._generator))  # not this one's: its noise comes again below
        base = StreamDiTSampler(self._denoiser, self._latent_shape, plain, seed=seed).next_chunk(conditioning)
        latents = noised_base(base, self._noise(config.padding + config.num_levels), config)
        for first in range(config.stretch - config.num_levels, 0):
            latents, _ = self._iteration(latents, conditioning, first=first)
        return latents

    def _iteration(self, latents: Tensor, conditioning: Conditioning, *, first: int) -> tuple[Tensor, Tensor]:
        """The buffer after one iteration and its shift, and the clean latent that left, `(1, C, H, W)`."""
        moved = iterate(latents, self._denoiser, conditioning, self._config, first=first)
        left = moved[:, self._config.padding].clone()
        return torch.cat([moved[:, 1:], self._noise(1)], dim=1), left

    def _noise(self, count: int) -> Tensor:
        return torch.randn(1, count, *self._latent_shape, generator=self._generator)
