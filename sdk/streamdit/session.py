"""One session with an engine: send events, iterate frames, await the end and its reason.

    async with client.play(prompt="a pig in a meadow") as session:
        await session.state(x=40.0)
        async for frame in session:
            show(frame.rgb())

However a session ends, `closed` says why: iteration just stops, and sending raises SessionClosed.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import grpc.aio
import numpy as np
from numpy.typing import NDArray

from streamdit import _convert
from streamdit._prompt import PromptWish
from streamdit._source import encode_source
from streamdit._stream import HEARTBEAT_EVERY_S, Stream, now_us
from streamdit.errors import ConnectionFailed, Rejected, StreamDiTError
from streamdit.frames import Frame
from streamdit.stats import SessionMeter, SessionStats
from streamdit.types import (
    Closed,
    Delivery,
    Draining,
    Encoding,
    EventApplied,
    EventRejected,
    Notice,
    Opened,
    PromptTransition,
)
from streamdit.version import API_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a session asks for; "", 0 and None leave it to the engine. `state` in field order or by name."""

    world: str = ""
    prompt: str | None = None
    state: Sequence[float] | Mapping[str, float] | None = None
    profile: str = ""
    seed: int | None = None
    delivery: Delivery = Delivery.LATEST
    window: int = 0  # frames that may be sent and not yet acknowledged
    encodings: tuple[Encoding, ...] = (Encoding.JPEG, Encoding.RGB24)  # in order of liking
    jpeg_quality: int = 0  # 1..100
    resume_token: str = ""  # of a session whose connection broke: go on with it, if the engine still keeps it

    def __post_init__(self) -> None:
        if not 0 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}, expected 1..100, or 0 for the engine's choice")
        if self.window < 0:
            raise ValueError(f"window is {self.window} frames, expected at least 0")


class Session(AsyncIterator[Frame]):
    """A session as an async context manager; made by `Client.play`. For one event loop and one consumer.

    Delivery LATEST: at most `opened.window` frames wait for the consumer, the oldest falls out, counted.
    LOCKSTEP: a frame is acknowledged when the next one is asked for, so what is sent in between reaches the
    next chunk. ALL: while 256 frames wait nothing is acknowledged, and the engine may close with TOO_SLOW.

    Raises on entering:
        Rejected: the engine refused; names reason, field and value.
        ConnectionFailed: it did not answer within `timeout_s`.
    """

    def __init__(
        self,
        stub: _convert.EngineStub,
        address: str,
        opening: Opening,
        *,
        metadata: _convert.Metadata = (),
        timeout_s: float = 10.0,
        heartbeat_every_s: float = HEARTBEAT_EVERY_S,
    ) -> None:
        self._stub = stub
        self._address = address
        self._opening = opening
        self._metadata = metadata
        self._timeout_s = timeout_s
        self._heartbeat_every_s = heartbeat_every_s
        self._open: Stream | None = None
        self._last_event_id = 0
        self._values: dict[str, float] = {}  # the state last sent, in the world's order
        self._held: Frame | None = None  # LOCKSTEP: given out and not yet acknowledged

    # ------------------------------------------------------------------------------------------ begin and end

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout_s):
                values = await self._opening_values()
                call = self._stub.Play(metadata=self._metadata)
                opened = await self._negotiate(call, values)
        except TimeoutError as error:
            detail = f"no answer to `open` within {self._timeout_s} s"
            raise ConnectionFailed(self._address, detail) from error
        except grpc.aio.AioRpcError as error:
            raise refusal(self._address, error) from error
        fields = opened.world.state_fields
        held = values if values is not None else [field.resting for field in fields]
        self._values = {field.name: value for field, value in zip(fields, held, strict=True)}
        examples = opened.world.example_prompts
        prompt = self._opening.prompt if self._opening.prompt is not None else "".join(examples[:1])
        self._open = Stream(call, opened, SessionMeter(prompt), self._heartbeat_every_s)
        if opened.resumed:
            await self._catch_up(opened, values)
        return self

    async def _catch_up(self, opened: Opened, values: Sequence[float] | None) -> None:
        """The engine went on with what it had heard; what this opening wants comes after that."""
        self._last_event_id = opened.last_event_id
        if self._opening.prompt is not None:
            await self.prompt(self._opening.prompt)
        if values is not None:
            await self.state(values)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        told = error is not None and not isinstance(error, asyncio.CancelledError)
        await self.close(repr(error) if told else "")

    async def close(self, detail: str = "") -> Closed:
        """End the session; `detail` is for the engine's log. Returns why it ended, also if it had."""
        return await self._stream.close(detail)

    async def wait_closed(self) -> Closed:
        """Returns once the session has ended, by whichever side."""
        return await self._stream.wait_closed()

    async def _opening_values(self) -> Sequence[float] | None:
        """The opening state in the world's order; given by name, it takes one question to the engine."""
        state = self._opening.state
        if not isinstance(state, Mapping):
            return state
        request = _convert.server_info_request()
        answer = await self._stub.GetServerInfo(request, metadata=self._metadata, timeout=self._timeout_s)
        for world in _convert.server_info(answer).worlds:
            if self._opening.world in ("", world.name):
                return list(_merged({field.name: field.resting for field in world.state_fields}, state).values())
        return None  # `open` will be refused: the world is not known

    async def _negotiate(self, call: _convert.PlayCall, values: Sequence[float] | None) -> Opened:
        wish = self._opening
        message = _convert.open_message(
            world=wish.world,
            prompt=wish.prompt,
            state=values,
            profile=wish.profile,
            seed=wish.seed,
            delivery=wish.delivery,
            window=wish.window,
            encodings=wish.encodings,
            jpeg_quality=wish.jpeg_quality,
            resume_token=wish.resume_token,
            client_time_us=now_us(),
        )
        await call.write(message)
        answer = await call.read()
        first = None
        if isinstance(answer, _convert.ServerMessage):
            first = _convert.incoming(answer, time.monotonic_ns())
        if not isinstance(first, Opened):
            call.cancel()
            raise ConnectionFailed(self._address, f"its first message was {first}, expected `opened`")
        if first.api_version > API_VERSION:
            call.cancel()
            detail = f"the engine chose API version {first.api_version}, this SDK speaks {API_VERSION}"
            raise Rejected("API_VERSION_UNSUPPORTED", "api_version", str(first.api_version), detail)
        return first

    # ------------------------------------------------------------------------------------------------- events

    async def prompt(
        self,
        text: str,
        *,
        transition: PromptTransition = "immediate",
        smooth_frames: int = 0,
        renoise_to: float | None = None,
    ) -> int:
        """What the world should be. Returns the event id; frames whose `last_event_id` reaches it obey it.

        This and all other events wait only while 64 messages are on their way.

        Args:
            transition: `immediate`; `smooth`, over `smooth_frames` (0: one second); or `fast`, which forgets what is
                in flight: all of it, or up to the noise level `renoise_to`, 0..1.

        Raises:
            ValueError: there is no such transition, or a number that no engine would take.
            SessionClosed: the session has ended.
        """
        wish = PromptWish(text, transition, smooth_frames, renoise_to)
        return await self._event(lambda event_id, at_us: _convert.prompt_message(event_id, at_us, wish), text)

    async def source_frame(self, rgb: NDArray[np.uint8], *, strength: float, jpeg_quality: int = 95) -> int:
        """A picture of your own, to be redrawn as the prompt says; send one for every frame, in their order.

        Of those that wait for the next chunk the engine keeps the newest eight. A second of media time after the
        last one the world goes on by itself.

        Args:
            rgb: uint8 `(height, width, 3)`, the world's size.
            strength: 0 gives it back, 1 keeps nothing of it.
            jpeg_quality: 1..100; 0 sends the plain pixels.

        Raises:
            ValueError: the world takes none; the picture is of another size or too large; strength is not 0..1.
            SessionClosed: the session has ended.
        """
        world = self.opened.world
        if not world.takes_source_frames:
            raise ValueError(f"world {world.name!r} takes no source frames")
        payload, encoding = encode_source(rgb, world.width, world.height, jpeg_quality)
        if not 0 <= strength <= 1:
            raise ValueError(f"strength is {strength}, must be 0..1")
        return await self._event(
            lambda event_id, at_us: _convert.source_message(
                event_id, at_us, payload, encoding, world.width, world.height, strength
            )
        )

    async def state(
        self,
        values: Sequence[float] | None = None,
        *,
        horizon: Sequence[Sequence[float]] = (),
        **fields: float,
    ) -> int:
        """What is happening: all `values` in the world's order, or some `fields` by name, the others held.

        Args:
            horizon: what you expect at the next frames, one full state per frame after this one.

        Raises:
            ValueError: a field the world does not have, a wrong number of values, a value that is not finite.
            SessionClosed: the session has ended.
        """
        merged = _merged(self._values, fields if values is None else _named(self._values, values) | fields)
        steps = [tuple(_named(self._values, step).values()) for step in horizon]
        self._values = merged
        held = tuple(merged.values())
        return await self._event(lambda event_id, at_us: _convert.state_message(event_id, at_us, held, steps))

    async def action(self, name: str, value: float = 1.0) -> int:
        """What the player did, for worlds that list `actions`."""
        return await self._event(lambda event_id, at_us: _convert.action_message(event_id, at_us, name, value))

    async def pause(self) -> int:
        """Frames stop after the current chunk; the session stays."""
        return await self._event(_convert.pause_message)

    async def resume(self) -> int:
        """Go on after `pause`."""
        return await self._event(_convert.resume_message)

    async def reset(self, seed: int | None = None) -> int:
        """The world starts again from noise; no seed means the session's own."""
        return await self._event(lambda event_id, at_us: _convert.reset_message(event_id, at_us, seed))

    async def switch_profile(self, name: str) -> int:
        """Another point on the latency dial; the frames in flight go along."""
        return await self._event(lambda event_id, at_us: _convert.switch_profile_message(event_id, at_us, name))

    async def _event(self, build: Callable[[int, int], _convert.ClientMessage], prompt: str | None = None) -> int:
        stream = self._stream
        await stream.outbox.room()
        stream.raise_if_closed()
        self._last_event_id += 1
        stream.meter.sent(self._last_event_id, time.monotonic_ns(), prompt)
        stream.outbox.append(build(self._last_event_id, now_us()))
        return self._last_event_id

    # ------------------------------------------------------------------------------------------------- frames

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Frame:
        stream = self._stream
        if self._held is not None:
            stream.acknowledge(self._held)
            self._held = None
        frame = await stream.next_frame()
        if frame is None:
            await stream.wait_closed()
            raise StopAsyncIteration
        if stream.opened.delivery is Delivery.LOCKSTEP:
            self._held = frame
        return frame

    @contextmanager
    def reading_stopped(self) -> Iterator[None]:
        """Inside, nothing is taken off the wire or put on it, as in a client that hangs. For tests."""
        self._stream.hang()
        try:
            yield
        finally:
            self._stream.go_on()

    # ----------------------------------------------------------------------------------------------- readings

    @property
    def _stream(self) -> Stream:
        if self._open is None:
            raise StreamDiTError("the session is not open yet: enter it with `async with`")
        return self._open

    @property
    def opened(self) -> Opened:
        """What was chosen: world, encoding, profile, seed, limits."""
        return self._stream.opened

    @property
    def closed(self) -> Closed | None:
        """Why the session ended; None while it lives."""
        return self._stream.closed

    @property
    def notices(self) -> deque[EventRejected | Notice | Draining]:
        """What the engine had to say; the last 64, older ones fall out. Take from the left as you like."""
        return self._stream.notices

    @property
    def applied(self) -> deque[EventApplied]:
        """Which frame first obeyed which event; the last 256, older ones fall out. Take from the left."""
        return self._stream.applied

    @property
    def last_state(self) -> Mapping[str, float]:
        """The state as it was last sent, by name in the world's order."""
        return self._values

    @property
    def last_prompt(self) -> str:
        """The last prompt that was sent and not rejected."""
        return self._stream.meter.newest_prompt

    def stats(self) -> SessionStats:
        """What was measured so far: pace, jitter, latency, drops, rung."""
        return self._stream.meter.reading(self._stream.inbox.num_replaced)


def refusal(address: str, error: grpc.aio.AioRpcError) -> StreamDiTError:
    """Why a call failed before it began: the engine's own refusal, or none answered."""
    refused = _convert.rejection(error.trailing_metadata())
    if refused is not None:
        return refused
    return ConnectionFailed(address, f"{error.code().name}: {error.details()}")


def _named(held: Mapping[str, float], values: Sequence[float]) -> dict[str, float]:
    if len(values) != len(held):
        raise ValueError(f"state has {len(values)} values, the world has {len(held)} fields: {', '.join(held)}")
    return dict(zip(held, values, strict=True))


def _merged(held: Mapping[str, float], fields: Mapping[str, float]) -> dict[str, float]:
    for name, value in fields.items():
        if name not in held:
            raise ValueError(f"state field {name!r} is unknown, the world has: {', '.join(held)}")
        if not math.isfinite(value):
            raise ValueError(f"state field {name!r} is {value}, expected a finite number")
    return {name: float(fields.get(name, value)) for name, value in held.items()}
