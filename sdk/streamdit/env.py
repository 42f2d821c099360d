"""A world as a gymnasium environment: LOCKSTEP, so the engine waits for the agent and runs are repeatable.

    env = WorldEnv("localhost:50051", prompt="a pig in a meadow")
    frame, info = env.reset(seed=1)
    frame, reward, terminated, truncated, info = env.step(env.action_space.sample())

Needs `pip install streamdit[env]`. An action is the state itself; what it is worth is for a wrapper to say.
"""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from streamdit._loop_thread import LoopThread
from streamdit.client import Client, connect
from streamdit.errors import SessionClosed, StreamDiTError
from streamdit.frames import Frame
from streamdit.session import Session
from streamdit.types import Delivery, Encoding


class WorldEnv(gymnasium.Env[NDArray[np.uint8], NDArray[np.float32]]):
    """One frame per step.

    observation_space: uint8 (H, W, 3). action_space: float32 (S,), one value per state field in its range.
    The engine generates whole chunks, so an action shows up with the next chunk; `info["last_event_id"]` and
    `info["event_id"]` tell when. `reward` is always 0. `terminated` is True once the engine ended the session.

    Raises:
        ConnectionFailed, Rejected: on construction and `reset`.
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012  gymnasium's own shape

    def __init__(
        self, address: str, *, world: str = "", prompt: str | None = None, profile: str = "", timeout_s: float = 30.0
    ) -> None:
        self.render_mode = "rgb_array"
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
        except BaseException:
            self._thread.close()
            raise
        shape = (served.height, served.width, 3)
        self.metadata = {**self.metadata, "render_fps": served.fps}
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
        self.action_space = gymnasium.spaces.Box(
            np.array([field.min for field in served.state_fields], np.float32),
            np.array([field.max for field in served.state_fields], np.float32),
            dtype=np.float32,
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """A new session; `seed` makes it repeatable, `options` overrides world, prompt, profile or state."""
        super().reset(seed=seed)
        self._end_session()
        wish: dict[str, Any] = {**self._wish, **(options or {})}
        session = self._client.play(
            seed=seed, delivery=Delivery.LOCKSTEP, encodings=[Encoding.RGB24, Encoding.JPEG], **wish
        )
        self._session = self._thread.run(session.__aenter__())
        frame = self._next_frame()
        if frame is None:
            assert self._session.closed is not None
            raise SessionClosed(self._session.closed)
        return frame.rgb(), self._info(frame, 0)

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """Send the state, see the next frame."""
        if self._session is None or self._frame is None:
            raise StreamDiTError("step before reset")
        try:
            values = [float(value) for value in action]
            event_id = self._thread.run(self._session.state(values), self._timeout_s)
            frame = self._next_frame()
        except SessionClosed:
            frame, event_id = None, 0
        if frame is None:
            closed = self._session.closed
            return self._frame.rgb(), 0.0, True, False, {"closed": closed}
        return frame.rgb(), 0.0, False, False, self._info(frame, event_id)

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
