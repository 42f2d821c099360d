"""Reports from takes whose times are made up, so that every number is known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from streamdit._fake_world import FAKE_WORLD
from streamdit.bots.report import build, control_latencies_ms, stall
from streamdit.bots.take import EventNote, FrameNote, Take
from streamdit.bots.visible import visible_latencies_ms
from streamdit.types import Delivery, Drops, Encoding, Opened

PERIOD_NS = 62_500_000
OPENED = Opened(
    session_id="s",
    world=FAKE_WORLD,
    encoding=Encoding.JPEG,
    profile="single",
    seed=1,
    delivery=Delivery.LATEST,
    window=3,
    api_version=1,
    idle_timeout_s=30.0,
    max_prompt_chars=200,
    max_horizon_frames=32,
    server_time_us=0,
)
KEYS = (
    "frames fps interval_ms late_frames dropped first_frame_ms control_latency_ms visible_latency_ms errors "
    "machine server"
)


def note(frame: int, arrival_ns: int, last_event_id: int = 0, dropped: Drops | None = None) -> FrameNote:
    """Frame ids count from 1; the media time of `frame` is its place in the stream."""
    lost = dropped or Drops()
    return FrameNote(frame, (frame - 1) * 62_500, last_event_id, arrival_ns, 0, 1000, lost, 100, 10)


def steady(num_frames: int) -> Take:
    """A frame every 62.5 ms, the first of them after 100 ms."""
    frames = [note(n, 100_000_000 + (n - 1) * PERIOD_NS) for n in range(1, num_frames + 1)]
    return Take(0, opened=OPENED, began_ns=0, frames=frames)


def test_a_steady_run_has_the_numbers_of_its_clock() -> None:
    report = build("wander", 10.0, [steady(161), steady(161)], None)
    assert report["frames"] == 322
    assert report["fps"] == 16.0
    assert report["interval_ms"] == {"p50": 62.5, "p95": 62.5, "p99": 62.5, "max": 62.5}
    assert report["late_frames"] == 0
    assert report["first_frame_ms"] == 100.0
    assert report["dropped"] == {"generate": 0, "encode": 0, "network": 0}


def test_changes_of_the_rung_are_counted_per_bot() -> None:
    take = steady(40)
    take.frames[10:30] = [replace(frame, rung=1) for frame in take.frames[10:30]]
    extras = build("wander", 10.0, [take, steady(10)], None)["scenario"]
    assert extras["rung_changes"] == 2
    assert extras["rungs"] == {"0": 30, "1": 20}


def test_what_was_not_measured_is_none_and_every_key_is_there() -> None:
    report = build("idle", 1.0, [Take(0, errors=["no engine"])], None)
    assert set(KEYS.split()) <= set(report)
    for key in ("fps", "interval_ms", "late_frames", "first_frame_ms"):
        assert report[key] is None
    assert report["control_latency_ms"] is None
    assert report["visible_latency_ms"] is None
    assert report["errors"] == ["no engine"]
    assert report["server"] == {}
    json.dumps(report)


def test_a_gap_is_late_and_a_drop_is_counted_by_cause() -> None:
    take = steady(3)
    take.frames.append(note(6, take.frames[-1].arrival_ns + 2 * PERIOD_NS, dropped=Drops(1, 0, 1)))
    report = build("wander", 1.0, [take], None)
    assert report["late_frames"] == 1
    assert report["interval_ms"]["max"] == 125.0
    assert report["dropped"] == {"generate": 1, "encode": 0, "network": 1}


def test_control_latency_is_per_event_and_leaves_out_what_no_frame_obeyed() -> None:
    take = Take(0, opened=OPENED)
    take.frames = [note(1, 50_000_000), note(2, 110_000_000, last_event_id=2), note(3, 170_000_000, 2)]
    take.events = [
        EventNote(1, "state", 0),
        EventNote(2, "state", 100_000_000),
        EventNote(3, "state", 160_000_000),
    ]
    assert control_latencies_ms(take) == [110.0, 10.0]


def test_visible_latency_is_found_in_the_pixels() -> None:
    places = [np.zeros((4, 8), np.uint8), np.zeros((4, 8), np.uint8)]
    places[0][:, :2], places[1][:, 6:] = 255, 255
    delay_ns = 3 * PERIOD_NS
    events = [EventNote(n + 1, "state", n * 32 * PERIOD_NS + 1, place=n % 2) for n in range(4)]
    frames, thumbnails = [], []
    for frame in range(1, 129):
        now_ns = (frame - 1) * PERIOD_NS
        frames.append(note(frame, now_ns))
        shown = [event.place for event in events if event.sent_ns + delay_ns <= now_ns]
        thumbnails.append(places[shown[-1] or 0 if shown else 0])
    found = visible_latencies_ms(frames, thumbnails, events)
    assert found == [pytest.approx(4 * 62.5, abs=0.001)] * 3


def test_a_teleport_that_never_shows_is_none() -> None:
    events = [EventNote(n + 1, "state", n * 32 * PERIOD_NS, place=n % 2) for n in range(3)]
    frames = [note(n, (n - 1) * PERIOD_NS) for n in range(1, 97)]
    blank = [np.zeros((4, 8), np.uint8)] * 96
    assert visible_latencies_ms(frames, blank, events) == [None, None]


def test_a_stall_reports_how_old_the_first_shown_frame_is() -> None:
    take = steady(10)
    stopped_ns = take.frames[-1].arrival_ns
    went_on_ns = stopped_ns + 160 * PERIOD_NS
    take.stall_ns = (stopped_ns, went_on_ns)
    take.frames += [note(11, went_on_ns + 1000), note(12, went_on_ns + 2000)]  # fed before it stopped
    take.frames += [note(170, went_on_ns + PERIOD_NS // 2), note(171, went_on_ns + PERIOD_NS * 3 // 2)]
    found = stall(take)
    assert found is not None
    assert found["stopped_s"] == 10.0
    assert found["stale_frames_received"] == 2
    assert found["first_received_age_frames"] == pytest.approx(159, abs=0.1)
    assert found["first_shown_age_frames"] == pytest.approx(0.5, abs=0.1)
