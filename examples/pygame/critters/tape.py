"""Recording what is played, a key away: the same kind of recording that training data is made of."""

from dataclasses import asdict
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamdit.recording import Recorder
from streamdit.types import PromptTransition, StateField

from .actions import ACTIONS, held_actions
from .game import Keys
from .scene import FPS, SIZE, STATE_FIELDS, State
from .steering import Steer

WORLD = "critters"


class Tape:
    """At most one recording at a time, in `folder/play-001`, `play-002` and so on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.of_generated = False
        self._recorder: Recorder | None = None

    @property
    def running(self) -> bool:
        """Whether frames are being written."""
        return self._recorder is not None

    def toggle(self, prompt: str, *, generated: bool) -> str:
        """Start or stop; says what it did. A recording keeps to the pictures it began with."""
        if self._recorder is not None:
            return self.stop()
        folder = self.free("play-{:03d}")
        self._recorder = open_recorder(folder, labels={"pictures": "generated" if generated else "classic"})
        self.of_generated = generated
        self.prompt(prompt)
        return f"recording into {folder}"

    def stop(self) -> str:
        """Finish the recording, if there is one; says where it is."""
        if self._recorder is None:
            return ""
        recorder, self._recorder = self._recorder, None
        recorder.finish()
        return f"recorded {recorder.num_frames / FPS:.1f} s: {recorder.folder}"

    def prompt(self, text: str, transition: PromptTransition = "immediate") -> None:
        """The world changes with the next frame."""
        if self._recorder is not None:
            self._recorder.prompt(text, transition=transition)

    def source_frame(self, strength: float) -> None:
        """A picture was sent to be redrawn; of no account in a recording of classic ones."""
        if self._recorder is not None and self.of_generated:
            self._recorder.event("source_frame", strength=strength)

    def release(self) -> None:
        """Neither state nor keys are said any more; of no account in a recording of classic pictures."""
        if self._recorder is not None and self.of_generated:
            self._recorder.release("state", "actions")

    def frame(self, state: State, rgb: NDArray[np.uint8], keys: Keys, steer: Steer | None) -> None:
        """One tick of the game, the keys that led to it and the picture shown for it.

        The game's own pictures obey keys and state. Generated ones obey what the engine was told, and show another
        state than the game's where that was not said.
        """
        if self._recorder is not None:
            if not self.of_generated or steer is Steer.KEYS:
                self._recorder.actions(held_actions(keys))
            if not self.of_generated or steer is Steer.STATE:
                self._recorder.state(state.values())
            self._recorder.frame(rgb)

    def free(self, pattern: str) -> Path:
        """The first path of the pattern, counted from one, that is not taken yet."""
        paths = (self.folder / pattern.format(number) for number in count(1))
        return next(path for path in paths if not path.exists())


def open_recorder(
    folder: Path,
    *,
    labels: dict[str, str | bool],
    split: str = "",
    **metadata: str | bool | int,
) -> Recorder:
    """A recorder of this world's frames, states and keys."""
    return Recorder(
        folder,
        world=WORLD,
        fps=FPS,
        width=SIZE,
        height=SIZE,
        state_fields=[StateField(**asdict(field)) for field in STATE_FIELDS],
        actions=ACTIONS,
        labels=labels,
        split=split,
        metadata=metadata,
    )
