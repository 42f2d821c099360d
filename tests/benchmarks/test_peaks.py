"""Shares of a card's peak, by hand."""

import pytest

from engine_service.benchmarks.peaks import PEAKS, Peak, find_peak, utilisation

ROUND = Peak(bfloat16=100.0, float8=200.0, source="made up")


def test_without_eight_bits_it_is_flops_over_time_over_the_peak() -> None:
    assert utilisation(ROUND, 2.0, flops=100e12) == pytest.approx(0.5)


def test_what_runs_in_eight_bits_counts_against_its_own_peak() -> None:
    # 60 TFLOP at 100 and 40 at 200 need 0.8 s.
    assert utilisation(ROUND, 1.6, flops=100e12, eight_bit_flops=40e12) == pytest.approx(0.5)


def test_what_is_not_known_is_none_and_never_zero() -> None:
    assert utilisation(None, 1.0, flops=1e12) is None
    old = Peak(bfloat16=100.0, float8=None, source="made up")
    assert utilisation(old, 1.0, flops=1e12, eight_bit_flops=1.0) is None
    assert utilisation(old, 1.0, flops=100e12) == pytest.approx(1.0)


def test_cards_are_known_by_the_whole_name_their_driver_gives_them() -> None:
    assert find_peak("NVIDIA H200") == PEAKS["NVIDIA H200"]
    assert find_peak("NVIDIA H100 80GB HBM3 MIG 1g.10gb") is None  # a part of one has a part of its peak
    assert find_peak("GeForce FX 5800") is None


def test_the_papers_speed_on_an_h100_is_plausible_with_these_numbers() -> None:
    """StreamDiT: 482 ms; with 131 TFLOP a step (references: 1.5) that is 28 % of the H100's dense peak."""
    share = utilisation(find_peak("NVIDIA H100 80GB HBM3"), 0.482, flops=131e12)
    assert share == pytest.approx(0.275, abs=0.005)


def test_eight_bits_are_about_twice_as_fast_on_every_card_that_has_them() -> None:
    for peak in PEAKS.values():
        if peak.float8 is not None:
            assert peak.float8 / peak.bfloat16 == pytest.approx(2.0, rel=0.02)
