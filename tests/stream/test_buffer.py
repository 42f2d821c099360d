"""The moving buffer: who is in it, at which level, and what leaves."""

from collections import deque

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.model.partition import Partition
from engine_service.stream.buffer import MovingBuffer
from tests.fakes import LATENT_SHAPE, PROFILES, name_of

WITH_REFERENCES = Partition(references=2, chunks=3, chunk_size=2, steps_per_shift=1)


def make(partition: Partition, seed: int = 0, max_references: int = 2) -> MovingBuffer:
    return MovingBuffer(partition, LATENT_SHAPE, seed, max_references)


def names(latents: torch.Tensor) -> list[bytes]:
    """`(B, C, H, W)`."""
    return [name_of(latent) for latent in latents]


def place(buffer: MovingBuffer) -> None:
    """As if the sampler had done its work: every latent at its level, the head clean."""
    buffer.sigmas = buffer.ready_sigmas


def test_a_stream_begins_as_pure_noise() -> None:
    buffer = make(WITH_REFERENCES)
    assert buffer.latents.shape == (1, 8, *LATENT_SHAPE)
    assert buffer.sigmas.tolist() == [[1.0] * 8]
    assert buffer.last_clean is None
    big = MovingBuffer(WITH_REFERENCES, (16, 32, 32), 0, 2).latents
    assert big.mean().item() == pytest.approx(0, abs=0.01)
    assert big.std().item() == pytest.approx(1, abs=0.01)


def test_the_same_seed_is_the_same_noise_for_the_whole_stream() -> None:
    first, second, other = make(WITH_REFERENCES, 5), make(WITH_REFERENCES, 5), make(WITH_REFERENCES, 6)
    for _ in range(4):
        assert torch.equal(first.latents, second.latents)
        assert not torch.equal(first.latents, other.latents)
        for buffer in (first, second, other):
            buffer.shift()


def test_a_buffer_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    make(WITH_REFERENCES).shift()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_shift_pops_the_head_chunk_and_pushes_noise_behind_the_rest_in_order() -> None:
    buffer = make(WITH_REFERENCES)
    before = names(buffer.latents[0])
    chunk = buffer.shift()
    after = names(buffer.latents[0])
    assert names(chunk) == before[2:4]
    assert after[2:6] == before[4:8]
    assert not set(after[6:8]) & set(before)
    assert buffer.latents.shape == (1, 8, *LATENT_SHAPE)
    assert buffer.sigmas.tolist() == buffer.ready_sigmas.tolist()


@pytest.mark.parametrize("references", [0, 1, 2, 3, 5])
def test_references_are_the_latents_emitted_last_oldest_first(references: int) -> None:
    buffer = make(Partition(references=references, chunks=2, chunk_size=2, steps_per_shift=1), max_references=5)
    emitted: list[bytes] = []
    for _ in range(5):
        emitted += names(buffer.shift())
        expected = emitted[-references:] if references else []
        expected = [emitted[0]] * (references - len(expected)) + expected
        assert names(buffer.latents[0, :references]) == expected
        assert buffer.last_clean is not None
        assert names(buffer.last_clean) == emitted[-1:]


def test_an_emitted_chunk_is_a_copy() -> None:
    buffer = make(WITH_REFERENCES)
    chunk = buffer.shift()
    kept = names(buffer.latents[0])
    chunk.zero_()
    assert names(buffer.latents[0]) == kept
    buffer.shift()
    assert buffer.last_clean is not None
    assert buffer.last_clean.any()


# ------------------------------------------------------------------------------------------------ other partitions


def test_a_profile_with_more_references_finds_what_was_emitted_before_it() -> None:
    buffer = make(PROFILES["cinematic"])
    place(buffer)
    emitted = names(buffer.shift()) + names(buffer.shift())
    buffer.repartition(PROFILES["responsive"])
    assert names(buffer.latents[0, :2]) == emitted[-2:]
    assert buffer.sigmas[0, :2].tolist() == [0.0, 0.0]


def test_a_shorter_buffer_keeps_the_frames_due_next() -> None:
    partition = Partition(references=0, chunks=8, chunk_size=1, steps_per_shift=1)
    buffer = make(partition)
    place(buffer)
    shorter = Partition(references=0, chunks=2, chunk_size=1, steps_per_shift=1)
    torch.testing.assert_close(buffer.sigmas[0, :2], torch.tensor([1 / 8, 2 / 8]))
    buffer.repartition(shorter)
    assert buffer.latents.shape[1] == 2
    assert buffer.sigmas.tolist() == [[0.5, 1.0]]


def test_the_same_partition_again_changes_nothing() -> None:
    buffer = make(WITH_REFERENCES)
    place(buffer)
    buffer.shift()
    before, sigmas = buffer.latents.clone(), buffer.sigmas.clone()
    buffer.repartition(WITH_REFERENCES)
    assert torch.equal(buffer.latents, before)
    assert torch.equal(buffer.sigmas, sigmas)


def test_latents_below_their_new_level_are_renoised_and_the_others_left_where_they_are() -> None:
    buffer = make(Partition(references=0, chunks=2, chunk_size=2, steps_per_shift=1))
    place(buffer)  # 1/2 1/2 1 1
    before = names(buffer.latents[0])
    buffer.repartition(Partition(references=0, chunks=4, chunk_size=1, steps_per_shift=1))  # 1/4 1/2 3/4 1
    assert names(buffer.latents[0]) == before
    assert buffer.sigmas.tolist() == [[0.5, 0.5, 1.0, 1.0]]
    buffer.sigmas = buffer.ready_sigmas
    buffer.repartition(Partition(references=0, chunks=2, chunk_size=2, steps_per_shift=1))  # 1/2 1/2 1 1
    after = names(buffer.latents[0])
    assert [new == old for new, old in zip(after, before, strict=True)] == [False, True, False, True]
    assert buffer.sigmas.tolist() == [[0.5, 0.5, 1.0, 1.0]]


def test_a_longer_buffer_is_filled_up_with_noise_at_the_tail() -> None:
    buffer = make(Partition(references=0, chunks=2, chunk_size=1, steps_per_shift=1))
    place(buffer)
    before = names(buffer.latents[0])
    buffer.repartition(Partition(references=0, chunks=4, chunk_size=1, steps_per_shift=1))
    assert names(buffer.latents[0])[:2] == before
    assert buffer.sigmas.tolist() == [[0.5, 1.0, 1.0, 1.0]]


def test_noise_is_never_called_clean_when_the_profile_changes_before_the_first_shift() -> None:
    buffer = make(PROFILES["cinematic"])
    buffer.repartition(PROFILES["responsive"])
    assert buffer.sigmas.tolist() == [[1.0, 1.0, 1.0, 1.0]], "nothing has been emitted: there is no clean latent yet"


partitions = st.builds(
    Partition,
    references=st.integers(0, 3),
    chunks=st.integers(1, 5),
    chunk_size=st.integers(1, 3),
    steps_per_shift=st.integers(1, 2),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(partitions, st.none()), max_size=8))
def test_whatever_happens_no_latent_is_below_its_place_and_references_are_the_past(
    happenings: list[Partition | None],
) -> None:
    """None is a shift, anything else another partition."""
    buffer = make(WITH_REFERENCES, max_references=3)
    place(buffer)
    past = deque(names(buffer.shift()), maxlen=3)
    for partition in happenings:
        if partition is None:
            place(buffer)
            past.extend(names(buffer.shift()))
        else:
            buffer.repartition(partition)
        k = buffer.partition.references
        assert buffer.latents.shape == (1, buffer.partition.num_latents, *LATENT_SHAPE)
        assert (buffer.sigmas >= buffer.ready_sigmas).all()
        assert not buffer.sigmas[0, :k].any()
        assert names(buffer.latents[0, :k]) == ([past[0]] * 3 + list(past))[len(past) + 3 - k :]
