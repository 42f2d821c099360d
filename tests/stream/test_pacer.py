"""The pace is a promise: exact in the long run, no drift, no bursts, and events sampled late."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.stream.pacer import PaceDecision, PacerConfig, PaceState, after_chunk, rescaled, resumed, start_at

PERIOD_US = 62_500
PERIOD_NS = PERIOD_US * 1000
CONFIG = PacerConfig(frame_period_us=PERIOD_US)
MIN_GAP_NS = round(PERIOD_NS * CONFIG.catch_up)

costs_s = st.lists(st.floats(0.001, 0.6), min_size=1, max_size=60)
chunk_sizes = st.sampled_from((2, 4, 8))


class Run:
    """A session's chunks, one after the other, each costing what the test says."""

    def __init__(self, num_frames: int = 4, now_ns: int = 5_000_000_000) -> None:
        self.num_frames = num_frames
        self.now_ns = now_ns
        self.pts_us = 0
        self.state = PaceState()
        self.starts_ns: list[int] = []
        self.decisions: list[PaceDecision] = []
        self.sent: list[tuple[int, int]] = []  # pts_us, release_ns

    def chunk(self, cost_s: float) -> PaceDecision:
        start_ns = start_at(CONFIG, self.state, self.pts_us, self.num_frames)
        if start_ns is not None:
            self.now_ns = max(self.now_ns, start_ns)
        started_ns = self.now_ns
        self.starts_ns.append(started_ns)
        self.now_ns += round(cost_s * 1e9)
        decision = after_chunk(
            CONFIG,
            self.state,
            pts_us=self.pts_us,
            num_frames=self.num_frames,
            started_ns=started_ns,
            ready_ns=self.now_ns,
        )
        for i, release_ns in enumerate(decision.release_ns):
            self.sent.append((self.pts_us + i * PERIOD_US, release_ns))
        self.pts_us += (self.num_frames + decision.skip_frames) * PERIOD_US
        self.state = decision.state
        self.decisions.append(decision)
        return decision

    def lateness_s(self) -> float:
        return self.decisions[-1].lateness_s


def test_the_first_chunk_starts_at_once_and_is_due_when_it_is_ready() -> None:
    assert start_at(CONFIG, PaceState(), 0, 4) is None
    run = Run()
    decision = run.chunk(0.3)
    assert decision.lateness_s == 0.0
    assert decision.release_ns == tuple(run.now_ns + i * PERIOD_NS for i in range(4))


def test_a_slow_first_chunk_does_not_make_the_later_ones_start_early() -> None:
    run = Run()
    for cost_s in (3.0, 0.05, 0.05):
        run.chunk(cost_s)
    assert (run.decisions[-1].due_ns[0] - run.starts_ns[-1]) * 1e-9 == pytest.approx(0.056, abs=1e-4)


def test_an_hour_of_uneven_chunks_has_exactly_sixteen_frames_a_second() -> None:
    run = Run()
    for i in range(16 * 3600 // 4):
        run.chunk(0.03 + 0.02 * (i % 3))
    first_ns, last_ns = run.sent[0][1], run.sent[-1][1]
    assert len(run.sent) == 16 * 3600
    assert abs((last_ns - first_ns) - (len(run.sent) - 1) * PERIOD_NS) < 1_000_000


def test_a_chunk_starts_as_late_as_its_cost_and_the_margin_allow() -> None:
    run = Run()
    for _ in range(40):
        run.chunk(0.05)
    slack_ns = run.decisions[-1].due_ns[0] - run.starts_ns[-1]
    assert slack_ns * 1e-9 == pytest.approx(0.05 + CONFIG.margin_s, abs=1e-4)
    assert -CONFIG.margin_s - 1e-4 < run.lateness_s() <= 0.0


def test_a_dearer_chunk_raises_the_estimate_faster_than_a_cheaper_one_lowers_it() -> None:
    run = Run()
    for _ in range(10):
        run.chunk(0.05)
    steady_s = run.state.cost_s
    run.chunk(0.15)
    raised_s = run.state.cost_s
    run.chunk(0.05)
    assert steady_s is not None
    assert raised_s is not None
    assert run.state.cost_s is not None
    assert raised_s - steady_s == pytest.approx(0.05, abs=1e-6)
    assert raised_s - run.state.cost_s == pytest.approx(0.01, abs=1e-6)


def test_waiting_for_a_busy_device_counts_as_cost() -> None:
    run = Run()
    for _ in range(10):
        run.chunk(0.05)
    wanted_ns = start_at(CONFIG, run.state, run.pts_us, 4)
    assert wanted_ns is not None
    run.now_ns = wanted_ns + 40_000_000
    before_s = run.state.cost_s
    run.chunk(0.05)
    assert before_s is not None
    assert run.state.cost_s is not None
    assert run.state.cost_s == pytest.approx(before_s + 0.5 * 0.04, abs=1e-3)


def test_lateness_of_less_than_a_chunk_is_made_up_without_skipping() -> None:
    run = Run()
    for _ in range(3):
        run.chunk(0.05)
    late = run.chunk(0.25)  # started 0.056 s before it was due
    assert late.lateness_s == pytest.approx(0.194)
    assert late.skip_frames == 0
    for _ in range(10):
        assert run.chunk(0.05).skip_frames == 0
    assert run.lateness_s() <= 0.0


def test_lateness_of_more_than_a_chunk_moves_media_time_on_by_whole_frames() -> None:
    run = Run(num_frames=2)
    for _ in range(3):
        run.chunk(0.05)
    late = run.chunk(0.4)  # started 0.056 s before it was due: 5.5 frames late
    assert late.lateness_s == pytest.approx(0.344)
    assert late.skip_frames == 5
    assert not late.reanchored
    assert run.chunk(0.05).lateness_s < CONFIG.dead_band_s


def test_half_a_second_of_lateness_ties_media_time_to_the_wall_anew() -> None:
    run = Run()
    run.chunk(0.05)
    late = run.chunk(2.0)
    assert late.reanchored
    assert late.skip_frames == 0
    assert late.due_ns[0] == run.now_ns
    assert run.chunk(0.05).lateness_s <= 0.0


def test_after_a_pause_the_next_chunk_starts_at_once_and_queues_up_behind_the_last_frame() -> None:
    run = Run()
    run.chunk(0.05)
    run.state = resumed(run.state)
    assert start_at(CONFIG, run.state, run.pts_us, 4) is None
    decision = run.chunk(0.01)
    assert decision.release_ns[0] - run.decisions[0].release_ns[-1] == PERIOD_NS
    run.now_ns += 60_000_000_000
    run.state = resumed(run.state)
    decision = run.chunk(0.05)
    assert decision.due_ns[0] == run.now_ns
    assert decision.skip_frames == 0


@settings(deadline=None)
@given(costs_s, chunk_sizes)
def test_frames_never_leave_early_nor_in_a_burst(costs: list[float], num_frames: int) -> None:
    run = Run(num_frames)
    for cost_s in costs:
        run.chunk(cost_s)
    releases = [release_ns for _, release_ns in run.sent]
    assert all(later - earlier >= MIN_GAP_NS for earlier, later in pairwise(releases))
    for decision in run.decisions:
        assert all(release >= due for release, due in zip(decision.release_ns, decision.due_ns, strict=True))


@settings(deadline=None)
@given(costs_s, chunk_sizes)
def test_media_time_only_ever_rises_by_whole_frames(costs: list[float], num_frames: int) -> None:
    run = Run(num_frames)
    for cost_s in costs:
        run.chunk(cost_s)
    steps = [(later - earlier) for (earlier, _), (later, _) in pairwise(run.sent)]
    assert all(step >= PERIOD_US and step % PERIOD_US == 0 for step in steps)
    assert sum(step // PERIOD_US - 1 for step in steps) == sum(d.skip_frames for d in run.decisions[:-1])


@settings(deadline=None)
@given(costs_s, chunk_sizes)
def test_after_any_hiccups_a_fast_engine_is_on_time_again_without_drift(costs: list[float], num_frames: int) -> None:
    run = Run(num_frames)
    for cost_s in costs:
        run.chunk(cost_s)
    for _ in range(60):
        run.chunk(0.02)
    assert run.lateness_s() <= CONFIG.dead_band_s
    tail = run.sent[-20:]
    assert {release_ns - pts_us * 1000 for pts_us, release_ns in tail} == {run.state.anchor_ns}


@settings(deadline=None)
@given(st.floats(0.001, 0.1))
def test_a_steady_engine_never_skips_and_never_reanchors(cost_s: float) -> None:
    run = Run(num_frames=2)
    for _ in range(50):
        run.chunk(cost_s)
    assert all(d.skip_frames == 0 and not d.reanchored for d in run.decisions[1:])


@pytest.mark.parametrize(
    ("field", "value"), [("margin_s", -1.0), ("catch_up", 0.0), ("frame_period_us", 0), ("cost_rise", 2.0)]
)
def test_a_config_out_of_range_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        PacerConfig(**{"frame_period_us": PERIOD_US, field: value})  # type: ignore[arg-type]


def test_chunks_of_uneven_cost_start_earlier_than_even_ones_by_how_uneven_they_are() -> None:
    even, uneven = Run(), Run()
    for i in range(60):
        even.chunk(0.10)
        uneven.chunk(0.10 + (0.02 if i % 2 else -0.02))
    assert even.state.deviation_s < 0.001
    assert 0.01 < uneven.state.deviation_s < 0.03
    ahead_s = [(run.decisions[-1].due_ns[0] - run.starts_ns[-1]) * 1e-9 for run in (even, uneven)]
    assert ahead_s[1] - ahead_s[0] > 0.03
    assert all(decision.lateness_s < 0.01 for decision in uneven.decisions[10:])


def test_one_wild_chunk_hardly_moves_the_spread() -> None:
    run = Run()
    for _ in range(20):
        run.chunk(0.05)
    run.chunk(0.24)
    assert run.state.deviation_s < 0.005


def test_what_a_chunk_spent_leaves_out_the_first_and_counts_from_when_it_should_have_started() -> None:
    run = Run()
    assert run.chunk(0.3).spent_s is None
    run.chunk(0.05)
    wanted_ns = start_at(CONFIG, run.state, run.pts_us, 4)
    assert wanted_ns is not None
    run.now_ns = wanted_ns + 30_000_000  # another session held the device
    assert run.chunk(0.05).spent_s == pytest.approx(0.08)


def test_a_better_rung_starts_earlier_and_a_lower_one_not_later() -> None:
    state = PaceState(anchor_ns=0, cost_s=0.1)
    assert rescaled(state, 1.5).cost_s == pytest.approx(0.15)
    assert rescaled(state, 0.5) == state
    assert rescaled(PaceState(), 1.5) == PaceState()
