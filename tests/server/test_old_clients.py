"""Clients that were built with the contract of 0.1 go on working, but for those that sent `action`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from grpc_tools import protoc  # type: ignore[import-untyped]

from engine_service.model.world import World
from streamdit.testing import FAKE_WORLD, STEERED_WORLD, FakeEngine
from streamdit.types import WorldInfo
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import KEYS_WORLD, WORLD, fingerprint

OLD_PROTO = Path(__file__).with_name("engine_0_1.proto")
PACKAGE = "streamdit.v1"
PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> FileDescriptor:
    """The contract of 0.1, in a pool of its own: its names are those of today's."""
    compiled = tmp_path_factory.mktemp("wire") / "old.bin"
    assert protoc.main(["protoc", f"-I{OLD_PROTO.parent}", f"--descriptor_set_out={compiled}", OLD_PROTO.name]) == 0
    files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool.FindFileByName(OLD_PROTO.name)


class OldClient:
    """One stream in the messages of 0.1."""

    def __init__(self, contract: FileDescriptor, channel: grpc.aio.Channel) -> None:
        self._new = {
            name: message_factory.GetMessageClass(kind) for name, kind in contract.message_types_by_name.items()
        }
        self._channel = channel
        self._call = channel.stream_stream(
            f"/{PACKAGE}.EngineService/Play",
            request_serializer=self._new["ClientMessage"].SerializeToString,
            response_deserializer=self._new["ServerMessage"].FromString,
        )()

    def new(self, kind: str, **fields: Any) -> Any:
        """A message of 0.1."""
        return self._new[kind](**fields)

    async def server_info(self) -> Any:
        ask = self._channel.unary_unary(
            f"/{PACKAGE}.EngineService/GetServerInfo",
            request_serializer=self._new["GetServerInfoRequest"].SerializeToString,
            response_deserializer=self._new["GetServerInfoResponse"].FromString,
        )
        return await ask(self.new("GetServerInfoRequest"))

    async def say(self, event_id: int = 0, **body: Any) -> None:
        await self._call.write(self.new("ClientMessage", event_id=event_id, **body))

    async def open(self, **wishes: Any) -> Any:
        """As the SDK of 0.1 opened: lockstep, plain pixels."""
        fields = {"api_version": 1, "encodings": [2], "delivery": 2, "seed": 7, **wishes}
        await self.say(open=self.new("Open", sdk_name="streamdit-python", sdk_version="0.1.0", **fields))
        return await self.until("opened")

    async def until(self, body: str) -> Any:
        """The next message of this kind. Frames are acknowledged as they come."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message: Any = await self._call.read()
                assert message is not grpc.aio.EOF, f"the stream ended before {body}: {self._call}"
                kind = message.WhichOneof("body")
                if kind == "frame":
                    await self.say(ack=self.new("Ack", frame_id=message.frame.frame_id))
                if kind == body:
                    return getattr(message, body)

    async def frame(self, obeys: int = 0) -> Any:
        """The next frame that obeys an event."""
        while True:
            frame = await self.until("frame")
            if frame.last_event_id >= obeys:
                return frame


Connect = Callable[[str], OldClient]


@pytest.fixture
async def connect(old: FileDescriptor) -> AsyncIterator[Connect]:
    channels = []

    def dial(address: str) -> OldClient:
        channels.append(grpc.aio.insecure_channel(address))
        return OldClient(old, channels[-1])

    yield dial
    for channel in channels:
        await channel.close()


# -------------------------------------------------------------------------------------------------- messages


def fields_of(kind: Descriptor) -> Iterator[tuple[str, FieldDescriptor]]:
    for field in kind.fields:
        yield f"{kind.name}.{field.name}", field


def shape(field: FieldDescriptor) -> tuple[object, ...]:
    """What makes two sides read the same bytes alike."""
    holds = field.message_type or field.enum_type
    return field.name, field.number, field.type, field.is_repeated, None if holds is None else holds.full_name


def test_every_field_of_0_1_is_where_it_was_but_for_the_actions(old: FileDescriptor) -> None:
    gone = []
    for name, kind in old.message_types_by_name.items():
        today = wire.DESCRIPTOR.message_types_by_name.get(name)
        if today is None:
            gone.append(name)
            continue
        for path, field in fields_of(kind):
            if shape(field) != (field.number in today.fields_by_number and shape(today.fields_by_number[field.number])):
                gone.append(path)
    assert gone == ["WorldInfo.actions", "ClientMessage.action", "Action"]


def test_the_numbers_of_what_is_gone_are_not_used_again() -> None:
    for name, number in (("WorldInfo", 11), ("ClientMessage", 13)):
        kind = descriptor_pb2.DescriptorProto()
        wire.DESCRIPTOR.message_types_by_name[name].CopyToProto(kind)
        assert number not in {field.number for field in kind.field}
        assert any(reserved.start <= number < reserved.end for reserved in kind.reserved_range), name


def test_every_enum_value_and_call_of_0_1_is_there(old: FileDescriptor) -> None:
    for name, kind in old.enum_types_by_name.items():
        today = wire.DESCRIPTOR.enum_types_by_name[name]
        assert {v.name: v.number for v in kind.values}.items() <= {v.name: v.number for v in today.values}.items()
    for name, service in old.services_by_name.items():
        today_calls = wire.DESCRIPTOR.services_by_name[name].methods_by_name
        for call in service.methods:
            assert today_calls[call.name].input_type.full_name == call.input_type.full_name
            assert today_calls[call.name].output_type.full_name == call.output_type.full_name


# -------------------------------------------------------------------------------------------------- sessions


@pytest.mark.parametrize("world", [WORLD, KEYS_WORLD], ids=lambda world: world.name)
async def test_an_old_client_plays_a_whole_session(start_engine: StartEngine, connect: Connect, world: World) -> None:
    engine = await start_engine(world=world)
    client = connect(f"127.0.0.1:{engine.server.port}")
    info = (await client.server_info()).worlds[0]
    assert [field.name for field in info.state_fields] == ["x", "y", "facing"]
    assert list(info.actions) == []  # 0.1's field of that name: it takes the world for one without actions

    state = client.new("State", values=[1.0, 0.0, 0.0])
    opened = await client.open(prompt=client.new("Prompt", text="a fox"), state=state)
    assert (opened.world.name, opened.profile, opened.max_horizon_frames) == (world.name, "responsive", 32)

    await client.say(1, prompt=client.new("Prompt", text="a bear", transition=3, renoise_to=0.5))
    step = client.new("StateStep", values=[0.5, 1.0, 0.0])
    await client.say(2, state=client.new("State", values=[0.0, 1.0, 0.0], horizon=[step]))
    first = await client.frame(obeys=2)
    pixels = np.frombuffer(first.payload, np.uint8).reshape(16, 32, 3)
    assert pixels[0, 0].tolist() == [0, 255, 127]
    assert pixels[1, 0].tolist() == fingerprint("a bear")

    await client.say(3, control=client.new("Control", switch_profile=client.new("SwitchProfile", name="balanced")))
    await client.say(4, control=client.new("Control", reset=client.new("Reset", seed=3)))
    assert (await client.frame(obeys=4)).frame_id > first.frame_id
    await client.say(5, state=client.new("State", values=[7.0, 0.0, 0.0]))
    rejected = await client.until("event_rejected")
    assert (rejected.event_id, rejected.field) == (5, "state.values[0] (x)")
    await client.say(close=client.new("Close", detail="enough"))
    closed = await client.until("closed")
    assert (closed.reason, closed.frames_sent > 0) == (wire.CLOSED_REASON_CLIENT_CLOSED, True)


async def test_the_action_of_0_1_is_refused_and_the_session_goes_on(
    start_engine: StartEngine, connect: Connect
) -> None:
    engine = await start_engine(world=KEYS_WORLD)
    client = connect(f"127.0.0.1:{engine.server.port}")
    await client.open()
    await client.say(1, action=client.new("Action", name="jump", value=1.0))
    rejected = await client.until("event_rejected")
    assert (rejected.event_id, rejected.reason) == (1, wire.REJECT_REASON_EMPTY_MESSAGE)
    await client.say(2, prompt=client.new("Prompt", text="a bear"))
    assert (await client.frame(obeys=2)).last_event_id == 2


@pytest.mark.parametrize("world", [FAKE_WORLD, STEERED_WORLD], ids=lambda world: world.name)
async def test_an_old_client_plays_on_the_fake_engine_too(connect: Connect, world: WorldInfo) -> None:
    async with FakeEngine(world=world) as engine:
        client = connect(engine.address)
        await client.open()
        await client.say(1, state=client.new("State", values=[128.0, 0.0]))
        frame = await client.frame(obeys=1)
        assert (np.frombuffer(frame.payload, np.uint8).reshape(48, 64, 3)[18, -1] == 255).all()
        await client.say(2, action=client.new("Action", name="jump", value=1.0))
        rejected = await client.until("event_rejected")
        assert (rejected.event_id, rejected.reason) == (2, wire.REJECT_REASON_EMPTY_MESSAGE)
        await client.say(close=client.new("Close"))
        await client.until("closed")
