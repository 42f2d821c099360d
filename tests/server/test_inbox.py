"""The inbox is bounded and knows what it may lose."""

import pytest

from engine_service.server.inbox import Inbox
from engine_service.types import Actions, Prompt, Reset, State


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
