"""FIFO-Diffusion followed latent by latent, and against the moving buffer where the two are the same."""

import pytest
import torch
from torch import Tensor

from engine_service.evaluation.fifo import FifoConfig, FifoSampler, fifo_sigmas, iterate, noised_base
from engine_service.evaluation.stage import CountedDenoiser
from engine_service.model.partition import Partition
from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.batch import play_alone
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.sampler import Conditioning, advance
from tests.evaluation.playing import PROMPT, RUNTIME, num_tensors, places, played, still
from tests.fakes import LATENT_SHAPE, LedgerDenoiser, Step, name_of

LOOKAHEAD = FifoConfig(stretch=4, num_stretches=3)
PLAIN = FifoConfig(stretch=4, num_stretches=3, lookahead=False)
both = pytest.mark.parametrize("config", [LOOKAHEAD, PLAIN], ids=["lookahead", "plain"])


def make(denoiser: Denoiser, config: FifoConfig, seed: int = 0) -> FifoSampler:
    return FifoSampler(denoiser, LATENT_SHAPE, config, seed=seed)


def noise(count: int, seed: int = 0) -> Tensor:
    return torch.randn(1, count, *LATENT_SHAPE, generator=torch.Generator().manual_seed(seed))


def written_back(step: Step, config: FifoConfig) -> list[tuple[bytes, float, float]]:
    """Name, level and next level of the latents of a stretch whose answers count."""
    everything = zip(step.names, step.sigmas.tolist(), step.next_sigmas.tolist(), strict=True)
    return list(everything)[config.padding :]


class Writer:
    """Writes into every latent which call it was, counted from 1, and keeps what it was asked."""

    batch_sizes = (1,)

    def __init__(self) -> None:
        self.asked: list[tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt]] = []

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.asked.append((latents.clone(), sigmas, next_sigmas, states, prompt))
        return torch.full_like(latents, float(len(self.asked)))


def test_levels_rise_by_one_along_the_buffer_and_the_padding_stands_at_the_lowest() -> None:
    before, after = fifo_sigmas(LOOKAHEAD)
    levels = torch.linspace(0, 1, 13)
    torch.testing.assert_close(before[0], torch.cat([levels[1].expand(2), levels[1:]]))
    torch.testing.assert_close(after[0], torch.cat([levels[0].expand(2), levels[:-1]]))
    assert before[0, -1] == 1
    assert after[0, 2] == 0
    assert torch.equal(fifo_sigmas(PLAIN)[0], before[:, 2:])


@both
def test_every_latent_visits_every_level_once_in_order_and_leaves_clean(config: FifoConfig) -> None:
    ledger = LedgerDenoiser()
    sampler = make(ledger, config)
    played(sampler, 1)
    settled = {name for step in ledger.steps for name in step.names}
    emitted = [name_of(latent) for latent in played(sampler, 2 * config.num_levels - 1)]
    lives: dict[bytes, list[float]] = {}
    for step in ledger.steps:
        for name, level, next_level in written_back(step, config):
            lives.setdefault(name, [level]).append(next_level)
    whole_lives = [name for name in emitted if name not in settled]
    assert whole_lives == emitted[config.num_levels - 1 :], "what entered with the first chunk leaves f*n chunks later"
    for name in whole_lives:
        torch.testing.assert_close(torch.tensor(lives[name]), torch.linspace(1, 0, config.num_levels + 1))
        assert lives[name][-1] == 0


@both
def test_latents_leave_in_the_order_they_came(config: FifoConfig) -> None:
    ledger = LedgerDenoiser()
    sampler = make(ledger, config)
    emitted = [name_of(latent) for latent in played(sampler, config.num_levels)]
    # The last iteration of the first chunk saw all of them; its calls come noisiest first.
    last = ledger.steps[: -(config.num_levels - 1) * config.calls_per_iteration][-config.calls_per_iteration :]
    waiting = [name for step in reversed(last) for name, _, _ in written_back(step, config)]
    assert emitted == waiting


@both
def test_a_latent_costs_a_call_per_stretch_and_the_first_the_base_clip_and_the_filling_too(config: FifoConfig) -> None:
    counted = CountedDenoiser(LedgerDenoiser())
    sampler = make(counted, config)
    assert config.calls_per_iteration == (6 if config.lookahead else 3)
    played(sampler, 1)
    assert counted.calls == 12 + (12 - 4 + 1) * config.calls_per_iteration
    counted.calls = 0
    played(sampler, 5)
    assert counted.calls == 5 * config.calls_per_iteration


def test_lookahead_keeps_the_noisier_half_of_each_stretch_and_leaves_the_padding_alone() -> None:
    latents = noise(14)
    moved = iterate(latents, Writer(), still, LOOKAHEAD, first=0)
    assert torch.equal(moved[:, :2], latents[:, :2])
    assert moved[0, 2:, 0, 0, 0].tolist() == [6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1], "noisiest stretch first"


def test_without_lookahead_stretches_lie_side_by_side() -> None:
    moved = iterate(noise(12), Writer(), still, PLAIN, first=0)
    assert moved[0, :, 0, 0, 0].tolist() == [3] * 4 + [2] * 4 + [1] * 4


def test_every_stretch_sees_its_neighbours_as_they_were_before_the_iteration() -> None:
    latents = noise(14)
    writer = Writer()
    iterate(latents, writer, still, LOOKAHEAD, first=0)
    for i, (stretch, *_) in enumerate(reversed(writer.asked)):
        assert torch.equal(stretch, latents[:, 2 * i : 2 * i + 4])


@both
def test_every_latent_has_the_state_of_its_own_time(config: FifoConfig) -> None:
    ledger = LedgerDenoiser()
    sampler = make(ledger, config)
    played(sampler, 1, places)
    ledger.steps.clear()
    played(sampler, 1, places)
    for i, step in enumerate(reversed(ledger.steps)):
        start = i * (config.stretch - config.padding) - config.padding
        assert step.states[:, 0, 0].tolist() == list(range(start, start + config.stretch))


@both
def test_no_time_passes_while_the_buffer_fills(config: FifoConfig) -> None:
    """The first latent to leave is the first of the script from its noise on."""
    ledger = LedgerDenoiser()
    first = name_of(played(make(ledger, config), 1, places)[0])
    asked = [
        step.states[step.names.index(first), 0, 0].item()
        for step in ledger.steps[config.num_levels :]
        if first in step.names
    ]
    assert len(asked) >= config.num_levels - config.stretch
    assert set(asked) == {0.0}


def test_the_base_clip_lies_at_the_noisy_end_and_its_first_latent_before_it() -> None:
    base = noise(4, seed=1)[0]
    latents = noised_base(base, torch.zeros(1, 14, *LATENT_SHAPE), LOOKAHEAD)
    sigmas = fifo_sigmas(LOOKAHEAD)[0][0]
    for i in range(14):
        expected = base[max(0, i - 2 - (12 - 4))]
        torch.testing.assert_close(latents[0, i], (1 - sigmas[i]) * expected)
    pure = noise(14)
    torch.testing.assert_close(noised_base(torch.zeros_like(base), pure, LOOKAHEAD)[0, -1], pure[0, -1])


def test_one_stretch_without_lookahead_is_streamdit_with_chunks_of_one_bit_for_bit() -> None:
    config = FifoConfig(stretch=8, num_stretches=1, lookahead=False)
    diagonal = Partition(references=0, chunks=8, chunk_size=1, steps_per_shift=1)
    buffer = MovingBuffer(diagonal, LATENT_SHAPE, seed=3, max_references=0)
    buffer.sigmas = buffer.ready_sigmas
    latents = buffer.latents.clone()
    for _ in range(10):
        latents = iterate(latents, RUNTIME.denoiser, still, config, first=0)
        play_alone(advance(buffer, RUNTIME.denoiser, lambda: Conditioning(*still(0, 8))))
        assert torch.equal(latents, buffer.latents)
        chunk = buffer.shift()
        assert torch.equal(latents[0, :1], chunk)
        latents = torch.cat([latents[:, 1:], buffer.latents[:, -1:]], dim=1)  # the same noise enters both


@both
def test_the_same_seed_is_the_same_stream(config: FifoConfig) -> None:
    first, second, other = (played(make(RUNTIME.denoiser, config, seed), 6) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_what_is_kept_does_not_grow() -> None:
    sampler = make(RUNTIME.denoiser, LOOKAHEAD)
    played(sampler, 2)
    before = num_tensors()
    played(sampler, 20)
    assert num_tensors() == before


def test_the_prompt_in_force_counts_for_the_whole_buffer() -> None:
    ledger = LedgerDenoiser()
    played(make(ledger, LOOKAHEAD), 1)
    assert all(step.prompt is PROMPT for step in ledger.steps)


@pytest.mark.parametrize(
    ("stretch", "num_stretches", "message"),
    [
        (0, 4, "stretch is 0 latents, must be at least 1"),
        (16, 0, "num_stretches is 0, must be at least 1"),
        (5, 4, "stretch is 5 latents, must be even for lookahead"),
    ],
)
def test_a_buffer_that_cannot_be_is_refused(stretch: int, num_stretches: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FifoConfig(stretch=stretch, num_stretches=num_stretches)
