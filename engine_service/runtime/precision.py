"""A network's weights in another precision, on another device."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def in_precision(module: Module, device: torch.device, dtype: torch.dtype) -> Module:
    """The module on a device with its parameters in a precision, without a second copy of them on the way.

    Buffers stay as exact as they are: waves are made of them (docs/decisions/0006).
    """
    kept: dict[int, Tensor] = {
        id(parameter): nn.Parameter(parameter.detach().to(device, dtype), requires_grad=False)
        for parameter in module.parameters()
    }
    kept |= {id(buffer): buffer.to(device) for buffer in module.buffers()}
    return copy.deepcopy(module, kept)  # takes what is kept as copied already
