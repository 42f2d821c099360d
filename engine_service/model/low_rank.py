"""Low-rank updates (LoRA, arXiv 2106.09685): a student as a small difference from its teacher.

W + up @ down, with up `(rows, rank)` and down `(rank, columns)`. Trained as a parametrization; added to the weights for
good when a world is loaded, so that a student computes exactly what its teacher does.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

_TRAINED = ".parametrizations.weight.0"


class LowRank(nn.Module):
    """Adds a product of two thin matrices, zero at first, to a weight matrix."""

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, columns) * columns**-0.5)
        self.up = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def add_low_rank(module: nn.Module, rank: int) -> None:
    """Freeze a module and give each of its linear layers an update to train."""
    module.requires_grad_(False)
    for linear in list(_linears(module)):
        update = LowRank(linear.out_features, linear.in_features, rank)
        parametrize.register_parametrization(linear, "weight", update.to(linear.weight.device))


def updates_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The updates among a parametrized module's weights, by the name of the matrix they change: `NAME.up`, `.down`."""
    return {name.replace(_TRAINED, ".weight"): tensor for name, tensor in weights.items() if _TRAINED in name}


@torch.no_grad()
def merge_updates(module: nn.Module, updates: Mapping[str, Tensor]) -> None:
    """Add updates to a module's own weights.

    Raises:
        ValueError: an update has no such matrix to change, or not its shape.
    """
    parameters = dict(module.named_parameters())
    for key in sorted(name.removesuffix(".up") for name in updates if name.endswith(".up")):
        up, down = updates[f"{key}.up"].float(), updates[f"{key}.down"].float()
        if key not in parameters:
            raise ValueError(f"update of {key}: there is no such matrix")
        if parameters[key].shape != (len(up), down.shape[1]):
            raise ValueError(f"update of {key}: {len(up)}x{down.shape[1]}, the matrix is {[*parameters[key].shape]}")
        parameters[key].add_(up @ down)


def _linears(module: nn.Module) -> Iterator[nn.Linear]:
    for child in module.modules():
        if isinstance(child, nn.Linear):
            yield child
