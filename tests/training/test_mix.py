"""The mix: what a step may train on, and how often."""

import numpy as np
import pytest

from engine_service.training.mix import CHUNK_SIZES, distillation_mix, draw_partition, paper_partitions, training_mix
from tests.fakes import PROFILES

WORLDS = list(PROFILES.values())


def test_the_mix_holds_plain_text_to_video_every_profile_and_the_papers_partitions() -> None:
    mix = training_mix(WORLDS)
    assert (mix[0].partition.chunks, mix[0].partition.references) == (1, 0)
    assert [entry.partition for entry in mix[1:4]] == WORLDS
    assert tuple(entry.partition for entry in mix[4:]) == paper_partitions()
    assert sum(entry.share for entry in mix) == pytest.approx(1.0)
    assert sum(entry.share for entry in mix[4:]) == pytest.approx(0.15)


def test_without_the_papers_share_only_the_world_is_left() -> None:
    mix = training_mix(WORLDS, papers=0.0)
    assert [entry.share for entry in mix] == pytest.approx([4 / 8, 4 / 14, 2 / 14, 1 / 14])


def test_the_papers_partitions_go_from_diagonal_to_text_to_video_in_one_buffer() -> None:
    partitions = paper_partitions()
    assert {p.chunk_size for p in partitions} == set(CHUNK_SIZES)
    assert {p.chunks * p.chunk_size for p in partitions} == {16}
    assert {p.num_levels for p in partitions} == {16}
    assert {p.references for p in partitions} == {0, 1, 2}


def test_partitions_are_drawn_by_their_share() -> None:
    mix = training_mix(WORLDS)
    rng = np.random.default_rng(0)
    drawn = [draw_partition(mix, rng) for _ in range(4000)]
    for entry in mix[:4]:
        same = sum(other.share for other in mix if other.partition == entry.partition)
        assert drawn.count(entry.partition) / 4000 == pytest.approx(same, abs=0.03)


def test_a_student_learns_two_four_and_eight_levels_and_the_other_profiles() -> None:
    mix = distillation_mix(WORLDS)
    first, *others = WORLDS
    streamed = [entry.partition for entry in mix if entry.partition.references == first.references]
    assert {p.num_levels for p in streamed if p.chunk_size == 1} == {2, 4, 8}
    assert set(others) <= {entry.partition for entry in mix}
    assert {e.partition.num_levels for e in mix if e.partition.chunks == 1} == {2, 4, 8}
    assert sum(entry.share for entry in mix) == pytest.approx(1.0)
