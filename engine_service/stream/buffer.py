"""The moving buffer (StreamDiT section 3.1): latents in flight, head cleanest, tail pure noise.

Letters: B latents, K references, c latents per chunk, C H W of a latent.
"""

from collections import deque

import torch
from torch import Tensor

from engine_service.model.flow import interpolate, renoise
from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.runtime.denoiser import CPU
from engine_service.stream.source import Source


class MovingBuffer:
    """Latents `(1, B, C, H, W)` and the noise level of each; noise comes from one seeded generator.

    Latents live on `device`. Levels are a few numbers that decide what is done: they stay on the CPU, where reading
    them waits for nobody. So does the generator: a seed is the same noise on every device. Past clean latents are kept
    up to `max_references`, so that a profile with more references finds them.
    """

    def __init__(
        self,
        partition: Partition,
        latent_shape: tuple[int, int, int],
        seed: int,
        max_references: int,
        device: torch.device = CPU,
    ) -> None:
        self._latent_shape = latent_shape
        self._device = device
        self._generator = torch.Generator().manual_seed(seed)
        self._past: deque[Tensor] = deque(maxlen=max(1, max_references))  # each (C, H, W), newest last
        self.partition = partition
        self.latents = self._noise(partition.num_latents)  # (1, B, C, H, W)
        self.sigmas = torch.ones(1, partition.num_latents)  # (1, B)

    def go_on_from(self, past: Tensor) -> None:
        """Before the first shift: these latents, `(n, C, H, W)` with n at least 1, were the last that left.

        References are theirs, clean; what is in flight stays noise.
        """
        k = self.partition.references
        self._past.extend(past.to(self._device))
        self.latents = torch.cat([self._references(k), self.latents[:, k:]], dim=1)
        self.sigmas = torch.cat([torch.zeros(1, k), self.sigmas[:, k:]], dim=1)

    @property
    def ready_sigmas(self) -> Tensor:
        """Where every latent stands at the beginning of a shift, `(1, B)`."""
        return torch.from_numpy(buffer_sigmas(self.partition, 0))[None]

    @property
    def last_clean(self) -> Tensor | None:
        """The latent that left last, `(1, C, H, W)`; None at the start of a stream."""
        return self._past[-1][None] if self._past else None

    def shift(self) -> Tensor:
        """Pop the clean head chunk, `(c, C, H, W)`, and push a chunk of noise."""
        k, c = self.partition.references, self.partition.chunk_size
        chunk = self.latents[0, k : k + c].clone()
        self._past.extend(chunk)
        references = self._references(k)
        in_flight = self.latents[:, k + c :]
        self.latents = torch.cat([references, in_flight, self._noise(c)], dim=1)
        self.sigmas = self.ready_sigmas
        return chunk

    def repartition(self, partition: Partition) -> None:
        """Take another shape without losing what is in flight.

        Latents below their new level are re-noised up to it (exact in flow matching); those above it, and latents
        the longer buffer adds, stay where they are and must be denoised down to `ready_sigmas` by the sampler.
        """
        in_flight = self.latents[:, self.partition.references :]
        sigmas = self.sigmas[:, self.partition.references :]
        wanted = partition.chunks * partition.chunk_size
        kept = min(wanted, in_flight.shape[1])
        added = wanted - kept
        self.partition = partition
        # Before the first shift there is no past: references begin as noise, like everything else.
        references = self._references(partition.references) if self._past else self._noise(partition.references)
        reference_sigmas = torch.full((1, partition.references), 0.0 if self._past else 1.0)
        self.latents = torch.cat([references, in_flight[:, :kept], self._noise(added)], dim=1)
        self.sigmas = torch.cat([reference_sigmas, sigmas[:, :kept], torch.ones(1, added)], dim=1)
        ready = self.ready_sigmas
        self._renoise(ready)
        self.sigmas = torch.maximum(self.sigmas, ready)

    def forget(self, level: float) -> None:
        """Bring what is in flight up to a noise level, at least its own: what it showed is forgotten by so much."""
        in_flight = torch.arange(self.partition.num_latents) >= self.partition.references
        wanted = torch.where(in_flight, self.sigmas.clamp_min(level), self.sigmas)
        self._renoise(wanted)
        self.sigmas = wanted

    def redraw(self, source: Source) -> None:
        """At a shift: latents in flight cleaner than the source's strength begin again there, from its new pictures
        (SDEdit); the sampler settles them to their places."""
        in_flight = self.sigmas[:, self.partition.references :]
        self._begin(source, in_flight < source.strength, torch.full_like(in_flight, source.strength))

    def follow(self, source: Source, next_sigmas: Tensor) -> None:
        """Before a micro-step to `next_sigmas` `(1, B)`: latents in flight no cleaner than the source's strength are
        the source, noised to their level. One that crosses the strength begins there, off the ladder."""
        k = self.partition.references
        level, after = self.sigmas[:, k:], next_sigmas[:, k:]
        follows = level >= source.strength
        crosses = follows & (after < source.strength)
        self._begin(source, follows, torch.where(crosses, torch.full_like(level, source.strength), level))

    def _begin(self, source: Source, which: Tensor, sigmas: Tensor) -> None:
        """Make latents in flight, those of `which` `(1, N*c)`, the source at `sigmas` `(1, N*c)`."""
        k = self.partition.references
        noised = interpolate(source.latents, self._noise(sigmas.shape[1]), sigmas.to(self._device))
        latents = torch.where(which.to(self._device)[..., None, None, None], noised, self.latents[:, k:])
        self.latents = torch.cat([self.latents[:, :k], latents], dim=1)
        self.sigmas = torch.cat([self.sigmas[:, :k], torch.where(which, sigmas, self.sigmas[:, k:])], dim=1)

    def _renoise(self, wanted: Tensor) -> None:
        """Bring latents up to the levels `(1, B)` that are above their own; the levels are left to the caller."""
        noise = self._noise(wanted.shape[1])
        self.latents = renoise(self.latents, noise, self.sigmas.to(self._device), wanted.to(self._device))

    def _references(self, count: int) -> Tensor:
        """The last `count` clean latents, `(1, count, C, H, W)`; the oldest stands in for those that never were."""
        past = list(self._past)
        padded = [past[0]] * max(0, count - len(past)) + past
        if count == 0:
            return torch.empty(1, 0, *self._latent_shape, device=self._device)
        return torch.stack(padded[-count:])[None]

    def _noise(self, count: int) -> Tensor:
        return torch.randn(1, count, *self._latent_shape, generator=self._generator).to(self._device)
