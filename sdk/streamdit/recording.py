"""A recording is a folder: what was seen, what was asked for, and what it all was.

    video.mp4      every frame, H.264, in fragments; lossless RGB unless a `crf` was given
    events.jsonl   {"frame": n, "t_us": t, "type": "prompt" | "state" | ..., ...}, one a line; `frame` is the
                   index of the first frame that obeys the event, `t_us` its media time unless the writer knew;
                   `gap` has `num_frames`, how many are missing before that frame;
                   a prompt that does not take over at once has its `transition` and that one's numbers;
                   a state has `values` of all fields, or of those that its `fields` names, the others held;
                   `actions` has `held`, the whole set in force by name, and stands there only where it changes;
                   `release` has `steering`, names of what is un-said: "prompt", "state", "actions"
    session.json   format, world, fps, size, state_fields, actions, labels, split; `media_time` if gaps take time in
                   the video too; `finished`, and then num_frames and num_lost

All three are written as it goes. A recording whose `finished` is false was cut short, or is still being written: it
holds what its video has, and what was said until then.

Bots replay it, evaluation reads it, and training data is nothing else. T frames, S state fields, A actions, H W pixels.
PyAV does the video and is imported where it is used: `import streamdit` does not need it.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from streamdit._in_force import actions_in_force, prompts_in_force, states_in_force
from streamdit.errors import RecordingError
from streamdit.recorder import FORMAT, KEYFRAME_EVERY, Recorder, holds_whole, open_av
from streamdit.types import ActionInfo, ActionKind, StateField

__all__ = ["FORMAT", "KEYFRAME_EVERY", "Recorder", "Recording", "holds_whole"]

_BOX_HEADER = 8  # bytes of an MP4 box: its length and its kind


class _Beginning:
    """A file that ends where it is told to, for PyAV."""

    def __init__(self, path: Path, length: int) -> None:
        self._file = path.open("rb")
        self._length = length

    def read(self, size: int) -> bytes:
        return self._file.read(max(0, min(size, self._length - self._file.tell())))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            return self._file.seek(max(0, self._length + offset))
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class Recording:
    """A recording on disk, from `Recording.load(folder)`. Frames are decoded when asked for.

    One that was cut short is not `finished`, and has as many frames as its video holds whole.
    """

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
    finished: bool = True
    media_time: bool = False  # the video's timestamps count the frames in gaps

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read session.json and check the video's headers against it; decodes nothing.

        Takes a millisecond, or as long as reading the video if it was cut short: its frames are counted.

        Raises:
            RecordingError: a file is missing or unreadable, or the video of a finished one is shorter than num_frames.
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
            finished = session.get("finished", True)
            recording = cls(
                folder=folder,
                world=session["world"],
                fps=session["fps"],
                width=session["width"],
                height=session["height"],
                num_frames=session["num_frames"] if finished else 0,
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
                finished=finished,
                media_time=session.get("media_time", False),
            )
        except json.JSONDecodeError as error:
            raise RecordingError(path, f"not JSON: {error}") from error
        except (KeyError, TypeError) as error:
            raise RecordingError(path, f"missing or malformed: {error}") from error
        if not finished:
            return replace(recording, num_frames=recording._count_frames())
        recording._check_video(session.get("num_lost", 0))
        return recording

    def _count_frames(self) -> int:
        """How many whole frames there are in a video that was cut short, anywhere."""
        if not (self.folder / "video.mp4").exists():
            raise RecordingError(self.folder / "video.mp4", "missing")
        with ExitStack() as opened:
            try:
                container = opened.enter_context(self._open_video())
            except RecordingError:
                return 0  # its header is not whole
            if not container.streams.video:
                return 0
            self._check_size(container.streams.video[0])
            return sum(1 for _ in self._whole_packets(container, container.streams.video[0]))

    def _end_of(self, container: Any, video: Any, slot: int) -> int:
        """Where the frames after the key frame before `slot` end, in frame periods."""
        container.seek(int(slot / self._rate / video.time_base), stream=video, backward=True)
        ends = [
            round(packet.pts * video.time_base * self._rate) + 1 for packet in self._whole_packets(container, video)
        ]
        return max(ends, default=0)

    def _whole_packets(self, container: Any, video: Any) -> Iterator[Any]:
        """One for each frame, up to where the file ends in the middle of one."""
        try:
            for packet in container.demux(video):
                if packet.size == 0 or packet.is_corrupt:
                    return
                yield packet
        except (open_av(self.folder).error.FFmpegError, OSError):
            return

    @contextmanager
    def _open_video(self) -> Iterator[Any]:
        path = self.folder / "video.mp4"
        av = open_av(self.folder)
        with ExitStack() as opened:
            try:
                # FFmpeg opens nothing of a file that ends in the middle of some headers.
                length = self._whole_bytes
                file = str(path) if length is None else opened.enter_context(closing(_Beginning(path, length)))
                container = opened.enter_context(av.open(file))
            except (av.error.FFmpegError, OSError, IndexError) as error:
                raise RecordingError(path, f"cannot be opened, missing or cut short: {error}") from error
            yield container

    @cached_property
    def _whole_bytes(self) -> int | None:
        """Where the headers of a video end in the middle of one; None if they do not."""
        if self.finished:
            return None
        with (self.folder / "video.mp4").open("rb") as file:
            length, at = file.seek(0, os.SEEK_END), 0
            while at < length:
                file.seek(at)
                header = file.read(16)
                size, kind = int.from_bytes(header[:4], "big"), header[4:8]
                if size == 1:  # the real one follows in 64 bits
                    size = int.from_bytes(header[8:], "big")
                if kind == b"mdat" and size == 0:
                    return None  # up to the end
                if kind != b"mdat" and (size < _BOX_HEADER or at + size > length):
                    return at
                at += max(size, _BOX_HEADER)
        return None

    def _check_video(self, num_lost: int) -> None:
        if self.num_frames == 0:
            return
        path = self.folder / "video.mp4"
        with self._open_video() as container:
            if not container.streams.video:
                raise RecordingError(path, "holds no video: cut short")
            video = container.streams.video[0]
            held, expected = video.frames, self.num_frames
            if held == 0:  # in fragments, whose last frame tells; gaps count
                expected = self.num_frames + num_lost
                held = self._end_of(container, video, expected - 1)
            if held < expected:
                raise RecordingError(path, f"holds {held} of {expected} frames: cut short")
            self._check_size(video)

    def _check_size(self, video: Any) -> None:
        if (video.width, video.height) != (self.width, self.height):
            got, expected = f"{video.width}x{video.height}", f"{self.width}x{self.height}"
            raise RecordingError(self.folder / "video.mp4", f"frames are {got}, session.json says {expected}")

    @property
    def _rate(self) -> Fraction:
        return Fraction(self.fps).limit_denominator(1001)

    @cached_property
    def gaps(self) -> Mapping[int, int]:
        """How many frames are missing before a frame, by its number; empty if none is.

        Raises:
            RecordingError: a gap on disk is none.
        """
        gaps: dict[int, int] = {}
        for event in self.events:
            if event["type"] == "gap":
                lost = event.get("num_frames")
                if not isinstance(lost, int) or lost < 1:
                    raise self._wrong(f"gap at frame {event['frame']} has num_frames {lost!r}, expected 1 or more")
                gaps[event["frame"]] = gaps.get(event["frame"], 0) + lost
        return gaps

    def times_us(self) -> NDArray[np.int64]:
        """When each frame is shown, media time in µs, int64 (T,): gaps take their time."""
        return np.round(self._with_gaps * 1e6 / self.fps).astype(np.int64)

    @property
    def seconds(self) -> float:
        """How long it lasts, gaps included."""
        return float((self._with_gaps[-1] + 1) / self.fps) if self.num_frames else 0.0

    @cached_property
    def _with_gaps(self) -> NDArray[np.int64]:
        """The time of each frame in frame periods, int64 (T,)."""
        before = np.zeros(self.num_frames + 1, np.int64)
        for frame, lost in self.gaps.items():
            before[min(frame, self.num_frames)] += lost
        return np.arange(self.num_frames, dtype=np.int64) + np.cumsum(before)[:-1]

    @property
    def _slots(self) -> NDArray[np.int64]:
        """The same as the video has it: older ones leave gaps out."""
        return self._with_gaps if self.media_time else np.arange(self.num_frames, dtype=np.int64)

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
            slots, expected = self._slots, start
            try:
                container.seek(int(int(slots[start]) / self._rate / video.time_base), stream=video, backward=True)
                for picture in container.decode(video):
                    slot = round(picture.pts * picture.time_base * self._rate)
                    if slot < slots[start]:
                        continue
                    if slot != slots[expected]:
                        at = f"its time is {slots[expected]} frame periods, the next one's {slot}"
                        raise RecordingError(path, f"frame {expected} is missing: {at}")
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
        """All lines of events.jsonl, in order; of a recording that was cut short those up to its last frame.

        Raises:
            RecordingError: a line is not a JSON object with `frame` and `type`; the message has its number.
        """
        path = self.folder / "events.jsonl"
        try:
            # Not splitlines(): a prompt may hold what is a line's end to Unicode.
            *lines, torn = path.read_bytes().decode("utf-8", "strict" if self.finished else "replace").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingError(path, f"cannot be read: {error}") from error
        if torn and self.finished:
            lines.append(torn)
        events = []
        for number, line in enumerate(lines, start=1):
            try:
                event = json.loads(line)
            except json.JSONDecodeError as error:
                raise RecordingError(path, f"line {number} is not JSON: {error}") from error
            if not isinstance(event, dict) or not isinstance(event.get("frame"), int) or "type" not in event:
                raise RecordingError(path, f"line {number} has no frame number or no type: {line[:80]}")
            if self.finished or event["frame"] < self.num_frames:
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
