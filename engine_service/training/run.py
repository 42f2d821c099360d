"""A training run's folder: checkpoints that resume to the step, a loss log, a curve."""

import csv
import pickle
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from engine_service.training.muon import Muon

# What bytes that are no checkpoint may raise on being read.
_UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`checkpoint.pt`, `loss.csv`, `loss.png` and sample sheets of one run."""

    path: Path

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        """The newest state of everything a step depends on."""
        return self.path / "checkpoint.pt"

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint in one rename, so that a cut never leaves half of one."""
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(dict(state), partial)
        partial.rename(self.checkpoint)

    def load(self) -> dict[str, Any] | None:
        """The newest checkpoint, or None in a fresh folder. Whoever made the file: nothing in it is run.

        Raises:
            ValueError: it is damaged, or holds something else than tensors and numbers.
        """
        if not self.checkpoint.exists():
            return None
        try:
            state: dict[str, Any] = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        except _UNREADABLE as error:
            cause = str(error).splitlines()[0]
            raise ValueError(
                f"{self.checkpoint}: not a checkpoint of a run, remove it to begin anew: {cause}"
            ) from error
        return state

    @property
    def has_log(self) -> bool:
        """A row was written."""
        return (self.path / "loss.csv").exists()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row to `loss.csv`."""
        file = self.path / "loss.csv"
        fresh = not file.exists()
        with file.open("a", newline="") as out:
            writer = csv.writer(out)
            if fresh:
                writer.writerow(["step", *values])
            writer.writerow([step, *(f"{value:.6g}" for value in values.values())])

    def say(self, text: str) -> None:
        """A line with the time, into `train.log`, and to the output where that is no terminal with a progress bar."""
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}"
        with (self.path / "train.log").open("a", encoding="utf-8") as out:
            out.write(line + "\n")
        if not sys.stdout.isatty():
            print(line, flush=True)

    def plot(self) -> None:
        """Draw `loss.png` from `loss.csv`, one line per column, both axes logarithmic."""
        with (self.path / "loss.csv").open() as rows:
            table = list(csv.DictReader(rows))
        steps = [max(int(row["step"]), 1) for row in table]  # the axis is logarithmic
        losses = [column for column in table[0] if column.startswith("loss")]
        probes = [column for column in table[0] if column not in ("step", "seconds", *losses)]
        figure, axes = plt.subplots(1, 2 if probes else 1, figsize=(8, 4.5), layout="constrained", squeeze=False)
        for subplot, columns, scale in zip(axes[0], (losses, probes), ("log", "linear"), strict=False):
            for column in columns:
                subplot.plot(steps, [float(row[column]) for row in table], label=column, linewidth=1)
            subplot.set(xlabel="step", xscale="log", yscale=scale)
            subplot.grid(alpha=0.3, which="both")
            subplot.legend(frameon=False, fontsize="small")
        figure.savefig(self.path / "loss.png", dpi=120)
        plt.close(figure)


class Ema:
    """Exponential moving average of a module's weights; the horizon grows with the run's first steps."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Go on from saved averages, each kept on its weight's own device."""
        self.weights = {name: value.to(self.weights[name].device) for name, value in weights.items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module's weights as they are after `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)


def learning_rate_factor(step: int, num_steps: int, warmup_steps: int, decay_fraction: float = 0.3) -> float:
    """Warm up, hold, and fall linearly to zero over the last `decay_fraction` of the run."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    decay_start = num_steps * (1 - decay_fraction)
    if step < decay_start:
        return 1.0
    return max(0.0, (num_steps - step) / (num_steps - decay_start))


def build_optimizers(
    module: nn.Module,
    name: str,
    learning_rate: float,
    weight_decay: float,
    precision: torch.dtype = torch.float32,
) -> list[torch.optim.Optimizer]:
    """`adamw` for everything, or `muon` for hidden matrices and kernels and AdamW for the rest.

    Embeddings, biases, norms, adaLN and the transformer's first and last layer stay with AdamW, as Muon's authors
    advise; a convolutional network is all kernels.
    """
    if name == "adamw":
        return [torch.optim.AdamW(module.parameters(), lr=learning_rate, betas=(0.9, 0.98), weight_decay=weight_decay)]
    if name != "muon":
        raise ValueError(f"optimizer is {name!r}, expected 'muon' or 'adamw'")
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for key, parameter in module.named_parameters():
        block_matrix = ".blocks." in f".{key}" and parameter.ndim == 2 and "modulation" not in key
        (matrices if block_matrix or parameter.ndim == 4 else others).append(parameter)
    return [
        Muon(matrices, lr=learning_rate, weight_decay=weight_decay, precision=precision),
        torch.optim.AdamW(others, lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
