"""Noise levels and game state as vectors."""

import pytest
import torch

from engine_service.model.conditioning import SigmaEmbedding, StateEmbedding
from engine_service.model.world import StateField

WALK = StateField("walk", 0.0, 1.0, periodic=True)
CAMERA = StateField("camera", 0.0, 256.0, periodic=True)
X = StateField("x", 0.0, 128.0)
FACING = StateField("facing", -1.0, 1.0)


def embedding(*fields: StateField, frames_per_latent: int = 1) -> StateEmbedding:
    torch.manual_seed(0)
    return StateEmbedding(fields, frames_per_latent, width=16).requires_grad_(False)


def heard(module: StateEmbedding | SigmaEmbedding, numbers: torch.Tensor) -> torch.Tensor:
    """What the transformer is told of these numbers."""
    vector: torch.Tensor = module(module.waves(numbers))
    return vector


def one(value: float) -> torch.Tensor:
    """`(1, 1, 1, 1)`."""
    return torch.tensor([[[[value]]]])


@pytest.mark.parametrize("field", [WALK, CAMERA])
def test_a_periodic_field_meets_itself_at_its_ends(field: StateField) -> None:
    module = embedding(field)
    torch.testing.assert_close(heard(module, one(field.min)), heard(module, one(field.max)), atol=1e-4, rtol=0)


@pytest.mark.parametrize("field", [X, FACING])
def test_a_field_with_ends_tells_them_apart(field: StateField) -> None:
    module = embedding(field)
    assert (heard(module, one(field.min)) - heard(module, one(field.max))).abs().max() > 0.05


@pytest.mark.parametrize("field", [WALK, CAMERA, X, FACING])
def test_no_two_of_256_values_inside_a_field_look_alike(field: StateField) -> None:
    module = embedding(field)
    values = torch.linspace(field.min, field.max, 257)[:256, None, None, None]
    vectors = heard(module, values)[:, 0]  # (256, D)
    distance = torch.cdist(vectors, vectors) + torch.eye(256)
    assert distance.min() > 1e-3


def test_each_latent_sees_its_own_state_alone() -> None:
    module = embedding(X, WALK, frames_per_latent=2)
    state = torch.rand(2, 5, 2, 2, generator=torch.Generator().manual_seed(1))
    other = state.clone()
    other[1, 3, 0, 1] += 0.3
    changed = (heard(module, state) != heard(module, other)).any(-1)
    assert changed.nonzero().tolist() == [[1, 3]]


@pytest.mark.parametrize("frame", [0, 1])
@pytest.mark.parametrize("field", [0, 1])
def test_every_frame_and_every_field_of_a_latent_counts(frame: int, field: int) -> None:
    module = embedding(X, WALK, frames_per_latent=2)
    state = torch.full((1, 1, 2, 2), 0.25)
    other = state.clone()
    other[0, 0, frame, field] += 0.25
    assert (heard(module, state) - heard(module, other)).abs().max() > 1e-3


def test_the_frames_of_a_latent_are_not_interchangeable() -> None:
    module = embedding(X, frames_per_latent=2)
    state = torch.tensor([[[[10.0], [90.0]]]])
    assert (heard(module, state) - heard(module, state.flip(2))).abs().max() > 1e-3


def test_each_latent_sees_its_own_sigma_alone() -> None:
    torch.manual_seed(0)
    module = SigmaEmbedding(16).requires_grad_(False)
    sigmas = torch.rand(2, 5, generator=torch.Generator().manual_seed(1))
    other = sigmas.clone()
    other[0, 2] /= 2
    changed = (heard(module, sigmas) != heard(module, other)).any(-1)
    assert changed.nonzero().tolist() == [[0, 2]]


def test_all_levels_of_the_finest_partition_look_different() -> None:
    torch.manual_seed(0)
    module = SigmaEmbedding(16).requires_grad_(False)
    vectors = heard(module, torch.linspace(0, 1, 129)[None])[0]
    distance = torch.cdist(vectors, vectors) + torch.eye(129)
    assert distance.min() > 1e-3


def test_a_model_keeps_no_copy_of_the_worlds_ranges_among_its_weights() -> None:
    assert all(name.startswith("mlp") for name in embedding(X, WALK).state_dict())
