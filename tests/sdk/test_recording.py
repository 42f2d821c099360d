import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streamdit.errors import RecordingError
from streamdit.recording import Recorder, Recording
from streamdit.types import ActionInfo, ActionKind, StateField

FIELDS = (StateField("x", 0.0, 128.0), StateField("spin", 0.0, 1.0, periodic=True))
ACTIONS = (ActionInfo("left", default_key="left"), ActionInfo("steer", ActionKind.AXIS, -1.0, 1.0))


def noise(num_frames: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """The hardest video there is, uint8 (T, H, W, 3)."""
    return np.random.default_rng(7).integers(0, 256, (num_frames, height, width, 3), dtype=np.uint8)


def write(folder: Path, video: NDArray[np.uint8], crf: int | None = None) -> Recording:
    _, height, width, _ = video.shape
    with Recorder(
        folder,
        fps=16.0,
        width=width,
        height=height,
        world="square",
        state_fields=FIELDS,
        labels={"critter": "pig"},
        split="train",
        crf=crf,
    ) as recorder:
        for rgb in video:
            recorder.frame(rgb)
    return Recording.load(folder)


def test_lossless_video_comes_back_bit_for_bit(tmp_path: Path) -> None:
    video = noise(40)
    assert np.array_equal(write(tmp_path, video).read(), video)


def test_odd_sizes_are_lossless_too(tmp_path: Path) -> None:
    video = noise(5, height=33, width=47)
    assert np.array_equal(write(tmp_path, video).read(), video)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (15, 17), (21, 30), (39, 40), (40, 40)])
def test_any_stretch_can_be_read_without_the_rest(tmp_path: Path, start: int, stop: int) -> None:
    video = noise(40)
    assert np.array_equal(write(tmp_path, video).read(start, stop), video[start:stop])


def test_a_lossy_video_is_close_and_says_that_it_is_lossy(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    video = np.broadcast_to(ramp[None, None, :, None], (20, 48, 64, 3)).copy()
    recording = write(tmp_path, video, crf=12)
    assert not recording.lossless
    assert np.abs(recording.read().astype(int) - video).mean() < 4


def test_state_and_prompt_are_held_until_the_next_one(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48, state_fields=FIELDS) as recorder:
        for index, rgb in enumerate(noise(6)):
            if index == 1:
                recorder.prompt("a pig")
            if index == 2:
                recorder.state([3.0, 0.25])
            if index == 4:
                recorder.prompt("ein Schwein, 🐷")
            recorder.frame(rgb)
    recording = Recording.load(tmp_path)
    assert recording.prompts() == ["", "a pig", "a pig", "a pig", "ein Schwein, 🐷", "ein Schwein, 🐷"]
    assert recording.states().dtype == np.float32
    assert recording.states()[:, 0].tolist() == [64.0, 64.0, 3.0, 3.0, 3.0, 3.0]
    assert [event["t_us"] for event in recording.events] == [62500, 125000, 250000]


def test_what_the_session_was_is_kept(tmp_path: Path) -> None:
    recording = write(tmp_path, noise(2))
    assert (recording.world, recording.fps, recording.split) == ("square", 16.0, "train")
    assert (recording.width, recording.height, recording.num_frames) == (64, 48, 2)
    assert recording.state_fields == FIELDS
    assert recording.labels == {"critter": "pig"}


def test_a_recording_without_frames_is_empty_not_broken(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48):
        pass
    assert Recording.load(tmp_path).read().shape == (0, 48, 64, 3)


def test_a_video_shorter_than_promised_is_cut_short(tmp_path: Path) -> None:
    write(tmp_path, noise(3))
    session = json.loads((tmp_path / "session.json").read_text())
    (tmp_path / "session.json").write_text(json.dumps({**session, "num_frames": 9}))
    with pytest.raises(RecordingError, match=r"video\.mp4: holds 3 of 9 frames"):
        Recording.load(tmp_path)


@pytest.mark.parametrize(
    ("kept", "complaint"), [(30, "cannot be opened, missing or cut short"), (1000, "holds 0 of 3")]
)
def test_a_truncated_video_file_is_named(tmp_path: Path, kept: int, complaint: str) -> None:
    write(tmp_path, noise(3))
    video = tmp_path / "video.mp4"
    video.write_bytes(video.read_bytes()[:kept])
    with pytest.raises(RecordingError, match=rf"video\.mp4: {complaint}"):
        Recording.load(tmp_path)


def test_a_video_of_another_size_is_named(tmp_path: Path) -> None:
    write(tmp_path, noise(3))
    session = json.loads((tmp_path / "session.json").read_text())
    (tmp_path / "session.json").write_text(json.dumps({**session, "width": 128}))
    with pytest.raises(RecordingError, match=r"frames are 64x48, session\.json says 128x48"):
        Recording.load(tmp_path)


def test_a_bad_json_line_is_named_by_its_number(tmp_path: Path) -> None:
    recording = write(tmp_path, noise(1))
    (tmp_path / "events.jsonl").write_text('{"frame": 0, "type": "prompt", "text": "a"}\n{"frame": 1,\n')
    with pytest.raises(RecordingError, match=r"events\.jsonl: line 2 is not JSON"):
        recording.prompts()


def test_a_state_of_the_wrong_length_on_disk_is_named(tmp_path: Path) -> None:
    recording = write(tmp_path, noise(1))
    (tmp_path / "events.jsonl").write_text('{"frame": 0, "type": "state", "values": [1]}\n')
    with pytest.raises(RecordingError, match="state at frame 0 has 1 values, the world has 2 fields"):
        recording.states()


def said(folder: Path) -> Recording:
    """Six frames: a state, one field of it, another, and all of it let go."""
    with Recorder(folder, fps=16.0, width=64, height=48, state_fields=FIELDS, actions=ACTIONS) as recorder:
        for index, rgb in enumerate(noise(6)):
            if index == 1:
                recorder.prompt("a pig")
                recorder.state([3.0], fields=["x"])
                recorder.actions({"left": 1.0})
            if index == 2:
                recorder.state([0.75], fields=["spin"])
            if index == 3:
                recorder.state([0.25, 9.0], fields=["spin", "x"])
            if index == 4:
                recorder.release("state", "prompt", "actions")
            if index == 5:
                recorder.actions({})
            recorder.frame(rgb)
    return Recording.load(folder)


def test_a_partial_state_holds_what_it_does_not_name_and_a_release_lets_go(tmp_path: Path) -> None:
    recording = said(tmp_path)
    assert recording.states().tolist() == [[64, 0.5], [3, 0.5], [3, 0.75], [9, 0.25], [64, 0.5], [64, 0.5]]
    unsaid = np.isnan(recording.states(unsaid=math.nan))
    assert unsaid.tolist() == [[True] * 2, [False, True], [False] * 2, [False] * 2, [True] * 2, [True] * 2]
    assert recording.prompts() == ["", "a pig", "a pig", "a pig", "", ""]
    assert recording.actions().tolist() == [[0, 0], [1, 0], [1, 0], [1, 0], [0, 0], [0, 0]]
    assert recording.actions(unsaid=-9)[:, 0].tolist() == [-9, 1, 1, 1, -9, 0]


def test_partial_states_and_releases_are_written_as_the_docstring_says(tmp_path: Path) -> None:
    events = [{k: v for k, v in event.items() if k != "t_us"} for event in said(tmp_path).events]
    assert events[1] == {"frame": 1, "type": "state", "values": [3.0], "fields": ["x"]}
    assert events[5] == {"frame": 4, "type": "release", "steering": ["state", "prompt", "actions"]}
    assert events[6] == {"frame": 5, "type": "actions", "held": {}}


@pytest.mark.parametrize(
    ("values", "fields", "complaint"),
    [
        ([1.0], ["z"], "unknown state field 'z', the recording's are: x, spin"),
        ([1.0, 2.0], ["x", "x"], "state field 'x' is there twice"),
        ([1.0, 2.0], ["x"], "state has 2 values, fields names 1"),
        ([1.0], [], "state has 1 values, the world has 2 fields"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(
    tmp_path: Path, values: list[float], fields: list[str], complaint: str
) -> None:
    recorder = Recorder(tmp_path, fps=16.0, width=64, height=48, state_fields=FIELDS)
    with pytest.raises(RecordingError, match=complaint):
        recorder.state(values, fields=fields)
    recorder.finish()


def test_a_release_of_nothing_or_of_what_there_is_not_is_refused(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, fps=16.0, width=64, height=48)
    with pytest.raises(ValueError, match="release what"):
        recorder.release()
    with pytest.raises(ValueError, match="steering is 'sound', expected one of prompt, state, actions"):
        recorder.release("sound")  # type: ignore[arg-type]
    recorder.finish()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"frame": 0, "type": "state", "values": [1], "fields": ["z"]}', "state at frame 0 names 'z'"),
        ('{"frame": 0, "type": "state", "values": [1, 2], "fields": ["x"]}', "has 2 values, names 1"),
        ('{"frame": 0, "type": "release", "steering": ["sound"]}', "line 1 releases 'sound'"),
        ('{"frame": 0, "type": "release"}', "line 1, a release, has no 'steering'"),
    ],
)
def test_events_on_disk_that_do_not_fit_are_named(tmp_path: Path, line: str, complaint: str) -> None:
    recording = write(tmp_path, noise(1))
    (tmp_path / "events.jsonl").write_text(line + "\n")
    with pytest.raises(RecordingError, match=complaint):
        recording.states()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    write(tmp_path, noise(1))
    session = json.loads((tmp_path / "session.json").read_text())
    (tmp_path / "session.json").write_text(json.dumps({**session, "format": 2}))
    with pytest.raises(RecordingError, match="format is 2, this SDK reads 1"):
        Recording.load(tmp_path)


def test_a_session_without_its_world_is_refused(tmp_path: Path) -> None:
    write(tmp_path, noise(1))
    (tmp_path / "session.json").write_text('{"format": 1}')
    with pytest.raises(RecordingError, match="missing or malformed: 'world'"):
        Recording.load(tmp_path)


def test_a_frame_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        with pytest.raises(RecordingError, match=r"frame 0 is uint8 \(40, 64, 3\), expected uint8 \(48, 64, 3\)"):
            recorder.frame(noise(1, height=40)[0])
        with pytest.raises(RecordingError, match="frame 0 is float64"):
            recorder.frame(np.zeros((48, 64, 3)))  # type: ignore[arg-type]


def test_a_finished_recording_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path, noise(1))
    with pytest.raises(RecordingError, match="holds a finished recording already"):
        write(tmp_path, noise(1))


def test_a_lossy_video_needs_even_sizes(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="needs even sizes, got 47x48"):
        Recorder(tmp_path, fps=16.0, width=47, height=48, crf=12)


def test_a_prompts_transition_is_kept_where_it_does_not_take_over_at_once(tmp_path: Path) -> None:
    with Recorder(tmp_path, fps=16.0, width=64, height=48) as recorder:
        recorder.prompt("a square on sand")
        recorder.prompt("a square on ice", transition="smooth", smooth_frames=24)
        recorder.prompt("a square on grass", transition="fast", renoise_to=0.5)
        recorder.frame(noise(1)[0])
    told = [{k: v for k, v in event.items() if k not in ("frame", "t_us")} for event in Recording.load(tmp_path).events]
    assert told == [
        {"type": "prompt", "text": "a square on sand"},
        {"type": "prompt", "text": "a square on ice", "transition": "smooth", "smooth_frames": 24},
        {"type": "prompt", "text": "a square on grass", "transition": "fast", "renoise_to": 0.5},
    ]


def held(folder: Path, sets: list[dict[str, float] | None]) -> Recording:
    """A recording in which each set, where there is one, is said before its frame."""
    with Recorder(folder, fps=16.0, width=64, height=48, actions=ACTIONS) as recorder:
        for values, rgb in zip(sets, noise(len(sets)), strict=True):
            if values is not None:
                recorder.actions(values)
            recorder.frame(rgb)
    return Recording.load(folder)


def test_a_set_of_actions_is_held_until_the_next_one_which_is_complete(tmp_path: Path) -> None:
    recording = held(tmp_path, [None, {"left": 1.0, "steer": -0.5}, None, {"steer": 1.0}, {}])
    assert recording.action_infos == ACTIONS
    assert recording.actions().dtype == np.float32
    assert recording.actions().tolist() == [[0, 0], [1, -0.5], [1, -0.5], [0, 1], [0, 0]]


def test_actions_are_written_only_where_they_change(tmp_path: Path) -> None:
    recording = held(tmp_path, [{}, {"left": 1.0}, {"left": 1.0, "steer": 0.0}, {"left": 1.0}, {}])
    assert [event["frame"] for event in recording.events] == [0, 1, 4]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [({"jump": 1.0}, "unknown action 'jump', the recording's are: left, steer"), ({"steer": 2.0}, "'steer' is 2.0")],
)
def test_actions_that_are_none_are_refused(tmp_path: Path, values: dict[str, float], complaint: str) -> None:
    with pytest.raises(RecordingError, match=complaint):
        held(tmp_path, [values])


def test_a_recording_without_actions_loads_and_says_so_when_asked_for_them(tmp_path: Path) -> None:
    write(tmp_path, noise(2))
    session = json.loads((tmp_path / "session.json").read_text())
    del session["actions"]  # as it was written before there were any
    (tmp_path / "session.json").write_text(json.dumps(session))
    with pytest.raises(RecordingError, match=f"{tmp_path}.*has no actions"):
        Recording.load(tmp_path).actions()


def test_an_action_event_of_another_world_is_named(tmp_path: Path) -> None:
    held(tmp_path, [{}])
    (tmp_path / "events.jsonl").write_text('{"frame": 0, "type": "actions", "held": {"fly": 1.0}}\n')
    with pytest.raises(RecordingError, match="actions at frame 0 hold 'fly'"):
        Recording.load(tmp_path).actions()
