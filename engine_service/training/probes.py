"""Questions that tell within minutes whether a run learns to sample: do seeds matter, is it sharp, is it heard?

The training loop asks them whenever it saves, and writes the answers beside the loss. A renderer, whose seeds decide
nothing, has a spread near 0; one that ignores its past or the keys has gaps near 0.

Letters: b examples, B latents, r frames per latent, S state fields, A actions, n pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine_service.model.autoencoder import to_rgb
from engine_service.model.flow import interpolate
from engine_service.training.buffered import LatentClips

# Clean latents (b, B, C, H, W) from noised ones, levels (b, B), controls (b, B, r, S + A) and prompts (b, L).
Predict = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

NUM_SEEDS = 16
REFERENCES, IN_FLIGHT = 2, 2  # latents, of the questions about the past and the keys
SIGMA_BINS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """What is asked."""

    prompt: Tensor  # (L,), one that leaves much open
    num_steps: int = 16  # from noise to clean
    num_latents: int = 4
    num_examples: int = 32
    seed: int = 0


@torch.no_grad()
def sample(
    predict: Predict,
    noise: Tensor,
    controls: Tensor,
    tokens: Tensor,
    *,
    num_steps: int,
    past: Tensor | None = None,
) -> Tensor:
    """Whole clips by Euler's method from noise `(b, B, C, H, W)`, after a clean `past` `(b, K, C, H, W)` if any.

    controls `(b, K + B, r, S + A)`, tokens `(b, L)` -> clean latents `(b, B, C, H, W)`.
    """
    x, k = noise, 0 if past is None else past.shape[1]
    for step in range(num_steps):
        level, after = 1 - step / num_steps, 1 - (step + 1) / num_steps
        whole = x if past is None else torch.cat([past, x], dim=1)
        sigmas = torch.full(whole.shape[:2], level, device=x.device)
        sigmas[:, :k] = 0
        clean = predict(whole, sigmas, controls, tokens)[:, k:].float()
        x = clean + (after / level) * (x - clean)
    return x


def spread(pictures: NDArray[np.uint8]) -> float:
    """Mean over pixels of the standard deviation over pictures `(n, H, W, 3)`, in grey levels."""
    return float(pictures.astype(np.float32).std(axis=0).mean())


def edge_energy(pictures: NDArray[np.uint8]) -> float:
    """Mean difference of pixels of `(n, H, W, 3)` to the next ones right and below, in grey levels: blur has less."""
    p = pictures.astype(np.float32)
    return float(np.abs(np.diff(p, axis=1)).mean() + np.abs(np.diff(p, axis=2)).mean())


class Probes:
    """The questions about one set of held-out recordings, always with the same noise."""

    def __init__(self, clips: LatentClips, decode: nn.Module, options: ProbeOptions) -> None:
        self._clips = clips
        self._decode = decode
        self._options = options

    @torch.no_grad()
    def __call__(self, predict: Predict, sheet: Path | None = None) -> dict[str, float]:
        """All answers by name; pictures of `NUM_SEEDS` seeds go into `sheet`, above them as many recordings."""
        generated = self._free_pictures(predict)
        real = self._real_pictures(len(generated))
        if sheet is not None:
            half = len(real) // 2
            rows = [np.concatenate(list(row), 1) for row in (real[:half], generated[:half], generated[half:])]
            width = min(row.shape[1] for row in rows)
            Image.fromarray(np.concatenate([row[:, :width] for row in rows], 0)).save(sheet)
        answers = {
            "spread": spread(generated) / max(spread(real), 1e-6),
            "edges": edge_energy(generated) / max(edge_energy(real), 1e-6),
        }
        answers |= self._past(predict)
        if self._clips.controls.shape[-1] > self._clips.num_state_fields:
            answers |= self._keys(predict)
        return answers

    def _free_pictures(self, predict: Predict) -> NDArray[np.uint8]:
        """What the prompt alone gives, one picture a seed."""
        o, clips = self._options, self._clips
        device, shape = clips.latents.device, clips.latents.shape[2:]
        noise = torch.stack([_noise((o.num_latents, *shape), o.seed + seed) for seed in range(NUM_SEEDS)]).to(device)
        controls = torch.full((NUM_SEEDS, o.num_latents, *clips.controls.shape[2:]), torch.nan, device=device)
        tokens = o.prompt.to(device).expand(NUM_SEEDS, -1)
        latents = sample(predict, noise, controls, tokens, num_steps=o.num_steps)
        return self._pictures(latents[:, -2], latents[:, -1])

    def _real_pictures(self, num: int) -> NDArray[np.uint8]:
        """Recordings that the prompt is a caption of, or any if there are too few."""
        prompt = self._options.prompt.to(self._clips.tokens.device)
        fitting = (self._clips.tokens == prompt).all(-1).any(-1).nonzero()[:, 0]
        rows = fitting if len(fitting) >= 4 else torch.arange(len(self._clips.tokens), device=prompt.device)
        picks = rows[torch.linspace(0, len(rows) - 1, min(num, len(rows))).long().to(rows.device)]
        middle = self._clips.latents.shape[1] // 2
        return self._pictures(
            self._clips.latents[picks, middle - 1].float(), self._clips.latents[picks, middle].float()
        )

    def _pictures(self, previous: Tensor, current: Tensor) -> NDArray[np.uint8]:
        return np.asarray(to_rgb(self._decode(previous, current)[:, -1]).cpu().numpy())

    def _past(self, predict: Predict) -> dict[str, float]:
        """Loss in eight bins of sigma with the true past; how much worse another recording's is, and none at all."""
        o = self._options
        rng = np.random.default_rng(o.seed)
        clean, tokens, controls = self._drawn(rng, REFERENCES + IN_FLIGHT)
        device = clean.device
        controls = torch.full_like(controls, torch.nan)
        others = torch.roll(clean[:, :REFERENCES], 1, dims=0)
        noise = _noise(clean.shape, o.seed + 1).to(device)
        losses = []
        shuffled = none = 0.0
        for i in range(SIGMA_BINS):
            level = (i + 0.5) / SIGMA_BINS
            sigmas = torch.zeros(clean.shape[:2], device=device)
            sigmas[:, REFERENCES:] = level
            noised = interpolate(clean, noise, sigmas)
            target = clean[:, REFERENCES:]

            def loss_with(past: Tensor, noised: Tensor = noised, sigmas: Tensor = sigmas) -> float:
                k = past.shape[1]
                whole = torch.cat([past, noised[:, REFERENCES:]], dim=1)
                skip = REFERENCES - k
                predicted = predict(whole, sigmas[:, skip:], controls[:, skip:], tokens)
                return float((predicted[:, k:].float() - clean[:, REFERENCES:]).square().mean())

            true = loss_with(noised[:, :REFERENCES])
            losses.append(true)
            shuffled += (loss_with(others) - true) / SIGMA_BINS
            none += (loss_with(target[:, :0]) - true) / SIGMA_BINS
        by_level = {f"loss_sigma_{(i + 0.5) / SIGMA_BINS:.2f}": loss for i, loss in enumerate(losses)}
        return {"gap_shuffled_past": shuffled, "gap_no_past": none, **by_level}

    def _keys(self, predict: Predict) -> dict[str, float]:
        """How much worse the loss is with another recording's keys; and of branches, how often the picture is nearer
        to the future of the keys that were told than to the other one's."""
        o = self._options
        rng = np.random.default_rng(o.seed + 2)
        clean, tokens, controls = self._drawn(rng, REFERENCES + IN_FLIGHT)
        device = clean.device
        keys = self._only_keys(controls)
        other = keys.roll(1, dims=0)
        sigmas = torch.zeros(clean.shape[:2], device=device)
        sigmas[:, REFERENCES:] = 0.8
        noised = interpolate(clean, _noise(clean.shape, o.seed + 3).to(device), sigmas)
        gap = 0.0
        for told, sign in ((other, 1.0), (keys, -1.0)):
            error = (predict(noised, sigmas, told, tokens).float() - clean)[:, REFERENCES:].square().mean()
            gap += sign * float(error)
        return {"gap_shuffled_keys": gap, **self._key_order(predict)}

    def _key_order(self, predict: Predict) -> dict[str, float]:
        """Of moments with two futures: how often each one's keys give a picture nearer to it than to the other."""
        branches = self._clips.branches
        if branches is None:
            return {}
        o, clips = self._options, self._clips
        long = min(o.num_latents, branches.latents.shape[1])
        length = clips.latents.shape[1]
        fits = (~branches.repainted) & (branches.starts >= REFERENCES) & (branches.starts + long <= length)
        at = np.flatnonzero(fits)[: o.num_examples]
        if not len(at):
            return {}
        device = clips.latents.device
        parents = torch.from_numpy(branches.parents[at]).to(device)
        begin = torch.from_numpy(branches.starts[at]).to(device)
        past_places = begin[:, None] - REFERENCES + torch.arange(REFERENCES, device=device)
        future_places = begin[:, None] + torch.arange(long, device=device)
        past = clips.latents[parents[:, None], past_places].float()
        before = clips.controls[parents[:, None], past_places]
        futures = [
            clips.latents[parents[:, None], future_places].float(),
            branches.latents[at, :long].float(),
        ]
        told = [clips.controls[parents[:, None], future_places], branches.controls[at, :long]]
        tokens = clips.tokens[parents, 0]
        noise = _noise(futures[0].shape, o.seed + 4).to(device)
        right = []
        for mine in range(2):
            controls = self._only_keys(torch.cat([before, told[mine]], dim=1))
            made = sample(predict, noise, controls, tokens, num_steps=o.num_steps, past=past)
            near, far = ((made - futures[i]).square().mean((1, 2, 3, 4)) for i in (mine, 1 - mine))
            right.append((near < far).float())
        return {"key_order": float(torch.cat(right).mean())}

    def _only_keys(self, controls: Tensor) -> Tensor:
        keys = controls.clone()
        keys[..., : self._clips.num_state_fields] = torch.nan
        return keys

    def _drawn(self, rng: np.random.Generator, buffer: int) -> tuple[Tensor, Tensor, Tensor]:
        """Examples: latents `(b, B, C, H, W)`, captions `(b, L)`, controls `(b, B, r, S + A)`."""
        clips = self._clips
        num = min(self._options.num_examples, len(clips.latents))
        device = clips.latents.device
        rows = torch.from_numpy(rng.permutation(len(clips.latents))[:num]).to(device)
        starts = rng.integers(clips.latents.shape[1] - buffer + 1, size=num)
        places = torch.from_numpy(starts[:, None] + np.arange(buffer)).to(device)
        latents, controls = clips.latents[rows[:, None], places].float(), clips.controls[rows[:, None], places]
        return latents, clips.tokens[rows, 0], controls


def _noise(shape: torch.Size | tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
