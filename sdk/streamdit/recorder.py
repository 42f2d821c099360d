"""Writes a recording; what it is made of is said in `recording`, which reads it.

What is written stays readable whenever the process ends. An event is on disk before the first frame that obeys it,
frames follow in fragments of half a second, and session.json is there from the start.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
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
FRAGMENT_S = 0.5  # of video that are written together
LOOKAHEAD_S = 0.625  # that a lossy encoder holds back; 10 frames at most
LEAST_FPS, MOST_FPS = 0.01, 1000.0
MOST_CRF = 51
LINE_SEPARATORS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # to some readers of lines


def open_av(folder: Path) -> ModuleType:
    """PyAV, for the recording in `folder`. Raises RecordingError: it is missing."""
    try:
        import av  # noqa: PLC0415  an optional extra
    except ImportError as error:
        raise RecordingError(folder, "video needs PyAV: pip install streamdit[recording]") from error
    return av


class AppendedFile:
    """A file that only grows, at once. After a write that failed it takes no more: what is there stays as it is."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Append all of it. Raises OSError: it cannot be written, or an earlier write failed."""
        if self.error is not None:
            raise self.error
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def close(self) -> None:
        """Nothing is left to be flushed."""
        self._file.close()


def holds_whole(folder: Path) -> bool:
    """Whether a folder holds a recording that was finished; False if it was cut short, or there is none.

    Raises:
        RecordingError: its session.json cannot be read.
    """
    session = folder / "session.json"
    try:
        return session.exists() and bool(json.loads(session.read_text(encoding="utf-8")).get("finished", True))
    except (OSError, ValueError, AttributeError) as error:
        raise RecordingError(session, f"cannot be read: {error}") from error


class Recorder:
    """Writes a recording. Use it as a context manager; an exception inside leaves it visibly cut short.

    `prompt`, `state`, `actions`, `release` and `event` belong to the frame that is written next. Not thread-safe.
    Whatever ends the process, all but about the last second can be read. Once something could not be written, e.g.
    because the disk is full, nothing more is: every later call raises.

    Args:
        folder: made if it is missing; must not hold a recording.
        fps, width, height: of the video, constant; fps is 0.01..1000. A lossy video needs an even width and height.
        state_fields: the world's; `state` values come in this order.
        actions: what can be held; `actions` takes their names.
        crf: None writes lossless RGB; 1..51 writes yuv420p that plays everywhere, 12 looks clean.
        labels, split, metadata: free, kept in session.json.

    Raises:
        RecordingError: PyAV is missing, the folder is taken or cannot be written, a value is out of range, or a frame
            or state has the wrong shape.
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
        self._check(fps, width, height, crf)
        self._av = open_av(self.folder)
        self._session = {
            "format": FORMAT,
            "sdk_version": VERSION,
            "world": world,
            "fps": fps,
            "width": width,
            "height": height,
            "lossless": crf is None,
            "media_time": True,
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
        self._lost = 0  # frames, in gaps so far
        self._error: RecordingError | None = None  # it could not be written
        self._closed = False
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._events = AppendedFile(self.folder / "events.jsonl")
            self._video = AppendedFile(self.folder / "video.mp4")
            self._open_video(fps, width, height, crf)
            self._write_session({**self._session, "finished": False})
        except (OSError, self._av.error.FFmpegError) as error:
            raise RecordingError(self.folder, f"cannot be written: {error}") from error

    def _check(self, fps: float, width: int, height: int, crf: int | None) -> None:
        if (self.folder / "session.json").exists():
            what = "a finished recording" if holds_whole(self.folder) else "a recording that was cut short"
            raise RecordingError(self.folder, f"holds {what} already")
        if not (math.isfinite(fps) and LEAST_FPS <= fps <= MOST_FPS):
            raise RecordingError(self.folder, f"fps is {fps}, expected {LEAST_FPS:g}..{MOST_FPS:g}")
        if width < 1 or height < 1:
            raise RecordingError(self.folder, f"the size is {width}x{height}, expected at least 1x1")
        if crf is None:
            return
        if not 1 <= crf <= MOST_CRF:
            raise RecordingError(self.folder, f"crf is {crf}, expected 1..{MOST_CRF}, or None for a lossless video")
        if width % 2 or height % 2:
            raise RecordingError(self.folder, f"a lossy video needs even sizes, got {width}x{height}")

    def _open_video(self, fps: float, width: int, height: int, crf: int | None) -> None:
        # Fragments, and nothing that is written again later: a file that ends anywhere can be read up to there.
        flags = "frag_keyframe+empty_moov+default_base_moof+skip_trailer"
        self._container = self._av.open(
            self._video,
            "w",
            format="mp4",
            options={"movflags": flags, "frag_duration": str(round(FRAGMENT_S * 1e6)), "flush_packets": "1"},
        )
        self._stream = self._container.add_stream(
            "libx264rgb" if crf is None else "libx264",
            rate=Fraction(fps).limit_denominator(1001),
            options={
                **(
                    {"qp": "0"}
                    if crf is None
                    else {"crf": str(crf), "rc-lookahead": str(min(10, int(LOOKAHEAD_S * fps)))}
                ),
                "preset": "ultrafast" if crf is None else "veryfast",
                "threads": "1",
                "bf": "0",  # pictures in the order of writing
            },
        )
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "rgb24" if crf is None else "yuv420p"
        self._stream.gop_size = KEYFRAME_EVERY
        self._container.start_encoding()

    def frame(self, rgb: NDArray[np.uint8]) -> int:
        """Append one frame, uint8 (H, W, 3); returns its index."""
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            got, expected = f"{rgb.dtype} {rgb.shape}", f"uint8 {self._shape}"
            raise RecordingError(self.folder, f"frame {self.num_frames} is {got}, expected {expected}")
        self._check_writable()
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        picture.pts = self.num_frames + self._lost
        picture.time_base = 1 / self._stream.codec_context.framerate
        self._encode(picture)
        self.num_frames += 1
        return self.num_frames - 1

    def gap(self, num_frames: int) -> None:
        """So many frames are missing before the next one: time goes on without them, 1 or more.

        Raises:
            RecordingError: `num_frames` is none.
        """
        self.event("gap", num_frames=num_frames)

    def _encode(self, picture: Any) -> None:
        """None: what the encoder still holds."""
        try:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
        except (OSError, self._av.error.FFmpegError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> RecordingError:
        self._error = RecordingError(self.folder, f"frame {self.num_frames} cannot be written: {error}")
        return self._error

    def _check_writable(self) -> None:
        if self._error is not None:
            raise self._error
        if self._closed:
            raise RecordingError(self.folder, "is finished: nothing more can be written")

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
        """Anything else worth keeping; `data` must be JSON.

        Raises:
            RecordingError: it is not, or cannot be written.
        """
        self._check_writable()
        if type == "gap" and data["num_frames"] < 1:
            raise RecordingError(self.folder, f"a gap of {data['num_frames']} frames, expected 1 or more")
        time_us = round((self.num_frames + self._lost) * self._period_us) if t_us is None else t_us
        event = {"frame": self.num_frames, "t_us": time_us, "type": type, **data}
        try:
            text = json.dumps(event, ensure_ascii=False, allow_nan=False).translate(LINE_SEPARATORS)
            line = (text + "\n").encode()
        except (TypeError, ValueError) as error:
            raise RecordingError(self.folder, f"{type} at frame {self.num_frames} is not JSON: {error}") from error
        try:
            self._events.write(line)
        except OSError as error:
            raise self._failed(error) from error
        if type == "gap":
            self._lost += data["num_frames"]

    def finish(self) -> None:
        """Flush the video and write session.json once more, atomically; the recording is then whole.

        Raises:
            RecordingError: it is not, because something could not be written.
        """
        if self._closed and self._error is None:
            return
        try:
            self._check_writable()
            if self.num_frames:
                self._encode(None)
            self._container.close()
            if self._video.error is not None:
                raise self._failed(self._video.error)
            told = {"num_frames": self.num_frames, "num_lost": self._lost}
            try:
                self._write_session({**self._session, **told, "finished": True})
            except OSError as error:
                raise self._failed(error) from error
        finally:
            self._close_files()

    def _write_session(self, session: Mapping[str, Any]) -> None:
        unfinished = self.folder / "session.json.tmp"
        unfinished.write_text(json.dumps(session, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(unfinished, self.folder / "session.json")

    def _close_files(self) -> None:
        if self._closed:
            return
        self._closed = True
        with suppress(OSError, self._av.error.FFmpegError):  # what could be written is
            self._container.close()
        self._video.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
            return
        if self._error is None and self.num_frames and not self._closed:
            with suppress(RecordingError):
                self._encode(None)
        self._close_files()
