"""The game's state over media time."""

import math

from hypothesis import given
from hypothesis import strategies as st

from engine_service.stream.track import OPEN, REMEMBERED_UPDATES, StateTrack

values = st.tuples(st.floats(-1, 1), st.floats(0, 128))


def test_the_initial_state_holds_until_the_first_event() -> None:
    track = StateTrack((1.0, 2.0))
    assert [track.at(frame) for frame in (-4, 0, 1000)] == [(1.0, 2.0)] * 3


def test_horizon_values_belong_to_the_frames_that_follow_one_by_one() -> None:
    track = StateTrack((0.0,))
    track.update(10, (1.0,), ((2.0,), (3.0,)))
    assert [track.at(frame) for frame in (10, 11, 12)] == [(1.0,), (2.0,), (3.0,)]


def test_the_last_value_is_held() -> None:
    track = StateTrack((0.0,))
    track.update(10, (1.0,), ((2.0,), (3.0,)))
    assert [track.at(frame) for frame in (13, 14, 5000)] == [(3.0,)] * 3


def test_the_past_stays_what_it_was() -> None:
    track = StateTrack((0.0,))
    track.update(4, (1.0,), ((2.0,), (3.0,)))
    track.update(6, (9.0,), ())
    assert [track.at(frame) for frame in (3, 4, 5, 6, 7)] == [(0.0,), (1.0,), (2.0,), (9.0,), (9.0,)]


def test_an_event_at_the_frame_of_the_last_one_replaces_it() -> None:
    track = StateTrack((0.0,))
    track.update(0, (1.0,), ())
    assert track.at(-3) == track.at(0) == (1.0,)


def test_a_long_stream_forgets_what_no_reference_can_reach() -> None:
    track = StateTrack((0.0,))
    for frame in range(0, 2000, 2):
        track.update(frame, (float(frame),), ())
    assert track.at(1990) == (1990.0,)
    assert track.at(0) == (2000.0 - 2 * REMEMBERED_UPDATES,)


def test_a_new_event_forgets_the_old_horizon() -> None:
    track = StateTrack((0.0,))
    track.update(0, (1.0,), ((2.0,), (3.0,), (4.0,)))
    track.update(1, (9.0,), ())
    assert [track.at(frame) for frame in (1, 2, 3)] == [(9.0,)] * 3


def test_what_the_caller_does_to_its_lists_afterwards_is_its_own_affair() -> None:
    track = StateTrack((0.0,))
    held, horizon = [1.0], [[2.0]]
    track.update(0, held, horizon)
    held[0], horizon[0][0] = 7.0, 7.0
    assert (track.at(0), track.at(1)) == ((1.0,), (2.0,))


@given(st.integers(0, 10_000), values, st.lists(values, max_size=20), st.integers(-50, 12_000))
def test_every_frame_shows_what_was_said_about_it_or_the_nearest_that_was(
    first: int, state: tuple[float, float], horizon: list[tuple[float, float]], frame: int
) -> None:
    track = StateTrack((0.0, 0.0))
    track.update(0, state, ())
    track.update(first, state, horizon)
    known = {first + i: step for i, step in enumerate([state, *horizon])}
    nearest = min(known, key=lambda other: abs(other - frame))
    assert track.at(frame) == known[nearest]


# ------------------------------------------------------------------------------------- partial, open, gone on from


def shown(track: StateTrack, *frames: int) -> list[tuple[float | None, ...]]:
    """What the frames have, None where it is open."""
    return [tuple(None if math.isnan(value) else value for value in track.at(frame)) for frame in frames]


def test_a_field_that_is_not_named_stays_as_it_was() -> None:
    track = StateTrack((OPEN, 5.0))
    track.update(4, (1.0,), ((2.0,),), fields=(0,))
    assert shown(track, 3, 4, 5, 6) == [(None, 5.0), (1.0, 5.0), (2.0, 5.0), (2.0, 5.0)]
    track.update(5, (8.0,), (), fields=(1,))
    assert shown(track, 4, 5, 6) == [(1.0, 5.0), (2.0, 8.0), (2.0, 8.0)], "its horizon goes on, too"


def test_a_release_leaves_the_future_open_and_the_past_as_it_was() -> None:
    track = StateTrack((OPEN, 5.0))
    track.update(2, (1.0, 2.0), ((3.0, 4.0),))
    track.release(4)
    assert shown(track, 3, 4, 9) == [(3.0, 4.0), (None, 5.0), (None, 5.0)]


def test_a_past_is_what_the_frames_before_had_and_what_was_said_goes_on() -> None:
    track = StateTrack((OPEN, 5.0))
    track.update(0, (1.0,), ((2.0,), (3.0,)), fields=(0,))
    track.begin(1, 2, [(7.0, 8.0), (9.0, 10.0)])
    assert shown(track, -3, -1, 0, 1, 2, 3) == [
        (7.0, 8.0), (7.0, 8.0), (9.0, 10.0), (2.0, 10.0), (3.0, 10.0), (3.0, 10.0),
    ]  # fmt: skip


def test_a_past_without_states_was_open_where_it_may_be() -> None:
    track = StateTrack((OPEN, 5.0))
    track.update(0, (1.0, 2.0))
    track.begin(0, 4, [])
    assert shown(track, -4, -1, 0) == [(None, 2.0), (None, 2.0), (1.0, 2.0)]


said = st.tuples(
    st.sampled_from([None, (0,), (1,), (1, 0)]), st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=1)
)


@given(st.lists(st.tuples(st.integers(0, 5), said), max_size=8), st.integers(0, 60))
def test_each_field_has_what_was_last_said_of_it_alone(
    happenings: list[tuple[int, tuple[tuple[int, ...] | None, list[tuple[float, float]]]]], frame: int
) -> None:
    track, alone = StateTrack((OPEN, OPEN)), [StateTrack((OPEN,)), StateTrack((OPEN,))]
    now = 0
    for later, (fields, steps) in happenings:
        now += later
        carried = range(2) if fields is None else fields
        first, *horizon = ([step[i] for i in range(len(carried))] for step in steps)
        track.update(now, first, horizon, fields)
        for place, field in enumerate(carried):
            alone[field].update(now, [first[place]], [[step[place]] for step in horizon])
    assert shown(track, frame) == [shown(alone[0], frame)[0] + shown(alone[1], frame)[0]]
