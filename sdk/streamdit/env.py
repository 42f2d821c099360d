"""A world as a gymnasium environment: LOCKSTEP, so the engine waits for the agent and runs are repeatable.

    env = WorldEnv("localhost:50051", prompt="a pig in a meadow")  # or WorldEnv(..., steer="actions")
    frame, info = env.reset(seed=1)
    frame, reward, terminated, truncated, info = env.step(env.action_space.sample())

Needs `pip install streamdit[env]`. What an agent does is the state itself, or the keys that it holds; what that is
worth is for a wrapper to say.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import grpc.aio
import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from streamdit._loop_thread import LoopThread
from streamdit.checks import check_state
from streamdit.client import RETRY_EVERY_S, Client, connect
from streamdit.errors import ConnectionFailed, SessionClosed, StreamDiTError
from streamdit.frames import Frame
from streamdit.session import Session
from streamdit.types import ActionInfo, ActionKind, Delivery, Encoding, WorldInfo

Steer: TypeAlias = Literal["state", "actions"]
OPTIONS = ("prompt", "profile", "state", "actions", "start")  # of `reset`


class WorldEnv(gymnasium.Env[NDArray[np.uint8], NDArray[Any]]):
    """One frame per step.

    observation_space: uint8 (H, W, 3). The engine generates whole chunks, so an action shows up with the next chunk;
    `info["last_event_id"]` and `info["event_id"]` tell when. `reward` is always 0. `terminated` is True once the
    engine ended the session.

    Args:
        steer: "state": action_space is a Box, float32 (S,), one value per state field in its range.
            "actions": one value per action of the world (A,), and nothing is said of its state: MultiBinary where all
            are buttons, else a Box, float32, in which a button is pressed above 0.5. Of an exclusive group the
            strongest in its range is held, the first of equals, and the others are 0; `info["actions"]` has the set
            that was said. A session begins with nothing held.
        world, prompt, profile: as `Client.play`.
        timeout_s: for the engine to answer, also one that is still starting or comes back: construction, `reset` and
            `step` wait so long.
        secure, ca, credentials, token: as `connect`.
        render_mode: "rgb_array" or None, for which `render` gives None.

    Raises:
        ConnectionFailed, Rejected: on construction and `reset`.
        StreamDiTError: on construction, there is no such world, or it cannot be steered so; or the process was forked
            from one that had connections.
        TimeoutError: no frame within `timeout_s`; the episode is over, `reset` begins another.
        ValueError: `steer` or `render_mode` is neither.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012  gymnasium's own shape

    def __init__(
        self,
        address: str,
        *,
        steer: Steer = "state",
        world: str = "",
        prompt: str | None = None,
        profile: str = "",
        timeout_s: float = 30.0,
        render_mode: str | None = "rgb_array",
        secure: bool = False,
        ca: Path | str | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
    ) -> None:
        if steer not in get_args(Steer):
            raise ValueError(f"steer is {steer!r}, expected one of {', '.join(get_args(Steer))}")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode is {render_mode!r}, expected 'rgb_array' or None")
        self.render_mode = render_mode
        self._steer = steer
        self._wish = {"world": world, "prompt": prompt, "profile": profile}
        self._timeout_s = timeout_s
        self._closed = False
        self._session: Session | None = None
        self._frame: Frame | None = None
        client = connect(address, secure=secure, ca=ca, credentials=credentials, token=token, timeout_s=timeout_s)
        self._thread = LoopThread(f"streamdit env {address}")
        try:
            self._client: Client = self._thread.run(client.__aenter__())
            worlds = self._thread.run(self._client.server_info()).worlds
            served = next((w for w in worlds if world in ("", w.name)), None)
            if served is None:
                names = ", ".join(w.name for w in worlds)
                raise StreamDiTError(f"{address} has no world {world!r}, expected one of {names}")
            self.action_space = action_space(served, steer)
            self._world = served
        except BaseException:
            self._thread.close()
            raise
        shape = (served.height, served.width, 3)
        self.metadata = {**self.metadata, "render_fps": served.fps}
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """A new session. `seed` is the world's, and the episodes after it, begun without one, draw theirs from it: the
        same seed gives the same row of episodes.

        Args:
            options: prompt, profile, state, actions or start, as `Client.play`; they win over the construction's.

        Raises:
            ValueError: another option, or one that no engine would take.
            StreamDiTError: the environment was closed.
        """
        for name in options or {}:
            if name not in OPTIONS:
                raise ValueError(f"option {name!r} is unknown, reset takes: {', '.join(OPTIONS)}")
        if self._closed:
            raise StreamDiTError("reset after close")
        super().reset(seed=seed)
        self._end_session()
        held = {} if self._steer == "state" else {"actions": ()}
        wish: dict[str, Any] = {**self._wish, **held, **(options or {})}
        wish["seed"] = int(self.np_random.integers(2**63)) if seed is None else seed
        self._session = self._thread.run(self._begin(wish))
        frame = self._next_frame()
        if frame is None:
            assert self._session.closed is not None
            raise SessionClosed(self._session.closed)
        return frame.rgb(), self._info(frame, 0)

    async def _begin(self, wish: dict[str, Any]) -> Session:
        """A session; an engine that is coming back gets its time."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._timeout_s
        while True:
            session = self._client.play(delivery=Delivery.LOCKSTEP, encodings=[Encoding.RGB24, Encoding.JPEG], **wish)
            try:
                return await session.__aenter__()
            except ConnectionFailed as error:
                cause = error.__cause__
                gone = isinstance(cause, grpc.aio.AioRpcError) and cause.code() is grpc.StatusCode.UNAVAILABLE
                if not gone or loop.time() >= until_s:
                    raise
            await asyncio.sleep(RETRY_EVERY_S)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Send the state or the actions, see the next frame.

        Raises:
            StreamDiTError: there was no `reset` before.
            ValueError: a wrong number of values, or one that is not in its range; nothing was sent.
        """
        if self._session is None or self._frame is None:
            raise StreamDiTError("step before reset")
        said = {}
        try:
            if self._steer == "state":
                values = check_state([float(value) for value in action], (), (), self._world, field="action").values
                event_id = self._thread.run(self._session.state(values), self._timeout_s)
            else:
                said = {"actions": held_by(action, self._world.actions)}
                event_id = self._thread.run(self._session.actions(said["actions"]), self._timeout_s)
            frame = self._next_frame()
        except SessionClosed:
            frame, event_id = None, 0
        if frame is None:
            closed = self._session.closed
            return self._frame.rgb(), 0.0, True, False, {"closed": closed}
        return frame.rgb(), 0.0, False, False, {**self._info(frame, event_id), **said}

    def render(self) -> NDArray[np.uint8] | None:
        """The frame last seen, uint8 (H, W, 3); None before the first, or without a render mode."""
        return None if self._frame is None or self.render_mode is None else self._frame.rgb()

    def close(self) -> None:
        """Close the session, the connection and the thread. Again, it does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._end_session()
            self._thread.run(self._client.close())
        finally:
            self._thread.close()

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._thread.run(session.close("episode over"))

    def _next_frame(self) -> Frame | None:
        assert self._session is not None
        try:
            frame = self._thread.run(_next(self._session), self._timeout_s)
        except TimeoutError as error:
            # A frame that comes late would be taken for that of the next step.
            with suppress(StreamDiTError):
                self._end_session()
            raise TimeoutError(f"no frame within {self._timeout_s:g} s, the episode is over") from error
        self._frame = frame or self._frame
        return frame

    @staticmethod
    def _info(frame: Frame, event_id: int) -> dict[str, Any]:
        return {
            "frame_id": frame.frame_id,
            "pts_us": frame.pts_us,
            "event_id": event_id,
            "last_event_id": frame.last_event_id,
        }


async def _next(session: Session) -> Frame | None:
    return await anext(session, None)


def action_space(world: WorldInfo, steer: Steer) -> "gymnasium.Space[Any]":
    """What an agent chooses from at each step.

    Raises:
        StreamDiTError: the world cannot be steered so.
    """
    if steer == "state":
        if not world.state_fields:
            raise StreamDiTError(f"world {world.name!r} has no state: steer is 'state', expected 'actions'")
        return _box(world.state_fields)
    if not world.actions:
        raise StreamDiTError(f"world {world.name!r} takes no actions: steer is 'actions', expected 'state'")
    if all(action.kind is ActionKind.BUTTON for action in world.actions):
        return gymnasium.spaces.MultiBinary(len(world.actions))
    return _box(world.actions)


def _box(ranges: Sequence[Any]) -> gymnasium.spaces.Box:
    least, most = ([getattr(each, end) for each in ranges] for end in ("min", "max"))
    return gymnasium.spaces.Box(np.array(least, np.float32), np.array(most, np.float32), dtype=np.float32)


def held_by(values: ArrayLike, actions: Sequence[ActionInfo]) -> dict[str, float]:
    """The set that an agent's values (A,) mean, in the order of `actions`: a button is held above 0.5, and of an
    exclusive group only the strongest, by its share of its range, the first of equals. Pure.

    Raises:
        ValueError: a wrong number of values, or one that is not in its action's range.
    """
    given = np.asarray(values, np.float64)
    if given.shape != (len(actions),):
        names = ", ".join(action.name for action in actions)
        raise ValueError(f"action has shape {given.shape}, the world has {len(actions)} actions: {names}")
    held: dict[str, float] = {}
    strongest: dict[str, tuple[float, str]] = {}  # of each group
    for value, action in zip(given.tolist(), actions, strict=True):
        if not action.min <= value <= action.max:  # neither is not a number
            raise ValueError(f"action {action.name!r} is {value:g}, must be {action.min:g}..{action.max:g}")
        pressed = float(value > 0.5) if action.kind is ActionKind.BUTTON else value
        if not pressed:
            continue
        if action.group:
            share = abs(value) / (action.max if value > 0 else -action.min)
            best, other = strongest.get(action.group, (0.0, ""))
            if share <= best:
                continue
            held.pop(other, None)
            strongest[action.group] = (share, action.name)
        held[action.name] = pressed
    return held
