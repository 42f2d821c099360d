"""Rungs: less work each, the same frames per shift, graphs for all of them."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine_service.model.ladder import FEWEST_LEVELS, buffer_lengths, ladder
from engine_service.model.partition import Partition
from engine_service.runtime.world import find_world, load_world

partitions = st.builds(
    Partition,
    references=st.integers(0, 8),
    chunks=st.integers(1, 8),
    chunk_size=st.integers(1, 4),
    steps_per_shift=st.integers(1, 8),
    gamma=st.sampled_from((0.5, 1.0, 2.0)),
)


@given(partitions)
def test_every_rung_is_less_work_and_shows_as_many_frames_a_shift(profile: Partition) -> None:
    rungs = ladder(profile)
    assert rungs[0].partition == profile
    for better, lower in itertools.pairwise(rungs):
        assert lower.work < better.work
        assert lower.jpeg_quality <= better.jpeg_quality
        assert lower.partition.chunk_size == profile.chunk_size
        assert lower.partition.gamma == profile.gamma
        assert lower.partition.num_levels >= min(FEWEST_LEVELS, profile.num_levels)


@given(st.lists(partitions, min_size=1, max_size=4))
def test_every_rung_finds_a_graph_of_its_length(profiles: list[Partition]) -> None:
    lengths = buffer_lengths(profiles)
    assert list(lengths) == sorted(set(lengths))
    for profile in profiles:
        assert {rung.partition.num_latents for rung in ladder(profile)} <= set(lengths)


def test_the_embedded_world_has_these_rungs() -> None:
    profiles = load_world(find_world("critters")).world.profiles
    words = {name: [rung.words for rung in ladder(profile)] for name, profile in profiles.items()}
    assert words == {
        "responsive": ["as asked", "no references"],
        "balanced": ["as asked", "1 micro-step a shift", "no references"],
        "cinematic": ["as asked", "4 chunks in flight", "2 chunks in flight"],
    }
    assert buffer_lengths(profiles.values()) == (2, 3, 4, 6, 8, 16)
