"""The judge learns what it is shown, and says where it is."""

import numpy as np
import torch

from engine_service.evaluation.judge import Lessons, teach_judge


def coloured_squares() -> Lessons:
    """Red or blue squares of 16 px at known places on a 64x64 field; two recordings of many frames."""
    rng = np.random.default_rng(0)
    num_frames = 64
    rgb = np.full((2, num_frames, 64, 64, 3), 90, np.uint8)
    positions = rng.integers(10, 54, size=(2, num_frames, 2)).astype(np.float32)
    for kind, colour in enumerate(((220, 40, 40), (40, 40, 220))):
        for i, (x, up) in enumerate(positions[kind].astype(int)):
            row = 64 - up
            rgb[kind, i, row - 8 : row + 8, x - 8 : x + 8] = colour
    return Lessons(rgb, ({"colour": "red"}, {"colour": "blue"}), positions)


def test_a_taught_judge_names_the_colour_and_finds_the_place() -> None:
    torch.set_num_threads(1)
    lessons = coloured_squares()
    judge = teach_judge(lessons, ["colour"], num_steps=130)
    verdict = judge.verdict(lessons.rgb[1, ::4])
    assert set(verdict.words["colour"]) == {"blue"}
    errors = np.linalg.norm(verdict.position - lessons.positions[1, ::4], axis=1)
    assert np.median(errors) < 6
