"""The inbox is bounded because newer events replace older ones, and says which."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_service.server.inbox import Inbox
from engine_service.types import (
    Actions,
    Event,
    Prompt,
    Release,
    Reset,
    SourceFrame,
    State,
    SwitchProfile,
    Transition,
)
from streamdit.types import Steering


def test_only_the_newest_state_waits_and_it_keeps_its_own_event_id() -> None:
    inbox = Inbox()
    replaced = [inbox.put(event) for event in (State(1, (0.1,)), Prompt(2, "a fox"), State(3, (0.3,)))]
    assert inbox.drain() == (Prompt(2, "a fox"), State(3, (0.3,)))
    assert replaced == [(), (), (1,)]
    assert inbox.drain() == ()


def test_of_prompts_resets_and_profiles_the_newest_waits() -> None:
    inbox = Inbox()
    events: tuple[Event, ...] = (
        Prompt(1, "a fox"),
        Reset(2, seed=7),
        Prompt(3, "a bear"),
        SwitchProfile(4, "a"),
        Reset(5),
        SwitchProfile(6, "b"),
    )
    assert [inbox.put(event) for event in events] == [(), (), (1,), (), (2,), (4,)]
    assert inbox.drain() == (Prompt(3, "a bear"), Reset(5), SwitchProfile(6, "b"))


def test_conditioning_is_taken_up_to_the_first_control() -> None:
    inbox = Inbox()
    for event in (Prompt(1, "a fox"), Actions(2, (1.0,)), Reset(3), State(4, (0.2,))):
        inbox.put(event)
    assert inbox.drain_conditioning() == (Prompt(1, "a fox"), Actions(2, (1.0,)))
    assert inbox.drain_conditioning() == ()
    assert inbox.drain() == (Reset(3), State(4, (0.2,)))


# ------------------------------------------------------------------------------------------------ one for several


def test_a_partial_state_joins_the_one_that_waits() -> None:
    inbox = Inbox()
    inbox.put(State(1, (0.1,), fields=(0,)))
    inbox.put(Actions(2, (1.0,)))
    assert inbox.put(State(3, (0.3,), fields=(2,))) == (1,)
    assert inbox.drain() == (Actions(2, (1.0,)), State(3, (0.1, 0.3), fields=(0, 2)))


def test_a_press_that_was_let_go_of_while_it_waited_is_kept() -> None:
    inbox = Inbox()
    events = (Actions(1, (1.0, 0.0)), Actions(2, (0.0, 0.0)), Actions(3, (0.0, 1.0)))
    assert [inbox.put(event) for event in events] == [(), (1,), (2,)]
    assert inbox.drain_conditioning() == (Actions(3, (0.0, 1.0), tapped=(0,)),)


def test_a_release_unsays_what_waits_and_not_what_comes_after_it() -> None:
    inbox = Inbox()
    state, keys = frozenset({Steering.STATE}), frozenset({Steering.ACTIONS})
    events: tuple[Event, ...] = (
        State(1, (0.1,), fields=(0,)),
        Actions(2, (1.0,)),
        Release(3, state),
        State(4, (0.4,), fields=(1,)),
        Release(5, keys),
        State(6, (0.6,), fields=(1,)),
    )
    assert [inbox.put(event) for event in events] == [(), (), (1,), (), (2,), (4,)]
    assert inbox.drain() == (Release(3, state), Release(5, keys), State(6, (0.6,), fields=(1,)))


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


PICTURE = np.zeros((2, 2, 3), np.uint8)
events = st.one_of(
    st.builds(lambda x: State(0, (x,), fields=(0,)), st.sampled_from([0.1, 0.2])),
    st.builds(lambda x: State(0, (x, x)), st.sampled_from([0.3, 0.4])),
    st.builds(lambda x: Actions(0, (x, 1.0 - x)), st.sampled_from([0.0, 1.0])),
    st.builds(lambda t: Prompt(0, "a fox", t), st.sampled_from(Transition)),
    st.builds(lambda of: Release(0, of), st.frozensets(st.sampled_from(Steering), min_size=1)),
    st.builds(lambda seed: Reset(0, seed), st.integers(0, 3)),
    st.builds(lambda name: SwitchProfile(0, name), st.sampled_from(["a", "b"])),
    st.builds(lambda strength: SourceFrame(0, PICTURE, strength), st.sampled_from([0.0, 1.0])),
)


@given(st.lists(events, max_size=80))
def test_of_no_flood_more_than_eighteen_wait_and_every_id_waits_or_was_replaced_by_a_newer_one(
    flood: list[Event],
) -> None:
    inbox = Inbox()
    replaced: list[int] = []
    for event_id, event in enumerate(flood, start=1):
        gone = inbox.put(replace(event, event_id=event_id))
        assert all(each < event_id for each in gone)
        replaced += gone
        assert len(inbox) <= 18
    ids = [event.event_id for event in inbox.drain()]
    assert ids == sorted(ids)
    assert sorted(ids + replaced) == list(range(1, len(flood) + 1))
