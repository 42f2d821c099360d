"""Actions over media time: the newest set wins, and a press shorter than a frame counts for one."""

import math

from hypothesis import given
from hypothesis import strategies as st

from engine_service.stream.newest import newest_actions, newest_state
from engine_service.stream.track import ActionTrack
from engine_service.types import Actions, State
from tests.fakes import ACTIONS

LEFT, RIGHT, JUMP, FULL = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
NOTHING = (0, 0, 0, 0)
Set = tuple[float, ...]


def track() -> ActionTrack:
    return ActionTrack(ACTIONS, may_be_open=True)


def test_actions_are_open_until_a_set_is_said_and_after_a_release() -> None:
    actions = track()
    assert all(math.isnan(value) for value in actions.at(-3) + actions.at(0))
    actions.update(4, Actions(1, NOTHING))
    assert actions.at(9) == NOTHING, "that nothing is held is a statement"
    actions.release(10)
    assert all(math.isnan(value) for value in actions.at(10))
    assert actions.at(9) == NOTHING


def test_a_world_that_cannot_leave_them_open_holds_nothing() -> None:
    actions = ActionTrack(ACTIONS, may_be_open=False)
    assert actions.at(0) == NOTHING
    actions.update(0, Actions(1, LEFT))
    actions.release(3)
    assert (actions.at(2), actions.at(3)) == (LEFT, NOTHING)


def test_a_horizon_belongs_to_the_frames_that_follow() -> None:
    actions = track()
    actions.update(2, Actions(1, LEFT, (JUMP, NOTHING)))
    assert [actions.at(frame) for frame in (2, 3, 4, 9)] == [LEFT, JUMP, NOTHING, NOTHING]


def test_a_press_and_its_end_before_one_frame_hold_for_that_frame() -> None:
    actions = track()
    actions.update(0, Actions(1, NOTHING))
    actions.update(6, Actions(2, JUMP))
    actions.update(6, Actions(3, NOTHING))
    assert [actions.at(frame) for frame in (5, 6, 7)] == [NOTHING, JUMP, NOTHING]


def test_the_very_first_frame_keeps_a_press_too() -> None:
    actions = track()
    actions.update(0, Actions(1, JUMP))
    actions.update(0, Actions(2, NOTHING))
    assert [actions.at(frame) for frame in (0, 1)] == [JUMP, NOTHING]


def test_what_was_held_before_is_no_press_and_ends_at_once() -> None:
    actions = track()
    actions.update(0, Actions(1, LEFT))
    actions.update(6, Actions(2, LEFT))
    actions.update(6, Actions(3, NOTHING))
    assert (actions.at(5), actions.at(6)) == (LEFT, NOTHING)


def test_several_presses_before_one_frame_all_count() -> None:
    actions = track()
    for event_id, held in enumerate((LEFT, NOTHING, JUMP, FULL), start=1):
        actions.update(0, Actions(event_id, held))
    assert (actions.at(0), actions.at(1)) == ((1, 0, 1, 1), FULL)


def test_an_axis_is_no_button_and_is_not_held_on() -> None:
    actions = track()
    actions.update(0, Actions(1, FULL))
    actions.update(0, Actions(2, NOTHING))
    assert actions.at(0) == NOTHING


def test_a_press_that_the_newest_set_excludes_gives_way_to_it() -> None:
    actions = track()
    actions.update(0, Actions(1, LEFT))
    actions.update(0, Actions(2, RIGHT))
    assert actions.at(0) == RIGHT
    actions.update(5, Actions(3, NOTHING))
    actions.update(9, Actions(4, LEFT))
    actions.update(9, Actions(5, RIGHT))
    actions.update(9, Actions(6, NOTHING))
    assert (actions.at(9), actions.at(10)) == (RIGHT, NOTHING), "of two that exclude each other the later"


def test_a_past_is_what_the_frames_before_had() -> None:
    actions = track()
    actions.update(0, Actions(1, JUMP))
    actions.begin(0, 2, [LEFT, RIGHT])
    assert [actions.at(frame) for frame in (-2, -1, 0)] == [LEFT, RIGHT, JUMP]
    unknown = track()
    unknown.begin(0, 2, [])
    assert all(math.isnan(value) for value in unknown.at(-1))


legal = st.builds(
    lambda walk, jump, throttle: (float(walk == 1), float(walk == 2), float(jump), throttle),
    st.integers(0, 2), st.booleans(), st.sampled_from([-1.0, 0.0, 0.5]),
)  # fmt: skip
happenings = st.lists(st.tuples(st.integers(0, 2), legal), min_size=1, max_size=12)


@given(happenings)
def test_every_press_is_seen_or_excluded_and_no_frame_breaks_a_group(said: list[tuple[int, Set]]) -> None:
    actions, now, by_frame = track(), 0, dict[int, list[Set]]()
    for event_id, (later, held) in enumerate(said, start=1):
        now += later
        actions.update(now, Actions(event_id, held))
        by_frame.setdefault(now, []).append(held)
    for frame, sets in by_frame.items():
        shown, before = actions.at(frame), actions.at(frame - 1) if frame else (0.0,) * 4
        assert not (shown[0] and shown[1])
        assert shown[3] == sets[-1][3]
        for i in range(3):
            pressed = any(one[i] for one in sets)
            if sets[-1][i] or (pressed and before[i] != 1 and i == 2):
                assert shown[i] == 1
            if not pressed:
                assert shown[i] == 0
        assert actions.at(frame + 1) == sets[-1] or frame + 1 in by_frame


@given(happenings)
def test_sets_that_were_joined_on_the_way_count_as_if_they_had_come_one_by_one(said: list[tuple[int, Set]]) -> None:
    """The inbox may join what waits for one micro-step; the frames may not tell."""
    one_by_one, joined = track(), track()
    for actions in (one_by_one, joined):
        actions.update(0, Actions(1, LEFT))
    waiting: Actions | None = None
    for event_id, (_, held) in enumerate(said, start=2):
        event = Actions(event_id, held)
        one_by_one.update(4, event)
        waiting = event if waiting is None else newest_actions(waiting, event)
    assert waiting is not None
    joined.update(4, waiting)
    assert [joined.at(frame) for frame in range(3, 7)] == [one_by_one.at(frame) for frame in range(3, 7)]


# ------------------------------------------------------------------------------------------------ states, joined


def test_a_partial_state_over_another_says_both() -> None:
    older = State(1, (1.0, 2.0), ((3.0, 4.0),), fields=(0, 2))
    newer = State(2, (5.0,), ((6.0,), (7.0,)), fields=(2,))
    assert newest_state(older, newer) == State(2, (1.0, 5.0), ((3.0, 6.0), (3.0, 7.0)), fields=(0, 2))


def test_a_whole_state_says_all_and_a_partial_one_over_it_leaves_a_whole() -> None:
    whole, part = State(1, (1.0, 2.0)), State(2, (9.0,), fields=(1,))
    assert newest_state(part, whole) is whole
    assert newest_state(whole, part) == State(2, (1.0, 9.0))
