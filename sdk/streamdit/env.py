"""A world as a gymnasium environment: LOCKSTEP, so the engine waits for the agent and runs are repeatable.

    env = WorldEnv("localhost:50051", prompt="a pig in a meadow")  # or WorldEnv(..., steer="actions")
    frame, info = env.reset(seed=1)
    frame, reward, terminated, truncated, info = env.step(env.action_space.sample())

Needs `pip install streamdit[env]`. What an agent does is the state itself, or the keys that it holds; what that is
worth is for a wrapper to say.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from streamdit._loop_thread import LoopThread
from streamdit.client import Client, connect
from streamdit.errors import SessionClosed, StreamDiTError
from streamdit.frames import Frame
from streamdit.session import Session
from streamdit.types import ActionInfo, ActionKind, Delivery, Encoding, WorldInfo

Steer: TypeAlias = Literal["state", "actions"]


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

    Raises:
        ConnectionFailed, Rejected: on construction and `reset`.
        StreamDiTError: on construction, there is no such world, or it cannot be steered so.
        ValueError: `steer` is neither.
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
    ) -> None:
        if steer not in get_args(Steer):
            raise ValueError(f"steer is {steer!r}, expected one of {', '.join(get_args(Steer))}")
        self.render_mode = "rgb_array"
        self._steer = steer
        self._wish = {"world": world, "prompt": prompt, "profile": profile}
        self._timeout_s = timeout_s
        self._session: Session | None = None
        self._frame: Frame | None = None
        self._thread = LoopThread(f"streamdit env {address}")
        try:
            self._client: Client = self._thread.run(connect(address, timeout_s=timeout_s).__aenter__())
            worlds = self._thread.run(self._client.server_info()).worlds
            served = next((w for w in worlds if world in ("", w.name)), None)
            if served is None:
                names = ", ".join(w.name for w in worlds)
                raise StreamDiTError(f"{address} has no world {world!r}, expected one of {names}")
            self.action_space = action_space(served, steer)
            self._action_infos = served.actions
        except BaseException:
            self._thread.close()
            raise
        shape = (served.height, served.width, 3)
        self.metadata = {**self.metadata, "render_fps": served.fps}
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """A new session; `seed` makes it repeatable, `options` are more arguments of `Client.play`: prompt, profile,
        state, start ...; they win over those of the construction."""
        super().reset(seed=seed)
        self._end_session()
        held = {} if self._steer == "state" else {"actions": ()}
        wish: dict[str, Any] = {**self._wish, **held, **(options or {})}
        session = self._client.play(
            seed=seed, delivery=Delivery.LOCKSTEP, encodings=[Encoding.RGB24, Encoding.JPEG], **wish
        )
        self._session = self._thread.run(session.__aenter__())
        frame = self._next_frame()
        if frame is None:
            assert self._session.closed is not None
            raise SessionClosed(self._session.closed)
        return frame.rgb(), self._info(frame, 0)

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
                values = [float(value) for value in action]
                event_id = self._thread.run(self._session.state(values), self._timeout_s)
            else:
                said = {"actions": held_by(action, self._action_infos)}
                event_id = self._thread.run(self._session.actions(said["actions"]), self._timeout_s)
            frame = self._next_frame()
        except SessionClosed:
            frame, event_id = None, 0
        if frame is None:
            closed = self._session.closed
            return self._frame.rgb(), 0.0, True, False, {"closed": closed}
        return frame.rgb(), 0.0, False, False, {**self._info(frame, event_id), **said}

    def render(self) -> NDArray[np.uint8] | None:
        """The frame last seen."""
        return None if self._frame is None else self._frame.rgb()

    def close(self) -> None:
        """Close the session, the connection and the thread."""
        self._end_session()
        self._thread.run(self._client.close())
        self._thread.close()

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._thread.run(session.close("episode over"))

    def _next_frame(self) -> Frame | None:
        assert self._session is not None
        frame = self._thread.run(_next(self._session), self._timeout_s)
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
