"""Flow control: credit is frames, what is lost is counted, what is newest wins."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.server.encoder import EncodedFrame
from engine_service.server.messages import Delivery, Encoding
from engine_service.server.outbox import Outbox
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.types import Drops

PERIOD_NS = 62_500_000
FIRST = EncodedFrame(
    frame_id=1,
    pts_us=0,
    last_event_id=0,
    encoding=Encoding.RGB24,
    width=1,
    height=1,
    payload=b"rgb",
    generate_start_ns=0,
    generate_end_ns=0,
    encode_ns=0,
)


def frame(frame_id: int, *, skipped_before: int = 0, release_ns: int | None = -1) -> EncodedFrame:
    if release_ns == -1:
        release_ns = frame_id * PERIOD_NS
    return replace(FIRST, frame_id=frame_id, skipped_before=skipped_before, release_ns=release_ns)


def sent(outbox: Outbox, now_ns: int) -> list[tuple[int, Drops]]:
    out = []
    while (outgoing := outbox.take(now_ns)) is not None:
        out.append((outgoing.frame.frame_id, outgoing.dropped_before))
    return out


def test_a_frame_leaves_at_its_release_time_and_not_before() -> None:
    outbox = Outbox(Delivery.LATEST, window=4)
    outbox.put(frame(1))
    assert outbox.next_release_ns() == PERIOD_NS
    assert sent(outbox, PERIOD_NS - 1) == []
    assert sent(outbox, PERIOD_NS) == [(1, Drops())]
    assert outbox.next_release_ns() is None


def test_latest_without_credit_keeps_only_the_newest_released_frame_and_counts_the_others() -> None:
    outbox = Outbox(Delivery.LATEST, window=2)
    for i in range(1, 41):
        outbox.put(frame(i))
        sent(outbox, i * PERIOD_NS)
    outbox.ack(1)
    assert sent(outbox, 40 * PERIOD_NS) == [(40, Drops(network=37))]
    assert outbox.dropped == Drops(network=37)


def test_after_ten_seconds_without_reading_or_acknowledging_the_next_frame_is_new() -> None:
    outbox = Outbox(Delivery.LATEST, window=4)
    for i in range(1, 161):
        outbox.put(frame(i))  # and nobody calls take: the writer is stuck
    first, _ = sent(outbox, 160 * PERIOD_NS)[0]
    assert first >= 158


def test_all_waits_for_credit_drops_nothing_and_overflows_in_the_end() -> None:
    outbox = Outbox(Delivery.ALL, window=2, size=5)
    for i in range(1, 8):
        outbox.put(frame(i))
        sent(outbox, i * PERIOD_NS)
    assert not outbox.overflowed
    outbox.ack(2)
    assert sent(outbox, 99 * PERIOD_NS) == [(3, Drops()), (4, Drops())]
    for i in range(8, 11):
        outbox.put(frame(i))
    assert outbox.overflowed
    assert outbox.dropped == Drops()


def test_lockstep_sends_everything_at_once_and_settles_when_all_is_acknowledged() -> None:
    outbox = Outbox(Delivery.LOCKSTEP, window=1)
    for i in range(1, 9):
        outbox.put(frame(i, release_ns=None))
    assert [frame_id for frame_id, _ in sent(outbox, 0)] == list(range(1, 9))
    outbox.ack(7)
    assert not outbox.settled
    outbox.ack(8)
    assert outbox.settled


def test_repeating_an_acknowledgement_returns_nothing_and_harms_nothing() -> None:
    outbox = Outbox(Delivery.LATEST, window=2)
    outbox.put(frame(1))
    sent(outbox, PERIOD_NS)
    assert outbox.ack(1)
    assert not outbox.ack(1)


@pytest.mark.parametrize("frame_id", [0, 2, 99])
def test_acknowledging_a_frame_that_was_never_sent_is_refused(frame_id: int) -> None:
    outbox = Outbox(Delivery.LATEST, window=2)
    outbox.put(frame(1))
    outbox.put(frame(2))
    sent(outbox, PERIOD_NS)
    with pytest.raises(Rejection) as refused:
        outbox.ack(frame_id)
    assert refused.value.reason is RejectReason.ACK_UNKNOWN_FRAME
    assert refused.value.detail == f"ack.frame_id is {frame_id}, frames sent and not acknowledged: 1"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=80),
    st.integers(1, 5),
    st.sampled_from([Delivery.LATEST, Delivery.ALL]),
)
def test_every_missing_frame_id_is_accounted_for_and_credit_is_never_overdrawn(
    steps: list[tuple[int, bool, bool]], window: int, delivery: Delivery
) -> None:
    outbox = Outbox(delivery, window=window)
    frame_id = previous = acked = 0
    in_flight: list[int] = []
    for skipped, acks, takes in steps:
        frame_id += 1 + skipped
        outbox.put(frame(frame_id, skipped_before=skipped))
        for sent_id, drops in sent(outbox, frame_id * PERIOD_NS) if takes else ():
            assert sent_id - previous - 1 == drops.generate + drops.network
            previous = sent_id
            in_flight.append(sent_id)
        assert len(in_flight) <= window
        if acks and in_flight:
            acked = in_flight.pop(0)
            outbox.ack(acked)
    if delivery is Delivery.ALL:
        assert outbox.dropped.network == 0
