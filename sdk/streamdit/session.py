"""One session with an engine: send events, iterate frames, await the end and its reason.

    async with client.play(prompt="a pig in a meadow") as session:
        await session.state(x=40.0)
        async for frame in session:
            show(frame.rgb())

However a session ends, `closed` says why: iteration just stops, and sending raises SessionClosed.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self

import grpc.aio
import numpy as np
from numpy.typing import NDArray

from streamdit import _convert, _convert_client
from streamdit._fork import check_same_process
from streamdit._negotiate import ask_words, first_prompt, negotiate, refusal
from streamdit._prompt import PromptWish
from streamdit._said import ActionsWish, Said, StateStep, action_set
from streamdit._source import encode_source
from streamdit._start import packed_start
from streamdit._stream import HEARTBEAT_EVERY_S, Stream, now_us
from streamdit.checks import MAX_SEED, check_profile, check_share, check_text, check_whole
from streamdit.errors import ConnectionFailed, StreamDiTError
from streamdit.frames import Frame
from streamdit.opening import Opening
from streamdit.stats import SessionMeter, SessionStats
from streamdit.types import (
    ActionSet,
    Closed,
    Delivery,
    Draining,
    EventApplied,
    EventRejected,
    Notice,
    Opened,
    PromptTransition,
    Start,
    Steering,
)


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
        self._pid = os.getpid()
        self._open: Stream | None = None
        self._last_event_id = 0
        self._held_again_id = 0  # the event that said again what the engine had let go
        self._profile = ""  # switched to; "": as opened
        self._held: Frame | None = None  # LOCKSTEP: given out and not yet acknowledged

    # ------------------------------------------------------------------------------------------ begin and end

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout_s):
                words = await ask_words(self._stub, self._opening, self._metadata, self._timeout_s, self._address)
                call = self._stub.Play(metadata=self._metadata)
                opened = await negotiate(call, self._opening, words, self._address)
        except TimeoutError as error:
            detail = f"no answer to `open` within {self._timeout_s} s"
            raise ConnectionFailed(self._address, detail) from error
        except grpc.aio.AioRpcError as error:
            raise refusal(self._address, error) from error
        self._said = Said(opened.world)
        if words.state is not None:
            named = words.state.fields or [field.name for field in opened.world.state_fields]
            self._said.say_state(None, dict(zip(named, words.state.values, strict=True)))
        if words.actions is not None:
            self._said.say_actions(words.actions.values)
        meter = SessionMeter(first_prompt(self._opening, opened.world))
        self._open = Stream(call, opened, meter, self._heartbeat_every_s, self._hold_again)
        if opened.resumed:
            await self._catch_up(opened, words)
        return self

    async def _catch_up(self, opened: Opened, words: _convert_client.OpeningWords) -> None:
        """The engine went on with what it had heard; what this opening wants comes after that."""
        self._last_event_id = opened.last_event_id
        state, actions = words.state, words.actions
        if self._opening.prompt is not None:
            await self.prompt(self._opening.prompt)
        if state is not None:
            await self._event(lambda event_id, at_us: _convert_client.state_message(event_id, at_us, state))
        if actions is not None:
            await self._event(lambda event_id, at_us: _convert_client.actions_message(event_id, at_us, actions))

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
        return await self._event(lambda event_id, at_us: _convert_client.prompt_message(event_id, at_us, wish), text)

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
        strength = check_share(strength, "strength")
        payload, encoding = encode_source(rgb, world.width, world.height, jpeg_quality)
        return await self._event(
            lambda event_id, at_us: _convert_client.source_message(
                event_id, at_us, payload, encoding, world.width, world.height, strength
            )
        )

    async def state(
        self,
        values: Sequence[float] | None = None,
        *,
        horizon: Sequence[StateStep] = (),
        **fields: float,
    ) -> int:
        """What is happening: all `values` in the world's order, or some `fields` by name, the others held.

        Of a world that may leave its state open, fields that were never said stay open: the engine invents them.

        Args:
            horizon: what you expect at the next frames, one step per frame after this one: all values, or by name.

        Raises:
            ValueError: a field the world does not have, a wrong number of values, a value that is not finite.
            SessionClosed: the session has ended.
        """
        self._stream.raise_if_closed()
        wish = self._said.say_state(values, fields, horizon)
        return await self._event(lambda event_id, at_us: _convert_client.state_message(event_id, at_us, wish))

    async def actions(self, *held: str | Mapping[str, float], horizon: Sequence[ActionSet] = ()) -> int:
        """All that is held from now on: `actions("left", "jump")`, `actions({"left": 1, "throttle": 0.4})`.

        What is not named is 0; `actions()` says that nothing is held. A press that is over before the next frame
        counts for one frame. A client that falls silent for `opened.actions_timeout_s`, as a process that was stopped,
        holds nothing any more, which the notice ACTIONS_RELEASED tells; alive again, it says its newest set once more.

        Args:
            horizon: what you expect to be held at the next frames, one set per frame after this one.

        Raises:
            ValueError: the world takes no actions, or none of that name; a value that it cannot have; two of one
                exclusive group.
            SessionClosed: the session has ended.
        """
        self._stream.raise_if_closed()
        wish = self._said.say_actions(action_set(*held), horizon)
        return await self._event(lambda event_id, at_us: _convert_client.actions_message(event_id, at_us, wish))

    async def release(self, *steering: Literal["prompt", "state", "actions"] | Steering) -> int:
        """Un-say what was said of these: from now on it is the engine's to invent.

        Raises:
            ValueError: the world cannot leave it open (`opened.world.may_be_open`).
            SessionClosed: the session has ended.
        """
        self._stream.raise_if_closed()
        released = self._said.release(steering)
        prompt = "" if Steering.PROMPT in released else None
        return await self._event(
            lambda event_id, at_us: _convert_client.release_message(event_id, at_us, released), prompt
        )

    async def pause(self) -> int:
        """Frames stop after the current chunk; the session stays."""
        return await self._event(_convert_client.pause_message)

    async def resume(self) -> int:
        """Go on after `pause`."""
        return await self._event(_convert_client.resume_message)

    async def reset(self, seed: int | None = None, *, start: Start | str | None = None) -> int:
        """The world starts again from noise, or goes on from a start; no seed means the session's own.

        Raises:
            ValueError: no such seed, 0..2**64 - 1; the world has no such start clip, or the frames do not fit it.
            SessionClosed: the session has ended.
        """
        if seed is not None:
            seed = check_whole(seed, "seed", 0, MAX_SEED)
        packed = None if start is None else packed_start(start, self.opened.world, self._profile or self.opened.profile)
        return await self._event(lambda event_id, at_us: _convert_client.reset_message(event_id, at_us, seed, packed))

    async def switch_profile(self, name: str) -> int:
        """Another point on the latency dial; the frames in flight go along.

        Raises:
            ValueError: the world has no such profile.
            SessionClosed: the session has ended.
        """
        check_profile(check_text(name, "profile"), self.opened.world, field="profile")
        event_id = await self._event(lambda i, at_us: _convert_client.switch_profile_message(i, at_us, name))
        self._profile = name
        return event_id

    async def _event(self, build: Callable[[int, int], _convert.ClientMessage], prompt: str | None = None) -> int:
        stream = self._stream
        await stream.outbox.room()
        stream.raise_if_closed()
        message = _convert_client.sendable(build(self._last_event_id + 1, now_us()))
        stream.outbox.append(message)
        return self._next_event_id(prompt)

    def _next_event_id(self, prompt: str | None = None) -> int:
        self._last_event_id += 1
        self._stream.meter.sent(self._last_event_id, time.monotonic_ns(), prompt)
        return self._last_event_id

    def _hold_again(self) -> None:
        """The engine let go what this side holds: it was silent, and is no more. Called by the reader."""
        held = self._said.actions or {}
        if any(held.values()):
            self._held_again_id = self._next_event_id()
            message = _convert_client.actions_message(self._held_again_id, now_us(), ActionsWish(held))
            self._stream.outbox.replace("held again", message)  # the reader waits for no room

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
        check_same_process(self._pid)
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
    def stood_still(self) -> bool:
        """Whether this process did not run for a while shortly before the end, which may be why: a shut laptop."""
        return self._stream.stood_still

    @property
    def notices(self) -> deque[EventRejected | Notice | Draining]:
        """What the engine had to say; the last 64, older ones fall out. Take from the left as you like."""
        return self._stream.notices

    @property
    def applied(self) -> deque[EventApplied]:
        """Which frame first obeyed which event, or the newer one in its place (`replaced_by`).

        Every event that is not rejected comes here. The last 2,048; older ones fall out. Take from the left.
        """
        return self._stream.applied

    @property
    def received_frame_id(self) -> int:
        """The newest frame that arrived, whether it was asked for yet or not; 0: none did."""
        return self._stream.received_frame_id

    @property
    def last_state(self) -> Mapping[str, float]:
        """The state as it was last sent, by name in the world's order; without the fields that are left open."""
        return self._said.state

    @property
    def last_actions(self) -> Mapping[str, float] | None:
        """The set that was last sent; None: none was, or it was released."""
        return self._said.actions

    @property
    def last_prompt(self) -> str:
        """The last prompt that was sent and not rejected; "": it is left open."""
        return self._stream.meter.newest_prompt

    def stats(self) -> SessionStats:
        """What was measured so far: pace, jitter, latency, drops, rung."""
        return self._stream.meter.reading(self._stream.inbox.num_replaced)
