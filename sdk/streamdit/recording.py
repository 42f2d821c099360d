"""A recording is a folder: what was seen, what was asked for, and what it all was.

    video.mp4      every frame, H.264; lossless RGB unless a `crf` was given
    events.jsonl   {"frame": n, "t_us": t, "type": "prompt" | "state" | ..., ...}, one a line; `frame` is the
                   index of the first frame that obeys the event, `t_us` its media time unless the writer knew;
                   a prompt that does not take over at once has its `transition` and that one's numbers;
                   a state has `values` of all fields, or of those that its `fields` names, the others held;
                   `actions` has `held`, the whole set in force by name, and stands there only where it changes;
                   `release` has `steering`, names of what is un-said: "prompt", "state", "actions"
    session.json   format, world, fps, size, num_frames, state_fields, actions, labels, split; written last, so
                   that a recording without it is known to be cut short

Bots replay it, evaluation reads it, and training data is nothing else. T frames, S state fields, A actions, H W pixels.
PyAV does the video and is imported where it is used: `import streamdit` does not need it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from streamdit._in_force import actions_in_force, prompts_in_force, states_in_force
from streamdit.errors import RecordingError
from streamdit.recorder import FORMAT, KEYFRAME_EVERY, Recorder, open_av
from streamdit.types import ActionInfo, ActionKind, StateField

__all__ = ["FORMAT", "KEYFRAME_EVERY", "Recorder", "Recording"]


@dataclass(frozen=True)
class Recording:
    """A finished recording on disk, from `Recording.load(folder)`. Frames are decoded when asked for."""

    folder: Path
    world: str
    fps: float
    width: int
    height: int
    num_frames: int
    lossless: bool
    state_fields: tuple[StateField, ...]
    action_infos: tuple[ActionInfo, ...]
    labels: Mapping[str, Any]
    split: str
    sdk_version: str
    metadata: Mapping[str, Any]

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read session.json and check the video's header against it; decodes nothing, takes a millisecond.

        Raises:
            RecordingError: a file is missing or unreadable, or the video is shorter than num_frames.
        """
        folder = Path(folder)
        path = folder / "session.json"
        if not folder.is_dir():
            raise RecordingError(folder, "no such folder")
        if not path.exists():
            raise RecordingError(path, "missing: the recording was cut short")
        try:
            session = json.loads(path.read_text(encoding="utf-8"))
            if session["format"] != FORMAT:
                raise RecordingError(path, f"format is {session['format']}, this SDK reads {FORMAT}")
            recording = cls(
                folder=folder,
                world=session["world"],
                fps=session["fps"],
                width=session["width"],
                height=session["height"],
                num_frames=session["num_frames"],
                lossless=session["lossless"],
                state_fields=tuple(StateField(**field) for field in session["state_fields"]),
                action_infos=tuple(
                    ActionInfo(**{**action, "kind": ActionKind[action["kind"]]})
                    for action in session.get("actions", ())
                ),
                labels=session["labels"],
                split=session["split"],
                sdk_version=session["sdk_version"],
                metadata=session["metadata"],
            )
        except json.JSONDecodeError as error:
            raise RecordingError(path, f"not JSON: {error}") from error
        except (KeyError, TypeError) as error:
            raise RecordingError(path, f"missing or malformed: {error}") from error
        recording._check_video()
        return recording

    def _open_video(self) -> Any:
        path = self.folder / "video.mp4"
        av = open_av(self.folder)
        try:
            return av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise RecordingError(path, f"cannot be opened, missing or cut short: {error}") from error

    def _check_video(self) -> None:
        if self.num_frames == 0:
            return
        path = self.folder / "video.mp4"
        with self._open_video() as container:
            if not container.streams.video:
                raise RecordingError(path, "holds no video: cut short")
            video = container.streams.video[0]
            if video.frames < self.num_frames:
                raise RecordingError(path, f"holds {video.frames} of {self.num_frames} frames: cut short")
            if (video.width, video.height) != (self.width, self.height):
                got, expected = f"{video.width}x{video.height}", f"{self.width}x{self.height}"
                raise RecordingError(path, f"frames are {got}, session.json says {expected}")

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[NDArray[np.uint8]]:
        """Frames start <= n < stop, each uint8 (H, W, 3); decodes from the key frame before `start`."""
        stop = self.num_frames if stop is None else min(stop, self.num_frames)
        if not 0 <= start <= stop:
            raise ValueError(f"start is {start}, expected 0..{stop}")
        if start == stop:
            return
        path = self.folder / "video.mp4"
        with self._open_video() as container:
            video = container.streams.video[0]
            video.thread_count = 1
            rate = Fraction(self.fps).limit_denominator(1001)
            expected = start
            try:
                container.seek(int(start / rate / video.time_base), stream=video, backward=True)
                for picture in container.decode(video):
                    index = round(picture.pts * picture.time_base * rate)
                    if index < start:
                        continue
                    if index != expected:
                        raise RecordingError(path, f"frame {expected} is missing, found {index}")
                    yield picture.to_ndarray(format="rgb24")
                    expected += 1
                    if expected == stop:
                        return
            except (open_av(self.folder).error.FFmpegError, OSError) as error:
                raise RecordingError(path, f"frame {expected} cannot be decoded, cut short: {error}") from error
        raise RecordingError(path, f"decoding ended at frame {expected} of {stop}: cut short")

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
        """The same frames in one array, uint8 (T, H, W, 3)."""
        stop = self.num_frames if stop is None else min(stop, self.num_frames)
        video = np.empty((max(0, stop - start), self.height, self.width, 3), np.uint8)  # (T, H, W, 3)
        for index, rgb in enumerate(self.frames(start, stop)):
            video[index] = rgb
        return video

    @cached_property
    def events(self) -> tuple[Mapping[str, Any], ...]:
        """All lines of events.jsonl, in order.

        Raises:
            RecordingError: a line is not a JSON object with `frame` and `type`; the message has its number.
        """
        path = self.folder / "events.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise RecordingError(path, f"cannot be read: {error}") from error
        events = []
        for number, line in enumerate(lines, start=1):
            try:
                event = json.loads(line)
            except json.JSONDecodeError as error:
                raise RecordingError(path, f"line {number} is not JSON: {error}") from error
            if not isinstance(event, dict) or not isinstance(event.get("frame"), int) or "type" not in event:
                raise RecordingError(path, f"line {number} has no frame number or no type: {line[:80]}")
            events.append(event)
        return tuple(events)

    def states(self, *, unsaid: float | None = None) -> NDArray[np.float32]:
        """The state each frame obeys, float32 (T, S): of every field the last value said.

        Args:
            unsaid: what stands for a field before it is said and once it was released, e.g. `math.nan`; None: the
                field's value at rest.

        Raises:
            RecordingError: a state on disk does not fit the recording's fields.
        """
        return states_in_force(self.events, self.state_fields, self.num_frames, self._wrong, unsaid)

    def actions(self, *, unsaid: float = 0.0) -> NDArray[np.float32]:
        """What is held while each frame is made, float32 (T, A) in the order of `action_infos`.

        Args:
            unsaid: what stands for every action before the first set is said and once it was released.

        Raises:
            RecordingError: the recording has no actions, or an event holds something that is none of them.
        """
        if not self.action_infos:
            raise RecordingError(self.folder, "has no actions: it was recorded without keys")
        return actions_in_force(self.events, self.action_infos, self.num_frames, self._wrong, unsaid)

    def prompts(self) -> list[str]:
        """The prompt every frame obeys, T of them: the last one said, "" before the first and once it was released."""
        return prompts_in_force(self.events, self.num_frames, self._wrong)

    def _wrong(self, detail: str) -> RecordingError:
        return RecordingError(self.folder / "events.jsonl", detail)
