"""A session for a game loop: its own thread and event loop, and calls that never block.

with LiveSession("localhost:50051", prompt="a pig in a meadow") as live:
    while running:
        live.state(x=player.x)
        frame = live.latest()
        if frame is not None:
            draw(frame.rgb())
"""

import asyncio
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import grpc
import numpy as np
from numpy.typing import NDArray

from streamdit._access import channel_credentials
from streamdit._fork import check_same_process
from streamdit._loop_thread import LoopThread
from streamdit._prompt import PromptWish
from streamdit._said import ActionsWish, Said, StateStep, action_set, check_state_call, checked_actions, steering_named
from streamdit._source import check_picture
from streamdit._start import checked_start
from streamdit._teller import opening_after, tell
from streamdit._wishes import Command, SourceWish, Wishes
from streamdit.checks import MAX_SEED, check_horizon, check_profile, check_share, check_text, check_token, check_whole
from streamdit.client import connect
from streamdit.errors import ConnectionFailed, Rejected, SessionClosed
from streamdit.frames import Frame, LatestFrame
from streamdit.opening import Opening
from streamdit.session import Session
from streamdit.stats import SessionStats
from streamdit.types import (
    ActionSet,
    Closed,
    ClosedReason,
    Draining,
    EventRejected,
    Notice,
    Opened,
    PromptTransition,
    Start,
    Steering,
    WorldInfo,
)

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0)  # the last one repeats
CLOSE_WITHIN_S = 1.8
WORLD_LOST = "WORLD_LOST"  # this side's own notice
# Endings that another try would not change.
FINAL = (ClosedReason.CLIENT_CLOSED, ClosedReason.REJECTED, ClosedReason.IDLE, ClosedReason.TOO_SLOW)
# Of these, what a process is told that neither spoke nor read for it did not run: that is over, so another may play on.
FOR_STANDING_STILL = (ClosedReason.IDLE, ClosedReason.TOO_SLOW)


class LiveStatus(Enum):
    """Where a live session stands."""

    CONNECTING = "connecting"
    PLAYING = "playing"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


class LiveSession:
    """A session behind a game loop. Any thread may call; only entering and `close` wait.

    A newer state, set of actions or prompt replaces one that was not sent yet, but no press is lost; of commands 16
    wait, of source frames 8, the oldest falls out. A mistake raises where it is made, once the world is known; before
    that, and where another world has come in its place, it shows up in `error`.
    A broken connection is made again after 0.5, 1, 2, 4, 4 ... s: the engine goes on with the session if it still
    keeps it, and opens another one with the last prompt, state, actions and profile if not, and with the start if that
    profile can hold it. In that case the world of before is lost, and this one begins at frame 1: the notice
    WORLD_LOST, `num_worlds_lost` and `on_world_lost` tell. So it is with a session that the engine gave up (IDLE,
    TOO_SLOW) because this process stood still: a laptop that was shut, a debugger.

    Args:
        secure, ca, credentials, token: as `connect`.
        wait_s: how long entering waits for the engine; 0 returns at once, then watch `status`.
        reconnect: False lets the session end when the connection does.
        on_world_lost: called with the end of the session before, in this session's own thread, when another world has
            come in the place of one that was lost. It must not wait; what it raises is in `error`.
        opening: the arguments of `Client.play`.

    Raises on entering:
        ConnectionFailed: no engine within `wait_s`, unless that is 0.
        Rejected: the engine refused.
        ValueError: the opening says what the world does not take.
    """

    def __init__(
        self,
        address: str,
        *,
        secure: bool = False,
        ca: Path | str | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
        wait_s: float = 10.0,
        reconnect: bool = True,
        on_world_lost: Callable[[Closed], object] | None = None,
        **opening: Any,
    ) -> None:
        self._address = address
        check_token(token)
        self._credentials = channel_credentials(secure=secure, ca=ca, credentials=credentials)
        self._token = token
        self._wait_s = wait_s
        self._reconnect = reconnect
        self._on_world_lost = on_world_lost
        self._num_worlds_lost = 0
        self._opening = Opening(**opening)
        self._mailbox = LatestFrame()
        self._wishes = Wishes()
        self._session: Session | None = None
        self._status = LiveStatus.CONNECTING
        self._closed: Closed | None = None
        self._error: Exception | None = None
        self._failure: Exception | None = None  # a fault of this side's; it ends the session
        self._settled = threading.Event()  # opened, or known to be in vain
        self._ended = threading.Event()
        self._thread: LoopThread | None = None
        self._pid = os.getpid()
        self._wake: asyncio.Event | None = None
        self._work: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------------ begin and end

    def __enter__(self) -> Self:
        self._thread = LoopThread(f"streamdit {self._address}")
        self._thread.run(self._start())
        self._settled.wait(self._wait_s)
        if self._session is None and self._wait_s > 0:
            error = self._error or ConnectionFailed(self._address, f"no session within {self._wait_s} s")
            self.close()
            raise error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> Closed | None:
        """End the session and join its thread, within two seconds. Returns why it ended."""
        thread, self._thread = self._thread, None
        if thread is not None and os.getpid() == self._pid:
            if self._work is not None:
                thread.call_soon(self._work.cancel)
                self._ended.wait(CLOSE_WITHIN_S)
            thread.close(timeout_s=0.5)
        return self._closed

    async def _start(self) -> None:
        self._wake = asyncio.Event()
        self._work = asyncio.create_task(self._live())

    async def _live(self) -> None:
        """Sessions one after another until one ends for good."""
        tries = 0
        try:
            while self._closed is None:
                played = await self._play_once()
                tries = 1 if played else tries + 1
                if self._closed is None:
                    self._status = LiveStatus.RECONNECTING
                    await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S)) - 1])
        finally:
            self._closed = self._closed or Closed(ClosedReason.CLIENT_CLOSED, "closed while not connected")
            self._status = LiveStatus.CLOSED
            self._settled.set()
            self._ended.set()

    async def _play_once(self) -> bool:
        """One session from dialling to its end; True if it opened. Sets `_closed` if it was the last."""
        session = None
        try:
            async with connect(
                self._address, credentials=self._credentials, token=self._token, wait_for_engine=False
            ) as client:
                before = self._session
                session = client.open(self._opening if before is None else opening_after(self._opening, before))
                async with session:
                    await self._play(session)
        except Rejected as error:
            self._error = error
            if error.reason != "SERVER_FULL":
                self._closed = Closed(ClosedReason.REJECTED, str(error))
                self._settled.set()
        except ValueError as error:  # the opening says what the world does not take
            self._error = error
            self._closed = Closed(ClosedReason.REJECTED, str(error))
            self._settled.set()
        except ConnectionFailed as error:
            self._error = error
            if not self._reconnect:
                self._closed = Closed(ClosedReason.CONNECTION_LOST, str(error))
                self._settled.set()
        except Exception as error:  # no path is known
            self._failed(error)
        finally:
            played = session is not None and session is self._session
            if played and session is not None:
                self._after(session)
        return played

    def _failed(self, error: Exception) -> None:
        """A fault of this side's, which another try would meet again."""
        self._failure = self._error = error
        self._closed = Closed(ClosedReason.CLIENT_CLOSED, f"this side failed: {error!r}")
        self._settled.set()

    def _after(self, session: Session) -> None:
        closed = session.closed
        if closed is None or self._failure is not None:
            return
        self._error = SessionClosed(closed)
        excused = session.stood_still and closed.reason in FOR_STANDING_STILL
        if (closed.reason in FINAL and not excused) or not self._reconnect:
            self._closed = closed

    async def _play(self, session: Session) -> None:
        before, self._session = self._session, session
        self._status, self._error = LiveStatus.PLAYING, None
        if before is not None:
            self._follow(before, session)
        self._settled.set()
        teller = asyncio.create_task(self._tell(session))
        try:
            async for frame in session:
                self._mailbox.put(frame)
        finally:
            teller.cancel()
            await asyncio.gather(teller, return_exceptions=True)

    def _follow(self, before: Session, session: Session) -> None:
        """What nobody has read yet stays to be read; if the engine did not go on with the session, that is told."""
        unread: list[EventRejected | Notice | Draining] = []
        with suppress(IndexError):  # the game takes from it too
            while True:
                unread.append(before.notices.popleft())
        if not session.opened.resumed:
            closed = before.closed or Closed(ClosedReason.CONNECTION_LOST)
            detail = f"the engine did not keep the session ({closed.reason.name}: {closed.detail})"
            unread.append(Notice(WORLD_LOST, f"{detail}: another world begins at frame 1"))
        session.notices.extendleft(reversed(unread))
        if not session.opened.resumed:
            self._num_worlds_lost += 1
            if self._on_world_lost is not None:
                try:
                    self._on_world_lost(closed)
                except Exception as error:  # the game's own; it costs the session nothing
                    self._error = error

    async def _tell(self, session: Session) -> None:
        """Everything the game wants, as soon as it wants it. It survives into the next connection."""
        assert self._wake is not None
        try:
            while True:
                await tell(session, self._wishes.take(), self._mistaken)
                await self._wake.wait()
                self._wake.clear()
        except SessionClosed:
            return
        except Exception as error:  # no path is known; deaf, the session would be worse than ended
            self._failed(error)
            await session.close(repr(error))

    def _mistaken(self, error: ValueError) -> None:
        self._error = error  # a field or an action the world does not have, a picture of another size ...

    # ------------------------------------------------------------------------------------------------- wishes

    @property
    def _world(self) -> WorldInfo | None:
        """What a call is checked against; None before the first session."""
        opened = self.opened
        return None if opened is None else opened.world

    @property
    def _profile(self) -> str:
        """The one switched to last, or as opened."""
        opened = self.opened
        return self._opening.profile or ("" if opened is None else opened.profile)

    def _wish(self) -> None:
        thread, wake = self._thread, self._wake
        if thread is not None and wake is not None:
            thread.call_soon(wake.set)

    def prompt(
        self,
        text: str,
        *,
        transition: PromptTransition = "immediate",
        smooth_frames: int = 0,
        renoise_to: float | None = None,
    ) -> None:
        """What the world should be; as `Session.prompt`.

        Raises:
            ValueError: there is no such transition, or a number that no engine would take.
        """
        self._wishes.prompt(PromptWish(text, transition, smooth_frames, renoise_to))
        self._wish()

    def source_frame(self, rgb: NDArray[np.uint8], *, strength: float) -> None:
        """A picture to be redrawn; as `Session.source_frame`.

        Raises:
            ValueError: the world takes none; the picture is of another size; strength is not 0..1.
        """
        check_share(strength, "strength")
        world = self._world
        if world is not None:
            if not world.takes_source_frames:
                raise ValueError(f"world {world.name!r} takes no source frames")
            check_picture(rgb, world.width, world.height)
        elif not isinstance(rgb, np.ndarray):
            raise ValueError(f"source frame is {type(rgb).__name__}, expected an array")
        self._wishes.source(SourceWish(rgb.copy(), strength))
        self._wish()

    def state(
        self,
        values: Sequence[float] | None = None,
        *,
        horizon: Sequence[StateStep] = (),
        **fields: float,
    ) -> None:
        """What is happening; as `Session.state`.

        Raises:
            ValueError: a field the world does not have, a wrong number of values, a value that is not finite, too long
                a horizon.
        """
        check_state_call(values, fields, horizon, self._world)
        self._wishes.state(values, fields, horizon)
        self._wish()

    def actions(self, *held: str | Mapping[str, float], horizon: Sequence[ActionSet] = ()) -> None:
        """All that is held from now on: `actions("left", "jump")`; as `Session.actions`.

        Call it in every turn of the game loop: the newest set wins over those that wait, but a press that came and
        went between two of them still counts. A game that says it only when it changes is held on to as well: after a
        silence the newest set is said again.

        Raises:
            ValueError: a name is there twice; the world takes no actions, or none of that name; a value that it cannot
                have; two of one exclusive group; too long a horizon.
        """
        check_horizon(len(horizon), "horizon")
        world = self._world
        sets = [action_set(*held), *(action_set(step) for step in horizon)]
        if world is not None:
            sets = [checked_actions(one, world) for one in sets]
        self._wishes.actions(ActionsWish(sets[0], tuple(sets[1:])))
        self._wish()

    def release(self, *steering: Literal["prompt", "state", "actions"] | Steering) -> None:
        """Un-say what was said of these; as `Session.release`.

        Raises:
            ValueError: there is no such steering, or the world cannot leave it open.
        """
        names = [steering_named(name) for name in steering]
        if (world := self._world) is not None:
            Said(world).release(names)
        self._wishes.release(names)
        self._wish()

    def pause(self) -> None:
        """Frames stop after the current chunk."""
        self._command(lambda session: session.pause())

    def resume(self) -> None:
        """Go on after `pause`."""
        self._command(lambda session: session.resume())

    def reset(self, seed: int | None = None, *, start: Start | str | None = None) -> None:
        """The world starts again, from noise or from a start; as `Session.reset`.

        Raises:
            ValueError: no such seed, 0..2**64 - 1; the world has no such start clip, or the frames do not fit it.
        """
        if seed is not None:
            seed = check_whole(seed, "seed", 0, MAX_SEED)
        if start is not None and (world := self._world) is not None:
            checked_start(start, world, self._profile)
        self._command(lambda session: session.reset(seed, start=start))

    def switch_profile(self, name: str) -> None:
        """Another point on the latency dial; kept over reconnects.

        Raises:
            ValueError: the world has no such profile.
        """
        check_text(name, "profile")
        if (world := self._world) is not None:
            check_profile(name, world, field="profile")
        self._opening = replace(self._opening, profile=name)
        self._command(lambda session: session.switch_profile(name))

    def _command(self, command: Command) -> None:
        self._wishes.command(command)
        self._wish()

    # ----------------------------------------------------------------------------------------------- readings

    def latest(self) -> Frame | None:
        """The newest frame, the same again until a newer one came; None before the first.

        Raises:
            StreamDiTError: this process was forked from the one that has the session, as for every call.
        """
        check_same_process(self._pid)
        return self._mailbox.take() or self._mailbox.peek()

    def take(self) -> Frame | None:
        """The newest frame if nobody had it yet, else None."""
        check_same_process(self._pid)
        return self._mailbox.take()

    def stats(self) -> SessionStats | None:
        """Of the present session, or the last; None before the first was opened."""
        session = self._session
        if session is None:
            return None
        stats = session.stats()
        return replace(stats, num_replaced=stats.num_replaced + self._mailbox.num_replaced)

    def take_notices(self) -> list[EventRejected | Notice | Draining]:
        """What the engine had to say since the last call, at most 64 of it."""
        session = self._session
        taken: list[EventRejected | Notice | Draining] = []
        with suppress(IndexError):  # empty
            while session is not None:
                taken.append(session.notices.popleft())
        return taken

    @property
    def num_worlds_lost(self) -> int:
        """How often a broken connection has cost the world: another one began at frame 1 in its place."""
        return self._num_worlds_lost

    @property
    def status(self) -> LiveStatus:
        """Connecting, playing, reconnecting or closed."""
        return self._status

    @property
    def opened(self) -> Opened | None:
        """What was chosen for the present session, or the last; None before the first."""
        return None if self._session is None else self._session.opened

    @property
    def closed(self) -> Closed | None:
        """Why it ended for good; None while it lives or tries."""
        return self._closed

    @property
    def error(self) -> Exception | None:
        """What went wrong last, to be shown to a person; None after a session was opened."""
        return self._error
