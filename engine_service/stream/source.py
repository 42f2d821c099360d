"""Video-to-video: the client's own pictures, as what the buffer is to be redrawn from (SDEdit, arXiv 2108.01073).

Letters: B latents in the buffer, K references, c latents per chunk, r frames per latent, C H W of a latent.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.partition import Partition

Encode = Callable[[NDArray[np.uint8]], Tensor]  # frames (r, height, width, 3) -> (1, C, H, W)


@dataclass(frozen=True, slots=True)
class Source:
    """What every latent in flight is redrawn from, and how little is kept of it."""

    latents: Tensor  # (1, N*c, C, H, W)
    strength: float  # 0 keeps all, 1 nothing


class SourceTrack:
    """The newest source frames: as many as the longest chunk shows; older ones fall out.

    A source that is not renewed for `lifetime` frames of media time has ended, and the stream goes on by itself.
    """

    def __init__(self, frames_per_latent: int, longest_chunk: int, lifetime: int) -> None:
        self._frames_per_latent = frames_per_latent
        self._lifetime = lifetime
        self._frames: deque[NDArray[np.uint8]] = deque(maxlen=frames_per_latent * longest_chunk)
        self._strength = 1.0
        self._said_at = 0  # frame index in media time

    def update(self, frame: int, rgb: NDArray[np.uint8], strength: float) -> None:
        """A picture that came while frame `frame` was the next to be made."""
        if self._ended(frame):
            self._frames.clear()
        self._frames.append(rgb)
        self._strength = strength
        self._said_at = frame

    def source(self, frame: int, partition: Partition, encode: Encode) -> Source | None:
        """For the buffer whose next frame is `frame`: the newest r*c pictures are those of the chunk that leaves
        next, later chunks hold the newest; None without a source."""
        if self._ended(frame) or self._strength == 1:
            return None
        r, c = self._frames_per_latent, partition.chunk_size
        newest = list(self._frames)[-r * c :]
        newest = [newest[0]] * (r * c - len(newest)) + newest
        head = [encode(np.stack(newest[i : i + r])) for i in range(0, r * c, r)]
        held = encode(np.stack([newest[-1]] * r))
        return Source(torch.stack(head + [held] * (partition.chunks - 1) * c, dim=1), self._strength)

    def _ended(self, frame: int) -> bool:
        return not self._frames or frame - self._said_at > self._lifetime
