"""Prompts are read in a thread of their own: nobody else's time is spent, and events keep their order."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine_service.model.world import World
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.types import Event, FarPrompt, Prompt, Remark, State, UnknownWords
from streamdit.wire import engine_pb2 as wire
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.wire_client import PATIENCE_S, Engine, until


@dataclass(slots=True)
class SlowReader:
    """Reads no prompt but the first before `gate` is open, and those in `gates` before theirs; notes what it read, and
    in which thread."""

    gate: threading.Event = field(default_factory=threading.Event)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    read: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, _world: World, text: str) -> None:
        if text != "opening":
            assert self.gates.get(text, self.gate).wait(PATIENCE_S)
        self.read.append((text, threading.current_thread().name))


async def engine(read: Callable[[World, str], object], players: type[FakePlayer] = FakePlayer) -> EngineServer:
    server = EngineServer(
        ServerConfig(port=0, drain_s=0.2, close_s=0.5),
        worlds={WORLD.name: WORLD},
        default_world=WORLD.name,
        player_factory=players,
        backend="fake",
        device="none",
        read_prompt=read,
    )
    await server.start()
    return server


async def test_frames_go_on_while_a_prompt_is_read_and_what_is_said_after_it_is_obeyed_after_it() -> None:
    reader = SlowReader()
    server = await engine(reader)
    house = Engine(server)
    call = await house.play(prompt=wire.Prompt(text="opening"), delivery=wire.DELIVERY_ALL, window=64)
    await call.say(1, prompt=wire.Prompt(text="slow"))
    await call.say(2, state=wire.State(values=WORLD.resting_state))
    other = await house.play(delivery=wire.DELIVERY_ALL, window=64)
    for each in (call, other):  # both go on
        assert [frame.last_event_id for frame in await each.chunk(8)] == [0] * 8
    reader.gate.set()
    applied = [(await call.until_body("event_applied")).event_applied.event_id for _ in range(2)]
    assert applied == [1, 2]
    assert [text for text, _ in reader.read] == ["opening", "slow"]
    assert all(name.startswith("streamdit-prompts") for _, name in reader.read)
    await house.hang_up()
    await server.stop(drain_s=0.0)


async def read_ahead(server: EngineServer, num: int) -> None:
    """Wait until so many messages of the only session are on the engine's side of the socket."""
    (play,) = server._service._plays
    await until(lambda: len(list(play._incoming)) >= num)


async def test_of_many_prompts_in_a_row_the_newest_is_read_and_the_others_name_it() -> None:
    reader = SlowReader()
    server = await engine(reader)
    house = Engine(server)
    call = await house.play(prompt=wire.Prompt(text="opening"), delivery=wire.DELIVERY_LATEST)
    for event_id in range(1, 60):
        await call.say(event_id, prompt=wire.Prompt(text=f"prompt {event_id}"))
    await call.say(60, prompt=wire.Prompt(text="x" * 501))  # is refused, and replaces nothing
    await call.say(3, prompt=wire.Prompt(text="an old id"))  # likewise
    await call.say(heartbeat=wire.Heartbeat(client_time_us=1))
    await read_ahead(server, 61)
    reader.gate.set()
    answers = [(await call.until_body("event_applied")).event_applied for _ in range(59)]
    assert [answer.event_id for answer in answers] == list(range(1, 60))
    assert {answer.replaced_by for answer in answers[1:-1]} == {59}
    assert answers[-1].replaced_by == 0
    assert len({answer.frame_id for answer in answers[1:]}) == 1
    assert [text for text, _ in reader.read] == ["opening", "prompt 1", "prompt 59"]
    await house.hang_up()
    await server.stop(drain_s=0.0)


async def test_beyond_a_large_message_nothing_is_read_ahead() -> None:
    """Else a stranger's megabytes would wait in the engine's memory instead of on its own side."""
    reader = SlowReader()
    server = await engine(reader)
    house = Engine(server)
    call = await house.play(prompt=wire.Prompt(text="opening"), delivery=wire.DELIVERY_LATEST)
    await call.say(1, prompt=wire.Prompt(text="slow"))
    picture = wire.SourceFrame(encoding=wire.ENCODING_JPEG, width=32, height=16, payload=bytes(100_000))

    async def flood() -> None:  # which waits for the engine to read
        for event_id in range(2, 8):
            await call.say(event_id, source_frame=picture)

    flooding = asyncio.create_task(flood())
    await read_ahead(server, 1)
    (play,) = server._service._plays
    for _ in range(20):  # whatever could be read by now
        await asyncio.sleep(0)
    assert len(list(play._incoming)) == 1
    reader.gate.set()
    rejected = [(await call.until_body("event_rejected")).event_rejected.event_id for _ in range(6)]
    assert rejected == [2, 3, 4, 5, 6, 7]
    await flooding
    await house.hang_up()
    await server.stop(drain_s=0.0)


async def test_in_lockstep_a_prompt_that_a_chunk_may_obey_is_read_whatever_comes_after_it() -> None:
    reader = SlowReader(gates={"prompt 4": threading.Event()})
    server = await engine(reader)
    house = Engine(server)
    call = await house.play(prompt=wire.Prompt(text="opening"))
    newest = (await call.chunk())[-1]
    for event_id in range(1, 4):
        await call.say(event_id, prompt=wire.Prompt(text=f"prompt {event_id}"))
    await call.ack(newest)
    await call.say(4, prompt=wire.Prompt(text="prompt 4"))
    await read_ahead(server, 4)
    reader.gate.set()
    frames = await call.chunk()
    assert {frame.last_event_id for frame in frames} == {3}
    reader.gates["prompt 4"].set()
    await call.ack(frames[-1])
    assert {frame.last_event_id for frame in await call.chunk()} == {4}
    assert [text for text, _ in reader.read] == ["opening", "prompt 1", "prompt 3", "prompt 4"]
    await house.hang_up()
    await server.stop(drain_s=0.0)


class Remarking(FakePlayer):
    """Has two things to say of every prompt."""

    def apply(self, event: Event) -> tuple[Remark, ...]:
        FakePlayer.apply(self, State(event.event_id, WORLD.resting_state))
        if isinstance(event, Prompt):
            return (
                UnknownWords(event.event_id, ("zorp",), (("foxx", "fox"),)),
                FarPrompt(event.event_id, "a fox in the snow", 0.21),
            )
        return ()


async def test_all_that_is_to_be_said_of_a_prompt_reaches_the_client() -> None:
    server = await engine(SlowReader(), Remarking)
    house = Engine(server)
    call = await house.play(prompt=wire.Prompt(text="opening"))
    unknown = (await call.until_body("notice")).notice
    assert (unknown.code, list(unknown.words)) == (wire.NOTICE_CODE_UNKNOWN_WORDS, ["zorp"])
    assert unknown.detail == "the world does not know: zorp; read 'foxx' as 'fox'"
    far = (await call.until_body("notice")).notice
    assert (far.code, list(far.words)) == (wire.NOTICE_CODE_FAR_PROMPT, ["a fox in the snow"])
    assert "'a fox in the snow' (similarity 0.21)" in far.detail
    await house.hang_up()
    await server.stop(drain_s=0.0)
