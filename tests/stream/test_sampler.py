"""Micro-steps over the buffer, followed latent by latent."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.batch import play_alone
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.sampler import Conditioning, advance, settle
from tests.fakes import LATENT_SHAPE, PROFILES, LedgerDenoiser, name_of

PROMPT = EncodedPrompt(torch.zeros(1, 6, 16), torch.zeros(1, 6))

partitions = st.builds(
    Partition,
    references=st.integers(0, 2),
    chunks=st.integers(1, 5),
    chunk_size=st.integers(1, 3),
    steps_per_shift=st.integers(1, 3),
)


class Stream:
    """A buffer and a ledger; `conditioning` counts how often it was asked."""

    def __init__(self, partition: Partition) -> None:
        self.buffer = MovingBuffer(partition, LATENT_SHAPE, seed=1, max_references=2)
        self.ledger = LedgerDenoiser()
        self.emitted: list[bytes] = []
        self.num_asked = 0

    def conditioning(self) -> Conditioning:
        self.num_asked += 1
        return Conditioning(torch.full((1, self.buffer.partition.num_latents, 2, 2), float(self.num_asked)), PROMPT)

    def settle(self) -> None:
        play_alone(settle(self.buffer, self.ledger, self.conditioning))

    def shift(self) -> None:
        self.settle()
        play_alone(advance(self.buffer, self.ledger, self.conditioning))
        self.emitted += [name_of(latent) for latent in self.buffer.shift()]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_latent_visits_exactly_the_partitions_levels_and_leaves_clean(profile: str) -> None:
    partition = PROFILES[profile]
    stream = Stream(partition)
    stream.settle()
    settled = {name_of(latent) for latent in stream.buffer.latents[0]}
    stream.ledger.steps.clear()
    for _ in range(3 * partition.chunks):
        stream.shift()
    visited = stream.ledger.levels()
    wanted = torch.linspace(1, 0, partition.num_levels + 1)
    whole_lives = [name for name in stream.emitted if name not in settled]
    assert len(whole_lives) == 2 * partition.chunks * partition.chunk_size
    for name in whole_lives:
        levels = torch.tensor(visited[name][: partition.num_levels + 1])
        torch.testing.assert_close(levels, wanted, atol=1e-6, rtol=0)
        assert levels[-1] == 0
        assert not any(visited[name][partition.num_levels :]), "a reference stays clean"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_shift_asks_the_denoiser_s_times_and_reads_the_conditioning_each_time(profile: str) -> None:
    partition = PROFILES[profile]
    stream = Stream(partition)
    stream.settle()
    stream.ledger.steps.clear()
    stream.num_asked = 0
    stream.shift()
    assert len(stream.ledger.steps) == stream.num_asked == partition.steps_per_shift
    for micro_step, step in enumerate(stream.ledger.steps):
        assert step.sigmas.tolist() == buffer_sigmas(partition, micro_step).tolist()
        assert step.next_sigmas.tolist() == buffer_sigmas(partition, micro_step + 1).tolist()
        assert (step.states == micro_step + 1).all()


def test_latents_leave_in_the_order_they_came() -> None:
    stream = Stream(PROFILES["balanced"])
    stream.settle()
    waiting = [name_of(latent) for latent in stream.buffer.latents[0, 2:]]
    stream.shift()
    stream.shift()
    assert stream.emitted == waiting


@settings(deadline=None, max_examples=60)
@given(partitions)
def test_a_new_stream_settles_from_noise_to_every_place_within_t_steps(partition: Partition) -> None:
    stream = Stream(partition)
    stream.settle()
    assert torch.equal(stream.buffer.sigmas, stream.buffer.ready_sigmas)
    assert len(stream.ledger.steps) <= partition.num_levels
    for levels in stream.ledger.levels().values():
        assert levels[0] == 1
        assert levels == sorted(levels, reverse=True), "settling never adds noise"


@settings(deadline=None, max_examples=60)
@given(partitions, partitions)
def test_another_partition_settles_within_t_steps_and_no_latent_gets_noisier(old: Partition, new: Partition) -> None:
    stream = Stream(old)
    stream.shift()
    stream.buffer.repartition(new)
    stream.ledger.steps.clear()
    stream.settle()
    assert torch.equal(stream.buffer.sigmas, stream.buffer.ready_sigmas)
    assert len(stream.ledger.steps) <= new.num_levels
    for step in stream.ledger.steps:
        assert (step.next_sigmas <= step.sigmas).all()


def test_a_settled_buffer_is_not_stepped_again() -> None:
    stream = Stream(PROFILES["cinematic"])
    stream.settle()
    stream.ledger.steps.clear()
    stream.settle()
    assert stream.ledger.steps == []


def test_a_latent_that_has_arrived_rests_while_others_travel_on() -> None:
    stream = Stream(Partition(references=0, chunks=4, chunk_size=1, steps_per_shift=1))
    stream.settle()
    assert [step.next_sigmas.tolist() for step in stream.ledger.steps] == [
        [0.75, 0.75, 0.75, 1.0],
        [0.5, 0.5, 0.75, 1.0],
        [0.25, 0.5, 0.75, 1.0],
    ]


def test_a_stream_begins_in_more_steps_where_the_world_says_so_and_goes_on_in_its_profiles() -> None:
    partition = Partition(references=2, chunks=2, chunk_size=1, steps_per_shift=1)
    stream = Stream(partition)
    play_alone(settle(stream.buffer, stream.ledger, stream.conditioning, start_steps=16))
    assert len(stream.ledger.steps) == 16
    assert torch.equal(stream.buffer.sigmas, stream.buffer.ready_sigmas)
    play_alone(advance(stream.buffer, stream.ledger, stream.conditioning))
    stream.buffer.shift()
    stream.buffer.repartition(Partition(references=2, chunks=4, chunk_size=1, steps_per_shift=1))
    play_alone(settle(stream.buffer, stream.ledger, stream.conditioning, start_steps=16))
    assert len(stream.ledger.steps) <= 16 + 1 + 4
