"""The inbox is bounded and knows what it may lose."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_service.server.inbox import Inbox
from engine_service.types import Actions, Event, Prompt, Release, Reset, State, Transition
from streamdit.types import Steering


def test_only_the_newest_state_waits_and_it_keeps_its_own_event_id() -> None:
    inbox = Inbox()
    inbox.put(State(1, (0.1,)))
    inbox.put(Prompt(2, "a fox"))
    inbox.put(State(3, (0.3,)))
    assert inbox.drain() == (Prompt(2, "a fox"), State(3, (0.3,)))
    assert inbox.replaced == 1
    assert inbox.drain() == ()


def test_controls_are_kept_in_order_and_of_prompts_the_newest() -> None:
    inbox = Inbox()
    for event in (Prompt(1, "a fox"), Reset(2), Prompt(3, "a bear"), Reset(4)):
        assert inbox.put(event)
    assert inbox.drain() == (Reset(2), Prompt(3, "a bear"), Reset(4))
    assert inbox.take_replaced() == (1,)


def test_conditioning_is_taken_up_to_the_first_control() -> None:
    inbox = Inbox()
    for event in (Prompt(1, "a fox"), Actions(2, (1.0,)), Reset(3), State(4, (0.2,))):
        inbox.put(event)
    assert inbox.drain_conditioning() == (Prompt(1, "a fox"), Actions(2, (1.0,)))
    assert inbox.drain_conditioning() == ()
    assert inbox.drain() == (Reset(3), State(4, (0.2,)))


def test_a_full_inbox_gives_up_its_state_first_then_its_oldest_prompt_then_its_oldest_event() -> None:
    inbox = Inbox(3)
    inbox.put(Reset(1))
    inbox.put(State(2, (0.2,)))
    inbox.put(Prompt(3, "a fox"))
    assert not inbox.put(Reset(4))
    assert not inbox.put(Reset(5))
    assert inbox.drain() == (Reset(1), Reset(4), Reset(5))
    for event_id in range(6, 10):
        inbox.put(Reset(event_id))
    assert inbox.drain() == (Reset(7), Reset(8), Reset(9))
    assert inbox.dropped == 3


def test_an_inbox_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="inbox size is 0"):
        Inbox(0)


# ------------------------------------------------------------------------------------------------ one for several


def test_a_partial_state_joins_the_one_that_waits() -> None:
    inbox = Inbox()
    inbox.put(State(1, (0.1,), fields=(0,)))
    inbox.put(Actions(2, (1.0,)))
    inbox.put(State(3, (0.3,), fields=(2,)))
    assert inbox.drain() == (Actions(2, (1.0,)), State(3, (0.1, 0.3), fields=(0, 2)))
    assert inbox.take_replaced() == (1,)
    assert inbox.take_replaced() == ()


def test_a_press_that_was_let_go_of_while_it_waited_is_kept() -> None:
    inbox = Inbox()
    for event in (Actions(1, (1.0, 0.0)), Actions(2, (0.0, 0.0)), Actions(3, (0.0, 1.0))):
        inbox.put(event)
    assert inbox.drain_conditioning() == (Actions(3, (0.0, 1.0), tapped=(0,)),)
    assert inbox.take_replaced() == (1, 2)


def test_ids_are_reported_when_their_survivor_was_taken_and_not_before() -> None:
    inbox = Inbox()
    for event in (Reset(1), State(2, (0.2,)), State(3, (0.3,))):
        inbox.put(event)
    assert inbox.drain_conditioning() == ()
    assert inbox.take_replaced() == ()
    inbox.drain()
    assert inbox.take_replaced() == (2,)


def test_a_release_unsays_what_waits_and_not_what_comes_after_it() -> None:
    inbox = Inbox()
    state, keys = frozenset({Steering.STATE}), frozenset({Steering.ACTIONS})
    for event in (
        State(1, (0.1,), fields=(0,)),
        Actions(2, (1.0,)),
        Release(3, state),
        State(4, (0.4,), fields=(1,)),
        Release(5, keys),
        State(6, (0.6,), fields=(1,)),
    ):
        inbox.put(event)
    assert inbox.drain() == (Release(3, state), Release(5, keys), State(6, (0.6,), fields=(1,)))
    assert inbox.take_replaced() == (1, 2, 4)


def test_a_release_takes_over_what_an_older_one_said_of_the_same() -> None:
    inbox = Inbox()
    inbox.put(Release(1, frozenset({Steering.STATE, Steering.PROMPT})))
    inbox.put(State(2, (0.2,)))
    inbox.put(Release(3, frozenset({Steering.STATE})))
    assert inbox.drain() == (Release(1, frozenset({Steering.PROMPT})), Release(3, frozenset({Steering.STATE})))


FAST, SMOOTH, AT_ONCE = Transition.FAST, Transition.SMOOTH, Transition.IMMEDIATE


@pytest.mark.parametrize(
    ("transitions", "kept"),
    [
        ((AT_ONCE, AT_ONCE), (2,)),
        ((SMOOTH, SMOOTH), (2,)),
        ((AT_ONCE, SMOOTH), (1, 2)),
        ((SMOOTH, AT_ONCE), (2,)),
        ((FAST, AT_ONCE), (1, 2)),
        ((AT_ONCE, SMOOTH, FAST), (3,)),
        ((FAST, AT_ONCE, SMOOTH, AT_ONCE, SMOOTH), (1, 4, 5)),
    ],
)
def test_of_prompts_those_wait_that_can_be_told_apart(
    transitions: tuple[Transition, ...], kept: tuple[int, ...]
) -> None:
    inbox = Inbox()
    for event_id, transition in enumerate(transitions, start=1):
        inbox.put(Prompt(event_id, "a fox", transition))
    assert tuple(event.event_id for event in inbox.drain()) == kept


events = st.one_of(
    st.builds(lambda x: State(0, (x,), fields=(0,)), st.sampled_from([0.1, 0.2])),
    st.builds(lambda x: State(0, (x, x)), st.sampled_from([0.3, 0.4])),
    st.builds(lambda x: Actions(0, (x, 1.0 - x)), st.sampled_from([0.0, 1.0])),
    st.builds(lambda t: Prompt(0, "a fox", t), st.sampled_from(Transition)),
    st.builds(lambda of: Release(0, of), st.frozensets(st.sampled_from(Steering), min_size=1)),
)


@given(st.lists(events, max_size=60))
def test_no_flood_of_what_steers_fills_the_inbox_and_every_id_is_answered(flood: list[Event]) -> None:
    inbox = Inbox(size=9)
    for event_id, event in enumerate(flood, start=1):
        assert inbox.put(replace(event, event_id=event_id))
    drained = inbox.drain()
    assert sorted([event.event_id for event in drained] + list(inbox.take_replaced())) == list(range(1, len(flood) + 1))
    ids = [event.event_id for event in drained]
    assert ids == sorted(ids)
