"""Where a token stands: no two alike on the screen, and the same as seen from the same side of what moves."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine_service.model.places import StatePlaces, screen_places
from engine_service.model.world import Direction, StateField

PIXELS_PER_TOKEN = 16
X = StateField("x", 0.0, 128.0, moves="right")
CAMERA = StateField("camera", 0.0, 256.0, periodic=True, moves="left", pixels=(1.0, 0.5))
WALK = StateField("walk", 0.0, 1.0, periodic=True)


def places(*fields: StateField, frames_per_latent: int = 1) -> StatePlaces:
    torch.manual_seed(0)
    module = StatePlaces(fields, frames_per_latent, (8, 8), PIXELS_PER_TOKEN, width=32)
    return module.requires_grad_(False)


def seen(module: StatePlaces, *values: float) -> Tensor:
    """`(h, w, D)` of one latent of one frame."""
    result = module(module.waves(torch.tensor([[[values]]])))
    assert isinstance(result, Tensor)
    return result[0, 0].expand(8, 8, -1)


def test_no_two_places_on_the_screen_look_alike_and_all_are_of_a_tokens_size() -> None:
    vectors = screen_places(8, 8, 64).flatten(0, 1)
    assert (torch.cdist(vectors, vectors) + 10 * torch.eye(64)).min() > 0.5
    assert vectors.square().mean().sqrt() == pytest.approx(0.7, abs=0.1)


def test_neighbours_on_the_screen_are_more_alike_than_places_far_apart() -> None:
    vectors = screen_places(8, 8, 64)
    near = (vectors[3, 3] - vectors[3, 4]).norm()
    assert near < (vectors[3, 3] - vectors[3, 7]).norm()
    assert near < (vectors[3, 3] - vectors[7, 7]).norm()


@pytest.mark.parametrize("width", [6, 32, 256])
def test_places_take_any_width(width: int) -> None:
    assert screen_places(4, 6, width).shape == (4, 6, width)


@pytest.mark.parametrize(
    ("direction", "shift"), [("right", (0, 1)), ("left", (0, -1)), ("down", (1, 0)), ("up", (-1, 0))]
)
@pytest.mark.parametrize("pixels", [1.0, 0.5, 4.0])
def test_what_moved_by_one_token_looks_from_the_next_token_as_it_did(
    direction: Direction, shift: tuple[int, int], pixels: float
) -> None:
    module = places(StateField("place", -50.0, 250.0, moves=direction, pixels=(pixels,)))
    before, after = seen(module, 40.0), seen(module, 40.0 + PIXELS_PER_TOKEN / pixels)
    moved = torch.roll(before, shift, dims=(0, 1))
    inside = slice(1, -1)
    torch.testing.assert_close(after[inside, inside], moved[inside, inside], atol=1e-4, rtol=0)
    assert (after - before)[inside, inside].abs().max() > 0.05


def test_each_speed_of_a_field_is_seen_apart() -> None:
    """Half a screen of travel: the far scenery has moved half as far, so no shift of all features explains it."""
    module = places(CAMERA)
    before, after = seen(module, 0.0), seen(module, 32.0)
    near_only = seen(places(replace(CAMERA, pixels=(1.0,))), 0.0).roll(-2, dims=1)
    torch.testing.assert_close(near_only[0, :6], seen(places(replace(CAMERA, pixels=(1.0,))), 32.0)[0, :6])
    assert (after[0, :6] - before.roll(-2, dims=1)[0, :6]).abs().max() > 0.05


def test_a_periodic_field_meets_itself_at_every_token() -> None:
    module = places(CAMERA)
    torch.testing.assert_close(seen(module, 0.0), seen(module, 256.0), atol=1e-3, rtol=0)


def test_each_latent_sees_its_own_state_alone_and_every_frame_counts() -> None:
    module = places(X, CAMERA, frames_per_latent=2)
    state = 100 * torch.rand(2, 5, 2, 2, generator=torch.Generator().manual_seed(1))
    for frame in (0, 1):
        other = state.clone()
        other[1, 3, frame, 1] += 10
        changed = (module.waves(state) != module.waves(other)).flatten(2).any(-1)
        assert changed.nonzero().tolist() == [[1, 3]]


def test_fields_that_move_nothing_add_nothing() -> None:
    for module, state in ((places(WALK), torch.zeros(1, 1, 1, 1)), (places(), torch.zeros(1, 1, 1, 0))):
        assert module(module.waves(state)) == 0.0
    assert not list(places(WALK).parameters())


def test_a_model_keeps_no_copy_of_the_worlds_ranges_among_its_weights() -> None:
    assert {name.split(".")[-2] for name in places(X, CAMERA).state_dict()} == {"project"}
