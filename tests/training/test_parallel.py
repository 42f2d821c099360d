"""Two processes take the steps that one takes: examples shared out (FSDP2), or heads (tensor parallelism).

In double precision, where only a mistake can tell them apart: AdamW divides a gradient by its own size, so the noise of
single precision in a gradient of zero would move a weight by a whole learning rate. The loss alone is rounded to single
precision, as in training, so the tolerances leave room for one such rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor
from torch.multiprocessing.spawn import spawn

from engine_service.model.dit import DiTConfig, StreamDiT
from engine_service.model.partition import Partition
from engine_service.model.presets import PRESETS
from engine_service.model.text import TextEncoder
from engine_service.training.buffered import Batch, LatentClips, draw_batch
from engine_service.training.denoiser import PromptedDiT, clean_loss
from engine_service.training.loop import take_step
from engine_service.training.parallel import (
    share_heads,
    share_of_batch,
    share_weights,
    whole_gradients,
    whole_weights,
)
from engine_service.training.recipes import RENDER
from engine_service.training.run import build_optimizers
from tests.fakes import STATE_FIELDS, TEXT, stir

NUM_PROCESSES, NUM_STEPS, LEARNING_RATE = 2, 3, 1e-2
TIME_LIMIT_S = 100
WAYS = ("weights", "heads")
OPTIMIZERS = ("muon", "adamw")


def tiny_streamdit(num_heads: int = 4) -> DiTConfig:
    """`streamdit-1b` in small: two blocks, one of them with shifted windows, a state."""
    small = replace(
        PRESETS["streamdit-1b"],
        latent_height=8,
        latent_width=8,
        width=48,
        depth=2,
        num_heads=num_heads,
        window=(2, 2, 2),
        text_width=TEXT.width,
    )
    return small.dit(STATE_FIELDS)


def build_model(num_heads: int = 4) -> PromptedDiT:
    """The same weights on every process, no matrix of them zero."""
    torch.manual_seed(0)
    model = PromptedDiT(StreamDiT(tiny_streamdit(num_heads)), TextEncoder(TEXT))
    stir(model, seed=0)
    return model.double()


def draw_lessons() -> list[Batch]:
    """One batch of four examples for each step."""
    rng = np.random.default_rng(0)
    clips = LatentClips(
        latents=torch.from_numpy(rng.standard_normal((3, 8, 8, 8, 8)).astype(np.float16)),
        controls=torch.from_numpy(rng.random((3, 8, 4, 2), dtype=np.float32)),
        tokens=torch.from_numpy(rng.integers(0, 8, (3, 8, TEXT.max_words))),
        num_state_fields=2,
    )
    partition = Partition(references=1, chunks=3, chunk_size=1, steps_per_shift=1)
    return [in_double(draw_batch(clips, [partition] * 4, RENDER, rng)) for _ in range(NUM_STEPS)]


def in_double(batch: Batch) -> Batch:
    numbers = ("noised", "clean", "sigmas", "controls", "weights")  # words are counted
    return replace(batch, **{name: getattr(batch, name).double() for name in numbers})


@dataclass(frozen=True, slots=True)
class Steps:
    """What training steps left behind, on one process."""

    losses: list[float]
    before: dict[str, Tensor]
    gradients: dict[str, Tensor]  # of the last step, clipped
    weights: dict[str, Tensor]
    held: int  # weights and moments of the optimisers that this process itself holds


def take_steps(model: PromptedDiT, batches: list[Batch], optimizer: str) -> Steps:
    """As `train_denoiser` does."""
    optimizers = build_optimizers(model, optimizer, LEARNING_RATE, weight_decay=0.01, precision=torch.float64)
    losses = []
    before = {name: weight.clone() for name, weight in whole_weights(model).items()}
    for batch in batches:
        predicted = model(batch.noised, batch.sigmas, batch.controls, batch.tokens)
        losses.append(take_step(model, optimizers, clean_loss(predicted, batch), LEARNING_RATE))
    moments = [value for one in optimizers for state in one.state.values() for value in state.values()]
    held = sum(local(tensor).numel() for tensor in (*model.parameters(), *moments))
    return Steps(losses, before, whole_gradients(model), whole_weights(model), held)


def local(tensor: Tensor) -> Tensor:
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def train_one_process(rank: int, folder: Path) -> None:
    """What each of the processes runs; rank 0 also takes the steps alone."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    limit = timedelta(seconds=TIME_LIMIT_S)
    store = f"file://{folder / 'store'}"
    dist.init_process_group("gloo", init_method=store, rank=rank, world_size=NUM_PROCESSES, timeout=limit)
    mesh = init_device_mesh("cpu", (NUM_PROCESSES,))
    batches = draw_lessons()
    for optimizer in OPTIMIZERS:
        if rank == 0:
            torch.save(take_steps(build_model(), batches, optimizer), folder / f"alone-{optimizer}.pt")
        model = build_model()
        share_weights(model, mesh)
        shares = [share_of_batch(batch, rank, NUM_PROCESSES) for batch in batches]
        torch.save(take_steps(model, shares, optimizer), folder / f"weights-{optimizer}-{rank}.pt")
        model = build_model()
        share_heads(model, mesh)
        torch.save(take_steps(model, batches, optimizer), folder / f"heads-{optimizer}-{rank}.pt")
    with pytest.raises(ValueError, match="3 heads cannot be shared evenly by 2 processes"):
        share_heads(build_model(num_heads=3), mesh)
    dist.destroy_process_group()


Found = Callable[[str], Steps]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Start the processes, wait for them, and read what they left."""
    folder = tmp_path_factory.mktemp("parallel")
    processes = spawn(train_one_process, (folder,), NUM_PROCESSES, join=False)  # type: ignore[no-untyped-call]
    assert processes is not None
    ended = any(processes.join(timeout=TIME_LIMIT_S) for _ in range(NUM_PROCESSES))  # it returns at each one's end
    for process in processes.processes:
        process.kill()
    assert ended, f"still training after {TIME_LIMIT_S} s"

    def read(name: str) -> Steps:
        steps = torch.load(folder / f"{name}.pt", weights_only=False)
        assert isinstance(steps, Steps)
        return steps

    return read


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", WAYS)
def test_losses_are_those_of_one_process(found: Found, way: str, optimizer: str) -> None:
    alone = found(f"alone-{optimizer}").losses
    per_process = [found(f"{way}-{optimizer}-{rank}").losses for rank in range(NUM_PROCESSES)]
    assert np.mean(per_process, axis=0) == pytest.approx(alone, rel=1e-6)
    assert alone[0] != alone[-1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rank", range(NUM_PROCESSES))
def test_gradients_are_those_of_one_process(found: Found, way: str, optimizer: str, rank: int) -> None:
    alone, shared = found(f"alone-{optimizer}").gradients, found(f"{way}-{optimizer}-{rank}").gradients
    assert shared.keys() == alone.keys()
    for name, gradient in alone.items():
        assert torch.allclose(shared[name], gradient, rtol=1e-6, atol=1e-9), name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rank", range(NUM_PROCESSES))
def test_weights_after_the_steps_are_those_of_one_process(found: Found, way: str, optimizer: str, rank: int) -> None:
    alone, shared = found(f"alone-{optimizer}").weights, found(f"{way}-{optimizer}-{rank}").weights
    before = found(f"alone-{optimizer}").before
    assert shared.keys() == alone.keys()
    for name, weight in alone.items():
        assert torch.allclose(shared[name], weight, rtol=1e-6, atol=1e-8), name
        assert not torch.equal(weight, before[name]), f"{name} did not move"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_shared_weights_and_moments_halve_what_a_process_holds(found: Found, optimizer: str) -> None:
    alone = found(f"alone-{optimizer}").held
    held = [found(f"weights-{optimizer}-{rank}").held for rank in range(NUM_PROCESSES)]
    assert sum(held) == pytest.approx(alone, rel=1e-3), "all of it once, but for each step's counter"
    assert max(held) < 0.52 * alone


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("way", WAYS)
def test_weights_are_shared_out_without_a_change(found: Found, way: str, optimizer: str) -> None:
    alone = found(f"alone-{optimizer}").before
    for rank in range(NUM_PROCESSES):
        before = found(f"{way}-{optimizer}-{rank}").before
        assert before.keys() == alone.keys()
        assert all(torch.equal(before[name], alone[name]) for name in alone)


def test_examples_that_cannot_be_shared_evenly_are_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="4 examples cannot be shared evenly by 3 processes"):
        share_of_batch(draw_lessons()[0], 0, 3)


def test_the_shares_of_a_batch_are_the_batch() -> None:
    batch = draw_lessons()[0]
    shares = [share_of_batch(batch, rank, NUM_PROCESSES) for rank in range(NUM_PROCESSES)]
    assert all(len(share.tokens) == 2 for share in shares)
    assert torch.equal(torch.cat([share.noised for share in shares]), batch.noised)
