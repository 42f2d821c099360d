"""Self-attention in 3D windows, shifted by half a window every other layer (StreamDiT section 3.3).

Letters: B batch, F latent frames, H W tokens per side, D width, N heads, E = D / N, G windows, T tokens in a window.
"""

import math

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as nnf

Window = tuple[int, int, int]  # (Fw, Hw, Ww)


def fit_window(window: Window, grid: tuple[int, int, int]) -> Window:
    """The largest window not above `window` that tiles `grid` in every axis."""

    def largest_divisor(length: int, limit: int) -> int:
        return max(d for d in range(1, min(length, limit) + 1) if length % d == 0)

    fw, hw, ww = (largest_divisor(length, limit) for length, limit in zip(grid, window, strict=True))
    return fw, hw, ww


def half_shift(window: Window, grid: tuple[int, int, int]) -> Window:
    """Half a window in every axis that has more than one window."""
    sf, sh, sw = (size // 2 if size < length else 0 for size, length in zip(window, grid, strict=True))
    return sf, sh, sw


def to_windows(x: Tensor, window: Window, shift: Window = (0, 0, 0)) -> Tensor:
    """`(B, F, H, W, D)` -> `(B, G, T, D)`, the windows moved on by `shift` and wrapped around."""
    fw, hw, ww = window
    if any(shift):
        x = torch.roll(x, tuple(-s for s in shift), dims=(1, 2, 3))
    return rearrange(x, "b (f fw) (h hw) (w ww) d -> b (f h w) (fw hw ww) d", fw=fw, hw=hw, ww=ww)


def from_windows(x: Tensor, window: Window, grid: tuple[int, int, int], shift: Window = (0, 0, 0)) -> Tensor:
    """`(B, G, T, D)` -> `(B, F, H, W, D)`: undoes `to_windows`."""
    fw, hw, ww = window
    f, h, w = (length // size for length, size in zip(grid, window, strict=True))
    x = rearrange(x, "b (f h w) (fw hw ww) d -> b (f fw) (h hw) (w ww) d", f=f, h=h, w=w, fw=fw, hw=hw, ww=ww)
    return torch.roll(x, shift, dims=(1, 2, 3)) if any(shift) else x


def rotary_frequencies(num: int, device: torch.device | None = None) -> Tensor:
    """RoFormer's, `(num,)` radians per token: from one down to almost a hundredth."""
    indices = torch.arange(num, dtype=torch.float32, device=device)
    return torch.pow(100.0, -indices / max(num, 1))


def fitted_frequencies(num: int, length: int, device: torch.device | None = None) -> Tensor:
    """`(num,)` radians per token, from half a turn over `length` tokens up to a quarter of a turn per token.

    On a small grid RoFormer's slow pairs hardly turn at all, and what is left hardly tells neighbours apart
    (docs/decisions/0016).
    """
    slowest, fastest = math.pi / max(length, 2), math.pi / 2
    shares = torch.linspace(0, 1, num, dtype=torch.float32, device=device)
    return slowest * torch.pow(fastest / slowest, shares)


def rotary_table(
    grid: tuple[int, int, int], head_width: int, device: torch.device | None = None, *, fitted: bool = False
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the 3D rotary angles, each `(F, H, W, E / 2)`.

    A head's channel pairs are shared out over the three axes (RoFormer, arXiv 2104.09864, once per axis). Made on the
    device that turns by them: a copy from the host could not be captured in a CUDA graph.

    Args:
        fitted: rows and columns turn by `fitted_frequencies`, time as ever.
    """
    pairs = head_width // 2
    share = pairs // 3
    angles = []
    for axis, length in enumerate(grid):
        num = pairs - 2 * share if axis == 0 else share
        by_grid = fitted and axis > 0
        frequencies = fitted_frequencies(num, length, device) if by_grid else rotary_frequencies(num, device)
        position = torch.arange(length, dtype=torch.float32, device=device)
        angle = position[:, None] * frequencies  # (length, num)
        shape = [1, 1, 1, num]
        shape[axis] = length
        angles.append(angle.view(shape).expand(*grid, num))
    table = torch.cat(angles, dim=-1)  # (F, H, W, E / 2)
    return table.cos(), table.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn channel pairs by their position: x `(B, ..., N, E)`, tables `(..., E / 2)`."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = cos[..., None, :].to(x.dtype), sin[..., None, :].to(x.dtype)  # (..., 1, E / 2)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class HeadNorm(nn.RMSNorm):
    """QK-norm: every head's queries, or keys, at unit root mean square, also where autocast made them bfloat16."""

    def __init__(self, head_width: int) -> None:
        super().__init__(head_width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        assert self.weight is not None
        return nnf.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.eps)


class WindowAttention(nn.Module):
    """Multi-head self-attention inside windows, with QK-norm and rotary positions.

    Tokens are sorted into windows once on the way in and once on the way out, not queries, keys and values apart.
    """

    def __init__(
        self, width: int, num_heads: int, window: Window, shifted: bool, *, fitted_rotary: bool = False
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.fitted_rotary = fitted_rotary
        self.head_width = width // num_heads
        self.window = window
        self.shifted = shifted
        self.qkv = nn.Linear(width, 3 * width)
        self.q_norm = HeadNorm(self.head_width)
        self.k_norm = HeadNorm(self.head_width)
        self.out = nn.Linear(width, width)

    def rotary(self, grid: tuple[int, int, int], device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """`rotary_table` of a grid in the order of this layer's windows, each `(G, T, E / 2)`."""
        window, shift = self._windows(grid)
        cos, sin = rotary_table(grid, self.head_width, device, fitted=self.fitted_rotary)
        return to_windows(cos.to(dtype)[None], window, shift)[0], to_windows(sin.to(dtype)[None], window, shift)[0]

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """`(B, F, H, W, D)` -> the same shape; tables as `rotary` gives them for that grid."""
        grid = (x.shape[1], x.shape[2], x.shape[3])
        window, shift = self._windows(grid)
        x = to_windows(x, window, shift)  # (B, G, T, D)
        q, k, v = rearrange(self.qkv(x), "b g t (three n e) -> three b g t n e", three=3, n=self.num_heads)
        q = rotate(self.q_norm(q), cos, sin)
        k = rotate(self.k_norm(k), cos, sin)
        q, k, v = (rearrange(part, "b g t n e -> (b g) n t e") for part in (q, k, v))
        mixed = nnf.scaled_dot_product_attention(q, k, v)
        projected: Tensor = self.out(rearrange(mixed, "(b g) n t e -> b g t (n e)", b=x.shape[0]))  # (B, G, T, D)
        return from_windows(projected, window, grid, shift)

    def _windows(self, grid: tuple[int, int, int]) -> tuple[Window, Window]:
        """This layer's window on a grid, and its shift."""
        window = fit_window(self.window, grid)
        return window, half_shift(window, grid) if self.shifted else (0, 0, 0)


class CrossAttention(nn.Module):
    """Every token asks the prompt."""

    def __init__(self, width: int, num_heads: int, text_width: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(text_width, 2 * width)
        self.q_norm = HeadNorm(width // num_heads)
        self.k_norm = HeadNorm(width // num_heads)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, text: Tensor, text_bias: Tensor) -> Tensor:
        """x `(B, tokens, D)`, text `(B, L, Dt)`, text_bias `(B, L)` 0 for words and very negative for padding."""
        q = rearrange(self.q(x), "b t (n e) -> b n t e", n=self.num_heads)
        k, v = rearrange(self.kv(text), "b l (two n e) -> two b n l e", two=2, n=self.num_heads)
        mixed = nnf.scaled_dot_product_attention(
            self.q_norm(q), self.k_norm(k), v, attn_mask=text_bias[:, None, None, :]
        )
        projected: Tensor = self.out(rearrange(mixed, "b n t e -> b t (n e)"))
        return projected
