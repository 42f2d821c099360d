"""A run's folder: what is resumed is what was never interrupted."""

import csv
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine_service.model.autoencoder import Autoencoder
from engine_service.model.dit import StreamDiT
from engine_service.model.partition import Partition
from engine_service.model.text import TextEncoder
from engine_service.training.autoencoder import AutoencoderTraining, train_autoencoder
from engine_service.training.buffered import Branches, LatentClips
from engine_service.training.denoiser import DenoiserTraining, Lessons, PromptedDiT, SheetWriter, train_denoiser
from engine_service.training.mix import MixEntry
from engine_service.training.run import Ema, RunFolder, build_optimizers, learning_rate_factor
from tests.fakes import AUTOENCODER, DIT, TEXT

MIX = (
    MixEntry(partition=Partition(references=1, chunks=2, chunk_size=1, steps_per_shift=1), share=0.7),
    MixEntry(partition=Partition(references=0, chunks=1, chunk_size=4, steps_per_shift=1), share=0.3),
)
Weights = dict[str, Tensor]


class PowerCutError(Exception):
    """The lights go out."""


class CutRun(RunFolder):
    """The lights go out right after the first checkpoint."""

    def save(self, state: Mapping[str, Any]) -> None:
        super().save(state)
        raise PowerCutError


def train_tiny_denoiser(run: RunFolder, optimizer: str, *, bfloat16: bool = False) -> Weights:
    rng = np.random.default_rng(0)
    clips = LatentClips(
        latents=torch.from_numpy(rng.standard_normal((3, 8, 4, 2, 2)).astype(np.float16)),
        controls=torch.from_numpy(rng.random((3, 8, 2, 2), dtype=np.float32)),
        tokens=torch.from_numpy(rng.integers(0, 8, (3, 8, TEXT.max_words))),
        num_state_fields=2,
    )
    torch.manual_seed(0)
    model = PromptedDiT(StreamDiT(replace(DIT, width=16)), TextEncoder(TEXT))
    options = DenoiserTraining(
        num_steps=6,
        save_every=3,
        latents_per_step=8,
        warmup_steps=2,
        learning_rate=1e-2,
        optimizer=optimizer,
        bfloat16=bfloat16,
    )
    return train_denoiser(model, Lessons(clips, MIX, clips, MIX), run, options, "cpu")


def train_tiny_denoiser_in_bfloat16(run: RunFolder, optimizer: str) -> Weights:
    return train_tiny_denoiser(run, optimizer, bfloat16=True)


def train_tiny_generator(run: RunFolder, optimizer: str) -> Weights:
    """As a generated world is trained: keys, branches, words of a table, which get noise, and probes."""
    rng = np.random.default_rng(0)

    def random_clips(num: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
        return (
            torch.from_numpy(rng.standard_normal((num, length, 4, 2, 2)).astype(np.float16)),
            torch.from_numpy(rng.random((num, length, 2, 3), dtype=np.float32)),
            torch.from_numpy(rng.integers(0, 8, (num, length, TEXT.max_words))),
        )

    branches = Branches(*random_clips(2, 4), np.array([0, 2]), np.array([3, 4]), np.array([True, False]))
    clips = LatentClips(*random_clips(3, 8), num_state_fields=2, branches=branches)
    torch.manual_seed(0)
    dit = StreamDiT(replace(DIT, width=16, num_actions=1, state_may_be_open=True))
    table = torch.from_numpy(rng.standard_normal((TEXT.vocabulary_size + 1, 5), dtype=np.float32))
    model = PromptedDiT(dit, TextEncoder(replace(TEXT, table_width=5), table))
    options = DenoiserTraining(
        num_steps=6, save_every=3, sheet_every=3, latents_per_step=8, warmup_steps=2, optimizer=optimizer
    )
    sheets = SheetWriter(model, Autoencoder(AUTOENCODER).decoder, clips, run)
    lessons = Lessons(clips, MIX, clips, MIX, probe_prompt=torch.zeros(TEXT.max_words, dtype=torch.int64))
    return train_denoiser(model, lessons, run, options, "cpu", sheets)


def train_tiny_autoencoder(run: RunFolder, _: str = "") -> Weights:
    rgb = np.random.default_rng(0).integers(0, 256, (3, 8, 16, 16, 3), dtype=np.uint8)
    torch.manual_seed(0)
    options = AutoencoderTraining(num_steps=6, save_every=3, batch_size=2, crop=8, warmup_steps=2)
    return train_autoencoder(Autoencoder(AUTOENCODER), rgb, run, options, "cpu")


@pytest.mark.parametrize(
    ("train", "optimizer"),
    [
        (train_tiny_autoencoder, "muon"),
        (train_tiny_denoiser, "muon"),
        (train_tiny_denoiser, "adamw"),
        (train_tiny_denoiser_in_bfloat16, "muon"),
        (train_tiny_generator, "muon"),
    ],
    ids=["autoencoder", "denoiser, muon", "denoiser, adamw", "denoiser, muon, bfloat16", "generator"],
)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, train: Any, optimizer: str) -> None:
    whole = RunFolder(tmp_path / "whole")
    averaged = train(whole, optimizer)
    with pytest.raises(PowerCutError):
        train(CutRun(tmp_path / "cut"), optimizer)
    cut = RunFolder(tmp_path / "cut")
    half = cut.load()
    assert half is not None
    assert half["step"] == 3
    resumed = train(cut, optimizer)
    assert resumed.keys() == averaged.keys()
    assert all(torch.equal(resumed[name], averaged[name]) for name in averaged)
    first, second = whole.load(), cut.load()
    assert first is not None
    assert second is not None
    assert second["step"] == 6
    assert all(torch.equal(second["model"][name], value) for name, value in first["model"].items())
    assert any(not torch.equal(half["model"][name], value) for name, value in first["model"].items())


def test_a_run_leaves_the_processors_arithmetic_as_it_was(tmp_path: Path) -> None:
    train_tiny_denoiser(RunFolder(tmp_path), "muon")
    assert sys.float_info.min / float("2") > 0


class Planted:
    """Unpickled, it writes a file: what a checkpoint of a stranger's could do."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


def test_a_checkpoint_runs_no_code_and_one_that_is_damaged_is_named(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    torch.save({"step": 1, "model": Planted(tmp_path / "planted")}, run.checkpoint)
    with pytest.raises(ValueError, match=r"checkpoint\.pt: not a checkpoint"):
        run.load()
    assert not (tmp_path / "planted").exists()
    run.checkpoint.write_bytes(b"half of")
    with pytest.raises(ValueError, match=r"checkpoint\.pt: not a checkpoint"):
        run.load()


def test_a_finished_run_does_not_train_on(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    averaged = train_tiny_denoiser(run, "muon")
    written = run.checkpoint.stat().st_mtime_ns
    again = train_tiny_denoiser(run, "muon")
    assert all(torch.equal(again[name], averaged[name]) for name in averaged)
    assert run.checkpoint.stat().st_mtime_ns == written


def test_a_run_leaves_a_loss_log_a_curve_and_no_half_written_file(tmp_path: Path) -> None:
    train_tiny_autoencoder(RunFolder(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {
        "checkpoint.pt",
        "loss.csv",
        "loss.png",
        "sheet-000003.png",
        "sheet-000006.png",
        "train.log",
    }
    with (tmp_path / "loss.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["step"] for row in rows] == ["3", "6"]
    assert all(float(row["loss"]) > 0 for row in rows)


def test_a_run_writes_the_answers_of_its_probes_beside_the_loss_before_the_first_step_and_at_every_save(
    tmp_path: Path,
) -> None:
    train_tiny_generator(RunFolder(tmp_path), "muon")
    with (tmp_path / "loss.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["step"] for row in rows] == ["0", "3", "6"]
    probed = {"spread", "edges", "gap_shuffled_past", "gap_no_past", "gap_shuffled_keys", "key_order"}
    assert probed <= rows[0].keys()
    assert all(np.isfinite(float(row[name])) for row in rows for name in probed)
    assert {path.name for path in tmp_path.glob("seeds-*.png")} == {f"seeds-{step:06d}.png" for step in (0, 3, 6)}
    assert "gap_shuffled_keys" in (tmp_path / "train.log").read_text()


# ------------------------------------------------------------------------------------------------ the folder


def test_a_fresh_folder_has_no_checkpoint(tmp_path: Path) -> None:
    assert RunFolder(tmp_path / "deep" / "run").load() is None
    assert (tmp_path / "deep" / "run").is_dir()


def test_a_half_written_checkpoint_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.save({"step": 1})
    run.checkpoint.with_suffix(".partial").write_bytes(b"half of")
    assert run.load() == {"step": 1}


def test_a_log_has_one_header_however_often_the_run_is_resumed(tmp_path: Path) -> None:
    RunFolder(tmp_path).log(10, {"loss": 0.5, "seconds": 3.0})
    RunFolder(tmp_path).log(20, {"loss": 0.25, "seconds": 3.5})
    assert (tmp_path / "loss.csv").read_text().splitlines() == ["step,loss,seconds", "10,0.5,3", "20,0.25,3.5"]


def test_a_curve_can_be_drawn_without_a_validation_loss(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.log(10, {"loss": 0.5, "loss_validation": float("nan")})
    run.plot()
    assert (tmp_path / "loss.png").stat().st_size > 0


# ------------------------------------------------------------------------------------------------ learning rate


def test_the_learning_rate_warms_up_holds_and_falls_linearly() -> None:
    factors = [learning_rate_factor(step, 100, 10, 0.4) for step in range(100)]
    assert factors[:10] == pytest.approx([0.1 * i for i in range(1, 11)])
    assert factors[10:60] == [1.0] * 50
    assert factors[60:] == pytest.approx([1 - i / 40 for i in range(40)])


@pytest.mark.parametrize(("num_steps", "warmup"), [(1, 0), (1, 5), (6, 2), (100, 0), (10, 50)])
def test_the_learning_rate_is_never_zero_within_a_run_nor_above_one(num_steps: int, warmup: int) -> None:
    factors = [learning_rate_factor(step, num_steps, warmup) for step in range(num_steps)]
    assert all(0 < factor <= 1 for factor in factors)


def test_the_learning_rate_is_zero_once_the_run_is_over() -> None:
    assert [learning_rate_factor(step, 100, 10) for step in (100, 101, 500)] == [0, 0, 0]


# ------------------------------------------------------------------------------------------------ averages


def test_an_average_of_weights_that_stand_still_stands_still() -> None:
    module = nn.Linear(3, 2)
    ema = Ema(module, 0.9)
    for step in range(20):
        ema.update(module, step)
    for name, value in module.state_dict().items():
        torch.testing.assert_close(ema.weights[name], value)


def test_an_average_moves_by_its_decay_and_faster_at_the_beginning() -> None:
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        ema = Ema(module, 0.9)
        module.weight.fill_(1.0)
    ema.update(module, step=0)
    assert ema.weights["weight"].item() == pytest.approx(0.9)  # decay 1/10
    with torch.no_grad():
        module.weight.fill_(0.0)
    ema.update(module, step=1000)
    assert ema.weights["weight"].item() == pytest.approx(0.9 * 0.9)


def test_an_average_is_a_copy_and_keeps_whole_numbers_as_they_are() -> None:
    module = nn.BatchNorm1d(2)
    ema = Ema(module, 0.9)
    module.num_batches_tracked = torch.tensor(7)
    with torch.no_grad():
        module.weight.fill_(5.0)
    assert ema.weights["weight"].tolist() == [1, 1]
    ema.update(module, step=0)
    assert ema.weights["num_batches_tracked"].item() == 7


# ------------------------------------------------------------------------------------------------ optimizers


@pytest.mark.parametrize("name", ["muon", "adamw"])
@pytest.mark.parametrize("kind", ["denoiser", "autoencoder"])
def test_every_parameter_belongs_to_exactly_one_optimizer(name: str, kind: str) -> None:
    module = PromptedDiT(StreamDiT(DIT), TextEncoder(TEXT)) if kind == "denoiser" else Autoencoder(AUTOENCODER)
    owned = [
        id(parameter)
        for optimizer in build_optimizers(module, name, 1e-3, 0.0)
        for group in optimizer.param_groups
        for parameter in group["params"]
    ]
    assert sorted(owned) == sorted(id(parameter) for parameter in module.parameters())


def test_muon_takes_hidden_matrices_and_leaves_embeddings_modulation_first_and_last_layer_to_adamw() -> None:
    model = PromptedDiT(StreamDiT(DIT), TextEncoder(TEXT))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    muon, _ = build_optimizers(model, "muon", 1e-3, 0.0)
    taken = {names[id(parameter)] for group in muon.param_groups for parameter in group["params"]}
    assert "dit.blocks.0.attention.qkv.weight" in taken
    assert "dit.blocks.1.mlp.0.weight" in taken
    left = {"dit.embed.weight", "dit.final.weight", "dit.blocks.0.modulation.weight", "text.words.weight", "dit.places"}
    assert not taken & left


def test_an_optimizer_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="optimizer is 'sgd', expected 'muon' or 'adamw'"):
        build_optimizers(nn.Linear(2, 2), "sgd", 1e-3, 0.0)
