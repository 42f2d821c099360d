"""The rung falls before frames are late, returns when it may, and says why. Time is an argument."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.stream.governor import (
    GovernorConfig,
    GovernorState,
    Measurement,
    RungDecision,
    begin,
    govern,
    restarted,
)
from engine_service.types import GpuReading

CONFIG = GovernorConfig()
WORK = (6.0, 3.0, 2.5, 2.0)
BUDGET_S = 0.25
FRAMES = 4
HEALTHY = GpuReading(
    time_ns=0,
    name="card",
    sm_clock_mhz=1980,
    sm_clock_max_mhz=1980,
    throttle_reasons=(),
    memory_used_bytes=10,
    memory_total_bytes=100,
    margin_c=30,
    other_gpu_pct=0,
)


class Run:
    """Shifts one after the other, on a device that a test makes slower."""

    def __init__(self, work: tuple[float, ...] = WORK, fixed_s: float = 0.0) -> None:
        self.work = work
        self.fixed_s = fixed_s
        self.state = begin(work)
        self.now_ns = 1_000_000_000
        self.decisions: list[RungDecision] = []
        self.rungs: list[int] = [0]
        self.shift(0.5)  # the first says nothing

    def shift(self, load: float, reading: GpuReading | None = None, budget_s: float = BUDGET_S) -> RungDecision:
        """One shift with this load, whatever the rung."""
        self.now_ns += round(budget_s * 1e9)
        if reading is not None and reading.time_ns == 0:
            reading = replace(reading, time_ns=self.now_ns)
        measured = Measurement(
            cost_s=load * budget_s, fixed_s=self.fixed_s, budget_s=budget_s, num_frames=round(budget_s / BUDGET_S * 4)
        )
        decision = govern(CONFIG, self.state, measured, reading, self.now_ns)
        self.state = decision.state
        self.decisions.append(decision)
        self.rungs.append(decision.rung)
        return decision

    def play(self, load: float, seconds: float, reading: GpuReading | None = None) -> None:
        """Shifts with the load that rung 0 would have, made less by the rung in force."""
        for _ in range(round(seconds / BUDGET_S)):
            fixed = self.fixed_s / BUDGET_S
            self.shift(fixed + (load - fixed) * self.work[self.state.rung] / self.work[0], reading)

    @property
    def reasons(self) -> list[str]:
        return [decision.reason for decision in self.decisions if decision.reason]


# ---------------------------------------------------------------------------------------------- the fast loop


def test_one_miss_is_no_reason() -> None:
    run = Run()
    for load in (0.5, 1.4, 0.5, 0.5, 1.4, 0.5):
        assert run.shift(load).rung == 0


def test_two_misses_in_a_row_drop_to_the_best_rung_that_fits_and_say_the_numbers() -> None:
    run = Run()
    run.shift(0.5)
    run.shift(1.2)
    decision = run.shift(1.28)
    assert decision.rung == 1
    assert decision.reason == "two shifts took 300 and 320 ms of 250 ms"
    assert decision.cost_factor == pytest.approx(0.5)


def test_a_miss_is_what_eats_the_headroom_before_anything_is_late() -> None:
    run = Run()
    run.shift(0.91)
    assert run.shift(0.91).rung == 1


def test_a_device_that_is_far_too_slow_drops_several_rungs_at_once() -> None:
    run = Run()
    run.shift(2.1)
    assert run.shift(2.1).rung == 2


def test_where_nothing_fits_the_lowest_rung_it_is_and_there_is_nothing_below() -> None:
    run = Run()
    for _ in range(20):
        run.shift(5.0)
    assert run.state.rung == 3
    assert len(run.reasons) == 1


def test_a_rung_that_would_save_next_to_nothing_is_passed_over() -> None:
    run = Run(work=(3.0, 2.98, 2.0))
    run.shift(1.0)
    assert run.shift(1.0).rung == 2


def test_what_no_rung_saves_is_not_expected_to_be_saved() -> None:
    run = Run(fixed_s=0.5 * BUDGET_S)
    run.shift(1.3)
    # 0.5 + 0.8 * 3 / 6 = 0.9 fits just about; with nothing fixed 0.65 would.
    decision = run.shift(1.31)
    assert decision.rung == 2
    assert decision.cost_factor == pytest.approx((0.5 + 0.805 * 2.5 / 6) / 1.305)


def test_changes_are_eight_frames_apart_unless_frames_are_late() -> None:
    calm, late = Run(), Run()
    for run in (calm, late):
        run.shift(1.3)
        run.shift(1.3)
        assert run.state.rung == 1
    for load, run in ((0.95, calm), (1.3, late)):
        run.shift(load, budget_s=BUDGET_S / 2)  # pays for the change: says nothing
        run.shift(load, budget_s=BUDGET_S / 2)
        run.shift(load, budget_s=BUDGET_S / 2)
    assert calm.state.rung == 1
    assert late.state.rung > 1
    calm.shift(0.95, budget_s=BUDGET_S / 2)
    assert calm.state.rung == 2


def test_calm_raises_by_one_rung_at_a_time() -> None:
    run = Run()
    run.shift(2.1)
    run.shift(2.1)
    assert run.state.rung == 2
    run.play(0.6, seconds=2.5)
    assert run.state.rung == 2
    run.play(0.6, seconds=1.0)
    assert run.state.rung == 1
    assert run.reasons[-1] == "62 ms of 250 ms for 3 s"
    run.play(0.6, seconds=4.0)
    assert run.state.rung == 0


def test_a_rung_is_not_raised_to_where_it_would_hardly_fit() -> None:
    run = Run()
    run.shift(1.2)
    run.shift(1.2)
    run.play(0.85, seconds=300.0)
    assert run.state.rung == 1
    run.play(0.75, seconds=6.0)
    assert run.state.rung == 0


def test_a_failed_raise_is_tried_again_after_a_minute_then_two() -> None:
    run = Run()
    run.shift(1.2)
    run.shift(1.2)
    raises_s: list[float] = []
    while run.now_ns < 600e9:
        before = run.state.rung
        run.shift(0.3 if before else 1.2)  # looks as if it could be raised, and cannot
        if run.state.rung < before:
            raises_s.append(run.now_ns * 1e-9)
    gaps_s = [later - sooner for sooner, later in itertools.pairwise(raises_s)]
    assert gaps_s == pytest.approx([61, 121, 241], abs=1.5)


def test_a_raise_that_held_is_forgiven() -> None:
    run = Run()
    run.shift(1.2)
    run.shift(1.2)
    run.play(0.6, seconds=30.0)
    run.shift(1.2)
    run.shift(1.2)
    run.play(0.6, seconds=5.0)
    assert run.state.rung == 0
    assert run.state.retry_ns is None


# ---------------------------------------------------------------------------------------------- the slow loop


def test_a_throttle_lowers_the_ceiling_before_a_shift_is_slow() -> None:
    run = Run()
    run.play(0.6, seconds=5.0, reading=HEALTHY)
    throttled = replace(HEALTHY, throttle_reasons=("hardware slowdown",), sm_clock_mhz=990)
    decision = run.shift(0.6, throttled)
    assert decision.rung == 1
    assert decision.state.ceiling == 1
    assert decision.reason.startswith("hardware slowdown, 990 of 1980 MHz: 150 ms of 250 ms would become ")


def test_a_throttle_without_clocks_is_judged_by_its_kind() -> None:
    no_clocks = replace(HEALTHY, sm_clock_mhz=None)
    for reasons, rung in ((("hardware slowdown",), 1), (("power brake",), 1), (("power cap",), 0)):
        run = Run()
        run.play(0.6, seconds=5.0, reading=no_clocks)
        assert run.shift(0.6, replace(no_clocks, throttle_reasons=reasons)).rung == rung


def test_a_throttle_that_leaves_enough_costs_nothing() -> None:
    run = Run()
    run.play(0.3, seconds=5.0, reading=HEALTHY)
    run.play(0.6, seconds=60.0, reading=replace(HEALTHY, throttle_reasons=("power cap",), sm_clock_mhz=990))
    assert set(run.rungs) == {0}


def test_a_throttle_that_was_there_from_the_start_is_in_the_measurements_already() -> None:
    run = Run()
    run.play(0.8, seconds=60.0, reading=replace(HEALTHY, throttle_reasons=("power cap",), sm_clock_mhz=1400))
    assert set(run.rungs) == {0}


def test_the_ceiling_comes_back_when_the_cause_is_gone_for_a_while() -> None:
    run = Run()
    run.play(0.6, seconds=5.0, reading=HEALTHY)
    throttled = replace(HEALTHY, throttle_reasons=("hardware thermal slowdown",), sm_clock_mhz=990)
    run.play(1.2, seconds=60.0, reading=throttled)
    assert set(run.rungs[-100:]) == {1}
    run.play(0.6, seconds=4.5, reading=HEALTHY)
    run.shift(0.3, throttled)  # once more
    run.play(0.6, seconds=4.5, reading=HEALTHY)
    assert run.state.rung == run.state.ceiling == 1
    run.play(0.6, seconds=1.0, reading=HEALTHY)
    assert run.state.rung == run.state.ceiling == 0
    assert run.state.cause == ""


def test_a_co_tenant_lowers_the_ceiling_by_what_it_takes() -> None:
    run = Run()
    run.play(0.6, seconds=5.0, reading=HEALTHY)
    decision = run.shift(0.6, replace(HEALTHY, other_gpu_pct=50))
    assert decision.rung == 1
    assert "another process uses 50 % of the GPU" in decision.reason


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"memory_used_bytes": 98}, "98 % of the GPU's memory is used: 75 ms of 250 ms"),
        ({"margin_c": 1}, "the GPU is 1 degrees from slowing down: 75 ms of 250 ms"),
    ],
)
def test_full_memory_and_heat_cost_one_rung_however_fast_it_is(fields: dict[str, int], words: str) -> None:
    run = Run()
    run.play(0.3, seconds=5.0, reading=HEALTHY)
    pressed = replace(HEALTHY, **fields)  # type: ignore[arg-type]
    decision = run.shift(0.3, pressed)
    assert decision.rung == 1
    assert decision.reason == words
    run.play(0.3, seconds=30.0, reading=pressed)
    assert run.state.rung == 1


def test_an_old_reading_says_nothing() -> None:
    run = Run()
    run.play(0.6, seconds=5.0, reading=HEALTHY)
    old = replace(HEALTHY, time_ns=1, throttle_reasons=("hardware slowdown",), sm_clock_mhz=990)
    assert run.shift(0.6, old).rung == 0


def test_a_miss_names_the_throttle_that_explains_it() -> None:
    run = Run()
    throttled = replace(HEALTHY, throttle_reasons=("power cap",), sm_clock_mhz=1000)
    for load in (1.2, 1.2):
        decision = run.shift(load, throttled)
    assert decision.reason == "two shifts took 300 and 300 ms of 250 ms: power cap, 1000 of 1980 MHz"


def test_another_profile_begins_on_top_below_the_ceiling_in_force() -> None:
    run = Run()
    run.play(0.6, seconds=5.0, reading=HEALTHY)
    run.shift(0.6, replace(HEALTHY, throttle_reasons=("hardware slowdown",), sm_clock_mhz=500))
    assert run.state.ceiling == 3
    state = restarted(run.state, (3.0, 2.0))
    assert (state.rung, state.ceiling, state.work) == (1, 1, (3.0, 2.0))
    assert state.cause.startswith("hardware slowdown")


# ------------------------------------------------------------------------------------------------- properties

works = st.lists(st.floats(0.5, 10.0), min_size=1, max_size=6).map(lambda values: tuple(sorted(values, reverse=True)))
readings = st.one_of(
    st.none(),
    st.builds(
        lambda throttled, other, used, margin: replace(
            HEALTHY,
            throttle_reasons=("hardware slowdown",) if throttled else (),
            sm_clock_mhz=990 if throttled else 1980,
            other_gpu_pct=other,
            memory_used_bytes=used,
            margin_c=margin,
        ),
        st.booleans(),
        st.sampled_from((None, 0, 30, 90)),
        st.sampled_from((None, 10, 99)),
        st.sampled_from((None, 0, 30)),
    ),
)


@given(work=works, shifts=st.lists(st.tuples(st.floats(0.01, 4.0), readings), max_size=200))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_the_rung_is_on_the_ladder_below_the_ceiling_and_changes_keep_their_distance(
    work: tuple[float, ...], shifts: list[tuple[float, GpuReading | None]]
) -> None:
    run = Run(work)
    frames_since = 1000
    misses = 0
    for load, reading in shifts:
        before: GovernorState = run.state
        decision = run.shift(load, reading)
        frames_since += FRAMES
        misses = misses + 1 if load > 1.0 else 0
        changed = decision.rung != before.rung
        assert 0 <= decision.rung < len(work)
        assert bool(decision.reason) == changed
        assert decision.state.rung == decision.rung
        assert not (changed and decision.rung < decision.state.ceiling), "never above the ceiling"
        assert decision.rung >= decision.state.ceiling or frames_since < CONFIG.min_gap_frames + FRAMES
        if changed:
            assert frames_since >= CONFIG.min_gap_frames or (misses >= 2 and decision.rung > before.rung)
            assert decision.rung >= before.rung - 1, "up by one rung at a time"
            frames_since = misses = 0


@given(
    load=st.floats(0.05, 5.0),
    fixed=st.floats(0.0, 0.4),
    work=works,
    reading=readings,
)
@settings(max_examples=200, deadline=None)
def test_a_steady_device_comes_to_rest_and_stays_there(
    load: float, fixed: float, work: tuple[float, ...], reading: GpuReading | None
) -> None:
    run = Run(work, fixed_s=min(fixed, load) * BUDGET_S)
    run.play(load, seconds=20.0, reading=reading)
    resting = len(run.reasons)
    run.play(load, seconds=120.0, reading=reading)
    assert run.reasons[resting:] == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"headroom": 0.0}, r"headroom is 0.0, must be between 0 and 1"),
        ({"raise_below": 0.95}, r"raise_below is 0.95, must be below 1 - headroom, 0.9"),
        ({"hold_s": -1.0}, r"hold_s is -1.0, must be at least 0"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_numbers(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GovernorConfig(**fields)  # type: ignore[arg-type]


def test_a_ladder_needs_rungs_that_are_work() -> None:
    for work in ((), (1.0, 0.0)):
        with pytest.raises(ValueError, match="needs at least one rung and numbers above 0"):
            begin(work)
