"""Who goes next, and who goes with it."""

from hypothesis import given
from hypothesis import strategies as st

from engine_service.server.claim import Claim, made_together, most_urgent

claims_of_seats = st.lists(
    st.builds(
        Claim,
        due_ns=st.integers(0, 50),
        group=st.sampled_from(["a", "b", None]),
        largest_batch=st.just(3),
        cost_s=st.one_of(st.none(), st.integers(0, 20).map(lambda ns: ns * 1e-9)),
    ),
    min_size=1,
    max_size=8,
)


def claim(due_ns: int, group: str | None = "a", cost_ns: int | None = None, largest_batch: int = 4) -> Claim:
    return Claim(due_ns, group, largest_batch, None if cost_ns is None else cost_ns * 1e-9)


def test_without_claims_there_is_nothing_to_do() -> None:
    assert most_urgent([]) is None


def test_the_earliest_is_first_and_of_two_at_once_the_one_that_was_there_first() -> None:
    assert most_urgent([claim(5), claim(3), claim(3)]) == 1


def test_those_due_by_now_go_together_by_urgency() -> None:
    assert made_together([claim(9), claim(3), claim(5), claim(11)], first=1, now_ns=10) == [1, 2, 0]


def test_those_that_become_due_while_the_chunk_is_made_go_with_it() -> None:
    claims = [claim(10, cost_ns=20), claim(30), claim(31)]
    assert made_together(claims, first=0, now_ns=10) == [0, 1]


def test_the_dearest_of_the_group_says_how_long_the_batch_takes() -> None:
    claims = [claim(10, cost_ns=2), claim(25, cost_ns=15), claim(26)]
    assert made_together(claims, first=0, now_ns=10) == [0, 1]


def test_another_group_goes_alone_and_its_cost_does_not_count() -> None:
    claims = [claim(10), claim(10, "b", cost_ns=100), claim(20)]
    assert made_together(claims, first=0, now_ns=10) == [0]


def test_a_player_to_be_made_goes_alone() -> None:
    assert made_together([claim(1, None), claim(1, None), claim(1)], first=0, now_ns=10) == [0]


def test_no_more_go_together_than_the_device_takes_and_the_later_ones_wait() -> None:
    claims = [claim(4, largest_batch=2), claim(3, largest_batch=2), claim(5, largest_batch=2)]
    assert made_together(claims, first=1, now_ns=10) == [1, 0]
    assert made_together([claim(1, largest_batch=1), claim(1, largest_batch=1)], first=0, now_ns=10) == [0]


@given(claims_of_seats, st.integers(0, 60))
def test_a_turn_is_the_most_urgent_claim_with_others_of_its_group_once_each(claims: list[Claim], now_ns: int) -> None:
    first = most_urgent(claims)
    assert first is not None
    chosen = made_together(claims, first, now_ns)
    assert chosen[0] == first
    assert len(set(chosen)) == len(chosen) <= 3
    assert len({claims[i].group for i in chosen}) == 1
    due = [claims[i].due_ns for i in chosen]
    assert due == sorted(due)
