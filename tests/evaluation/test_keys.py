"""Keys by their effect, and a network that learns to see it."""

import numpy as np
import pytest

from engine_service.evaluation.keys import KEYS, UNKNOWN, held_keys, teach_key_reader
from engine_service.model.world import StateField

FIELDS = (StateField("x", 0, 128), StateField("walk", 0, 1, periodic=True), StateField("camera", 0, 256, periodic=True))


def test_travel_of_the_critter_and_of_its_camera_adds_up_to_a_key() -> None:
    states = np.array([[60, 0, 0], [64, 0.1, 0], [64, 0.2, 4], [64, 0.2, 4], [62, 0.3, 4]], np.float32)
    keys = held_keys(states, FIELDS, ["x", "camera"], longest=4)
    assert [KEYS[key] for key in keys] == ["right", "right", "none", "left"]


def test_a_periodic_camera_goes_the_short_way_round() -> None:
    states = np.array([[64, 0, 254], [64, 0, 2], [64, 0, 254]], np.float32)
    assert [KEYS[key] for key in held_keys(states, FIELDS, ["x", "camera"], longest=4)] == ["right", "left"]


def test_a_jump_to_another_place_is_no_key() -> None:
    states = np.array([[30, 0, 0], [100, 0, 0], [100, 0, 0]], np.float32)
    assert held_keys(states, FIELDS, ["x", "camera"], longest=4).tolist() == [UNKNOWN, KEYS.index("none")]


def test_a_taught_reader_tells_which_way_a_square_went() -> None:
    rng = np.random.default_rng(0)
    num, length = 24, 8
    rgb = np.full((num, length, 64, 64, 3), 90, np.uint8)
    states = np.zeros((num, length, 3), np.float32)
    for i in range(num):
        x = int(rng.integers(24, 40))
        for t in range(length):
            states[i, t, 0] = x
            rgb[i, t, 28:36, x - 4 : x + 4] = 230
            x += int(rng.integers(-1, 2)) * 4
    keys = np.stack([held_keys(each, FIELDS, ["x"], longest=4) for each in states])
    reader = teach_key_reader(rgb[:20], keys[:20], num_steps=120, batch_size=16)
    right = np.concatenate([reader.read(rgb[i]) == keys[i] for i in range(20, num)])
    assert right.mean() == pytest.approx(1, abs=0.15)
