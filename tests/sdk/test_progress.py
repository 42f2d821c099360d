"""A log file hears how far a command is; time is injected."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamdit.progress import ProgressLines, ShareLines, counted, progress_line, track


def ticking(seconds: float) -> Iterator[float]:
    """A clock that is read once at first and once for every thing done."""
    now = 0.0
    while True:
        yield now
        now += seconds


def lines_of(total: int | None, num_done: int, seconds_each: float) -> list[str]:
    said: list[str] = []
    clock = ticking(seconds_each)
    lines = ProgressLines("recording", total, say=said.append, now_s=lambda: next(clock))
    for _ in range(num_done):
        lines.advance()
    return said


def test_a_line_comes_every_ten_seconds_and_at_the_end() -> None:
    assert lines_of(9, 9, 4.0) == [
        "recording: 3 of 9 in 12 s, 24 s to go",
        "recording: 6 of 9 in 24 s, 12 s to go",
        "recording: 9 of 9 in 36 s",
    ]


def test_what_is_quick_says_its_end_alone() -> None:
    assert lines_of(1000, 1000, 0.001) == ["recording: 1000 of 1000 in 1 s"]


def test_what_takes_long_is_told_of_each_time() -> None:
    assert len(lines_of(5, 5, 60.0)) == 5


def test_of_an_unknown_number_there_is_no_end() -> None:
    assert lines_of(None, 3, 6.0) == ["recording: 2 in 12 s"]
    assert progress_line("x", 1, None, 0.0) == "x: 1 in 0 s"


def test_items_pass_through_and_a_length_is_taken_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track([3, 1, 2], "counting")) == [3, 1, 2]
    assert list(track(iter("ab"), "spelling", total=2)) == ["a", "b"]
    assert list(track([], "nothing")) == []
    assert capsys.readouterr().out == "counting: 3 of 3 in 0 s\nspelling: 2 of 2 in 0 s\n"


CODE = "from streamdit.progress import track; print(sum(track(range(5), 'counting')))"


def test_a_log_file_holds_lines_and_no_bar(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", CODE], stdout=log, check=True)
    assert (tmp_path / "log").read_text() == "counting: 5 of 5 in 0 s\n10\n"


def test_a_terminal_shows_a_bar_and_no_lines() -> None:
    ours, theirs = pytest.importorskip("pty").openpty()
    subprocess.run([sys.executable, "-c", CODE], stdout=theirs, check=True, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "100%" in shown
    assert "5 of 5" not in shown


def test_a_share_is_told_when_a_thing_begins_every_ten_seconds_and_at_its_end() -> None:
    said: list[str] = []
    clock = iter([0.0, 1.0, 5.0, 11.0, 12.0, 13.0, 14.0])
    lines = ShareLines(say=said.append, now_s=lambda: next(clock))
    for title, phase, share in (
        ("decoder", "exporting", 0.0),
        ("decoder", "building", 0.2),  # too soon
        ("decoder", "building", 0.5),
        ("decoder", "compiled", 1.0),
        ("denoiser", "exporting", 0.0),
        ("denoiser", "found", 1.0),
    ):
        lines.tell(title, phase, share)
    assert said == [
        "decoder: exporting, 0 % in 0 s",
        "decoder: building, 50 % in 10 s",
        "decoder: compiled, 100 % in 11 s",
        "denoiser: exporting, 0 % in 0 s",
        "denoiser: found, 100 % in 1 s",
    ]


def test_what_is_counted_in_a_log_file_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("2 x wander", 3, unit="frames") as advance:
        for _ in range(3):
            advance()
    assert capsys.readouterr().out.startswith("2 x wander: 3 of 3 in ")
