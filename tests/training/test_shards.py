"""On one process, shards are whole already."""

import pytest
import torch
from torch import nn

from engine_service.training.shards import clip_gradients, shared_like, whole


def with_gradients(scale: float) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3))
    (scale * module(torch.randn(4, 5)).square().sum()).backward()
    return module


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_gradients_are_clipped_as_torch_clips_them(scale: float) -> None:
    ours, torchs = with_gradients(scale), with_gradients(scale)
    clip_gradients(ours.parameters(), 1.0)
    torch.nn.utils.clip_grad_norm_(torchs.parameters(), 1.0)
    for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)


def test_parameters_without_a_gradient_count_for_nothing() -> None:
    module = with_gradients(1e4)
    clip_gradients([nn.Parameter(torch.ones(2)), *module.parameters()], 1.0)
    squares = [parameter.grad.square().sum() for parameter in module.parameters() if parameter.grad is not None]
    assert torch.stack(squares).sum().sqrt().item() == pytest.approx(1.0, abs=1e-5)


def test_a_plain_tensor_is_whole_and_shared_out_as_it_is() -> None:
    tensor = torch.ones(3)
    assert whole(tensor) is tensor
    assert shared_like(tensor, torch.zeros(3)) is tensor
