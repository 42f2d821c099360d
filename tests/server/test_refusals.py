"""What ends a stream by the client's fault: a rich status that names field and value; the engine goes on."""

import grpc
import pytest

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine

BAD_OPENS = [
    ({"api_version": 2}, "API_VERSION_UNSUPPORTED", "open.api_version", "2"),
    ({"api_version": 0}, "API_VERSION_UNSUPPORTED", "open.api_version", "0"),
    ({"world": "atlantis"}, "UNKNOWN_WORLD", "open.world", "'atlantis'"),
    ({"profile": "hasty"}, "UNKNOWN_PROFILE", "open.profile", "'hasty'"),
    ({"encodings": [99]}, "NO_COMMON_ENCODING", "open.encodings", "[99]"),
    ({"delivery": 9}, "OUT_OF_RANGE", "open.delivery", "9"),
    ({"window": 65}, "OUT_OF_RANGE", "open.window", "65"),
    ({"jpeg_quality": 101}, "OUT_OF_RANGE", "open.jpeg_quality", "101"),
    ({"prompt": wire.Prompt(text="  ")}, "PROMPT_EMPTY", "open.prompt.text", "'  '"),
    ({"prompt": wire.Prompt(text="x" * 501)}, "PROMPT_TOO_LONG", "open.prompt.text", "501 characters long"),
    ({"state": wire.State(values=[0, 0])}, "STATE_LENGTH", "open.state.values", "2 values long"),
    ({"state": wire.State(values=[0, 2, 0])}, "STATE_OUT_OF_RANGE", "open.state.values[1] (y)", "2"),
]
CODES = {
    "API_VERSION_UNSUPPORTED": grpc.StatusCode.FAILED_PRECONDITION,
    "UNKNOWN_WORLD": grpc.StatusCode.NOT_FOUND,
    "UNKNOWN_PROFILE": grpc.StatusCode.NOT_FOUND,
}


@pytest.mark.parametrize(("wishes", "reason", "field", "value"), BAD_OPENS)
async def test_a_bad_open_is_refused_by_name_and_value(
    start_engine: StartEngine, wishes: dict[str, object], reason: str, field: str, value: str
) -> None:
    engine = await start_engine()
    call = engine.call()
    await call.open(**wishes)
    code, rich, info = await call.refusal()
    assert (info.reason, info.domain) == (reason, "streamdit")
    assert dict(info.metadata) == {"field": field, "value": value}
    assert field in rich.message
    assert value in rich.message
    assert code is CODES.get(reason, grpc.StatusCode.INVALID_ARGUMENT)
    await engine.still_serves()


async def test_the_first_message_must_be_open(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = engine.call()
    await call.say(1, prompt=wire.Prompt(text="a fox"))
    code, _, info = await call.refusal()
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert info.reason == "OPEN_EXPECTED"
    assert info.metadata["value"] == "Prompt"
    await engine.still_serves()


async def test_a_client_that_says_nothing_at_all_is_refused_after_the_idle_timeout(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine(idle_timeout_s=0.1)
    call = engine.call()
    _, _, info = await call.refusal()
    assert info.reason == "OPEN_EXPECTED"
    await engine.still_serves()


async def test_a_second_open_ends_the_stream(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    await call.open()
    code, _, info = await call.refusal()
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert info.reason == "OPEN_REPEATED"
    await engine.emptied()
    await engine.still_serves()


async def test_a_full_engine_says_so_and_has_room_again_when_someone_leaves(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine(max_sessions=1)
    guest = await engine.play()
    call = engine.call()
    await call.open()
    code, _, info = await call.refusal()
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert info.reason == "SERVER_FULL"
    await guest.say(close=wire.Close())
    await guest.last()
    await engine.still_serves()


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic sesame"])
async def test_without_the_token_nobody_comes_in(start_engine: StartEngine, header: str | None) -> None:
    engine = await start_engine(token="sesame")
    metadata = (("authorization", header),) if header else ()
    call = engine.call(*metadata)
    code, rich, info = await call.refusal()
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert info.reason == "UNAUTHENTICATED"
    assert "wrong" not in rich.message
    assert "sesame" not in rich.message
    with pytest.raises(grpc.aio.AioRpcError, match="Bearer <token>"):
        await engine.info(*metadata)


async def test_with_the_token_everything_works(start_engine: StartEngine) -> None:
    engine = await start_engine(token="sesame")
    key = ("authorization", "Bearer sesame")
    assert (await engine.info(key)).max_sessions == 4
    call = engine.call(key)
    await call.open()
    assert [frame.frame_id for frame in await call.chunk()] == [1, 2]
