"""Every accepted event is answered once, by a frame; what was replaced says by which event."""

from hypothesis import given
from hypothesis import strategies as st

from engine_service.server.answers import MAX_WAITING, Answers
from engine_service.types import Applied


def test_what_was_replaced_is_answered_with_its_newest_successor() -> None:
    answers = Answers()
    assert answers.replaced([1], by=2) == []
    assert answers.replaced([2], by=5) == []
    assert answers.replaced([3], by=4) == []
    assert answers.applied([Applied(5, 9, 500), Applied(6, 9, 500)]) == [
        Applied(1, 9, 500, replaced_by=5),
        Applied(2, 9, 500, replaced_by=5),
        Applied(5, 9, 500),
        Applied(6, 9, 500),
    ]
    assert answers.applied([Applied(4, 10, 600)]) == [Applied(3, 10, 600, replaced_by=4), Applied(4, 10, 600)]
    assert answers.applied([Applied(4, 10, 600)]) == [Applied(4, 10, 600)]


def test_the_engines_own_events_are_not_answered_and_what_they_replace_is() -> None:
    answers = Answers()
    assert answers.replaced([7], by=0) == []
    assert answers.replaced([0], by=8) == []
    assert answers.applied([Applied(0, 3, 100), Applied(8, 3, 100)]) == [
        Applied(7, 3, 100, replaced_by=8),
        Applied(8, 3, 100),
    ]


def test_a_paused_session_is_flooded_and_the_oldest_are_answered_without_a_frame() -> None:
    answers = Answers()
    early = [answer for i in range(1, MAX_WAITING + 11) for answer in answers.replaced([i], by=i + 1)]
    assert [answer.event_id for answer in early] == list(range(1, 11))
    assert all(answer.frame_id == 0 and answer.replaced_by > answer.event_id for answer in early)
    assert len(answers) == MAX_WAITING
    newest = MAX_WAITING + 11
    assert [each.event_id for each in answers.applied([Applied(newest, 1, 0)])] == list(range(11, newest + 1))
    assert len(answers) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=600))
def test_every_id_is_answered_exactly_once(flood: list[tuple[int, bool]]) -> None:
    """Four kinds of events, each replaced by the next of its kind, with a frame now and then."""
    answers, waiting, told = Answers(), dict[int, int](), list[int]()
    for event_id, (kind, frame) in enumerate(flood, start=1):
        replaced = [waiting.pop(kind)] if kind in waiting else []
        told += [each.event_id for each in answers.replaced(replaced, by=event_id)]
        waiting[kind] = event_id
        if frame:
            told += [each.event_id for each in answers.applied([Applied(each, 1, 0) for each in waiting.values()])]
            waiting.clear()
    told += [each.event_id for each in answers.applied([Applied(each, 1, 0) for each in waiting.values()])]
    assert sorted(told) == list(range(1, len(flood) + 1))
