"""A client that stops reading: what waits for it is bounded, by delivery."""

import asyncio
from dataclasses import replace

from engine_service.server import convert
from engine_service.server.config import ServerConfig
from engine_service.server.encoder import EncodedFrame
from engine_service.server.messages import Delivery, Encoding
from engine_service.server.metrics import Metrics
from engine_service.server.play import Play
from engine_service.server.prompt_thread import PromptThread, nothing_to_read
from engine_service.server.seat import Frames, Made
from engine_service.server.worker import Worker
from engine_service.stream.clock import SystemClock
from engine_service.types import Applied, Closed, ClosedReason
from tests.server.fake_player import FakePlayer
from tests.server.test_worker import PLAN

FRAME = EncodedFrame(
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
    due_ns=0,
    release_ns=0,
)


class StuckLine:
    """A client that neither reads nor says anything."""

    def __init__(self) -> None:
        self.written: list[convert.ToClient] = []

    async def read(self) -> object:
        return await asyncio.Event().wait()

    async def write(self, message: convert.ToClient, /) -> None:
        self.written.append(message)
        await asyncio.Event().wait()


def new_play(line: StuckLine, delivery: Delivery) -> Play:
    """A session whose worker was never started: the test says what was made."""
    clock = SystemClock()
    return Play(
        replace(PLAN, delivery=delivery),
        line,
        worker=Worker(FakePlayer, clock=clock),
        config=ServerConfig(close_s=0.01),
        clock=clock,
        metrics=Metrics(),
        active_sessions=lambda: 1,
        keep=lambda _: None,
        read_prompt=PromptThread(nothing_to_read).read,
    )


async def end_of(play: Play, *items: Frames | Made) -> Closed:
    running = asyncio.create_task(play.run())
    await asyncio.sleep(0)
    for item in items:
        play.deliver(item)
    end = await running
    assert isinstance(end, Closed)
    return end


async def test_a_recorder_too_far_behind_is_closed_as_too_slow() -> None:
    line = StuckLine()
    frames = tuple(Frames((replace(FRAME, frame_id=i),)) for i in range(1, 258))
    end = await end_of(new_play(line, Delivery.ALL), *frames)
    assert end.reason is ClosedReason.TOO_SLOW
    assert len(line.written) == 1


async def test_messages_that_nobody_reads_end_a_session_before_they_pile_up() -> None:
    line = StuckLine()
    applied = tuple(Made((Applied(i, i, 0),), 0.0, 0.0) for i in range(1, 1026))
    end = await end_of(new_play(line, Delivery.LATEST), *applied)
    assert end == Closed(ClosedReason.TOO_SLOW, "1024 messages wait to be read")


async def test_a_players_client_that_does_not_read_loses_frames_but_not_its_session() -> None:
    play = new_play(StuckLine(), Delivery.LATEST)
    running = asyncio.create_task(play.run())
    await asyncio.sleep(0)
    for i in range(1, 1001):
        play.deliver(Frames((replace(FRAME, frame_id=i),)))
    await asyncio.sleep(0)
    assert not running.done()
    assert play.totals.frames_generated == 1000
    assert play.totals.dropped.network == 1000 - 64
    play.end(Closed(ClosedReason.SERVER_DRAINING))
    assert await running == Closed(ClosedReason.SERVER_DRAINING)
