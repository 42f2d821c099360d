"""Muon (Jordan et al. 2024): momentum, orthogonalised per weight matrix.

torch.optim.Muon orthogonalises in bfloat16, which a CPU without it emulates: 31 s a step against 0.2 s in single
precision with equal shapes stacked (docs/decisions/0003). So the precision is the caller's to choose.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from engine_service.training.shards import shared_like, whole


def orthogonalize(matrices: Tensor, num_iterations: int = 5) -> Tensor:
    """Newton-Schulz towards the nearest semi-orthogonal matrices, `(N, rows, columns)`; singular values end near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(num_iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    orthogonal: Tensor = x.mT if tall else x
    return orthogonal


class Muon(Optimizer):
    """For weight matrices and convolution kernels (one row per output channel).

    The step is scaled to AdamW's usual size, so both share a learning rate.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        precision: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._precision = precision  # of the orthogonalisation alone

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update; matrices of one shape are orthogonalised together, sharded ones whole on every process."""
        if closure is not None:
            raise ValueError("Muon takes no closure")
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[parameter.flatten(1).shape].append(parameter)
            for shape, parameters in by_shape.items():
                nesterov = []
                for parameter in parameters:
                    gradient = parameter.grad
                    assert gradient is not None
                    state = self.state[parameter]
                    momentum = state.get("momentum")
                    if momentum is None:
                        momentum = state["momentum"] = torch.zeros_like(parameter)
                    momentum.lerp_(gradient, 1 - group["momentum"])
                    nesterov.append(whole(gradient.lerp(momentum, group["momentum"])).flatten(1))
                updates = orthogonalize(torch.stack(nesterov).to(self._precision))
                scale = 0.2 * max(shape) ** 0.5  # the root mean square of an AdamW step (Moonlight, arXiv 2502.16982)
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    shaped = update.view(parameter.shape).to(parameter.dtype)
                    parameter.add_(shared_like(shaped, parameter), alpha=-group["lr"] * scale)
