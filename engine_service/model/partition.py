"""The moving buffer's partition (StreamDiT eq. 7): B = K + N*c latents, T = s*N micro-steps in a latent's life.

    head                                                    tail
    | K references | chunk 0 | chunk 1 |   ...   | chunk N-1 |
    sigma      0   |  low    |         |         |   -> 1    |

Chunk i lives in segment i of the noise axis and crosses it in s micro-steps; then the buffer shifts. `gamma` bends the
axis (eq. 9): the paper's t, which is 1 - sigma, becomes t ** gamma; 1 is linear, as the paper trained.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Partition:
    """K clean references, N chunks of c latents, s micro-steps between shifts (StreamDiT eq. 7)."""

    references: int  # K
    chunks: int  # N
    chunk_size: int  # c
    steps_per_shift: int  # s
    gamma: float = 1.0  # above 1 the chunks are noisier, below 1 cleaner

    def __post_init__(self) -> None:
        for name, value, least in (
            ("references", self.references, 0),
            ("chunks", self.chunks, 1),
            ("chunk_size", self.chunk_size, 1),
            ("steps_per_shift", self.steps_per_shift, 1),
        ):
            if value < least:
                raise ValueError(f"partition {name} is {value}, must be at least {least}")
        if not 0 < self.gamma < float("inf"):
            raise ValueError(f"partition gamma is {self.gamma}, must be above 0")

    @property
    def num_latents(self) -> int:
        """B, latents in the buffer."""
        return self.references + self.chunks * self.chunk_size

    @property
    def num_levels(self) -> int:
        """T, micro-steps from noise to clean."""
        return self.chunks * self.steps_per_shift


PAPER = Partition(references=0, chunks=8, chunk_size=2, steps_per_shift=1)  # StreamDiT section 4.1


def bend(levels: NDArray[np.float32], gamma: float) -> NDArray[np.float32]:
    """Levels of a linear axis on the bent one (eq. 9), any shape; 0 and 1 stay where they are."""
    bent: NDArray[np.float32] = 1 - (1 - levels) ** np.float32(gamma)
    return levels if gamma == 1 else bent


def segment_bounds(partition: Partition) -> NDArray[np.float32]:
    """Borders of the noise segments before `bend`, `(N + 1,)` from 0 to 1: chunk i lies between entries i and i + 1."""
    return np.linspace(0.0, 1.0, partition.chunks + 1, dtype=np.float32)


def buffer_sigmas(partition: Partition, micro_step: int) -> NDArray[np.float32]:
    """Noise level of every latent before `micro_step` of a shift, `(B,)`; `micro_step = s` is after the last.

    At 0 the tail is pure noise; at s the head chunk is clean and ready to leave.
    """
    if not 0 <= micro_step <= partition.steps_per_shift:
        raise ValueError(f"micro_step is {micro_step}, must be 0..{partition.steps_per_shift}")
    bounds = segment_bounds(partition)
    progress = np.float32(micro_step / partition.steps_per_shift)
    per_chunk = bend(bounds[1:] + (bounds[:-1] - bounds[1:]) * progress, partition.gamma)  # (N,)
    latents = np.repeat(per_chunk, partition.chunk_size)  # (N*c,)
    return np.concatenate([np.zeros(partition.references, np.float32), latents])  # (B,)
