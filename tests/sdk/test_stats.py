import pytest

from streamdit.stats import SessionMeter
from streamdit.types import Drops, Notice
from tests.sdk.making import frame

PERIOD_NS = 62_500_000


def test_before_the_first_frame_nothing_was_measured() -> None:
    stats = SessionMeter("a pig").reading(0)
    assert stats.fps is None
    assert stats.control_latency_ms is None
    assert stats.rung is None
    assert stats.rung_reason is None
    assert stats.prompt_in_force == "a pig"


def test_control_latency_ends_at_the_first_frame_that_carries_the_id_or_a_later_one() -> None:
    meter = SessionMeter("")
    meter.sent(1, now_ns=0)
    meter.sent(2, now_ns=10_000_000)
    meter.arrived(frame(1, last_event_id=0, received_time_ns=20_000_000))
    meter.arrived(frame(2, last_event_id=2, received_time_ns=110_000_000))
    latency = meter.reading(0).control_latency_ms
    assert latency is not None
    assert latency.max == pytest.approx(110.0)
    assert latency.p50 == pytest.approx(105.0)


def test_a_rejected_event_is_never_measured() -> None:
    meter = SessionMeter("old")
    meter.sent(1, now_ns=0, prompt="refused")
    meter.rejected(1)
    meter.arrived(frame(1, last_event_id=5, received_time_ns=1))
    assert meter.reading(0).control_latency_ms is None
    assert meter.reading(0).prompt_in_force == "old"


def test_a_prompt_is_in_force_once_a_frame_obeys_it() -> None:
    meter = SessionMeter("old")
    meter.sent(3, now_ns=0, prompt="new")
    meter.arrived(frame(1, last_event_id=2))
    assert meter.reading(0).prompt_in_force == "old"
    meter.arrived(frame(2, last_event_id=3))
    assert meter.reading(0).prompt_in_force == "new"


def test_pace_and_drops_come_from_the_frames() -> None:
    meter = SessionMeter("")
    for frame_id in range(1, 18):
        lost = Drops(generate=1) if frame_id == 5 else Drops()
        meter.arrived(frame(frame_id, received_time_ns=frame_id * PERIOD_NS, dropped=lost))
    stats = meter.reading(num_replaced=2)
    assert stats.fps == pytest.approx(16.0)
    assert stats.num_frames == 17
    assert stats.dropped == Drops(generate=1)
    assert stats.num_replaced == 2


def test_why_the_rung_changed_is_kept_and_other_notices_are_not_taken_for_it() -> None:
    meter = SessionMeter("")
    meter.noticed(Notice("RUNG_CHANGED", "two shifts took 300 and 310 ms of 250 ms"))
    meter.noticed(Notice("LATE", "a chunk was 300 ms late"))
    assert meter.reading(0).rung_reason == "two shifts took 300 and 310 ms of 250 ms"
