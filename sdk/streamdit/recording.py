"""A recording is a folder: what was seen, what was asked for, and what it all was.

    video.mp4      every frame, H.264; lossless RGB unless a `crf` was given
    events.jsonl   {"frame": n, "t_us": t, "type": "prompt" | "state" | ..., ...}, one a line; `frame` is the
                   index of the first frame that obeys the event, `t_us` its media time unless the writer knew;
                   a prompt that does not take over at once has its `transition` and that one's numbers;
                   `actions` has the whole set in force, by name, and stands there only where it changes
    session.json   format, world, fps, size, num_frames, state_fields, actions, labels, split; written last, so
                   that a recording without it is known to be cut short

Bots replay it, evaluation reads it, and training data is nothing else. T frames, S state fields, A actions, H W pixels.
PyAV does the video and is imported where it is used: `import streamdit` does not need it.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit.errors import RecordingError
from streamdit.types import ActionInfo, ActionKind, PromptTransition, StateField
from streamdit.version import VERSION

FORMAT = 1
KEYFRAME_EVERY = 16  # frames; what a seek has to decode at most


def _av(folder: Path) -> ModuleType:
    try:
        import av  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise RecordingError(folder, "video needs PyAV: pip install streamdit[recording]") from error
    return av


class Recorder:
    """Writes a recording. Use it as a context manager; an exception inside leaves it visibly cut short.

    `prompt`, `state`, `actions` and `event` belong to the frame that is written next. Not thread-safe.

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
        self._num_state_fields = len(state_fields)
        self._actions = {action.name: action for action in actions}
        self._held: dict[str, float] | None = None  # the set written last
        self._period_us = 1_000_000 / fps
        self._av = _av(self.folder)
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

    def state(self, values: Sequence[float], *, t_us: int | None = None) -> None:
        """What is happening in the next frame, one value per state field, held until the next call."""
        if len(values) != self._num_state_fields:
            raise RecordingError(
                self.folder, f"state has {len(values)} values, the world has {self._num_state_fields} fields"
            )
        self.event("state", t_us=t_us, values=[float(value) for value in values])

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
                    ActionInfo(**{**action, "kind": ActionKind[action["kind"]]}) for action in session.get("actions", ())
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
        av = _av(self.folder)
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
            except (_av(self.folder).error.FFmpegError, OSError) as error:
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

    def _of_type(self, type: str, field: str) -> Iterator[tuple[int, Any]]:
        for number, event in enumerate(self.events, start=1):
            if event["type"] != type:
                continue
            if field not in event:
                detail = f"line {number}, a {type}, has no {field!r}"
                raise RecordingError(self.folder / "events.jsonl", detail)
            yield event["frame"], event[field]

    def states(self) -> NDArray[np.float32]:
        """The state each frame obeys, float32 (T, S): the last one held, fields at rest before the first."""
        states = np.empty((self.num_frames, len(self.state_fields)), np.float32)  # (T, S)
        states[:] = [field.resting for field in self.state_fields]
        for frame, values in self._of_type("state", "values"):
            if len(values) != len(self.state_fields):
                got, expected = len(values), len(self.state_fields)
                detail = f"state at frame {frame} has {got} values, the world has {expected} fields"
                raise RecordingError(self.folder / "events.jsonl", detail)
            states[frame:] = values
        return states

    def actions(self) -> NDArray[np.float32]:
        """What is held while each frame is made, float32 (T, A) in the order of `action_infos`.

        Nothing is held before the first `actions` event.

        Raises:
            RecordingError: the recording has no actions, or an event holds something that is none of them.
        """
        if not self.action_infos:
            raise RecordingError(self.folder, "has no actions: it was recorded without keys")
        columns = {action.name: column for column, action in enumerate(self.action_infos)}
        actions = np.zeros((self.num_frames, len(columns)), np.float32)  # (T, A)
        for frame, held in self._of_type("actions", "held"):
            unknown = [name for name in held if name not in columns]
            if unknown:
                detail = f"actions at frame {frame} hold {unknown[0]!r}, expected some of {', '.join(columns)}"
                raise RecordingError(self.folder / "events.jsonl", detail)
            actions[frame:] = 0.0
            for name, value in held.items():
                actions[frame:, columns[name]] = value
        return actions

    def prompts(self) -> list[str]:
        """The prompt every frame obeys, T of them: the last one held, "" before the first."""
        prompts = [""] * self.num_frames
        for frame, text in self._of_type("prompt", "text"):
            prompts[frame:] = [text] * max(0, self.num_frames - frame)
        return prompts
