"""Where a stream goes on from: the frames of a past become the latents that left last.

Letters: r frames per latent, C H W of a latent.
"""

import numpy as np
import torch
from torch import Tensor

from engine_service.stream.source import Encode
from engine_service.types import Past


def encoded_past(past: Past, frames_per_latent: int, most: int, encode: Encode) -> Tensor:
    """The past's last latents, oldest first, `(n, C, H, W)`: at most `most` of them and at least one.

    Raises:
        ValueError: its frames are none, or no multiple of `frames_per_latent`.
    """
    num_frames, r = len(past.rgb), frames_per_latent
    if num_frames == 0 or num_frames % r:
        raise ValueError(f"a past has {num_frames} frames, must be a multiple of {r} above 0")
    count = min(num_frames // r, max(1, most))
    last = np.ascontiguousarray(past.rgb[num_frames - count * r :])
    return torch.cat([encode(last[i : i + r]) for i in range(0, count * r, r)])
