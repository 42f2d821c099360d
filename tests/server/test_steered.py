"""What steers, by the events that were accepted; when a silent client's actions are let go. Time is an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_service.server.steered import Steered, actions_let_go_in_s
from engine_service.types import Actions, Pause, Prompt, Release, State, SwitchProfile
from streamdit.types import Steering

NOTHING_SAID = Steered("responsive", frozenset())


def test_what_was_said_steers_until_it_is_released() -> None:
    steered = NOTHING_SAID
    for event in (Prompt(1, "a fox"), State(2, (0.5,)), Actions(3, (1.0,)), Pause(4)):
        steered = steered.after(event)
    assert steered == Steered("responsive", frozenset(Steering), holds_action=True)
    steered = steered.after(Release(5, frozenset({Steering.PROMPT, Steering.ACTIONS})))
    assert steered == Steered("responsive", frozenset({Steering.STATE}))
    assert steered.after(SwitchProfile(6, "balanced")).profile == "balanced"


@pytest.mark.parametrize(
    ("event", "holds"),
    [
        (Actions(1, (0.0, 0.0)), False),
        (Actions(1, (0.0, -0.5)), True),
        (Actions(1, (0.0, 0.0), ((0.0, 1.0),)), True),
    ],
)
def test_an_empty_set_steers_and_holds_nothing(event: Actions, holds: bool) -> None:
    steered = NOTHING_SAID.after(event)
    assert (steered.by, steered.holds_action) == (frozenset({Steering.ACTIONS}), holds)


@given(st.floats(0, 100), st.floats(0, 100), st.booleans())
def test_held_actions_are_let_go_exactly_after_the_timeout(silent_s: float, timeout_s: float, holds: bool) -> None:
    steered = Steered("responsive", frozenset({Steering.ACTIONS}), holds)
    left_s = actions_let_go_in_s(steered, silent_s=silent_s, timeout_s=timeout_s)
    if not holds or timeout_s == 0:
        assert left_s is None
    else:
        assert left_s == max(0.0, timeout_s - silent_s)
