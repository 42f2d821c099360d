"""The step loop both models are trained by: learning rate, optimisers, averaged weights, checkpoints, progress."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from engine_service.training.run import Ema, RunFolder, learning_rate_factor
from engine_service.training.shards import clip_gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long, how fast, and how often to save."""

    num_steps: int
    learning_rate: float
    warmup_steps: int
    decay_fraction: float
    ema_decay: float
    save_every: int


def run_steps(
    model: nn.Module,
    optimizers: list[torch.optim.Optimizer],
    run: RunFolder,
    schedule: Schedule,
    *,
    title: str,
    loss_of: Callable[[int], Tensor],
    on_save: Callable[[int, dict[str, Tensor]], Mapping[str, float]],
) -> dict[str, Tensor]:
    """Train to `num_steps`, resuming where the run's checkpoint left off; gives the averaged weights.

    `loss_of(step)` must depend on nothing but the model and the step, so that a resumed run draws what an
    uninterrupted one would have drawn. `on_save(step, averaged weights)` gives what else to log.
    """
    with denormals_flushed():
        return _run_steps(model, optimizers, run, schedule, title=title, loss_of=loss_of, on_save=on_save)


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Inside, numbers next to zero are zero: gates that start at zero breed them, and each is slow.

    It is a switch of this thread's: whoever goes on in it finds it as it was.
    """
    was = sys.float_info.min / float("2") == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(was)


def _run_steps(
    model: nn.Module,
    optimizers: list[torch.optim.Optimizer],
    run: RunFolder,
    schedule: Schedule,
    *,
    title: str,
    loss_of: Callable[[int], Tensor],
    on_save: Callable[[int, dict[str, Tensor]], Mapping[str, float]],
) -> dict[str, Tensor]:
    ema = Ema(model, schedule.ema_decay)
    first_step = _resume(model, ema, optimizers, run)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    recent: list[float] = []
    since = time.monotonic()
    with Progress(*columns) as progress:
        task = progress.add_task("", total=schedule.num_steps, completed=first_step, loss=float("nan"))
        for step in range(first_step, schedule.num_steps):
            factor = learning_rate_factor(step, schedule.num_steps, schedule.warmup_steps, schedule.decay_fraction)
            recent.append(take_step(model, optimizers, loss_of(step), schedule.learning_rate * factor))
            ema.update(model, step)
            done = step + 1
            progress.update(task, completed=done, loss=float(np.mean(recent[-50:])))
            if done % schedule.save_every == 0 or done == schedule.num_steps:
                elapsed = time.monotonic() - since
                row = {"loss": float(np.mean(recent)), **on_save(done, ema.weights), "seconds": elapsed}
                run.log(done, row)
                words = ", ".join(f"{name} {value:.4g}" for name, value in row.items())
                run.say(f"{title} step {done} of {schedule.num_steps}: {words}")
                run.save(
                    {
                        "step": done,
                        "model": model.state_dict(),
                        "ema": ema.weights,
                        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                    }
                )
                run.plot()
                recent.clear()
                since = time.monotonic()
    return ema.weights


def _resume(model: nn.Module, ema: Ema, optimizers: list[torch.optim.Optimizer], run: RunFolder) -> int:
    """Fill everything from the run's checkpoint, if there is one; the step to go on with."""
    saved = run.load()
    if saved is None:
        return 0
    model.load_state_dict(saved["model"])
    ema.load(saved["ema"])
    for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    step: int = saved["step"]
    return step


def take_step(model: nn.Module, optimizers: list[torch.optim.Optimizer], loss: Tensor, learning_rate: float) -> float:
    """One update of every weight; the loss as a number."""
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
    loss.backward()  # type: ignore[no-untyped-call]
    clip_gradients(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
    return loss.item()
