"""Linear layers in 8-bit floats (e4m3): weights per output channel, activations per tensor, as Q/DQ pairs in ONNX.

Compilers for cards that multiply e4m3 fuse a pair on each side of a matrix product into one; torch answers with the
same rounding here, so that the loss of accuracy is measured without such a card.
"""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import onnx
import torch
from onnxscript import opset23 as op
from torch import Tensor, nn

from engine_service.runtime.denoiser import MicroStep
from engine_service.runtime.export import Graph

FP8 = torch.float8_e4m3fn
LARGEST = 448.0  # of e4m3
# Every product over tokens. What is done once a latent, and the first and last layers, cost little and matter much.
QUANTISED = re.compile(r"blocks\.\d+\.(attention\.(qkv|out)|cross\.(q|out)|mlp\.(0|2))")


@torch.library.custom_op("streamdit::through_fp8", mutates_args=())
def through_fp8(x: Tensor, scale: Tensor) -> Tensor:
    """x rounded to e4m3 of `scale`, a number; values beyond the largest are held there."""
    return (x.float() / scale.float()).clamp(-LARGEST, LARGEST).to(FP8).to(x.dtype) * scale


@through_fp8.register_fake
def _(x: Tensor, scale: Tensor) -> Tensor:  # noqa: ARG001  torch calls it as it calls the operator
    return torch.empty_like(x)


@torch.library.custom_op("streamdit::from_fp8", mutates_args=())
def from_fp8(weight: Tensor, scales: Tensor) -> Tensor:
    """e4m3 `(in, out)` and scales `(out,)` -> weights in the scales' precision."""
    return weight.to(scales.dtype) * scales


@from_fp8.register_fake
def _(weight: Tensor, scales: Tensor) -> Tensor:
    return torch.empty_like(weight, dtype=scales.dtype)


def _through_fp8_onnx(x: Any, scale: Any) -> Any:
    zero: Any = op.Constant(value=onnx.helper.make_tensor("zero", onnx.TensorProto.FLOAT8E4M3FN, [], [0.0]))
    return op.DequantizeLinear(op.QuantizeLinear(x, scale, zero), scale, zero)


def _from_fp8_onnx(weight: Any, scales: Any) -> Any:
    return op.DequantizeLinear(weight, scales, axis=1)


TRANSLATIONS: dict[Any, Any] = {
    torch.ops.streamdit.through_fp8.default: _through_fp8_onnx,
    torch.ops.streamdit.from_fp8.default: _from_fp8_onnx,
}


class QuantisedLinear(nn.Module):
    """`nn.Linear` over e4m3; bias and everything around it stay in the layer's own precision."""

    weight: Tensor
    scales: Tensor
    input_scale: Tensor

    def __init__(self, linear: nn.Linear, largest_input: float) -> None:
        super().__init__()
        dtype = linear.weight.dtype
        weight = linear.weight.detach().float().T  # (in, out)
        scales = (weight.abs().amax(0).clamp_min(1e-6) / LARGEST).to(dtype)  # (out,)
        self.register_buffer("weight", (weight / scales.float()).clamp(-LARGEST, LARGEST).to(FP8).contiguous())
        self.register_buffer("scales", scales)
        self.register_buffer("input_scale", torch.tensor(max(largest_input, 1e-3) / LARGEST, dtype=dtype))
        self.bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        product: Tensor = through_fp8(x, self.input_scale) @ from_fp8(self.weight, self.scales)
        return product + self.bias


@contextmanager
def observed(module: nn.Module) -> Iterator[dict[str, float]]:
    """The largest input that each layer to be quantised sees while this is open."""
    largest: dict[str, float] = {}

    def observer(name: str) -> Any:
        def observe(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            largest[name] = max(largest.get(name, 0.0), inputs[0].abs().max().item())

        return observe

    handles = [layer.register_forward_pre_hook(observer(name)) for name, layer in _layers(module)]
    try:
        yield largest
    finally:
        for handle in handles:
            handle.remove()


def quantised_graph(graph: Graph, name: str, largest: dict[str, float]) -> Graph:
    """A micro-step's graph with its linear layers in e4m3.

    Raises:
        ValueError: a layer was never observed.
    """
    module = copy.deepcopy(graph.module)
    assert isinstance(module, MicroStep)
    for layer_name, layer in list(_layers(module.dit)):
        if layer_name not in largest:
            raise ValueError(f"{layer_name} was not observed: nothing to scale its input by")
        parent, _, attribute = layer_name.rpartition(".")
        setattr(module.dit.get_submodule(parent), attribute, QuantisedLinear(layer, largest[layer_name]))
    return replace(graph, name=name, module=module, translations=TRANSLATIONS)


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear) and QUANTISED.fullmatch(name):
            yield name, layer
