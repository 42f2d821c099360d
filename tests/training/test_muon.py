"""Muon: orthogonal updates of an Adam-like size."""

import pytest
import torch
from torch import Tensor, nn

from engine_service.training.muon import Muon, orthogonalize


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(3, 16, 64), (3, 64, 16), (1, 8, 40)])
def test_singular_values_end_near_one(shape: tuple[int, int, int]) -> None:
    values = torch.linalg.svdvals(orthogonalize(100 * draw(*shape)))
    assert values.min() > 0.65
    assert values.max() < 1.25


def test_singular_vectors_are_kept() -> None:
    matrix = draw(1, 8, 24)
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    turned = (u.mT @ orthogonalize(matrix) @ vh.mT)[0]
    torch.testing.assert_close(turned, turned.diagonal().diag(), atol=1e-4, rtol=0)
    assert (turned.diagonal() > 0).all()


def test_a_stack_is_its_matrices_one_by_one_and_tall_ones_are_wide_ones_transposed() -> None:
    stack = draw(4, 6, 20)
    together = orthogonalize(stack)
    for i in range(4):
        torch.testing.assert_close(together[i : i + 1], orthogonalize(stack[i : i + 1]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(orthogonalize(stack.mT), together.mT, atol=1e-5, rtol=1e-5)


def test_a_gradient_of_zero_moves_nothing() -> None:
    parameter = nn.Parameter(draw(4, 8))
    before = parameter.detach().clone()
    parameter.grad = torch.zeros_like(parameter)
    Muon([parameter], lr=0.1).step()
    assert torch.equal(parameter, before)


def test_one_step_shrinks_a_quadratic() -> None:
    parameter = nn.Parameter(draw(8, 16))
    before = parameter.square().sum()
    before.backward()  # type: ignore[no-untyped-call]
    Muon([parameter], lr=0.1).step()
    assert parameter.square().sum() < before


def test_many_steps_solve_a_least_squares_problem() -> None:
    inputs, wanted = draw(64, 16), draw(8, 16, seed=1)
    layer = nn.Linear(16, 8, bias=False)
    nn.init.zeros_(layer.weight)
    optimizer = Muon(layer.parameters(), lr=0.2)
    for step in range(150):
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 150)
        optimizer.zero_grad()
        (layer(inputs) - inputs @ wanted.T).square().mean().backward()
        optimizer.step()
    assert (layer.weight - wanted).square().mean() < 0.01


def test_a_step_is_as_large_as_adams() -> None:
    parameter = nn.Parameter(torch.zeros(32, 64))
    parameter.grad = draw(32, 64)
    Muon([parameter], lr=0.5).step()
    root_mean_square = parameter.square().mean().sqrt().item()
    assert root_mean_square == pytest.approx(0.2 * 0.5, rel=0.2)  # Moonlight, arXiv 2502.16982 section 2.2


def test_convolution_kernels_are_matrices_of_one_row_per_output() -> None:
    kernel, matrix = nn.Parameter(torch.zeros(8, 4, 3, 3)), nn.Parameter(torch.zeros(8, 36))
    gradient = draw(8, 36)
    kernel.grad, matrix.grad = gradient.view(8, 4, 3, 3), gradient
    Muon([kernel, matrix], lr=0.1).step()
    torch.testing.assert_close(kernel.flatten(1), matrix, atol=1e-6, rtol=1e-5)


def test_weight_decay_shrinks_weights_by_its_share_of_the_learning_rate() -> None:
    parameter = nn.Parameter(torch.ones(4, 8))
    parameter.grad = torch.zeros_like(parameter)
    Muon([parameter], lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(parameter.detach(), torch.full((4, 8), 0.95))


def test_parameters_without_a_gradient_are_left_alone() -> None:
    parameter = nn.Parameter(torch.ones(4, 8))
    Muon([parameter], lr=0.1, weight_decay=0.5).step()
    assert (parameter == 1).all()


def test_a_closure_is_refused() -> None:
    with pytest.raises(ValueError, match="no closure"):
        Muon([nn.Parameter(torch.ones(4, 8))], lr=0.1).step(lambda: 0.0)


def test_half_precision_gives_nearly_the_same_update_and_keeps_the_weights_own() -> None:
    exact, half = nn.Parameter(torch.zeros(16, 48)), nn.Parameter(torch.zeros(16, 48))
    exact.grad = half.grad = draw(16, 48)
    Muon([exact], lr=0.1).step()
    Muon([half], lr=0.1, precision=torch.bfloat16).step()
    assert half.dtype == torch.float32
    assert (half - exact).norm() / exact.norm() < 0.05
