"""One headless player: opens a session, lives through a scenario, brings home a `Take`."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from streamdit._prompt import PromptWish
from streamdit._stream import ACTIONS_RELEASED
from streamdit.bots.film import Film
from streamdit.bots.replay import Replay
from streamdit.bots.scenarios import SCENARIOS, Step, refused
from streamdit.bots.take import EventNote, Take, frame_note, thumbnail
from streamdit.bots.trajectories import StateValues
from streamdit.client import Client, connect
from streamdit.errors import RecordingError, SessionClosed, StreamDiTError
from streamdit.frames import Frame
from streamdit.session import Session
from streamdit.types import TRANSITIONS, ClosedReason, EventRejected, Notice, PromptTransition, WorldInfo

SLIP_S = 0.5
REPLAY = "replay"
KNOWN_SCENARIOS = (*SCENARIOS, REPLAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotPlan:
    """What every bot of a run does."""

    address: str
    scenario: str
    seconds: float
    world: str = ""
    profile: str = ""
    prompt: str | None = None  # None: left open where the world can, else its first example
    transition: PromptTransition = "immediate"  # of the scenario's prompts
    strength: float = 0.6  # of its source frames, 0..1
    seed: int = 0  # of the scenario; each bot adds its number
    record: Path | None = None  # a folder; bot n writes into bot-n
    replay: Replay | None = None  # of the scenario of that name
    secure: bool = False  # these three as `connect`
    ca: Path | None = None
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.scenario not in KNOWN_SCENARIOS:
            raise ValueError(f"scenario is {self.scenario!r}, expected one of {', '.join(KNOWN_SCENARIOS)}")
        if (self.scenario == REPLAY) != (self.replay is not None):
            raise ValueError(f"scenario is {self.scenario!r}: replay needs a recording, no other scenario has one")
        if self.seconds <= 0:
            raise ValueError(f"seconds is {self.seconds}, expected more than 0")
        if self.transition not in TRANSITIONS:
            raise ValueError(f"transition is {self.transition!r}, expected one of {', '.join(TRANSITIONS)}")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}, expected 0..1")
        self.client()  # what is wrong with its access is wrong now

    def client(self) -> Client:
        """To the engine.

        Raises:
            ValueError: no such file of certificates, or a token that no header can carry.
        """
        return connect(self.address, secure=self.secure, ca=self.ca, token=self.token)

    def opening(self, world: WorldInfo | None) -> dict[str, Any]:
        """What a session is opened with, in a world that is known if there is something to replay in it."""
        said: dict[str, Any] = {}
        if self.replay is not None and world is not None and not self.replay.refused(world):
            said = self.replay.opening(world)
        prompt = {} if self.prompt is None else {"prompt": self.prompt}
        return {"world": self.world, "profile": self.profile, **said, **prompt}

    def refused(self, world: WorldInfo) -> str:
        """Why a world cannot be played so; "" if it can."""
        return refused(self.scenario, world) if self.replay is None else self.replay.refused(world)

    def steps(self, world: WorldInfo, bot: int) -> Iterator[Step]:
        """What a bot does, and when."""
        if self.replay is not None:
            return self.replay.steps(world)
        return SCENARIOS[self.scenario](world, Random(self.seed + bot))


async def play(plan: BotPlan, bot: int, on_frame: Callable[[], object] = lambda: None) -> Take:
    """One bot's run. What goes wrong ends up in `Take.errors`; it does not raise.

    Cancelled, it ends there, closes its session and finishes its recording.
    """
    take = Take(bot)
    try:
        async with plan.client() as client:
            world = None if plan.replay is None else await _served(client, plan.world)
            if plan.replay is not None and world is not None:
                take.notices += [f"bot {bot}: {remark}" for remark in plan.replay.remarks(world)]
            take.began_ns = time.monotonic_ns()
            async with client.play(**plan.opening(world)) as session:
                take.opened = session.opened
                try:
                    why_not = plan.refused(session.opened.world)
                    if why_not:
                        take.errors.append(f"bot {bot}: {why_not}")
                    else:
                        await _live(session, plan, take, on_frame)
                finally:
                    take.closed = await session.close("scenario over")
                    take.num_replaced = session.stats().num_replaced
                    _keep_news(session, take)
    except (StreamDiTError, ValueError) as error:  # a replay may hold values that the world's actions cannot have
        take.errors.append(f"bot {bot}: {error}")
    except asyncio.CancelledError:
        take.notices.append(f"bot {bot}: stopped before its time")
    if take.closed is not None and take.closed.reason is not ClosedReason.CLIENT_CLOSED:
        take.errors.append(f"bot {bot}: closed, {take.closed.reason.name}: {take.closed.detail}")
    return take


async def _served(client: Client, name: str) -> WorldInfo | None:
    """The world of that name, or the engine's default; None: there is none, which opening will say."""
    worlds = (await client.server_info()).worlds
    return next((world for world in worlds if name in ("", world.name)), None)


async def _live(session: Session, plan: BotPlan, take: Take, on_frame: Callable[[], object]) -> None:
    """Act and watch side by side until the time is up or the session ends."""
    # One thread looks at the pictures, one after the other: the recording is finished after the last of them.
    watcher = ThreadPoolExecutor(1, f"bot {take.bot}")
    film = None
    if plan.record is not None:
        film = Film(plan.record / f"bot-{take.bot}", session, plan.scenario)
    steps = plan.steps(session.opened.world, take.bot)
    actor = asyncio.create_task(_act(session, plan, steps, take, film))
    try:
        async with asyncio.timeout(plan.seconds):
            async for frame in session:
                _keep_news(session, take, film)
                on_frame()
                if film is not None or plan.scenario == "probe":
                    # x264 and JPEG take milliseconds; the loop has to go on reading meanwhile.
                    await to_the_end(watcher, _look, frame, plan, take, film)
                else:
                    take.frames.append(frame_note(frame))
    except TimeoutError:
        pass
    finally:
        actor.cancel()
        await asyncio.gather(actor, return_exceptions=True)
        await to_the_end(watcher, _finish, take, film)
        watcher.shutdown()


async def to_the_end(thread: Executor, work: Callable[..., object], *arguments: Any) -> None:
    """Have `work` done in `thread`. A cancellation, e.g. for the time is up, does not keep it from its turn.

    Raises:
        Exception: what `work` raises, in place of the cancellation.
    """
    working = asyncio.wrap_future(thread.submit(work, *arguments))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        working.result()
        raise


def _finish(take: Take, film: Film | None) -> None:
    """The recording is whole, or the take says why not."""
    if film is None:
        return
    try:
        film.finish()
    except RecordingError as error:
        take.lost_film = True
        take.errors.append(f"bot {take.bot}: {error}")


def _look(frame: Frame, plan: BotPlan, take: Take, film: Film | None) -> None:
    rgb = frame.rgb()  # (H, W, 3)
    take.frames.append(frame_note(frame))  # with its picture, or not at all
    if plan.scenario == "probe":
        take.thumbnails.append(thumbnail(rgb))
    if film is not None:
        film.frame(frame, rgb)


async def _act(session: Session, plan: BotPlan, steps: Iterator[Step], take: Take, film: Film | None) -> None:
    """The scenario on the bot's own clock."""
    began_s = time.monotonic()
    try:
        for step in steps:
            wait_s = began_s + step.at_s - time.monotonic()
            if wait_s < -SLIP_S:
                began_s -= wait_s  # a bot that was held up goes on from here, without a burst of old events
            await asyncio.sleep(max(0.0, wait_s))
            await _say(session, plan, step, take, film)
            if step.stop_reading_s is not None:
                await _stall(session, step.stop_reading_s, take)
    except SessionClosed:
        return  # the watcher learns why
    except ValueError as error:  # the world takes no source frames
        take.errors.append(f"bot {take.bot}: {error}")


async def _say(session: Session, plan: BotPlan, step: Step, take: Take, film: Film | None) -> None:
    """Send what a step says, and note it."""
    if step.release:
        event_id = await session.release(*step.release)
        take.events.append(EventNote(event_id, "release", time.monotonic_ns()))
        if film is not None:
            film.release(event_id, step.release)
    if step.prompt is not None:
        asked = step.prompt
        wish = asked if isinstance(asked, PromptWish) else PromptWish(asked, plan.transition)
        event_id = await session.prompt(
            wish.text, transition=wish.transition, smooth_frames=wish.smooth_frames, renoise_to=wish.renoise_to
        )
        take.events.append(EventNote(event_id, "prompt", time.monotonic_ns()))
        if film is not None:
            film.prompt(event_id, wish)
    if step.state is not None:
        sent_ns = time.monotonic_ns()
        event_id = await _say_state(session, step.state, step.horizon, step.fields)
        take.events.append(EventNote(event_id, "state", sent_ns, step.place))
        if film is not None:
            film.state(event_id, step.state, step.fields)
    if step.actions is not None:
        sent_ns = time.monotonic_ns()
        event_id = await session.actions(step.actions)
        take.events.append(EventNote(event_id, "actions", sent_ns))
        if film is not None:
            film.actions(event_id, step.actions)
    if step.source is not None:
        sent_ns = time.monotonic_ns()
        event_id = await session.source_frame(step.source, strength=plan.strength)
        take.events.append(EventNote(event_id, "source_frame", sent_ns))
        if film is not None:
            film.source(event_id, plan.strength)


async def _say_state(
    session: Session, values: StateValues, horizon: Sequence[StateValues], fields: Sequence[str]
) -> int:
    horizon = horizon[: session.opened.max_horizon_frames]
    if not fields:
        return await session.state(values, horizon=horizon)
    steps = [dict(zip(fields, step, strict=True)) for step in horizon]
    return await session.state(None, horizon=steps, **dict(zip(fields, values, strict=True)))


async def _stall(session: Session, stop_s: float, take: Take) -> None:
    stopped_ns = time.monotonic_ns()
    with session.reading_stopped():
        await asyncio.sleep(stop_s)
    take.stall_ns = (stopped_ns, time.monotonic_ns())


def _keep_news(session: Session, take: Take, film: Film | None = None) -> None:
    """Before newer ones push them out."""
    while session.notices:
        news = session.notices.popleft()
        match news:
            case EventRejected():
                take.errors.append(f"bot {take.bot}: event refused, {news.reason}: {news.detail}")
            case Notice():
                take.notices.append(f"bot {take.bot}: {news.code}: {news.detail}")
                if film is not None and news.code == ACTIONS_RELEASED:
                    film.let_go(session._held_again_id, session.last_actions or {})
            case _:
                take.notices.append(f"bot {take.bot}: DRAINING: {news.detail}")
