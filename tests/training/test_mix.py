"""The mix: what a step may train on, and how often."""

import numpy as np
import pytest

from engine_service.model.ladder import ladder
from engine_service.model.partition import Partition
from engine_service.training.mix import (
    CHUNK_SIZES,
    distillation_mix,
    draw_partition,
    draw_partitions,
    generating_mix,
    paper_partitions,
    training_mix,
)
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


def test_the_generating_mix_holds_whole_clips_profiles_what_they_fall_to_and_the_papers_chunks() -> None:
    shares = {entry.partition: entry.share for entry in generating_mix(WORLDS)}
    assert sum(shares.values()) == pytest.approx(1.0)
    whole = [p for p in shares if (p.chunks, p.references) == (1, 0) and p.chunk_size in (4, 8)]
    assert sum(shares[p] for p in whole) == pytest.approx(0.23)
    profiles = [shares[p] for p in WORLDS]
    assert sum(profiles) == pytest.approx(0.57)
    assert profiles == sorted(profiles, reverse=True), "the first profile is played most"
    rungs = {rung.partition for profile in WORLDS for rung in ladder(profile)}
    assert rungs <= set(shares), "whatever a slow machine plays was trained"


def test_examples_of_one_step_are_equally_long_and_fill_it() -> None:
    mix = generating_mix(WORLDS)
    rng = np.random.default_rng(0)
    lengths = set()
    for _ in range(200):
        drawn = draw_partitions(mix, 40, rng)
        (length,) = {p.num_latents for p in drawn}
        assert len(drawn) == 40 // length
        lengths.add(length)
    assert lengths == {entry.partition.num_latents for entry in mix}


def test_a_small_world_may_leave_out_the_papers_chunks() -> None:
    profile = Partition(references=2, chunks=2, chunk_size=1, steps_per_shift=1)
    mix = generating_mix([profile], papers=0.0)
    assert max(entry.partition.num_latents for entry in mix) == 8
    assert sum(entry.share for entry in mix) == pytest.approx(1)
