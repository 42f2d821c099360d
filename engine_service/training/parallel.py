"""One training step on several processes: the examples shared out (FSDP2), or the heads (tensor parallelism).

`share_weights` cuts every weight into shards and each process takes its own examples of the batch; a block's weights
are whole only while it computes. `share_heads` gives each process some of the heads and some of the MLP's hidden
units of every block, and all processes take the same batch. Both change the model in place; `take_step` of the step
loop and both optimisers then work as on one process.

Letters: B batch, D width, N heads, E = D / N, G windows, T tokens in a window, P processes.
"""

from dataclasses import fields

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    ParallelStyle,
    RowwiseParallel,
    SequenceParallel,
    parallelize_module,
)

from engine_service.model.dit import Block
from engine_service.training.buffered import Batch
from engine_service.training.denoiser import PromptedDiT
from engine_service.training.shards import whole

# Layers that make several parts at once, `(parts n e)` of their rows, and how many parts.
FUSED = {"attention.qkv": 3, "cross.kv": 2}


def share_weights(model: PromptedDiT, mesh: DeviceMesh) -> None:
    """FSDP2 over a mesh of one axis: block by block, and what is left as one group.

    The processes must start from the same weights: each keeps its shard of its own.
    """
    for block in model.dit.blocks:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)


def share_of_batch(batch: Batch, rank: int, num_processes: int) -> Batch:
    """A process's examples. FSDP2 averages gradients over processes, which is the whole batch's if shares are equal.

    Raises:
        ValueError: the examples cannot be shared out evenly.
    """
    num_examples = len(batch.noised)
    if num_examples % num_processes:
        raise ValueError(f"{num_examples} examples cannot be shared evenly by {num_processes} processes")
    return Batch(*(getattr(batch, field.name).chunk(num_processes)[rank] for field in fields(Batch)))


def share_heads(model: PromptedDiT, mesh: DeviceMesh) -> None:
    """Tensor parallelism over a mesh of one axis: heads and hidden units; everything else on every process.

    Raises:
        ValueError: the heads or the hidden units cannot be shared out evenly.
    """
    num_processes = mesh.size()
    config = model.dit.config
    hidden = int(config.width * config.mlp_ratio)
    for name, count in (("heads", config.num_heads), ("hidden units", hidden)):
        if count % num_processes:
            raise ValueError(f"{count} {name} cannot be shared evenly by {num_processes} processes")
    for block in model.dit.blocks:
        assert isinstance(block, Block)
        for name, parts in FUSED.items():
            _order_by_process(block.get_submodule(name), parts, num_processes)
        parallelize_module(block, mesh, _head_plan())
        block.attention.num_heads //= num_processes
        block.cross.num_heads //= num_processes


def whole_weights(model: PromptedDiT) -> dict[str, Tensor]:
    """The model's weights as one process would hold them, on every process: for checkpoints and averages."""
    return {name: _as_built(model, name, value) for name, value in model.state_dict().items()}


def whole_gradients(model: PromptedDiT) -> dict[str, Tensor]:
    """The gradients as one process would have them, on every process."""
    return {
        name: _as_built(model, name, parameter.grad)
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def _head_plan() -> dict[str, ParallelStyle]:
    """Rows of what makes heads, columns of what gathers them.

    Rotary tables are the same for every head and need nothing. A QK-norm's scale is every head's: whole on each
    process, and its gradient the sum over all heads. `SequenceParallel` does that for whichever axis is cut; here it is
    the heads', of `(B, G, T, N, E)` in the attention and of `(B, N, tokens, E)` in the cross-attention.
    """
    return {
        "attention.qkv": ColwiseParallel(),
        "attention.q_norm": SequenceParallel(sequence_dim=3, use_local_output=True),
        "attention.k_norm": SequenceParallel(sequence_dim=3, use_local_output=True),
        "attention.out": RowwiseParallel(),
        "cross.q": ColwiseParallel(),
        "cross.kv": ColwiseParallel(),
        "cross.q_norm": SequenceParallel(sequence_dim=1, use_local_output=True),
        "cross.k_norm": SequenceParallel(sequence_dim=1, use_local_output=True),
        "cross.out": RowwiseParallel(),
        "mlp.0": ColwiseParallel(),
        "mlp.2": RowwiseParallel(),
    }


@torch.no_grad()
def _order_by_process(layer: nn.Module, parts: int, num_processes: int) -> None:
    """Rows `(parts n e)` -> `(P parts n/P e)`: cut evenly, each process then holds all parts of its own heads."""
    for parameter in layer.parameters():
        parameter.copy_(rearrange(parameter, "(k p r) ... -> (p k r) ...", k=parts, p=num_processes))


def _as_built(model: PromptedDiT, name: str, tensor: Tensor) -> Tensor:
    """Whole, and its rows in the order they had before `share_heads`."""
    together = whole(tensor.detach())
    layer = name.rpartition(".")[0]
    parts = next((count for fused, count in FUSED.items() if layer.endswith(f".{fused}")), None)
    if parts is None:
        return together
    block = model.get_submodule(layer.rpartition(".")[0])
    assert isinstance(block.num_heads, int)
    num_processes = model.dit.config.num_heads // block.num_heads  # 1 unless heads are shared
    return rearrange(together, "(p k r) ... -> (k p r) ...", k=parts, p=num_processes)
