"""A student lands in one step where its guided teacher lands in many."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine_service.model.flow import euler, velocity_from_clean
from engine_service.model.low_rank import merge_updates, updates_of
from engine_service.model.partition import Partition
from engine_service.runtime.guidance import GuidedDenoiser
from engine_service.runtime.torch_backend import TorchDenoiser
from engine_service.training.buffered import Batch, LatentClips, draw_batch
from engine_service.training.denoiser import PromptedDiT
from engine_service.training.distill import (
    Distillation,
    clean_for_landing,
    distill,
    distillation_loss,
    students_next,
    teachers_landing,
)
from engine_service.training.mix import MixEntry
from engine_service.training.recipes import RENDER
from engine_service.training.run import RunFolder
from tests.fakes import TEXT, tiny_networks, tiny_runtime

PARTITION = Partition(references=1, chunks=2, chunk_size=1, steps_per_shift=1)
MIX = (MixEntry(partition=PARTITION, share=1.0),)
OPTIONS = Distillation(num_steps=60, latents_per_step=24, guidance=2.0, rank=4, learning_rate=2e-2, save_every=30)


def clips() -> LatentClips:
    rng = np.random.default_rng(0)
    return LatentClips(
        latents=torch.from_numpy(rng.standard_normal((3, 8, 4, 2, 2)).astype(np.float16)),
        controls=torch.from_numpy(rng.random((3, 8, 2, 2), dtype=np.float32)),
        tokens=torch.from_numpy(rng.integers(1, 8, (3, 8, TEXT.max_words))),
        num_state_fields=2,
    )


def teacher() -> PromptedDiT:
    networks = tiny_networks()
    return PromptedDiT(networks.dit, networks.text)


def batch(num: int = 2) -> Batch:
    return draw_batch(clips(), [PARTITION] * num, replace(RENDER, unprompted=0.0), np.random.default_rng(1))


def test_the_teacher_takes_the_guided_micro_steps_of_the_runtime() -> None:
    """The same three steps through `GuidedDenoiser`, one example at a time."""
    drawn, model, networks = batch(), teacher(), tiny_networks()
    target = students_next(PARTITION, drawn.sigmas)
    landing = teachers_landing(model, drawn, target, num_steps=3, guidance=2.0)
    prompts = tiny_runtime().prompts
    denoiser = GuidedDenoiser(TorchDenoiser(networks, "cpu"), prompts.encode(prompts.tokens("")), 2.0)
    for i in range(2):
        words, bias = networks.text(drawn.tokens[i : i + 1])
        prompt = replace(prompts.encode(prompts.tokens("")), words=words, bias=bias)
        latents = drawn.noised[i : i + 1]
        for step in range(3):
            level, after = (torch.lerp(drawn.sigmas, target, (step + k) / 3)[i : i + 1] for k in (0, 1))
            latents = denoiser.step(latents, level, after, drawn.controls[i : i + 1], prompt)
        torch.testing.assert_close(landing[i : i + 1], latents, rtol=1e-4, atol=1e-4)


def test_one_step_along_the_wanted_prediction_lands_where_the_teacher_does() -> None:
    drawn = batch(8)
    target = students_next(PARTITION, drawn.sigmas)
    landing = teachers_landing(teacher(), drawn, target, num_steps=2, guidance=1.5)
    clean = clean_for_landing(drawn.noised, drawn.sigmas, landing, target)
    arrived = euler(drawn.noised, velocity_from_clean(drawn.noised, clean, drawn.sigmas), drawn.sigmas, target)
    moving = drawn.sigmas > 0
    torch.testing.assert_close(arrived[moving], landing[moving], rtol=1e-3, atol=1e-3)


def test_the_students_next_level_is_one_micro_step_further_also_on_a_bent_axis() -> None:
    sigmas = torch.tensor([[0.0, 0.5, 0.75, 1.0]])
    assert students_next(PARTITION, sigmas).tolist() == [[0.0, 0.0, 0.25, 0.5]]
    bent = replace(PARTITION, gamma=2.0)
    torch.testing.assert_close(students_next(bent, torch.tensor([[1.0, 0.75]])), torch.tensor([[0.75, 0.0]]))


def test_a_student_lands_nearer_than_its_teacher_would_in_one_step(tmp_path: Path) -> None:
    weights = distill(teacher(), clips(), clips(), MIX, RunFolder(tmp_path), OPTIONS, "cpu")
    student = copy.deepcopy(teacher())
    merge_updates(student, updates_of(weights))
    drawn = batch(16)
    with torch.no_grad():
        before = distillation_loss(teacher(), teacher(), drawn, PARTITION, OPTIONS)
        after = distillation_loss(teacher(), student, drawn, PARTITION, OPTIONS)
    assert after < 0.7 * before


class PowerCutError(Exception):
    """The lights go out."""


class CutRun(RunFolder):
    """The lights go out right after the first checkpoint."""

    def save(self, state: Mapping[str, Any]) -> None:
        super().save(state)
        raise PowerCutError


def test_a_resumed_distillation_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    short = replace(OPTIONS, num_steps=6, save_every=3)

    def run(folder: RunFolder) -> dict[str, torch.Tensor]:
        return distill(teacher(), clips(), None, MIX, folder, short, "cpu")

    whole = run(RunFolder(tmp_path / "whole"))
    with pytest.raises(PowerCutError):
        run(CutRun(tmp_path / "cut"))
    resumed = run(RunFolder(tmp_path / "cut"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
