"""One short training per mix, from the same weights, asked on every chunk size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine_service.model.dit import StreamDiT
from engine_service.model.text import TextEncoder
from engine_service.training.ablation import ablate, ablated_mixes, as_markdown, chunked, evenly
from engine_service.training.buffered import LatentClips
from engine_service.training.denoiser import DenoiserTraining, PromptedDiT
from engine_service.training.mix import CHUNK_SIZES, paper_partitions, training_mix
from tests.fakes import DIT, PROFILES, TEXT

OWN = training_mix(list(PROFILES.values()))
OPTIONS = DenoiserTraining(num_steps=3, save_every=3, latents_per_step=16, warmup_steps=1, learning_rate=1e-2)


def clips() -> LatentClips:
    rng = np.random.default_rng(0)
    return LatentClips(
        latents=torch.from_numpy(rng.standard_normal((3, 18, 4, 2, 2)).astype(np.float16)),
        controls=torch.from_numpy(rng.random((3, 18, 2, 2), dtype=np.float32)),
        tokens=torch.from_numpy(rng.integers(0, 8, (3, 18, TEXT.max_words))),
        num_state_fields=2,
    )


def new_model() -> PromptedDiT:
    torch.manual_seed(0)
    return PromptedDiT(StreamDiT(replace(DIT, width=16)), TextEncoder(TEXT))


def test_the_rows_are_the_papers_chunk_sizes_then_references_then_the_worlds_own() -> None:
    rows = ablated_mixes(OWN)
    sizes = [sorted({entry.partition.chunk_size for entry in mix}) for mix in rows.values()]
    assert sizes[:5] == [list(CHUNK_SIZES[: i + 1]) for i in range(5)]
    *_, referenced, own = rows.values()
    assert {entry.partition for entry in referenced} == set(paper_partitions())
    assert own == OWN
    assert all(sum(entry.share for entry in mix) == pytest.approx(1) for mix in rows.values())


def test_every_mix_is_trained_from_the_same_weights_and_asked_on_every_chunk_size(tmp_path: Path) -> None:
    mixes = {"diagonal": evenly([chunked(1)]), "the same again": evenly([chunked(1)]), "whole": evenly([chunked(16)])}
    errors = ablate(new_model, clips(), clips(), mixes, tmp_path, OPTIONS, "cpu")
    assert [len(row) for row in errors.values()] == [len(CHUNK_SIZES)] * 3
    assert errors["diagonal"] == errors["the same again"] != errors["whole"]
    assert (tmp_path / "ablation.png").stat().st_size > 0
    table = as_markdown(errors, OPTIONS.num_steps).splitlines()
    assert table[0].startswith("| mix, 3 steps | asked at c=1 |")
    assert table[-1].startswith(f"| whole | {errors['whole'][0]:.4f} |")


def test_an_ablation_that_was_cut_resumes_to_the_same_table(tmp_path: Path) -> None:
    mixes = {"diagonal": evenly([chunked(1)]), "whole": evenly([chunked(16)])}
    whole = ablate(new_model, clips(), clips(), mixes, tmp_path, OPTIONS, "cpu")
    assert ablate(new_model, clips(), clips(), mixes, tmp_path, OPTIONS, "cpu") == whole
