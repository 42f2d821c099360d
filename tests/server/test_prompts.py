"""Prompts are read in a thread of their own: nobody else's time is spent, and events keep their order."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine_service.model.world import World
from engine_service.server.app import EngineServer
from engine_service.server.config import ServerConfig
from engine_service.types import Event, FarPrompt, Prompt, Remark, State, UnknownWords
from streamdit.wire import engine_pb2 as wire
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.wire_client import PATIENCE_S, Engine


@dataclass(slots=True)
class SlowReader:
    """Reads no prompt but the first before `gate` is open; notes what it read, and in which thread."""

    gate: threading.Event = field(default_factory=threading.Event)
    read: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, _world: World, text: str) -> None:
        if text != "opening":
            assert self.gate.wait(PATIENCE_S)
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
