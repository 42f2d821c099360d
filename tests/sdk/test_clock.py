import pytest

from streamdit.clock import ArrivalJitter, ClockOffset, RunningPercentiles, percentiles


def test_nothing_measured_is_none() -> None:
    assert percentiles([]) is None
    assert ClockOffset().offset_us is None
    assert ClockOffset().round_trip_ms is None
    assert ArrivalJitter().jitter_ms() is None


def test_percentiles_interpolate_between_ranks() -> None:
    found = percentiles([float(value) for value in range(101)])
    assert found is not None
    assert (found.p50, found.p95, found.p99, found.max) == (50.0, 95.0, 99.0, 100.0)
    pair = percentiles([1.0, 2.0])
    assert pair is not None
    assert pair.p50 == 1.5


def test_running_percentiles_forget_what_left_the_window() -> None:
    running = RunningPercentiles(window=2)
    for value in (1000.0, 1.0, 2.0):
        running.add(value)
    summary = running.summary()
    assert summary is not None
    assert summary.max == 2.0


def test_the_offset_comes_from_the_shortest_round_trip() -> None:
    clock = ClockOffset()
    clock.heartbeat(sent_us=0, server_us=1_000_900, received_us=1000)  # slow on the way there
    clock.heartbeat(sent_us=5000, server_us=1_005_050, received_us=5100)
    assert clock.offset_us == 1_000_000
    assert clock.round_trip_ms == 0.1


def test_a_drifting_clock_is_followed_once_old_heartbeats_fell_out() -> None:
    clock = ClockOffset(window=2)
    clock.heartbeat(0, 100, 2)
    clock.heartbeat(1000, 1208, 1016)
    clock.heartbeat(2000, 2208, 2016)
    assert clock.offset_us == 200


def test_an_echo_from_before_it_was_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="received at 5 us, before it was sent at 6 us"):
        ClockOffset().heartbeat(6, 0, 5)


def test_steady_arrivals_have_no_jitter_whatever_the_clocks_say() -> None:
    jitter = ArrivalJitter()
    for frame in range(10):
        jitter.arrived(123_456_789 + frame * 62_500_000, frame * 62_500)
    found = jitter.jitter_ms()
    assert found is not None
    assert found.max == pytest.approx(0.0)


def test_a_dropped_frame_is_an_interval_but_not_jitter() -> None:
    jitter = ArrivalJitter()
    for frame in (0, 1, 3):
        jitter.arrived(frame * 62_500_000, frame * 62_500)
    deviation, interval = jitter.jitter_ms(), jitter.interval_ms()
    assert deviation is not None
    assert interval is not None
    assert deviation.max == pytest.approx(0.0)
    assert interval.max == pytest.approx(125.0)


def test_a_late_frame_shows_twice_late_then_early() -> None:
    jitter = ArrivalJitter()
    for arrival_ms, pts_ms in ((0.0, 0.0), (72.5, 62.5), (125.0, 125.0)):
        jitter.arrived(int(arrival_ms * 1e6), int(pts_ms * 1e3))
    found = jitter.jitter_ms()
    assert found is not None
    assert found.p50 == pytest.approx(10.0)
