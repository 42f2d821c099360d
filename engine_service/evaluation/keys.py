"""Which direction key was held, told from two frames: keyboard accuracy (GameWorld Score, Matrix-Game).

The key is known by its effect: recordings say how far the critter and its camera travelled from one frame to the next.
A small inverse-dynamics network learns to see that on the game's own frames and is then asked about generated ones.
Letters: b pairs of frames, T frames, S state fields, H W height and width in px.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine_service.evaluation.teaching import teach
from engine_service.model.autoencoder import from_rgb
from engine_service.model.world import StateField

KEYS = ("left", "none", "right")
UNKNOWN = -1  # a jump to another place: no key did it


def held_keys(
    states: NDArray[np.float32], fields: Sequence[StateField], travel: Sequence[str], longest: float
) -> NDArray[np.int64]:
    """The key between each frame and the one before, `(T, S)` -> `(T - 1,)`, an index of `KEYS` or `UNKNOWN`."""
    moved = np.zeros(len(states) - 1)
    for index, field in enumerate(fields):
        if field.name in travel:
            change = np.diff(states[:, index].astype(np.float64))
            span = field.max - field.min
            moved += (change + span / 2) % span - span / 2 if field.periodic else change
    keys = np.sign(np.round(moved, 3)).astype(np.int64) + 1
    keys[np.abs(moved) > longest + 1e-3] = UNKNOWN
    return keys


class KeyReader(nn.Module):
    """Strided convolutions over a frame and its change; one classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(6, 32, 5, stride=2, padding=2),
            nn.SiLU(),
            nn.Conv2d(32, 48, 5, stride=2, padding=2),
            nn.SiLU(),
            nn.Conv2d(48, 64, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(64, 96, 3, stride=2, padding=1),
            nn.SiLU(),
        )
        self.head = nn.Linear(2 * 96, len(KEYS))

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Two pictures `(b, 3, H, W)` in -1..1 -> logits `(b, 3)`."""
        features = self.layers(torch.cat([after, after - before], dim=1)).flatten(2)  # (b, 96, positions)
        logits: Tensor = self.head(torch.cat([features.mean(-1), features.amax(-1)], dim=-1))
        return logits

    @torch.inference_mode()
    def read(self, rgb: NDArray[np.uint8], batch_size: int = 64) -> NDArray[np.int64]:
        """The key between each of `(T, H, W, 3)` and the one before, `(T - 1,)`."""
        pictures = from_rgb(torch.from_numpy(np.ascontiguousarray(rgb)))
        pairs = zip(torch.split(pictures[:-1], batch_size), torch.split(pictures[1:], batch_size), strict=True)
        return np.concatenate([self(before, after).argmax(-1).numpy() for before, after in pairs])


def teach_key_reader(
    rgb: NDArray[np.uint8], keys: NDArray[np.int64], *, num_steps: int = 800, batch_size: int = 32, seed: int = 0
) -> KeyReader:
    """Teach on N recordings of T frames, `(N, T, H, W, 3)`, and their keys, `(N, T - 1)`; every key as often."""
    torch.manual_seed(seed)
    reader = KeyReader()
    places = [np.argwhere(keys == key) for key in range(len(KEYS))]  # each (M, 2): recording, pair

    def loss_of(rng: np.random.Generator) -> Tensor:
        wanted = rng.integers(len(KEYS), size=batch_size)
        chosen = np.stack([places[key][rng.integers(len(places[key]))] for key in wanted])
        before, after = (from_rgb(torch.from_numpy(rgb[chosen[:, 0], chosen[:, 1] + offset])) for offset in (0, 1))
        noise = 0.05 * rng.random()
        logits = reader(before + noise * torch.randn_like(before), after + noise * torch.randn_like(after))
        return nn.functional.cross_entropy(logits.float(), torch.from_numpy(wanted))

    teach(reader, loss_of, num_steps=num_steps, title="teaching the key reader", seed=seed)
    return reader.eval()
