"""FIFO-Diffusion, held to its paper."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine_service.evaluation.fifo import FifoConfig, FifoSampler
from engine_service.evaluation.stage import CountedDenoiser, StreamDiTSampler
from engine_service.model.partition import Partition
from engine_service.runtime.denoiser import Denoiser, EncodedPrompt
from engine_service.runtime.torch_backend import TorchDenoiser
from tests.fakes import LATENT_SHAPE, LedgerDenoiser, name_of, tiny_networks, tiny_runtime

PROMPTS = tiny_runtime().prompts
PIG = PROMPTS.encode(PROMPTS.tokens("a pig"))
SMALL = FifoConfig(window=4, partitions=3)  # a queue of twelve levels


def conditioning(first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
    """The state of a latent is its place in the queue."""
    places = torch.arange(first, first + count, dtype=torch.float32)
    return places[None, :, None, None].expand(1, count, 2, 2), PIG


def sampler(denoiser: Denoiser, config: FifoConfig = SMALL, seed: int = 0) -> FifoSampler:
    return FifoSampler(denoiser, config, LATENT_SHAPE, seed)


def torch_denoiser() -> TorchDenoiser:
    return TorchDenoiser(tiny_networks(), "cpu")


@pytest.mark.parametrize(("lookahead", "calls"), [(True, 6), (False, 3)])
def test_a_latent_costs_two_calls_a_partition_with_lookahead_and_one_without(lookahead: bool, calls: int) -> None:
    counted = CountedDenoiser(torch_denoiser())
    fifo = sampler(counted, replace(SMALL, lookahead=lookahead))
    fifo.next_chunk(conditioning)
    assert counted.calls == 4 + 9 * calls, "a clip of four, eight latents thrown away, one shown"
    before = counted.calls
    assert fifo.next_chunk(conditioning).shape == (1, *LATENT_SHAPE)
    assert counted.calls == before + calls


def test_windows_go_from_the_noisiest_to_the_cleanest_with_half_a_window_between_them() -> None:
    ledger = LedgerDenoiser()
    fifo = sampler(ledger)
    fifo.next_chunk(conditioning)
    ledger.steps.clear()
    fifo.next_chunk(conditioning)
    twelfths = [(step.sigmas * 12).round().int().tolist() for step in ledger.steps]
    assert twelfths == [[9, 10, 11, 12], [7, 8, 9, 10], [5, 6, 7, 8], [3, 4, 5, 6], [1, 2, 3, 4], [0, 0, 1, 2]]
    assert all(((step.sigmas - step.next_sigmas) * 12).round().le(1).all() for step in ledger.steps)
    states = [step.states[:, 0, 0].int().tolist() for step in ledger.steps]
    assert states[0] == [8, 9, 10, 11]
    assert states[-1] == [-2, -1, 0, 1], "those that have left are context"


@pytest.mark.parametrize("lookahead", [True, False])
def test_a_latent_born_as_noise_visits_every_level_once_and_leaves_after_as_many_iterations(lookahead: bool) -> None:
    ledger = LedgerDenoiser()
    fifo = sampler(ledger, replace(SMALL, lookahead=lookahead))
    fifo.next_chunk(conditioning)
    ledger.steps.clear()
    shown = [name_of(fifo.next_chunk(conditioning)[0]) for _ in range(14)]
    born = [step.names[-1] for step in ledger.steps if step.sigmas[-1] == 1.0]
    assert shown[11:] == born[:3], "the first that were born are shown twelve iterations later, in their order"
    kept = 2 if lookahead else 4  # of each window
    visited = [
        round(float(step.sigmas[-kept:][i]) * 12)
        for step in ledger.steps
        for i, name in enumerate(step.names[-kept:])
        if name == born[0]
    ]
    assert visited == list(range(12, 0, -1))


class Marker:
    """Adds one to every latent of its window."""

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        return latents + 1


def test_only_the_noisier_half_of_a_window_is_written_back() -> None:
    """Twelve iterations add exactly twelve, although every latent lies in two windows an iteration."""
    fifo = sampler(Marker())
    generator = torch.Generator().manual_seed(0)
    torch.randn(1, 4, *LATENT_SHAPE, generator=generator)  # the clip's
    torch.randn(1, 14, *LATENT_SHAPE, generator=generator)  # the queue's
    born = [torch.randn(1, 1, *LATENT_SHAPE, generator=generator)[0] for _ in range(12)]
    shown = [fifo.next_chunk(conditioning) for _ in range(8)]
    torch.testing.assert_close(shown[4], born[0] + 12)  # eight were thrown away before the first
    torch.testing.assert_close(shown[7], born[3] + 12)


def test_one_window_without_lookahead_is_streamdits_diagonal_partition() -> None:
    """From equal buffers, c = 1 and s = 1 shift alike."""
    diagonal = Partition(references=0, chunks=6, chunk_size=1, steps_per_shift=1)
    fifo = sampler(torch_denoiser(), FifoConfig(window=6, partitions=1, lookahead=False))
    ours = StreamDiTSampler(torch_denoiser(), diagonal, LATENT_SHAPE, 0)
    fifo.next_chunk(conditioning)
    ours.next_chunk(conditioning)
    assert fifo._latents is not None
    ours._buffer.latents = fifo._latents.clone()
    fifo._generator.set_state(ours._buffer._generator.get_state())
    for _ in range(8):
        torch.testing.assert_close(fifo.next_chunk(conditioning), ours.next_chunk(conditioning))


def test_the_same_seed_makes_the_same_latents_and_memory_stays_as_it_is() -> None:
    first, second = sampler(torch_denoiser(), seed=3), sampler(torch_denoiser(), seed=3)
    for _ in range(5):
        assert torch.equal(first.next_chunk(conditioning), second.next_chunk(conditioning))
        assert first._latents is not None
        assert first._latents.shape[1] == 14


@pytest.mark.parametrize(
    ("config", "message"),
    [({"window": 5}, "window is 5, must be even"), ({"partitions": 0}, "partitions is 0, must be at least 1")],
)
def test_impossible_numbers_are_refused(config: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FifoConfig(**config)  # type: ignore[arg-type]
