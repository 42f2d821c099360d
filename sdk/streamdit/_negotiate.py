"""How a session is opened: what is asked for, and what the engine makes of it."""

import time
from collections.abc import Mapping

import grpc.aio

from streamdit import _convert, _convert_client
from streamdit._access import proxy_note
from streamdit._convert_client import OpeningWords
from streamdit._said import Said, StateWish
from streamdit._start import packed_start
from streamdit._stream import now_us
from streamdit.checks import MAX_PIXELS
from streamdit.errors import ConnectionFailed, Rejected, StreamDiTError
from streamdit.opening import Opening
from streamdit.types import Opened, ServerInfo, Steering, WorldInfo
from streamdit.version import API_VERSION


async def ask_server_info(
    stub: _convert.EngineStub, metadata: _convert.Metadata, timeout_s: float, address: str
) -> ServerInfo:
    """What the engine serves.

    Raises:
        ConnectionFailed: what it answered cannot be taken.
        grpc.aio.AioRpcError: it did not answer.
    """
    request = _convert_client.server_info_request()
    answer = await stub.GetServerInfo(request, metadata=metadata, timeout=timeout_s)
    try:
        return _convert.server_info(answer)
    except ValueError as error:
        raise ConnectionFailed(address, f"its description broke the contract: {error}") from error


async def ask_words(
    stub: _convert.EngineStub, opening: Opening, metadata: _convert.Metadata, timeout_s: float, address: str
) -> OpeningWords:
    """What an opening says, checked where it can be; names and starts take one question to the engine.

    Raises:
        ValueError: a state, a set of actions or a start that the world does not take.
        ConnectionFailed, grpc.aio.AioRpcError: as `ask_server_info`.
    """
    state = opening.state
    if not isinstance(state, Mapping) and opening.actions is None and opening.start is None:
        return OpeningWords(None if state is None else StateWish(tuple(state)))
    for world in (await ask_server_info(stub, metadata, timeout_s, address)).worlds:
        if opening.world in ("", world.name):
            return words_for(world, opening)
    return OpeningWords()  # `open` will be refused: the world is not known


def words_for(world: WorldInfo, opening: Opening) -> OpeningWords:
    """What an opening says to this world.

    Raises:
        ValueError: a state, a set of actions or a start that the world does not take.
    """
    said, state = Said(world), opening.state
    if isinstance(state, Mapping):
        state_wish = said.say_state(None, state) if state else None
    else:
        state_wish = None if state is None else said.say_state(state, {})
    profile = opening.profile or world.default_profile
    return OpeningWords(
        state_wish,
        None if opening.actions is None else said.say_actions(opening.actions),
        None if opening.start is None else packed_start(opening.start, world, profile),
    )


def first_prompt(opening: Opening, world: WorldInfo) -> str:
    """What is in force before anything else is said; "" where that is left open."""
    if opening.prompt is not None:
        return opening.prompt
    return "" if Steering.PROMPT in world.may_be_open else "".join(world.example_prompts[:1])


async def negotiate(call: _convert.PlayCall, opening: Opening, words: OpeningWords, address: str) -> Opened:
    """Open the stream.

    Raises:
        Rejected: the engine speaks a newer version.
        ConnectionFailed: it answered with something else.
        grpc.aio.AioRpcError: it refused.
    """
    await call.write(_convert_client.open_message(opening, words, now_us()))
    answer = await call.read()
    first = None
    if isinstance(answer, bytes):
        try:
            first = _convert.incoming(answer, time.monotonic_ns(), max_fields=_convert.MAX_OPENING_FIELDS)
        except ValueError as error:
            call.cancel()
            raise ConnectionFailed(address, f"its first message broke the contract: {error}") from error
    if not isinstance(first, Opened):
        call.cancel()
        raise ConnectionFailed(address, f"its first message was {first}, expected `opened`")
    if first.api_version > API_VERSION:
        call.cancel()
        detail = f"the engine chose API version {first.api_version}, this SDK speaks {API_VERSION}"
        raise Rejected("API_VERSION_UNSUPPORTED", "api_version", str(first.api_version), detail)
    world = first.world
    if world.width * world.height > MAX_PIXELS:
        call.cancel()
        raise ConnectionFailed(
            address, f"world {world.name} is {world.width}x{world.height} pixels, at most {MAX_PIXELS} are taken"
        )
    return first


def refusal(address: str, error: grpc.aio.AioRpcError) -> StreamDiTError:
    """Why a call failed before it began: the engine's own refusal, or none answered."""
    refused = _convert.rejection(error.trailing_metadata())
    if refused is not None:
        return refused
    return ConnectionFailed(address, f"{error.code().name}: {error.details()}{proxy_note(address)}")
