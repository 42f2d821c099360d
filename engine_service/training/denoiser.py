"""Train the transformer and its text encoder by buffered flow matching over a mix of partitions."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from engine_service.model.autoencoder import to_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.text import TextEncoder
from engine_service.training.buffered import (
    Batch,
    BatchOptions,
    LatentClips,
    MixEntry,
    draw_batch,
    draw_partition,
)
from engine_service.training.run import Ema, RunFolder, build_optimizers, learning_rate_factor


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserTraining:
    """How the transformer is trained."""

    num_steps: int = 8000
    latents_per_step: int = 40  # examples per step follow from the partition
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    optimizer: str = "muon"
    warmup_steps: int = 150
    decay_fraction: float = 0.5
    ema_decay: float = 0.998
    seed: int = 0
    save_every: int = 200
    sheet_every: int = 1000
    bfloat16: bool = False


class PromptedDiT(nn.Module):
    """Transformer and text encoder together: what the checkpoint and `denoiser.safetensors` hold."""

    def __init__(self, dit: StreamDiT, text: TextEncoder) -> None:
        super().__init__()
        self.dit = dit
        self.text = text

    def forward(self, noised: Tensor, sigmas: Tensor, states: Tensor, tokens: Tensor) -> Tensor:
        """Clean latents from noised ones, all of `(b, B, C, H, W)`, and prompts `(b, L)`."""
        words, bias = self.text(tokens)
        return self.dit.clean(noised, sigmas, states, words, bias)


def clean_loss(predicted: Tensor, batch: Batch) -> Tensor:
    """Mean squared error of the clean latents over what was to be predicted (docs/decisions/0002)."""
    error = (predicted.float() - batch.clean).square().mean(dim=(2, 3, 4))  # (b, B)
    return (error * batch.weights).sum() / batch.weights.sum()


def to_device(batch: Batch, device: str) -> Batch:
    """The same batch on another device."""
    return Batch(
        *(getattr(batch, name).to(device) for name in ("noised", "clean", "sigmas", "states", "tokens", "weights"))
    )


@torch.no_grad()
def validation_loss(
    model: PromptedDiT, clips: LatentClips, mix: Sequence[MixEntry], options: DenoiserTraining, device: str
) -> float:
    """Loss on the same fixed batches each time, no stale or foreign past."""
    losses = []
    for i, entry in enumerate(mix):
        rng = np.random.default_rng((options.seed, 77, i))
        num = max(1, options.latents_per_step // entry.partition.num_latents)
        batch = draw_batch(clips, entry.partition, num, BatchOptions(stale=0.0, foreign=0.0), rng)
        batch = to_device(batch, device)
        losses.append(clean_loss(model(batch.noised, batch.sigmas, batch.states, batch.tokens), batch).item())
    return float(np.mean(losses))


def train_denoiser(
    model: PromptedDiT,
    clips: LatentClips,
    validation: LatentClips | None,
    mix: Sequence[MixEntry],
    run: RunFolder,
    options: DenoiserTraining,
    device: str,
    on_sheet: "SheetWriter | None" = None,
) -> dict[str, Tensor]:
    """Train to `num_steps`, resuming where the run's checkpoint left off; gives the averaged weights."""
    torch.set_flush_denormal(True)  # gates that start at zero breed them, and each costs a CPU a hundred cycles
    model = model.to(device)
    ema = Ema(model, options.ema_decay)
    optimizers = build_optimizers(model, options.optimizer, options.learning_rate, options.weight_decay)
    first_step = 0
    if (saved := run.load()) is not None:
        model.load_state_dict(saved["model"])
        ema.weights = {name: value.to(device) for name, value in saved["ema"].items()}
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        first_step = saved["step"]
    columns = (
        TextColumn("denoiser"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    batch_options = BatchOptions()
    with Progress(*columns) as progress:
        task = progress.add_task("", total=options.num_steps, completed=first_step, loss=float("nan"))
        recent: list[float] = []
        since = time.monotonic()
        for step in range(first_step, options.num_steps):
            # Seeded per step: a resumed run draws what an uninterrupted one would have drawn.
            rng = np.random.default_rng((options.seed, step))
            partition = draw_partition(mix, rng)
            num_examples = max(1, options.latents_per_step // partition.num_latents)
            batch = to_device(draw_batch(clips, partition, num_examples, batch_options, rng), device)
            factor = learning_rate_factor(step, options.num_steps, options.warmup_steps, options.decay_fraction)
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = options.learning_rate * factor
            with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=options.bfloat16):
                predicted = model(batch.noised, batch.sigmas, batch.states, batch.tokens)
            loss = clean_loss(predicted, batch)
            for optimizer in optimizers:
                optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            ema.update(model, step)

            recent.append(loss.item())
            done = step + 1
            progress.update(task, completed=done, loss=float(np.mean(recent[-50:])))
            if done % options.save_every == 0 or done == options.num_steps:
                held = validation_loss(model, validation, mix, options, device) if validation else float("nan")
                elapsed = time.monotonic() - since
                run.log(done, {"loss": float(np.mean(recent)), "loss_validation": held, "seconds": elapsed})
                recent.clear()
                since = time.monotonic()
                run.save(
                    {
                        "step": done,
                        "model": model.state_dict(),
                        "ema": ema.weights,
                        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                    }
                )
                run.plot()
            if on_sheet is not None and (done % options.sheet_every == 0 or done == options.num_steps):
                on_sheet(done, ema.weights)
    return ema.weights


class SheetWriter:
    """Draws what the averaged weights make of a few clips, one level at a time from pure noise."""

    def __init__(self, model: PromptedDiT, decode: nn.Module, clips: LatentClips, run: RunFolder) -> None:
        self._model = model
        self._decode = decode
        self._clips = clips
        self._run = run

    @torch.no_grad()
    def __call__(self, step: int, weights: dict[str, Tensor]) -> None:
        """Write `sheet-STEP.png`: truth above, generated in two steps from noise below."""
        kept = {name: value.clone() for name, value in self._model.state_dict().items()}
        self._model.load_state_dict(weights)
        picks = np.linspace(0, len(self._clips.latents) - 1, 10).astype(int)
        device = next(self._model.parameters()).device
        clean = torch.from_numpy(self._clips.latents[picks, :4].astype(np.float32)).to(device)
        states = torch.from_numpy(self._clips.states[picks, :4]).to(device)
        tokens = torch.from_numpy(self._clips.tokens[picks, 0]).to(device)
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(clean.shape, generator=generator).to(device)
        for level, after in ((1.0, 0.5), (0.5, 0.0)):
            predicted = self._model(x, torch.full(clean.shape[:2], level, device=device), states, tokens)
            x = predicted + (after / level) * (x - predicted)
        rows = []
        for latents in (clean, x):
            pictures = to_rgb(self._decode(latents[:, 2], latents[:, 3])[:, -1]).cpu().numpy()
            rows.append(np.concatenate(list(pictures), 1))
        Image.fromarray(np.concatenate(rows, 0)).save(self._run.path / f"sheet-{step:06d}.png")
        self._model.load_state_dict(kept)
