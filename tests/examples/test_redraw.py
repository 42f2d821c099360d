"""The pictures that are sent to be redrawn, and the keys that choose among them."""

import numpy as np
import pytest

from critters.boxes import render_boxes
from critters.captions import parse
from critters.classic import render
from critters.redraw import Redraw, Source
from critters.scene import PERIOD, State


def critter(state: State) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the critter's box, px, the last two excluded."""
    rows, columns = np.nonzero(render_boxes(state)[..., 0] == 74)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_the_critters_box_stands_where_the_state_says() -> None:
    assert critter(State()) == (44, 68, 84, 108)
    assert critter(State(x=40.0, y=10.0)) == (20, 58, 60, 98)


def test_the_nose_is_where_the_critter_looks() -> None:
    right, left = render_boxes(State(facing=1.0)), render_boxes(State(facing=-1.0))
    assert np.array_equal(right[..., 0] == 98, (left[..., 0] == 98)[:, ::-1])
    assert np.nonzero(right[..., 0] == 98)[1].min() == 84


def test_the_landmarks_move_against_the_camera_and_come_round_again() -> None:
    def lefts(camera: float) -> list[int]:
        row = render_boxes(State(y=32.0, camera=camera))[100, :, 0] == 120
        return np.flatnonzero(np.diff(row.astype(int)) == 1).tolist()

    assert lefts(0.0) == [17]
    assert lefts(10.0) == [7]
    assert lefts(120.0) == [25]
    assert lefts(PERIOD) == lefts(0.0)


@pytest.mark.parametrize("x", [0.0, 3.0, 128.0])
@pytest.mark.parametrize("camera", [0.0, 30.0, 190.0, 255.0])
def test_what_leaves_the_picture_is_cut_off(x: float, camera: float) -> None:
    assert render_boxes(State(x=x, y=32.0, camera=camera)).shape == (128, 128, 3)


def test_v_goes_round_off_boxes_classic() -> None:
    state, classic = State(), render(parse("a pig in a meadow"), State())
    off = Redraw()
    boxes, drawn = off.switched(), off.switched().switched()
    assert off.picture(state, classic) is None
    assert np.array_equal(boxes.picture(state, classic), render_boxes(state))  # type: ignore[arg-type]
    assert drawn.picture(state, classic) is classic
    assert drawn.switched() == off
    assert [str(choice) for choice in (off, boxes)] == ["off", "boxes, strength 0.5"]


def test_the_strength_stops_at_both_ends() -> None:
    redraw = Redraw(Source.BOXES)
    assert redraw.stronger(1).strength == 0.6
    assert redraw.stronger(99).strength == 1.0
    assert redraw.stronger(-99).strength == 0.0
