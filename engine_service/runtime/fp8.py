"""Linear layers in 8 bits: weights quantised once with a scale a row, activations at every call with a scale a token.

A row is brought to the largest number of `float8_e4m3fn` and its scale multiplied back after the product, so that one
loud token or channel costs the others no precision. Letters: M tokens, K inputs, N outputs.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine_service.model.dit import StreamDiT

E4M3 = torch.float8_e4m3fn
LARGEST = torch.finfo(E4M3).max  # 448
MULTIPLE = 16  # torch._scaled_mm wants K and N in sixteens
QUIETEST = 1e-12  # no row counts as quieter: one of zeros stays zeros
KEPT = "modulation"  # 16 rows a micro-step, all of the time its weights' way from memory, and every token hangs on them


def quantise_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """`(..., K)` in any precision -> the same in e4m3, and float32 scales `(..., 1)` to multiply back."""
    loudest = rows.abs().amax(-1, keepdim=True).float().clamp_min(QUIETEST)
    return (rows.float() * (LARGEST / loudest)).clamp(-LARGEST, LARGEST).to(E4M3), loudest / LARGEST


def scaled_product(x: Tensor, x_scale: Tensor, weight: Tensor, weight_scale: Tensor, dtype: torch.dtype) -> Tensor:
    """e4m3 `(M, K)` times e4m3 `(N, K)` transposed, scales `(M, 1)` and `(N, 1)` -> `(M, N)` in `dtype`.

    On CUDA one kernel; elsewhere the same numbers multiplied in single precision.
    """
    if x.is_cuda:
        # The row-wise kernel gives bfloat16; sums in single precision are the hardware's fast ones.
        product = torch._scaled_mm(
            x, weight.t(), scale_a=x_scale, scale_b=weight_scale.t(), out_dtype=torch.bfloat16, use_fast_accum=True
        )
        return product.to(dtype)
    return ((x.float() @ weight.float().t()) * x_scale * weight_scale.t()).to(dtype)


class Fp8Linear(nn.Module):
    """`nn.Linear` with its weight in e4m3; K and N are filled up with zeros to sixteens."""

    weight: Tensor
    weight_scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.missing_inputs = -self.in_features % MULTIPLE
        missing_outputs = -self.out_features % MULTIPLE
        filled = nnf.pad(linear.weight.detach(), (0, self.missing_inputs, 0, missing_outputs))  # (N, K)
        weight, weight_scale = quantise_rows(filled)
        self.register_buffer("weight", weight)
        self.register_buffer("weight_scale", weight_scale)  # (N, 1)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        """`(..., K)` -> `(..., N)` in the precision of x."""
        rows = x.reshape(-1, self.in_features)  # (M, K)
        if self.missing_inputs:
            rows = nnf.pad(rows, (0, self.missing_inputs))
        quantised, scale = quantise_rows(rows)
        product = scaled_product(quantised, scale, self.weight, self.weight_scale, x.dtype)
        product = product[:, : self.out_features].reshape(*x.shape[:-1], self.out_features)
        return product if self.bias is None else product + self.bias.to(x.dtype)


def to_fp8(dit: StreamDiT) -> int:
    """Turn the linear layers of all blocks but their modulation into `Fp8Linear`, in place; how many there were.

    What embeds latents, noise levels, state and prompt, and what gives the patches back, keeps its precision.
    """
    num_turned = 0
    for block in dit.blocks:
        for name, layer in list(block.named_modules()):
            if isinstance(layer, nn.Linear) and name != KEPT:
                block.set_submodule(name, Fp8Linear(layer))
                num_turned += 1
    return num_turned
