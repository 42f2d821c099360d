"""Recordings whose process ended anyhow: killed, out of disk, or by an error."""

import json
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streamdit.errors import RecordingError
from streamdit.recording import Recorder, Recording, holds_whole
from streamdit.types import StateField

FPS = 16
LOST_FRAMES = 2 * FPS  # two seconds, at most

WRITER = """
import sys, time
import numpy as np
from streamdit.recording import Recorder
from streamdit.types import StateField

folder, crf, frames, ends = sys.argv[1], eval(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
recorder = Recorder(folder, fps=16.0, width=64, height=48, state_fields=[StateField("x", 0, 1000)], crf=crf)
recorder.prompt("a pig")
for frame in range(frames):
    if frame == 20:
        recorder.gap(8)
    recorder.state([float(frame)])
    recorder.frame(np.random.default_rng(frame).integers(0, 256, (48, 64, 3), dtype=np.uint8))
if ends == "finished":
    recorder.finish()
print("written", flush=True)
if ends == "killed":
    time.sleep(60)
"""


def picture(frame: int) -> NDArray[np.uint8]:
    """What the writer draws, uint8 (48, 64, 3)."""
    return np.random.default_rng(frame).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def write_and_kill(folder: Path, crf: int | None, frames: int) -> None:
    """Record in a process of its own and kill it as soon as the last frame was handed over."""
    arguments = [sys.executable, "-c", WRITER, str(folder), str(crf), str(frames), "killed"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL


@pytest.mark.parametrize("crf", [None, 12])
def test_a_killed_process_loses_two_seconds_at_most(tmp_path: Path, crf: int | None) -> None:
    write_and_kill(tmp_path / "r", crf, 100)
    recording = Recording.load(tmp_path / "r")
    assert not recording.finished
    assert not holds_whole(tmp_path / "r")
    assert 100 - LOST_FRAMES <= recording.num_frames < 100
    assert recording.states()[:, 0].tolist() == list(range(recording.num_frames))
    assert recording.events[-1]["frame"] < recording.num_frames
    assert set(recording.prompts()) == {"a pig"}
    video = recording.read()
    if crf is None:
        assert np.array_equal(video, np.stack([picture(frame) for frame in range(recording.num_frames)]))
    assert np.array_equal(recording.read(40, 44), video[40:44])
    assert recording.times_us()[19:21].tolist() == [19 * 62_500, 28 * 62_500]


def test_a_process_killed_before_its_first_fragment_leaves_an_empty_recording(tmp_path: Path) -> None:
    write_and_kill(tmp_path / "r", None, 1)
    assert Recording.load(tmp_path / "r").num_frames == 0
    assert Recording.load(tmp_path / "r").events == ()


FULL = (
    """
import resource, signal, sys
limit = int(sys.argv.pop())
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
"""
    + WRITER
)


@pytest.mark.parametrize("kilobytes", [2, 60, 117, 300, 777, 1100])
def test_a_full_disk_ends_the_recording_in_words_and_keeps_what_it_has(tmp_path: Path, kilobytes: int) -> None:
    """The limit is on a file's size; the writer sees the error of a full disk."""
    arguments = [sys.executable, "-c", FULL, str(tmp_path / "r"), "None", "400", "finished", str(kilobytes * 1000)]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    reason = ran.stderr.strip().splitlines()[-1]
    assert reason.startswith("streamdit.errors.RecordingError: ")
    assert "cannot be written: " in reason
    assert "File too large" in reason
    failed_at = int(reason.partition(": frame ")[2].split()[0])
    recording = Recording.load(tmp_path / "r")
    assert not recording.finished
    assert failed_at - LOST_FRAMES <= recording.num_frames <= failed_at
    expected = [picture(frame) for frame in range(recording.num_frames)]
    assert len(expected) == len(list(recording.frames()))
    assert all(np.array_equal(a, b) for a, b in zip(recording.frames(), expected, strict=True))


def test_a_disk_that_is_full_from_the_start_is_told_where_the_recorder_is_made(tmp_path: Path) -> None:
    script = textwrap.dedent(FULL)
    arguments = [sys.executable, "-c", script, str(tmp_path / "r"), "None", "5", "finished", "10"]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert f"RecordingError: {tmp_path / 'r'}: cannot be written: " in ran.stderr


def test_a_recorder_that_failed_writes_no_more(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorder = Recorder(tmp_path, fps=16.0, width=64, height=48)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(RecordingError, match=r"frame \d+ cannot be written"):  # noqa: PT012
            for frame in range(100):
                recorder.frame(picture(frame))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    size = (tmp_path / "video.mp4").stat().st_size
    for again in (lambda: recorder.frame(picture(0)), lambda: recorder.prompt("late"), recorder.finish):
        with pytest.raises(RecordingError, match="cannot be written"):
            again()
    assert (tmp_path / "video.mp4").stat().st_size == size
    assert not Recording.load(tmp_path).finished


@pytest.mark.parametrize("size", [0, 10, 40, 500])
def test_a_video_without_a_whole_header_holds_no_frames(tmp_path: Path, size: int) -> None:
    write_and_kill(tmp_path / "r", None, 40)
    video = tmp_path / "r" / "video.mp4"
    video.write_bytes(video.read_bytes()[:size])
    recording = Recording.load(tmp_path / "r")
    assert (recording.num_frames, recording.read().shape) == (0, (0, 48, 64, 3))


def test_a_line_that_was_being_written_is_left_out(tmp_path: Path) -> None:
    write_and_kill(tmp_path / "r", None, 40)
    events = tmp_path / "r" / "events.jsonl"
    events.write_bytes(events.read_bytes() + '{"frame": 1, "type": "prompt", "text": "ein Schwä'.encode()[:-1])
    assert Recording.load(tmp_path / "r").prompts()[-1] == "a pig"


def test_a_video_may_end_anywhere_in_a_fragments_header(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        for _ in range(40):
            recorder.frame(np.zeros((48, 64, 3), np.uint8))
    session = json.loads((tmp_path / "session.json").read_text())
    (tmp_path / "session.json").write_text(json.dumps({**session, "finished": False}))
    video = (tmp_path / "video.mp4").read_bytes()
    last = video.rindex(b"moof") - 4
    for length in range(last, last + 120):
        (tmp_path / "video.mp4").write_bytes(video[:length])
        recording = Recording.load(tmp_path)
        assert recording.num_frames == 32, length - last
    assert recording.read().shape[0] == 32


def test_a_recording_that_was_cut_short_is_not_written_over(tmp_path: Path) -> None:
    write_and_kill(tmp_path / "r", None, 40)
    with pytest.raises(RecordingError, match="holds a recording that was cut short already"):
        Recorder(tmp_path / "r", fps=16.0, width=64, height=48)


def test_an_exception_keeps_every_frame_before_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, fps=16.0, width=64, height=48, state_fields=[StateField("x", 0, 1)])
    with pytest.raises(KeyError), recorder:  # noqa: PT012
        for frame in range(21):
            recorder.frame(picture(frame))
        raise KeyError("the game crashed")
    recording = Recording.load(tmp_path)
    assert (recording.finished, recording.num_frames) == (False, 21)
    with pytest.raises(RecordingError, match="is finished: nothing more can be written"):
        recorder.frame(picture(0))


def test_gaps_keep_their_time_in_the_video(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        for frame in range(60):
            if frame in (20, 45):
                recorder.gap(16 if frame == 20 else 80)
            if frame == 50:
                recorder.prompt("a pig")
            recorder.frame(picture(frame))
    recording = Recording.load(tmp_path)
    assert recording.gaps == {20: 16, 45: 80}
    assert recording.seconds == (60 + 96) / 16
    assert recording.times_us()[[0, 19, 20, 44, 45]].tolist() == [0, 1_187_500, 2_250_000, 3_750_000, 8_812_500]
    assert recording.events[-1]["t_us"] == (50 + 96) * 62_500
    video = np.stack([picture(frame) for frame in range(60)])
    for start, stop in ((0, 60), (18, 22), (20, 21), (44, 47), (45, 60), (59, 60)):
        assert np.array_equal(recording.read(start, stop), video[start:stop])
    with recording._open_video() as container:
        shown = container.streams.video[0]
        assert float(shown.duration * shown.time_base) == recording.seconds


def test_an_older_video_leaves_gaps_out_and_its_times_do_not(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        for frame in range(10):
            recorder.frame(picture(frame))
    session = json.loads((tmp_path / "session.json").read_text())
    del session["media_time"], session["finished"]
    (tmp_path / "session.json").write_text(json.dumps(session))
    (tmp_path / "events.jsonl").write_text('{"frame": 4, "t_us": 250000, "type": "gap", "num_frames": 3}\n')
    recording = Recording.load(tmp_path)
    assert recording.read().shape[0] == 10
    assert recording.times_us()[3:5].tolist() == [187_500, 437_500]
    assert recording.seconds == 13 / 16


@pytest.mark.parametrize("lost", [0, -1])
def test_a_gap_of_nothing_is_refused(tmp_path: Path, lost: int) -> None:
    with (
        Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder,
        pytest.raises(RecordingError, match=f"a gap of {lost} frames, expected 1 or more"),
    ):
        recorder.gap(lost)


def test_a_gap_on_disk_that_is_none_is_named(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        recorder.frame(picture(0))
    (tmp_path / "events.jsonl").write_text('{"frame": 0, "t_us": 0, "type": "gap", "num_frames": "two"}\n')
    with pytest.raises(RecordingError, match="gap at frame 0 has num_frames 'two'"):
        Recording.load(tmp_path).times_us()


@pytest.mark.parametrize(
    "text",
    ["a pig\u2028on ice", "a pig\u2029", "a\x85pig", "a\x0bpig\x0c", "a\x1cpig\x1d\x1e", "a\rpig\r\nhere\n"],
)
def test_a_prompt_with_any_line_separator_is_read_as_it_was_said(tmp_path: Path, text: str) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        recorder.prompt(text)
        recorder.frame(picture(0))
    recording = Recording.load(tmp_path)
    assert recording.prompts() == [text]
    assert len((tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"fps": 0}, r"fps is 0, expected 0\.01\.\.1000"),
        ({"fps": -16.0}, r"fps is -16\.0, expected"),
        ({"fps": float("nan")}, "fps is nan, expected"),
        ({"fps": 1e9}, "fps is 1000000000.0, expected"),
        ({"crf": 52}, r"crf is 52, expected 1\.\.51, or None for a lossless video"),
        ({"crf": 0}, r"crf is 0, expected 1\.\.51, or None for a lossless video"),
        ({"crf": -1}, "crf is -1, expected"),
        ({"width": 0}, "the size is 0x48, expected at least 1x1"),
    ],
)
def test_a_value_out_of_range_is_refused_before_anything_is_written(
    tmp_path: Path, wrong: dict[str, float], complaint: str
) -> None:
    arguments = {"fps": 16.0, "width": 64, "height": 48, **wrong}
    with pytest.raises(RecordingError, match=complaint):
        Recorder(tmp_path / "r", **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "r").exists()


def test_numbers_that_json_does_not_have_are_refused(tmp_path: Path) -> None:
    fields = [StateField("x", 0, 1)]
    with (
        Recorder(tmp_path, fps=16.0, width=64, height=48, state_fields=fields) as recorder,
        pytest.raises(RecordingError, match="state at frame 0 is not JSON"),
    ):
        recorder.state([float("nan")])


def test_text_that_no_file_can_hold_is_refused(tmp_path: Path) -> None:
    with (
        Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder,
        pytest.raises(RecordingError, match="note at frame 0 is not JSON"),
    ):
        recorder.event("note", text="\ud800")
