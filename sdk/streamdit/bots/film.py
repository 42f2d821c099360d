"""A bot's run as a recording: each event is written before the first frame that obeys it."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamdit.frames import Frame
from streamdit.recording import Recorder
from streamdit.types import Opened, PromptTransition

CRF = 12  # looks clean, plays everywhere
MAX_WAITING_EVENTS = 1024  # not obeyed yet; the oldest falls out


class Film:
    """Frames come from one thread, events from another. `prompt` is in force from the first frame on; "": none is."""

    def __init__(self, folder: Path, opened: Opened, scenario: str, prompt: str) -> None:
        world = opened.world
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque(maxlen=MAX_WAITING_EVENTS)
        self._last_frame_id = 0
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
        if prompt:
            self._recorder.prompt(prompt)

    def prompt(self, event_id: int, text: str, transition: PromptTransition) -> None:
        """Was sent; written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.prompt, text, transition=transition))

    def state(self, event_id: int, values: Sequence[float]) -> None:
        """Was sent; written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.state, tuple(values)))

    def actions(self, event_id: int, held: Mapping[str, float]) -> None:
        """A set was sent; written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.actions, dict(held)))

    def source(self, event_id: int, strength: float) -> None:
        """A source frame was sent; its strength is written once a frame obeys it."""
        self._later(event_id, partial(self._recorder.event, "source_frame", strength=strength))

    def _later(self, event_id: int, write: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.append((event_id, write))

    def frame(self, frame: Frame, rgb: NDArray[np.uint8]) -> None:
        """The next frame, rgb (H, W, 3); frames lost before it are noted as a `gap`."""
        lost = frame.frame_id - self._last_frame_id - 1
        if lost and self._last_frame_id:
            self._recorder.event("gap", num_frames=lost)
        self._last_frame_id = frame.frame_id
        with self._lock:
            while self._waiting and self._waiting[0][0] <= frame.last_event_id:
                _, write = self._waiting.popleft()
                write()
        self._recorder.frame(rgb)

    def finish(self) -> None:
        """The recording is whole."""
        self._recorder.finish()
