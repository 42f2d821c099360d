"""The simulation itself: repeatable, and it shows what the governor is for."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine_service.__main__ import app
from engine_service.model.ladder import ladder
from engine_service.model.partition import Partition
from engine_service.pacing.show import as_markdown, plot
from engine_service.pacing.simulate import Run, compare

RUNGS = ladder(Partition(references=2, chunks=2, chunk_size=2, steps_per_shift=2))


@pytest.fixture(scope="module")
def pairs() -> dict[str, tuple[Run, Run]]:
    played = compare(RUNGS, num_frames=4, frame_period_us=62_500, seed=0)
    return {alone.trace.name: (alone, governed) for alone, governed in played}


def test_a_steady_engine_is_left_alone(pairs: dict[str, tuple[Run, Run]]) -> None:
    for name in ("steady", "noisy", "spikes"):
        assert pairs[name][1].changes == (), name
        assert pairs[name][0].num_late == pairs[name][1].num_late


@pytest.mark.parametrize("name", ["slow ramp", "throttle", "throttle, unseen", "co-tenant", "overload"])
def test_in_trouble_the_governor_keeps_the_pace_and_gives_the_quality_back(
    pairs: dict[str, tuple[Run, Run]], name: str
) -> None:
    alone, governed = pairs[name]
    assert alone.late_pct > 15
    assert governed.late_pct < 0.5
    assert governed.shifts[-1].rung == 0
    assert max(shift.rung for shift in governed.shifts) > 0


def test_seeing_the_cause_saves_frames(pairs: dict[str, tuple[Run, Run]]) -> None:
    assert pairs["throttle"][1].num_late < pairs["throttle, unseen"][1].num_late


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    first, again, other = (
        [run.shifts for pair in compare(RUNGS, num_frames=4, frame_period_us=62_500, seed=seed) for run in pair]
        for seed in (3, 3, 4)
    )
    assert first == again != other


def test_the_table_has_a_row_per_trace_and_the_picture_is_drawn(
    pairs: dict[str, tuple[Run, Run]], tmp_path: Path
) -> None:
    table = as_markdown(list(pairs.values()), RUNGS, 250.0)
    assert all(f"| {name} |" in table for name in pairs)
    plot(list(pairs.values()), len(RUNGS), 250.0, tmp_path / "pacing.png")
    assert (tmp_path / "pacing.png").stat().st_size > 10_000


def test_a_profile_that_does_not_exist_is_named() -> None:
    done = CliRunner().invoke(app, ["simulate-pace", "--profile", "epic"])
    assert done.exit_code == 2
    assert "profile is 'epic', expected one of responsive, balanced, cinematic" in done.stderr
