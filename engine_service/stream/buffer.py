"""The moving buffer (StreamDiT section 3.1): latents in flight, head cleanest, tail pure noise.

Letters: B latents, K references, c latents per chunk, C H W of a latent.
"""

from collections import deque

import torch
from torch import Tensor

from engine_service.model.flow import renoise
from engine_service.model.partition import Partition, buffer_sigmas


class MovingBuffer:
    """Latents `(1, B, C, H, W)` and the noise level of each; noise comes from one seeded generator.

    Past clean latents are kept up to `max_references`, so that a profile with more references finds them.
    """

    def __init__(
        self, partition: Partition, latent_shape: tuple[int, int, int], seed: int, max_references: int
    ) -> None:
        self._latent_shape = latent_shape
        self._generator = torch.Generator().manual_seed(seed)
        self._past: deque[Tensor] = deque(maxlen=max(1, max_references))  # each (C, H, W), newest last
        self.partition = partition
        self.latents = self._noise(partition.num_latents)  # (1, B, C, H, W)
        self.sigmas = torch.ones(1, partition.num_latents)  # (1, B)

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
        self.latents = renoise(self.latents, self._noise(partition.num_latents), self.sigmas, ready)
        self.sigmas = torch.maximum(self.sigmas, ready)

    def _references(self, count: int) -> Tensor:
        """The last `count` clean latents, `(1, count, C, H, W)`; the oldest stands in for those that never were."""
        past = list(self._past)
        padded = [past[0]] * max(0, count - len(past)) + past
        if count == 0:
            return torch.empty(1, 0, *self._latent_shape)
        return torch.stack(padded[-count:])[None]

    def _noise(self, count: int) -> Tensor:
        return torch.randn(1, count, *self._latent_shape, generator=self._generator)
