"""A stream without a server."""

from pathlib import Path

import numpy as np
import pytest

from engine_service.generate import generate_recording
from streamdit.recording import Recorder, Recording
from streamdit.types import StateField

FIELDS = [StateField("x", 0, 128), StateField("y", 0, 32), StateField("facing", -1, 1)]
CYCLES = [StateField("walk", 0, 1, True), StateField("camera", 0, 256, True), StateField("clock", 0, 1, True)]


def generate(out: Path, *, profile: str | None = None, states: Path | None = None) -> Recording:
    generate_recording(
        world="critters",
        prompt="a fox in a forest",
        out=out,
        seconds=0.25,
        profile=profile,
        states=states,
        seed=1,
        backend="torch",
    )
    return Recording.load(out)


def test_a_prompt_becomes_a_recording_that_says_how_it_was_made(tmp_path: Path) -> None:
    recording = generate(tmp_path / "out")
    assert recording.num_frames == 4
    assert recording.prompts() == ["a fox in a forest"] * 4
    assert recording.metadata == {"prompt": "a fox in a forest", "profile": "responsive", "seed": 1}


def test_the_states_of_another_recording_are_followed(tmp_path: Path) -> None:
    path = [(20.0 + 4 * i, 0.0, 1.0, 0.0, 0.0, 0.0) for i in range(4)]
    with Recorder(tmp_path / "in", fps=16, width=128, height=128, state_fields=FIELDS + CYCLES) as recorder:
        for values in path:
            recorder.state(values)
            recorder.frame(np.zeros((128, 128, 3), np.uint8))
    np.testing.assert_array_equal(generate(tmp_path / "out", states=tmp_path / "in").states(), np.array(path))


def test_a_profile_the_world_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="profile is 'dreamy', world critters has responsive, balanced, cinematic"):
        generate(tmp_path / "out", profile="dreamy")
