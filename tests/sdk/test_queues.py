import asyncio

from streamdit._convert_client import ack_message, heartbeat_message, pause_message
from streamdit._queues import Inbox, Outbox
from tests.sdk.making import frame


async def test_a_newer_ack_replaces_the_waiting_one_and_goes_to_the_end() -> None:
    outbox = Outbox()
    outbox.replace("ack", ack_message(1, 0, 0))
    outbox.append(pause_message(1, 0))
    outbox.replace("ack", ack_message(2, 0, 0))
    outbox.replace("heartbeat", heartbeat_message(5))
    outbox.finish()
    kinds = []
    while (message := await outbox.next()) is not None:
        kinds.append((message.WhichOneof("body"), message.ack.frame_id))
    assert kinds == [("control", 0), ("ack", 2), ("heartbeat", 0)]


async def test_events_wait_for_room_and_go_on_when_one_was_sent() -> None:
    outbox = Outbox(size=1)
    await outbox.room()
    outbox.append(pause_message(1, 0))
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.next()
    await waiting


async def test_nobody_waits_for_room_in_a_finished_outbox() -> None:
    outbox = Outbox(size=0)
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    outbox.finish()
    await waiting
    outbox.append(pause_message(1, 0))
    assert await outbox.next() is None


async def test_the_oldest_frame_falls_out_and_is_counted() -> None:
    inbox = Inbox(2, drop_oldest=True)
    for frame_id in (1, 2, 3):
        inbox.put(frame(frame_id))
    inbox.end()
    left = []
    while (waiting := await inbox.get()) is not None:
        left.append(waiting.frame_id)
    assert left == [2, 3]
    assert inbox.num_replaced == 1


async def test_without_dropping_a_full_inbox_is_crowded_until_the_consumer_caught_up() -> None:
    inbox = Inbox(2, drop_oldest=False)
    for frame_id in (1, 2, 3):
        inbox.put(frame(frame_id))
    assert inbox.crowded
    await inbox.get()
    assert inbox.crowded
    await inbox.get()
    assert not inbox.crowded
    assert len(inbox) == 1


async def test_the_end_wakes_a_waiting_consumer_and_later_frames_are_dropped() -> None:
    inbox = Inbox(1, drop_oldest=False)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.end()
    inbox.put(frame(1))
    assert await waiting is None
