"""Multistep distillation (StreamDiT section 3.4): a teacher's guided micro-steps become one step of a student.

Segment by segment, as the buffer crosses them: the teacher goes from each latent's level to the student's next one in
several micro-steps of two calls each, with the prompt and without; the student learns to land there in one call, so
steps and guidance are distilled at once. The student is a low-rank update of its teacher (model/low_rank.py).

Letters: b examples, B latents in the buffer, C H W of a latent.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine_service.model.flow import euler, per_latent, velocity_from_clean
from engine_service.model.low_rank import add_low_rank
from engine_service.model.partition import Partition, bend
from engine_service.model.text import PAD
from engine_service.training.buffered import Batch, LatentClips, draw_batch
from engine_service.training.denoiser import PromptedDiT, to_device
from engine_service.training.loop import Schedule, run_steps
from engine_service.training.mix import MixEntry, draw_partition
from engine_service.training.recipes import RECIPES
from engine_service.training.run import RunFolder, build_optimizers


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation:
    """How a student is taught."""

    recipe: str = "generate"
    num_steps: int = 1500
    latents_per_step: int = 40
    guidance: float = 1.5
    teacher_steps: int = 8  # micro-steps of the teacher in a latent's life, at least two for each of the student's
    rank: int = 32
    learning_rate: float = 1e-3
    warmup_steps: int = 50
    decay_fraction: float = 0.7
    ema_decay: float = 0.99
    seed: int = 0
    save_every: int = 100
    bfloat16: bool = False


@torch.no_grad()
def teachers_landing(
    teacher: PromptedDiT, batch: Batch, next_sigmas: Tensor, *, num_steps: int, guidance: float
) -> Tensor:
    """Where the guided teacher takes a batch `(b, B, C, H, W)` from its sigmas to `next_sigmas`, in equal steps."""
    tokens = torch.cat([batch.tokens, torch.full_like(batch.tokens, PAD)])
    words, bias = teacher.text(tokens)
    latents, controls = batch.noised, batch.controls.repeat(2, 1, 1, 1)
    for i in range(num_steps):
        level = torch.lerp(batch.sigmas, next_sigmas, i / num_steps)
        after = torch.lerp(batch.sigmas, next_sigmas, (i + 1) / num_steps)
        both = teacher.dit.clean(latents.repeat(2, 1, 1, 1, 1), level.repeat(2, 1), controls, words, bias).float()
        prompted, free = both.chunk(2)
        clean = free + guidance * (prompted - free)
        latents = euler(latents, velocity_from_clean(latents, clean, level), level, after)
    return latents


def clean_for_landing(noised: Tensor, sigmas: Tensor, landing: Tensor, next_sigmas: Tensor) -> Tensor:
    """The clean prediction with which one Euler step from `sigmas` lands on `landing`, all `(b, B, C, H, W)`."""
    stride = per_latent(sigmas - next_sigmas).clamp_min(1e-4)
    clean: Tensor = noised + (landing - noised) * per_latent(sigmas) / stride
    return clean


def students_next(partition: Partition, sigmas: Tensor) -> Tensor:
    """The student's next level from any sigma `(b, B)`: one micro-step of the partition further, clean at the end."""
    linear = bend(sigmas.cpu().numpy(), 1 / partition.gamma)
    further = np.maximum(linear - np.float32(1 / partition.num_levels), 0)
    return torch.from_numpy(bend(further, partition.gamma)).to(sigmas.device)


def distillation_loss(
    teacher: PromptedDiT, student: PromptedDiT, batch: Batch, partition: Partition, options: Distillation
) -> Tensor:
    """Squared distance of the student's clean prediction from the one that lands where the teacher does."""
    next_sigmas = students_next(partition, batch.sigmas)
    num_steps = max(2, options.teacher_steps // partition.num_levels)
    landing = teachers_landing(teacher, batch, next_sigmas, num_steps=num_steps, guidance=options.guidance)
    wanted = clean_for_landing(batch.noised, batch.sigmas, landing, next_sigmas)
    predicted = student(batch.noised, batch.sigmas, batch.controls, batch.tokens).float()
    error = (predicted - wanted).square().mean(dim=(2, 3, 4))  # (b, B)
    mean: Tensor = (error * batch.weights).sum() / batch.weights.sum()
    return mean


def distill(
    teacher: PromptedDiT,
    clips: LatentClips,
    validation: LatentClips | None,
    mix: Sequence[MixEntry],
    run: RunFolder,
    options: Distillation,
    device: str,
) -> dict[str, Tensor]:
    """Teach a student to `num_steps`, resuming where the run left off; gives its averaged weights, updates apart.

    Examples stray from what really happened as they did in training: a student obeys what its teacher obeys.
    """
    teacher = teacher.to(device).eval().requires_grad_(False)
    student = copy.deepcopy(teacher)
    torch.manual_seed(options.seed)
    add_low_rank(student.dit, options.rank)
    optimizers = build_optimizers(student, "adamw", options.learning_rate, 0.0)
    strays = replace(RECIPES[options.recipe], unprompted=0.0)

    def loss_on(drawn: LatentClips, partition: Partition, rng: np.random.Generator) -> Tensor:
        num_examples = max(1, options.latents_per_step // partition.num_latents)
        batch = to_device(draw_batch(drawn, [partition] * num_examples, strays, rng), device)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=options.bfloat16):
            return distillation_loss(teacher, student, batch, partition, options)

    def loss_of(step: int) -> Tensor:
        rng = np.random.default_rng((options.seed, step))
        return loss_on(clips, draw_partition(mix, rng), rng)

    @torch.no_grad()
    def on_save(step: int, averaged: dict[str, Tensor]) -> dict[str, float]:
        del step, averaged
        if validation is None:
            return {"loss_validation": float("nan")}
        rngs = [np.random.default_rng((options.seed, 77, i)) for i in range(len(mix))]
        losses = [loss_on(validation, entry.partition, rng).item() for entry, rng in zip(mix, rngs, strict=True)]
        return {"loss_validation": float(np.mean(losses))}

    schedule = Schedule(
        num_steps=options.num_steps,
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup_steps,
        decay_fraction=options.decay_fraction,
        ema_decay=options.ema_decay,
        save_every=options.save_every,
    )
    return run_steps(student, optimizers, run, schedule, title="student", loss_of=loss_of, on_save=on_save)
