"""How many sessions keep their pace, by hand; and a measurement of the embedded world."""

import pytest
import torch

from engine_service.benchmarks.parts import Deadline, Row
from engine_service.benchmarks.sessions import PACE, STEPS, SessionsPlan, ShiftCost, measure_sessions, sessions_at_pace


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_sessions_share_a_shift_in_groups_of_the_size_that_gives_most() -> None:
    costs = [ShiftCost(1, step_ms=9.0, decode_ms=1.0), ShiftCost(8, step_ms=16.0, decode_ms=4.0)]
    # 90 ms of 100: nine single sessions, or four groups of eight.
    assert sessions_at_pace(costs, steps_per_shift=1, chunk_size=1, shift_ms=100.0) == 32


def test_steps_and_latents_of_a_shift_are_all_paid() -> None:
    costs = [ShiftCost(2, step_ms=10.0, decode_ms=5.0)]
    # 2 * 10 + 2 * 5 = 30 of 90 ms.
    assert sessions_at_pace(costs, steps_per_shift=2, chunk_size=2, shift_ms=100.0) == 6


def test_a_device_that_is_too_slow_for_one_keeps_none() -> None:
    assert sessions_at_pace([ShiftCost(1, 200.0, 1.0)], steps_per_shift=1, chunk_size=1, shift_ms=125.0) == 0


def test_every_batch_has_its_row_and_every_profile_its_pace() -> None:
    rows: list[Row] = []
    plan = SessionsPlan(
        world="critters", device="cpu", batches=(1, 2), profiles=("responsive",), most_calls=2, most_s=0.1
    )
    measure_sessions(plan, rows.append, Deadline.in_seconds(300))
    assert [(row.table, row.name, row.trouble) for row in rows] == [
        (STEPS, "responsive, 1", ""),
        (STEPS, "responsive, 2", ""),
        (PACE, "responsive", ""),
    ]
    one, two = (row.values["step_ms"] for row in rows[:2])
    assert isinstance(one, float)
    assert two == pytest.approx(2 * rows[1].values["step_ms_a_session"])  # type: ignore[operator]


def test_without_a_single_batch_the_pace_says_so() -> None:
    rows: list[Row] = []
    plan = SessionsPlan(world="critters", device="cpu", batches=(1,), profiles=("responsive",))
    measure_sessions(plan, rows.append, Deadline.in_seconds(0.001))
    assert all(row.trouble for row in rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch, of its own compiler
def test_one_compiled_graph_takes_any_number_of_sessions() -> None:
    rows: list[Row] = []
    plan = SessionsPlan(
        world="critters",
        device="cpu",
        batches=(1, 2, 3),
        profiles=("responsive", "balanced"),
        compiled=True,
        most_calls=2,
        most_s=0.1,
    )
    measure_sessions(plan, rows.append, Deadline.in_seconds(900))
    assert not [row for row in rows if row.trouble]
    assert [row.name for row in rows][-5:] == [
        "balanced, 1, compiled",
        "balanced, 2, compiled",
        "balanced, 3, compiled",
        "responsive",
        "balanced",
    ]
