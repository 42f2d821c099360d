"""A fake engine for tests: a real gRPC server on a real socket, whose world is a square on a coloured ground.

    async with FakeEngine() as engine, connect(engine.address) as client: ...
    with FakeEngine.in_thread() as engine, LiveSession(engine.address) as live: ...

The ground's colour comes from the prompt, the square's place from the first state value, a row of cells along the
lower edge from the actions; what is open comes from the seed. A smooth transition moves the colour, a source frame is
mixed in by its strength for a second, a start by half. `STEERED_WORLD` takes actions and may leave all open.

It speaks the whole protocol, refuses what the engine refuses in the same words, and can be told to misbehave. Without a
`tick` it makes a frame whenever there is credit for one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc.aio

from streamdit._fake_session import FakeSession
from streamdit._fake_world import FAKE_WORLD, STEERED_WORLD, abort_rejected, world_message
from streamdit._fork import using_grpc
from streamdit._loop_thread import LoopThread
from streamdit.types import WorldInfo
from streamdit.wire import engine_pb2 as pb
from streamdit.wire import engine_pb2_grpc as pb_grpc

__all__ = ["FAKE_WORLD", "STEERED_WORLD", "FakeEngine", "ManualTicks", "Misbehaviour", "WallTicks"]


class ManualTicks:
    """A clock for the paced deliveries of one session, wound by the test: `await advance(n)` makes n frames."""

    def __init__(self) -> None:
        self._ticks = asyncio.Semaphore(0)
        self._waits = asyncio.Event()

    async def advance(self, num_frames: int = 1) -> None:
        """Returns when the engine has offered all of them and waits for the next tick."""
        for _ in range(num_frames):
            await self._waits.wait()
            self._waits.clear()
            self._ticks.release()
        await self._waits.wait()

    async def __call__(self) -> None:
        self._waits.set()
        await self._ticks.acquire()


class WallTicks:
    """The real pace, without drift; one per session."""

    def __init__(self, fps: float) -> None:
        self._period_s = 1 / fps
        self._next_s = 0.0

    async def __call__(self) -> None:
        now_s = time.monotonic()
        self._next_s = max(now_s, self._next_s + self._period_s) if self._next_s else now_s
        await asyncio.sleep(self._next_s - now_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """What the fake engine does wrong."""

    reject: str = ""  # refuse `open` with this reason, e.g. "SERVER_FULL"
    silent: bool = False  # never answer `open`
    drop_after_frames: int | None = None  # break the connection without `closed`
    mute: bool = False  # never answer a heartbeat
    ignore_close: bool = False  # never confirm
    api_version: int = 1  # claim to have chosen this one
    frame_size: tuple[int, int] | None = None  # claim that frames are of this width and height
    from_the_future: bool = False  # send messages and enum numbers that nobody knows


class FakeEngine:
    """The engine's side of the wire contract; an async context manager.

    Args:
        tick: makes the `tick` of each session, awaited once per frame of a paced delivery; None is unpaced.
        window: frames in flight under LATEST unless the client asks for fewer.
        max_behind: frames an ALL client may be behind before it is closed with TOO_SLOW.
        idle_timeout_s: silence of a client until it is closed with IDLE.
        actions_timeout_s: silence of a client until it holds no action any more, but for LOCKSTEP; 0: it holds on.
    """

    def __init__(
        self,
        *,
        world: WorldInfo = FAKE_WORLD,
        tick: Callable[[], Callable[[], Awaitable[object]]] | None = None,
        window: int = 3,
        max_behind: int = 64,
        idle_timeout_s: float = 30.0,
        actions_timeout_s: float = 2.0,
        misbehaviour: Misbehaviour | None = None,
        token: str | None = None,
    ) -> None:
        self.world = world
        self.tick = tick
        self.window = window
        self.max_behind = max_behind
        self.idle_timeout_s = idle_timeout_s
        self.actions_timeout_s = actions_timeout_s
        self.misbehaviour = misbehaviour or Misbehaviour()
        self.token = token
        self.received: deque[pb.ClientMessage] = deque(maxlen=4096)  # all sessions; the oldest falls out
        self.sessions: list[FakeSession] = []  # alive
        self.num_sessions = 0  # ever
        self.rung = (0, "")  # and the reason
        self.address = ""
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> Self:
        using_grpc()
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        register: Any = pb_grpc.add_EngineServiceServicer_to_server
        register(_Service(self), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(self.address or '127.0.0.1:0')}"
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Go away without a word, as in a crash; clients see a broken connection."""
        assert self._server is not None
        await self._server.stop(None)

    async def drain(self, deadline_s: float = 0.0) -> None:
        """Announce the end to every session, then end them with SERVER_DRAINING."""
        for session in list(self.sessions):
            await session.drain(deadline_s)

    def change_rung(self, rung: int, reason: str) -> None:
        """From the next frame on every session is on this quality rung, and is told why; from any thread."""
        self.rung = (rung, reason)

    def bodies(self, kind: str) -> list[Any]:
        """All messages received of one kind, e.g. "prompt" or "ack", oldest first."""
        return [getattr(message, kind) for message in self.received.copy() if message.WhichOneof("body") == kind]

    @classmethod
    @contextmanager
    def in_thread(cls, **arguments: Any) -> Iterator[Self]:
        """The same engine for code without an event loop; it runs in a thread of its own."""
        thread = LoopThread("fake engine")
        engine = cls(**arguments)
        try:
            thread.run(engine.__aenter__())
            try:
                yield engine
            finally:
                thread.run(engine.stop())
        finally:
            thread.close()


class _Service:
    """What gRPC calls."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def GetServerInfo(  # noqa: N802  the proto's name
        self, _request: pb.GetServerInfoRequest, context: Any
    ) -> pb.GetServerInfoResponse:
        await self._check_token(context)
        return pb.GetServerInfoResponse(
            server_version="fake",
            api_version=1,
            worlds=[world_message(self._engine.world)],
            backend="fake",
            device="cpu",
            max_sessions=64,
            active_sessions=len(self._engine.sessions),
        )

    async def Play(self, _requests: Any, context: Any) -> None:  # noqa: N802
        await self._check_token(context)
        engine = self._engine
        engine.num_sessions += 1
        session = FakeSession(engine, context, session_id=f"fake-{engine.num_sessions}")
        engine.sessions.append(session)
        try:
            await session.run()
        finally:
            engine.sessions.remove(session)

    async def _check_token(self, context: Any) -> None:
        token = self._engine.token
        sent = dict(context.invocation_metadata()).get("authorization", "")
        if token is not None and sent != f"Bearer {token}":
            code = grpc.StatusCode.UNAUTHENTICATED
            await abort_rejected(
                context, code, "UNAUTHENTICATED", field="authorization", value="", detail="wrong token"
            )
