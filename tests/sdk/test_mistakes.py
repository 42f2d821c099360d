"""A wrong call raises where it is made, names field and value, and costs nothing else."""

# ruff: noqa: SIM117  an engine, a client and a session are three things

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest

from streamdit.client import connect
from streamdit.live import LiveSession, LiveStatus
from streamdit.opening import Opening
from streamdit.session import Session
from streamdit.testing import STEERED_WORLD, FakeEngine
from streamdit.types import ClosedReason, Start
from tests.sdk.test_live import until

PICTURE = np.zeros((STEERED_WORLD.height, STEERED_WORLD.width, 3), np.uint8)
CALLS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("state none", lambda to: to.state(x=None), r"'x' is None, expected a finite number"),
    ("state text", lambda to: to.state(x="left"), r"'x' is 'left', expected a finite number"),
    ("state nan", lambda to: to.state([float("nan"), 0.5]), r"'x' is nan, expected a finite number"),
    ("state unknown", lambda to: to.state(height=3.0), r"state field 'height' is unknown, the world has: x, spin"),
    ("state length", lambda to: to.state([1.0]), r"state has 1 values, the world has 2 fields: x, spin"),
    ("horizon long", lambda to: to.state(x=1.0, horizon=[{}] * 33), r"horizon is 33 frames long, must hold 0\.\.32"),
    ("horizon none", lambda to: to.state(x=1.0, horizon=[{"x": None}]), r"'x' is None"),
    ("horizon name", lambda to: to.state(x=1.0, horizon=[{"spin": 0.0}]), r"horizon\[0\] names state field 'spin'"),
    ("action unknown", lambda to: to.actions("wave"), r"action 'wave' is unknown, world 'keys' has: left"),
    ("action half", lambda to: to.actions({"jump": 0.5}), r"action 'jump' is 0.5, a button is 0 or 1"),
    ("action none", lambda to: to.actions({"throttle": None}), r"action 'throttle' is None"),
    ("action far", lambda to: to.actions({"throttle": 2}), r"action 'throttle' is 2, must be -1\.\.1"),
    ("actions apart", lambda to: to.actions("left", "right"), r"left, right, at most one of group walk"),
    ("actions ahead", lambda to: to.actions("jump", horizon=[()] * 33), r"33 frames long"),
    ("actions number", lambda to: to.actions(5), r"actions is 5, expected names or values by name"),
    ("release word", lambda to: to.release("everything"), r"steering is 'everything', expected one of prompt"),
    ("release none", lambda to: to.release(), r"release what\?"),
    ("prompt none", lambda to: to.prompt(None), r"prompt\.text is 'None', must be text"),
    ("prompt surrogate", lambda to: to.prompt("a \ud800"), r"prompt\.text is .* UTF-8"),
    ("prompt huge", lambda to: to.prompt("x" * 2_000_000), r"prompt\.text is 2000000 bytes long"),
    ("smooth", lambda to: to.prompt("a", transition="smooth", smooth_frames=2**33), r"smooth_frames is 8589934592"),
    ("smooth part", lambda to: to.prompt("a", transition="smooth", smooth_frames=1.5), r"smooth_frames is 1\.5"),
    ("renoise", lambda to: to.prompt("a", renoise_to="all"), r"renoise_to is 'all', must be 0\.\.1"),
    ("seed low", lambda to: to.reset(seed=-1), r"seed is -1, must be a whole number"),
    ("seed high", lambda to: to.reset(seed=2**64), r"seed is 18446744073709551616"),
    ("seed part", lambda to: to.reset(seed=0.5), r"seed is 0\.5"),
    ("start clip", lambda to: to.reset(start="cave"), r"start clip 'cave' is unknown, world 'keys' has: meadow"),
    ("start size", lambda to: to.reset(start=Start(frames=np.zeros((2, 4, 4, 3), np.uint8))), r"\(4, 4, 3\)"),
    ("profile", lambda to: to.switch_profile("hasty"), r"profile is 'hasty', world keys has single, quartet"),
    ("profile none", lambda to: to.switch_profile(None), r"profile is 'None', must be text"),
    ("picture size", lambda to: to.source_frame(PICTURE[:4], strength=0.5), r"source frame is uint8 \(4, 64, 3\)"),
    ("picture none", lambda to: to.source_frame(None, strength=0.5), r"source frame is NoneType"),
    ("strength", lambda to: to.source_frame(PICTURE, strength=2), r"strength is 2, must be 0\.\.1"),
    ("strength none", lambda to: to.source_frame(PICTURE, strength=None), r"strength is None"),
]
OPENINGS: list[tuple[dict[str, Any], str]] = [
    ({"seed": -1}, r"seed is -1, must be a whole number, 0\.\."),
    ({"seed": 2**64}, r"seed is 18446744073709551616"),
    ({"seed": "one"}, r"seed is 'one'"),
    ({"window": 2**33}, r"window is 8589934592, must be a whole number, 0\.\.256"),
    ({"window": -1}, r"window is -1"),
    ({"jpeg_quality": 101}, r"jpeg_quality is 101"),
    ({"jpeg_quality": None}, r"jpeg_quality is None"),
    ({"prompt": 5}, r"prompt is '5', must be text"),
    ({"world": None}, r"world is 'None', must be text"),
    ({"profile": b"single"}, r"profile is .* must be text"),
    ({"delivery": "latest"}, r"delivery is 'latest', expected one of LATEST, LOCKSTEP, ALL"),
    ({"encodings": ("jpeg",)}, r"encodings\[0\] is 'jpeg', expected one of JPEG, RGB24"),
    ({"state": {"x": None}}, r"state field 'x' is None, expected a finite number"),
    ({"state": [None, 0.5]}, r"state\[0\] is None, expected a finite number"),
    ({"state": 5}, r"state is 5, expected all values, or some by name"),
]
# What only the world can tell.
FOR_WORLD: list[tuple[dict[str, Any], str]] = [
    ({"state": {"nope": 1}}, r"state field 'nope' is unknown, the world has: x, spin"),
    ({"actions": ["wave"]}, r"action 'wave' is unknown"),
    ({"start": "cave"}, r"start clip 'cave' is unknown"),
]
NAMES = [name for name, _, _ in CALLS]


@pytest.mark.parametrize(("call", "message"), [each[1:] for each in CALLS], ids=NAMES)
async def test_a_wrong_call_raises_and_the_session_goes_on(
    call: Callable[[Session], Awaitable[int]], message: str
) -> None:
    async with FakeEngine(world=STEERED_WORLD) as engine, connect(engine.address) as client:
        async with client.play() as session:
            with pytest.raises(ValueError, match=message):
                await call(session)
            assert await session.state(x=5.0) == 1, "no event id was spent"
            async with asyncio.timeout(5):
                while (await anext(session)).last_event_id < 1:
                    pass


@pytest.fixture(scope="module")
def live() -> Any:
    with FakeEngine.in_thread(world=STEERED_WORLD) as engine, LiveSession(engine.address) as session:
        yield session


@pytest.mark.parametrize(("call", "message"), [each[1:] for each in CALLS], ids=NAMES)
def test_a_wrong_call_of_a_live_session_raises_where_it_is_made_and_the_session_hears_on(
    live: LiveSession, call: Callable[[LiveSession], None], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(live)
    newest = live.latest()
    said = 0 if newest is None else newest.last_event_id
    live.state(x=7.0)
    until(lambda: (frame := live.latest()) is not None and frame.last_event_id > said)
    assert (live.status, live.error) == (LiveStatus.PLAYING, None)


@pytest.mark.parametrize(("wishes", "message"), OPENINGS)
def test_a_mistake_in_an_opening_is_told_before_anything_is_dialled(wishes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Opening(**wishes)
    with pytest.raises(ValueError, match=message):
        LiveSession("127.0.0.1:1", **wishes)


@pytest.mark.parametrize(("wishes", "message"), FOR_WORLD)
def test_a_mistake_that_only_the_world_can_tell_is_no_missing_engine(wishes: dict[str, Any], message: str) -> None:
    with FakeEngine.in_thread(world=STEERED_WORLD) as engine:
        with pytest.raises(ValueError, match=message):
            LiveSession(engine.address, **wishes).__enter__()


def test_a_mistake_made_before_a_world_is_known_shows_up_and_costs_no_later_event() -> None:
    with FakeEngine.in_thread(world=STEERED_WORLD) as engine:
        with LiveSession(engine.address, wait_s=0) as live:
            if live.opened is None:
                live.state(height=3.0)
                live.reset(start="cave")
            live.state(x=3.0)
            live.prompt("a square on ice")
            until(lambda: engine.bodies("prompt"))
            assert live.status is LiveStatus.PLAYING


def test_a_sending_task_that_dies_ends_the_session_with_its_reason() -> None:
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live:
        until(live.latest)

        def broken(_: Session) -> Awaitable[int]:
            raise RuntimeError("a fault of this side")

        live._command(broken)
        until(lambda: live.status is LiveStatus.CLOSED)
        assert live.closed is not None
        assert live.closed.reason is ClosedReason.CLIENT_CLOSED
        assert "a fault of this side" in live.closed.detail
        assert "a fault of this side" in str(live.error)


async def test_a_writer_that_dies_ends_the_session_with_its_reason() -> None:
    async with FakeEngine() as engine, connect(engine.address) as client:
        async with client.play() as session:
            await anext(session)
            session._stream._may_write = None  # type: ignore[assignment]  # no way to kill it from outside is known
            async with asyncio.timeout(5):
                async for _ in session:
                    pass
            closed = await session.wait_closed()
    assert closed.reason is ClosedReason.CLIENT_CLOSED
    assert "this side failed" in closed.detail
