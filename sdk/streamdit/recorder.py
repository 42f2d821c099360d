"""Writes a recording; what it is made of is said in `recording`, which reads it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit._said import steering_named
from streamdit.errors import RecordingError
from streamdit.types import ActionInfo, PromptTransition, StateField, Steering
from streamdit.version import VERSION

FORMAT = 1
KEYFRAME_EVERY = 16  # frames; what a seek has to decode at most


def open_av(folder: Path) -> ModuleType:
    """PyAV, for the recording in `folder`. Raises RecordingError: it is missing."""
    try:
        import av  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise RecordingError(folder, "video needs PyAV: pip install streamdit[recording]") from error
    return av


class Recorder:
    """Writes a recording. Use it as a context manager; an exception inside leaves it visibly cut short.

    `prompt`, `state`, `actions`, `release` and `event` belong to the frame that is written next. Not thread-safe.

    Args:
        folder: made if it is missing; must not hold a finished recording.
        fps, width, height: of the video, constant. A lossy video needs an even width and height.
        state_fields: the world's; `state` values come in this order.
        actions: what can be held; `actions` takes their names.
        crf: None writes lossless RGB; 0..51 writes yuv420p that plays everywhere, 12 looks clean.
        labels, split, metadata: free, kept in session.json.

    Raises:
        RecordingError: PyAV is missing, the folder is taken, or a frame or state has the wrong shape.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        fps: float,
        width: int,
        height: int,
        world: str = "",
        state_fields: Sequence[StateField] = (),
        actions: Sequence[ActionInfo] = (),
        labels: Mapping[str, Any] | None = None,
        split: str = "",
        metadata: Mapping[str, Any] | None = None,
        crf: int | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.num_frames = 0
        if (self.folder / "session.json").exists():
            raise RecordingError(self.folder, "holds a finished recording already")
        if crf is not None and (width % 2 or height % 2):
            raise RecordingError(self.folder, f"a lossy video needs even sizes, got {width}x{height}")
        self._session = {
            "format": FORMAT,
            "sdk_version": VERSION,
            "world": world,
            "fps": fps,
            "width": width,
            "height": height,
            "lossless": crf is None,
            "state_fields": [asdict(field) for field in state_fields],
            "actions": [{**asdict(action), "kind": action.kind.name} for action in actions],
            "labels": dict(labels or {}),
            "split": split,
            "metadata": dict(metadata or {}),
        }
        self._shape = (height, width, 3)
        self._state_fields = tuple(field.name for field in state_fields)
        self._actions = {action.name: action for action in actions}
        self._held: dict[str, float] | None = None  # the set written last
        self._period_us = 1_000_000 / fps
        self._av = open_av(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._events = (self.folder / "events.jsonl").open("w", encoding="utf-8")
        self._container = self._av.open(str(self.folder / "video.mp4"), "w")
        self._stream = self._container.add_stream(
            "libx264rgb" if crf is None else "libx264",
            rate=Fraction(fps).limit_denominator(1001),
            options={
                **({"qp": "0"} if crf is None else {"crf": str(crf)}),
                "preset": "ultrafast" if crf is None else "veryfast",
                "threads": "1",
                "bf": "0",  # pts in the order of writing: a frame's index is its pts
            },
        )
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "rgb24" if crf is None else "yuv420p"
        self._stream.gop_size = KEYFRAME_EVERY

    def frame(self, rgb: NDArray[np.uint8]) -> int:
        """Append one frame, uint8 (H, W, 3); returns its index."""
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            got, expected = f"{rgb.dtype} {rgb.shape}", f"uint8 {self._shape}"
            raise RecordingError(self.folder, f"frame {self.num_frames} is {got}, expected {expected}")
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        picture.pts = self.num_frames
        picture.time_base = 1 / self._stream.codec_context.framerate
        for packet in self._stream.encode(picture):
            self._container.mux(packet)
        self.num_frames += 1
        return self.num_frames - 1

    def prompt(
        self,
        text: str,
        *,
        t_us: int | None = None,
        transition: PromptTransition = "immediate",
        smooth_frames: int = 0,
        renoise_to: float | None = None,
    ) -> None:
        """What the world should be from the next frame on; how it takes over is kept where it is not at once."""
        wish = asdict(PromptWish(text, transition, smooth_frames, renoise_to))
        usual = asdict(PromptWish(text))
        self.event("prompt", t_us=t_us, text=text, **{k: v for k, v in wish.items() if v != usual[k]})

    def state(self, values: Sequence[float], *, fields: Sequence[str] = (), t_us: int | None = None) -> None:
        """What is happening in the next frame, held until the next call.

        Args:
            values: one per state field, in their order; or one per entry of `fields`.
            fields: names of what the values are; those not named stay as they were. Empty: all.

        Raises:
            RecordingError: a wrong number of values, or a field that the recording does not have, or has twice.
        """
        for name in fields:
            if name not in self._state_fields:
                known = ", ".join(self._state_fields) or "none"
                raise RecordingError(self.folder, f"unknown state field {name!r}, the recording's are: {known}")
            if fields.count(name) > 1:
                raise RecordingError(self.folder, f"state field {name!r} is there twice")
        named = len(fields or self._state_fields)
        if len(values) != named:
            wanted = f"fields names {named}" if fields else f"the world has {named} fields"
            raise RecordingError(self.folder, f"state has {len(values)} values, {wanted}")
        partial = {"fields": list(fields)} if fields else {}
        self.event("state", t_us=t_us, values=[float(value) for value in values], **partial)

    def release(self, *steering: Literal["prompt", "state", "actions"] | Steering, t_us: int | None = None) -> None:
        """What was said of these is un-said: from the next frame on it is the engine's to invent.

        Raises:
            ValueError: there is no such steering, or none is named.
        """
        released = [steering_named(name).name.lower() for name in steering]
        if not released:
            raise ValueError("release what? Expected some of prompt, state, actions")
        if "actions" in released:
            self._held = None
        self.event("release", t_us=t_us, steering=released)

    def actions(self, held: Mapping[str, float], *, t_us: int | None = None) -> None:
        """The complete set held during the next frame, until the next call; a name that is absent is 0.

        Raises:
            RecordingError: a name is none of the recording's actions, or its value is outside of min..max.
        """
        for name, value in held.items():
            if name not in self._actions:
                known = ", ".join(self._actions) or "none"
                raise RecordingError(self.folder, f"unknown action {name!r}, the recording's are: {known}")
            least, most = self._actions[name].min, self._actions[name].max
            if not least <= value <= most:
                raise RecordingError(self.folder, f"action {name!r} is {value}, expected {least}..{most}")
        values = {name: float(held[name]) for name in self._actions if held.get(name)}
        if values != self._held:
            self.event("actions", t_us=t_us, held=values)
            self._held = values

    def event(self, type: str, *, t_us: int | None = None, **data: Any) -> None:
        """Anything else worth keeping; `data` must be JSON."""
        time_us = round(self.num_frames * self._period_us) if t_us is None else t_us
        line = {"frame": self.num_frames, "t_us": time_us, "type": type, **data}
        self._events.write(json.dumps(line, ensure_ascii=False) + "\n")

    def finish(self) -> None:
        """Flush the video and write session.json, last and atomically; the recording is then whole."""
        self._close_files()
        whole = {**self._session, "num_frames": self.num_frames}
        unfinished = self.folder / "session.json.tmp"
        unfinished.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(unfinished, self.folder / "session.json")

    def _close_files(self) -> None:
        if self._events.closed:
            return
        if self.num_frames:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._close_files()
