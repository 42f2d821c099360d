"""The game's state over media time."""

from hypothesis import given
from hypothesis import strategies as st

from engine_service.stream.track import REMEMBERED_UPDATES, StateTrack

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
