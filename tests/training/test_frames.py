"""Recordings as arrays, and recordings that are refused."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_service.training.frames import best_length, find_recordings, load_clips
from streamdit.errors import RecordingError
from streamdit.recording import Recorder
from streamdit.types import StateField
from tests.fakes import WORLD

FIELDS = (StateField("x", 0.0, 128.0), StateField("phase", 0.0, 1.0, periodic=True))


def noise(num_frames: int, seed: int, height: int = 16, width: int = 16) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (num_frames, height, width, 3), dtype=np.uint8)


def record(
    folder: Path, video: NDArray[np.uint8], fps: float = 16.0, fields: Sequence[StateField] = FIELDS
) -> NDArray[np.uint8]:
    """State x counts the frames from 1; the prompt changes at frame 2."""
    _, height, width, _ = video.shape
    with Recorder(folder, fps=fps, width=width, height=height, world="tiny", state_fields=fields) as recorder:
        recorder.prompt("a pig")
        for i, rgb in enumerate(video):
            if i == 2:
                recorder.prompt("a fox")
            recorder.state([float(i + 1)] * len(fields))
            recorder.frame(rgb)
    return video


def test_recordings_become_arrays_in_the_order_of_their_names(tmp_path: Path) -> None:
    videos = {name: record(tmp_path / name, noise(6, seed)) for seed, name in enumerate(("b", "a", "c"))}
    clips = load_clips(tmp_path, WORLD, tmp_path / "cache" / "frames.npy")
    assert np.array_equal(clips.rgb, np.stack([videos[name] for name in ("a", "b", "c")]))
    assert clips.states[:, :, 0].tolist() == [[1, 2, 3, 4, 5, 6]] * 3
    assert clips.prompts == (("a pig", "a pig", "a fox", "a fox", "a fox", "a fox"),) * 3


@pytest.mark.parametrize(
    ("lengths", "best"),
    [([60], 60), ([60, 60, 6], 60), ([60, 60, 50], 50), ([6, 6, 6, 6, 60], 60), ([8] * 9 + [60], 8), ([2, 3, 4], 3)],
)
def test_most_frames_are_kept(lengths: list[int], best: int) -> None:
    assert best_length(lengths) == best


def test_a_short_recording_is_left_out_by_name_and_cuts_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate(("a", "b", "c")):
        record(tmp_path / name, noise(2 if name == "b" else 6, seed))
    clips = load_clips(tmp_path, WORLD, tmp_path / "frames.npy")
    assert clips.rgb.shape[:2] == (2, 6)
    assert "1 of 3 recordings are shorter than 6 frames, left out: b (2)" in capsys.readouterr().out


def test_all_are_cut_to_one_length_and_to_whole_latents(tmp_path: Path) -> None:
    long = record(tmp_path / "long", noise(8, 0))
    record(tmp_path / "short", noise(5, 1))
    clips = load_clips(tmp_path, WORLD, tmp_path / "frames.npy")
    assert clips.rgb.shape == (2, 4, 16, 16, 3)
    assert clips.states.shape == (2, 4, 2)
    assert [len(prompts) for prompts in clips.prompts] == [4, 4]
    assert np.array_equal(clips.rgb[0], long[:4])


@pytest.mark.parametrize(
    ("field", "found", "wanted"),
    [
        ("width", "24", "16"),
        ("height", "24", "16"),
        ("fps", "30.0", "16.0"),
        ("state_fields", r"\(\('phase', .*\('x', .*", r"\(\('x', .*"),
    ],
)
def test_a_recording_of_another_world_is_refused_by_field_and_value(
    tmp_path: Path, field: str, found: str, wanted: str
) -> None:
    record(
        tmp_path / "odd",
        noise(2, 0, height=24 if field == "height" else 16, width=24 if field == "width" else 16),
        fps=30.0 if field == "fps" else 16.0,
        fields=FIELDS[::-1] if field == "state_fields" else FIELDS,
    )
    with pytest.raises(ValueError, match=rf"odd: {field} is {found}, world tiny has {wanted}"):
        load_clips(tmp_path, WORLD, tmp_path / "frames.npy")


def test_a_recording_with_another_range_of_a_field_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "odd", noise(2, 0), fields=(StateField("x", 0.0, 256.0), FIELDS[1]))
    with pytest.raises(ValueError, match=r"odd: state_fields"):
        load_clips(tmp_path, WORLD, tmp_path / "frames.npy")


@pytest.mark.parametrize("missing", [4000, 600, 200, 120])
def test_a_video_cut_short_is_refused_with_its_file(tmp_path: Path, missing: int) -> None:
    record(tmp_path / "whole", noise(6, 0))
    record(tmp_path / "cut", noise(6, 1))
    video = tmp_path / "cut" / "video.mp4"
    video.write_bytes(video.read_bytes()[:-missing])
    with pytest.raises(RecordingError, match=r"cut.*video\.mp4.*cut short"):
        load_clips(tmp_path, WORLD, tmp_path / "frames.npy")


def test_what_was_cut_short_or_has_gaps_is_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "whole", noise(4, 0))
    record(tmp_path / "broken", noise(4, 1))
    (tmp_path / "broken" / "session.json").unlink()
    with Recorder(tmp_path / "lossy", fps=16.0, width=16, height=8) as recorder:
        recorder.frame(np.zeros((8, 16, 3), np.uint8))
        recorder.gap(9)
        recorder.frame(np.zeros((8, 16, 3), np.uint8))
    running = Recorder(tmp_path / "running", fps=16.0, width=16, height=8)
    assert [recording.folder.name for recording in find_recordings(tmp_path)] == ["whole"]
    running.finish()
    told = capsys.readouterr().out
    assert "1 of 3 recordings are cut short, left out: running" in told
    assert "1 of 3 recordings have gaps, left out: lossy" in told


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no whole recordings"):
        load_clips(tmp_path, WORLD, tmp_path / "frames.npy")


def test_pictures_are_decoded_once(tmp_path: Path) -> None:
    video = record(tmp_path / "a", noise(4, 0))
    cache = tmp_path / "cache" / "frames.npy"
    load_clips(tmp_path, WORLD, cache)
    written = cache.stat().st_mtime_ns
    clips = load_clips(tmp_path, WORLD, cache)
    assert cache.stat().st_mtime_ns == written
    assert np.array_equal(clips.rgb[0], video)
    assert [path.name for path in cache.parent.iterdir()] == ["frames.npy"]


def test_many_recordings_are_decoded_by_several_processes_to_the_same_rows(tmp_path: Path) -> None:
    videos = [record(tmp_path / f"{i:03d}", noise(2, i)) for i in range(64)]
    assert np.array_equal(load_clips(tmp_path, WORLD, tmp_path / "cache").rgb, np.stack(videos))


def test_another_recording_more_makes_the_cache_anew(tmp_path: Path) -> None:
    record(tmp_path / "a", noise(4, 0))
    cache = tmp_path / "frames.npy"
    load_clips(tmp_path, WORLD, cache)
    video = record(tmp_path / "b", noise(4, 1))
    assert np.array_equal(load_clips(tmp_path, WORLD, cache).rgb[1], video)


def test_other_recordings_of_the_same_shape_make_the_cache_anew(tmp_path: Path) -> None:
    record(tmp_path / "first" / "a", noise(4, 0))
    cache = tmp_path / "frames.npy"
    load_clips(tmp_path / "first", WORLD, cache)
    video = record(tmp_path / "second" / "b", noise(4, 1))
    assert np.array_equal(load_clips(tmp_path / "second", WORLD, cache).rgb[0], video)


def test_latents_of_four_frames_cut_to_multiples_of_four(tmp_path: Path) -> None:
    record(tmp_path / "a", noise(7, 0))
    assert load_clips(tmp_path, replace(WORLD, frames_per_latent=4), tmp_path / "f.npy").rgb.shape[1] == 4
