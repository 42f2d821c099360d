"""A small network that names what is in a picture and where: taught on recordings, asked about generated frames.

It never takes part in training the world. Letters: b pictures, H W height and width in px.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine_service.evaluation.teaching import teach
from engine_service.model.autoencoder import from_rgb

BATCH_SIZE = 48


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge saw: a word per label `(b,)`, and the place `(b, 2)` in the position fields' units."""

    words: Mapping[str, tuple[str, ...]]
    position: NDArray[np.float32]


class Judge(nn.Module):
    """Strided convolutions; one classifier per label, one heat map for the place."""

    def __init__(self, labels: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.labels = {name: tuple(words) for name, words in labels.items()}
        self.features = nn.Sequential(
            nn.Conv2d(3, 24, 5, stride=2, padding=2),
            nn.SiLU(),
            nn.Conv2d(24, 48, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(48, 64, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(64, 96, 3, padding=1),
            nn.SiLU(),
        )
        self.deeper = nn.Sequential(nn.Conv2d(96, 128, 3, stride=2, padding=1), nn.SiLU())
        self.heat = nn.Conv2d(96, 1, 3, padding=1)
        self.place = nn.Linear(2, 2)  # from 0..1 of the picture's side to the same
        self.heads = nn.ModuleDict({name: nn.Linear(2 * 128, len(words)) for name, words in self.labels.items()})

    def forward(self, pictures: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """`(b, 3, H, W)` in -1..1 -> logits per label, and the place `(b, 2)`."""
        features = self.features(pictures)  # (b, 96, H / 8, W / 8)
        deep = self.deeper(features).flatten(2)  # (b, 128, positions)
        pooled = torch.cat([deep.mean(-1), deep.amax(-1)], dim=-1)  # (b, 256)
        heat = self.heat(features)[:, 0].float()  # (b, H / 8, W / 8); a place needs single precision
        weight = heat.flatten(1).softmax(-1).view_as(heat)
        down = torch.arange(heat.shape[1], dtype=heat.dtype, device=heat.device)
        right = torch.arange(heat.shape[2], dtype=heat.dtype, device=heat.device)
        across, along = (weight.sum(1) * right).sum(-1), (weight.sum(2) * down).sum(-1)  # (b,), in strides
        centre = torch.stack([across / heat.shape[2], along / heat.shape[1]], dim=-1)  # (b, 2) in 0..1
        place = (centre[:, None] * self.place.weight).sum(-1) + self.place.bias  # no matmul: autocast would halve it
        return {name: head(pooled) for name, head in self.heads.items()}, pictures.shape[-1] * place

    @torch.inference_mode()
    def verdict(self, rgb: NDArray[np.uint8], batch_size: int = 64) -> Verdict:
        """Judge pictures, uint8 `(b, H, W, 3)`."""
        chosen: dict[str, list[int]] = {name: [] for name in self.labels}
        places = []
        for part in torch.split(torch.from_numpy(np.ascontiguousarray(rgb)), batch_size):
            logits, place = self(from_rgb(part))
            for name, values in logits.items():
                chosen[name] += values.argmax(-1).tolist()
            places.append(place)
        words = {name: tuple(self.labels[name][i] for i in indices) for name, indices in chosen.items()}
        return Verdict(words, torch.cat(places).numpy())


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pictures with their true words and places; N recordings of T frames."""

    rgb: NDArray[np.uint8]  # (N, T, H, W, 3)
    words: tuple[Mapping[str, str], ...]  # per recording
    positions: NDArray[np.float32]  # (N, T, 2)


def teach_judge(lessons: Lessons, labels: Sequence[str], *, num_steps: int = 500, seed: int = 0) -> Judge:
    """Teach a judge on recorded pictures, roughened or softened a little, so that it looks at shapes, not at pixels."""
    vocabulary = {name: sorted({words[name] for words in lessons.words}) for name in labels}
    torch.manual_seed(seed)
    judge = Judge(vocabulary)
    with torch.no_grad():  # a first guess: the first field points right, the second up
        judge.place.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
        judge.place.bias.copy_(torch.tensor([0.0, 1.0]))
    truth = {name: np.array([vocabulary[name].index(w[name]) for w in lessons.words]) for name in labels}

    def loss_of(rng: np.random.Generator) -> Tensor:
        clip = rng.integers(len(lessons.rgb), size=BATCH_SIZE)
        frame = rng.integers(lessons.rgb.shape[1], size=BATCH_SIZE)
        pictures = from_rgb(torch.from_numpy(lessons.rgb[clip, frame]))
        if rng.random() < 0.4:  # generated frames are softer than the game's
            pictures = nn.functional.avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)
        pictures = pictures + 0.08 * rng.random() * torch.randn_like(pictures)
        logits, place = judge(pictures)
        wanted = torch.from_numpy(lessons.positions[clip, frame])
        loss = 0.1 * nn.functional.smooth_l1_loss(place, wanted)  # px
        for name, values in logits.items():
            loss = loss + nn.functional.cross_entropy(values.float(), torch.from_numpy(truth[name][clip]))
        return loss

    teach(judge, loss_of, num_steps=num_steps, title="teaching the judge", seed=seed)
    return judge.eval()
