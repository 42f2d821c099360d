"""A bot's run as a recording: each event is written before the first frame that obeys it."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit.errors import RecordingError
from streamdit.frames import Frame
from streamdit.recording import Recorder
from streamdit.session import Session
from streamdit.types import Steering

CRF = 12  # looks clean, plays everywhere
MAX_WAITING_EVENTS = 1024  # not obeyed yet; the oldest falls out


class Film:
    """Frames come from one thread, events from another. What the session was opened with is in force at first.

    Once something cannot be written, e.g. because the disk is full, nothing more is, and `finish` says so.
    """

    def __init__(self, folder: Path, session: Session, scenario: str) -> None:
        opened, world = session.opened, session.opened.world
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque(maxlen=MAX_WAITING_EVENTS)
        self._last_slot: int | None = None  # the media time of the last frame, in frame periods
        self._period_us = world.frame_period_us
        self._failed = False
        self._recorder = Recorder(
            folder,
            fps=world.fps,
            width=world.width,
            height=world.height,
            world=world.name,
            state_fields=world.state_fields,
            actions=world.actions,
            metadata={"scenario": scenario, "profile": opened.profile, "seed": opened.seed},
            crf=CRF,
        )
        self._names = tuple(field.name for field in world.state_fields)
        if session.last_prompt:
            self._recorder.prompt(session.last_prompt)
        if Steering.STATE in opened.steered_by:
            self.state(0, tuple(session.last_state.values()), tuple(session.last_state))
        if session.last_actions is not None:
            self.actions(0, session.last_actions)

    def prompt(self, event_id: int, wish: PromptWish) -> None:
        """Was sent; written once a frame obeys it."""
        write = partial(
            self._recorder.prompt,
            wish.text,
            transition=wish.transition,
            smooth_frames=wish.smooth_frames,
            renoise_to=wish.renoise_to,
        )
        self._later(event_id, write)

    def state(self, event_id: int, values: Sequence[float], fields: Sequence[str]) -> None:
        """Was sent, of these fields, or of all if none is named; written once a frame obeys it."""
        named = () if tuple(fields) == self._names else tuple(fields)
        self._later(event_id, partial(self._recorder.state, tuple(values), fields=named))

    def release(self, event_id: int, steering: Sequence[Steering]) -> None:
        """Was sent; written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.release, *steering))

    def actions(self, event_id: int, held: Mapping[str, float]) -> None:
        """A set was sent; written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.actions, dict(held)))

    def let_go(self, again_id: int, held: Mapping[str, float]) -> None:
        """The engine holds nothing any more, and what this side holds again once a frame obeys that event."""
        with self._lock:
            now = [(0, partial(self._recorder.actions, {}))]
            self._waiting.extendleft(now)
        if any(held.values()):
            self.actions(again_id, held)

    def source(self, event_id: int, strength: float) -> None:
        """A source frame was sent; its strength is written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.event, "source_frame", strength=strength))

    def _later(self, event_id: int, write: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append((event_id, write))

    def frame(self, frame: Frame, rgb: NDArray[np.uint8]) -> None:
        """The next frame, rgb (H, W, 3); frames lost before it are noted as a `gap`, and take their time."""
        if self._failed:
            return
        try:
            self._write(frame, rgb)
        except RecordingError:
            self._failed = True

    def _write(self, frame: Frame, rgb: NDArray[np.uint8]) -> None:
        slot = round(frame.pts_us / self._period_us)
        if self._last_slot is not None and slot > self._last_slot + 1:
            self._recorder.gap(slot - self._last_slot - 1)
        self._last_slot = slot
        with self._lock:
            obeyed = []
            while self._waiting and self._waiting[0][0] <= frame.last_event_id:
                obeyed.append(self._waiting.popleft()[1])
        for write in obeyed:
            write()
        self._recorder.frame(rgb)

    def finish(self) -> None:
        """The recording is whole.

        Raises:
            RecordingError: it is not, because something could not be written.
        """
        self._recorder.finish()
