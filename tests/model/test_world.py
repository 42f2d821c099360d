"""A world's contract: what it promises, and what it refuses to promise."""

from dataclasses import replace
from typing import Any

import pytest

from engine_service.model.world import StateField
from tests.fakes import WORLD


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, -2.0)])
def test_a_field_without_a_range_is_refused_with_its_name_and_numbers(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=rf"state field walk: min {low} is not below max {high}"):
        StateField("walk", low, high)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"moves": "sideways"}, "state field x: moves is 'sideways', expected one of left, right, up, down"),
        ({"pixels": ()}, r"state field x: pixels is \(\), expected numbers above 0"),
        ({"pixels": (1.0, 0.0)}, r"state field x: pixels is \(1.0, 0.0\), expected numbers above 0"),
        ({"initial": 1.5}, "state field x: initial is 1.5, must be 0.0..1.0"),
    ],
)
def test_a_field_that_cannot_be_is_refused_with_what_could(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StateField("x", 0.0, 1.0, **wrong)


def test_a_field_rests_at_its_initial_value_and_without_one_in_the_middle() -> None:
    fields = (StateField("facing", -1.0, 1.0, initial=1.0), StateField("x", 0.0, 128.0))
    assert replace(WORLD, state_fields=fields).resting_state == (1.0, 64.0)


def test_a_default_profile_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="default_profile is 'fast', expected one of responsive, balanced, cinematic"):
        replace(WORLD, default_profile="fast")


def test_a_world_without_an_example_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="world tiny: example_prompts is empty"):
        replace(WORLD, example_prompts=())


@pytest.mark.parametrize(("fps", "period_us"), [(16.0, 62_500), (20.0, 50_000), (62.5, 16_000)])
def test_the_frame_period_is_exact(fps: float, period_us: int) -> None:
    assert replace(WORLD, fps=fps).frame_period_us == period_us


def test_the_resting_state_is_the_middle_of_every_field() -> None:
    assert WORLD.resting_state == (64.0, 0.5)


def test_a_shift_gives_the_frames_of_one_chunk() -> None:
    assert {name: WORLD.frames_per_shift(name) for name in WORLD.profiles} == {
        "responsive": 2,
        "balanced": 4,
        "cinematic": 4,
    }
