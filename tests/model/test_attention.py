"""Attention in windows, against full attention under a mask that spells the windows out."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as nnf

from engine_service.model.attention import (
    CrossAttention,
    Window,
    WindowAttention,
    fit_window,
    fitted_frequencies,
    from_windows,
    half_shift,
    rotary_frequencies,
    rotary_table,
    rotate,
    to_windows,
)

WIDTH, HEADS = 24, 2
HEAD_WIDTH = WIDTH // HEADS


def attention(window: Window, shifted: bool) -> WindowAttention:
    torch.manual_seed(0)
    return WindowAttention(WIDTH, HEADS, window, shifted).requires_grad_(False)


def tokens(grid: Window, batch: int = 2) -> Tensor:
    return torch.randn(batch, *grid, WIDTH, generator=torch.Generator().manual_seed(1))


def masked_full_attention(module: WindowAttention, x: Tensor, window: Window, shift: Window) -> Tensor:
    """Every token asks every token, but hears only its own window; in double precision, one head at a time."""
    grid = (x.shape[1], x.shape[2], x.shape[3])
    places = list(product(*(range(length) for length in grid)))
    homes = [
        tuple((p - s) % length // size for p, s, length, size in zip(place, shift, grid, window, strict=True))
        for place in places
    ]
    allowed = torch.tensor([[a == b for b in homes] for a in homes])  # (tokens, tokens)
    cos, sin = (table.double().flatten(0, 2) for table in rotary_table(grid, HEAD_WIDTH))  # (tokens, E / 2)

    def positioned(part: Tensor, scale: Tensor) -> Tensor:
        eps = torch.finfo(torch.float32).eps
        part = part * torch.rsqrt(part.square().mean(-1, keepdim=True) + eps) * scale.double()
        first, second = part[..., : HEAD_WIDTH // 2], part[..., HEAD_WIDTH // 2 :]
        return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)

    qkv = x.double().flatten(1, 3) @ module.qkv.weight.double().T + module.qkv.bias.double()  # (B, tokens, 3 D)
    heads = []
    for head in range(HEADS):
        q, k, v = (
            qkv[..., i * WIDTH + head * HEAD_WIDTH : i * WIDTH + (head + 1) * HEAD_WIDTH] for i in range(3)
        )  # (B, tokens, E)
        q, k = positioned(q, module.q_norm.weight), positioned(k, module.k_norm.weight)
        scores = (q @ k.mT / HEAD_WIDTH**0.5).masked_fill(~allowed, -torch.inf)  # (B, tokens, tokens)
        heads.append(scores.softmax(-1) @ v)
    mixed = torch.cat(heads, -1) @ module.out.weight.double().T + module.out.bias.double()
    return mixed.view(x.shape).float()


@pytest.mark.parametrize(
    ("grid", "window"),
    [
        ((4, 4, 4), (2, 2, 2)),
        ((4, 4, 4), (4, 2, 2)),
        ((3, 4, 6), (8, 4, 3)),
        ((6, 3, 2), (2, 3, 1)),
        ((5, 4, 4), (4, 4, 2)),  # 5 is prime: the window shrinks to one latent
    ],
)
@pytest.mark.parametrize("shifted", [False, True])
def test_attention_in_windows_is_full_attention_under_the_windows_mask(
    grid: Window, window: Window, shifted: bool
) -> None:
    module, x = attention(window, shifted), tokens(grid)
    fitted = fit_window(window, grid)
    shift = half_shift(fitted, grid) if shifted else (0, 0, 0)
    found = module(x, *module.rotary(grid, x.device, x.dtype))
    torch.testing.assert_close(found, masked_full_attention(module, x, fitted, shift), atol=2e-6, rtol=1e-5)


sides = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4))
sizes = st.tuples(st.integers(1, 8), st.integers(1, 5), st.integers(1, 5))


@settings(deadline=None, max_examples=60)
@given(sides, sizes, st.booleans())
def test_that_holds_on_any_grid_in_any_window(grid: Window, window: Window, shifted: bool) -> None:
    module, x = attention(window, shifted), tokens(grid, batch=1)
    fitted = fit_window(window, grid)
    shift = half_shift(fitted, grid) if shifted else (0, 0, 0)
    found = module(x, *module.rotary(grid, x.device, x.dtype))
    torch.testing.assert_close(found, masked_full_attention(module, x, fitted, shift), atol=2e-6, rtol=1e-5)


def test_a_shifted_layer_joins_neighbours_that_an_unshifted_one_keeps_apart() -> None:
    grid, window = (1, 1, 8), (1, 1, 4)
    x = tokens(grid, batch=1)
    other = x.clone()
    other[0, 0, 0, 4] += 1
    reached = {}
    for shifted in (False, True):
        module = attention(window, shifted)
        table = module.rotary(grid, x.device, x.dtype)
        changed = (module(x, *table) != module(other, *table)).any(-1)
        reached[shifted] = changed[0, 0, 0].nonzero().flatten().tolist()
    assert reached == {False: [4, 5, 6, 7], True: [2, 3, 4, 5]}


def test_the_shift_wraps_around_the_edge() -> None:
    grid, window = (1, 1, 8), (1, 1, 4)
    x = tokens(grid, batch=1)
    other = x.clone()
    other[0, 0, 0, 0] += 1
    module = attention(window, shifted=True)
    table = module.rotary(grid, x.device, x.dtype)
    changed = (module(x, *table) != module(other, *table)).any(-1)
    assert changed[0, 0, 0].nonzero().flatten().tolist() == [0, 1, 6, 7]


@pytest.mark.parametrize("shifted", [False, True])
def test_a_window_that_covers_the_grid_is_plain_attention(shifted: bool) -> None:
    grid = (3, 2, 4)
    module, x = attention((8, 8, 8), shifted), tokens(grid)
    cos, sin = rotary_table(grid, HEAD_WIDTH)
    q, k, v = module.qkv(x).unflatten(-1, (3, HEADS, HEAD_WIDTH)).unbind(-3)  # (B, F, H, W, N, E)
    q, k = rotate(module.q_norm(q), cos, sin), rotate(module.k_norm(k), cos, sin)
    q, k, v = (part.flatten(1, 3).transpose(1, 2) for part in (q, k, v))  # (B, N, tokens, E)
    plain = module.out(nnf.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)).view(x.shape)
    torch.testing.assert_close(module(x, *module.rotary(grid, x.device, x.dtype)), plain)


@pytest.mark.parametrize("window", [(1, 1, 1), (2, 3, 4), (4, 6, 4), (1, 2, 2)])
@pytest.mark.parametrize("shifted", [False, True])
def test_windows_come_apart_and_together_again(window: Window, shifted: bool) -> None:
    grid = (4, 6, 4)
    x = tokens(grid)
    shift = half_shift(window, grid) if shifted else (0, 0, 0)
    parted = to_windows(x, window, shift)
    size = window[0] * window[1] * window[2]
    assert parted.shape == (2, 96 // size, size, WIDTH)
    assert torch.equal(from_windows(parted, window, grid, shift), x)


def test_a_window_holds_neighbours_in_time_and_space() -> None:
    places = torch.arange(4 * 4 * 4, dtype=torch.float32).view(1, 4, 4, 4, 1)
    first = to_windows(places, (2, 2, 2))[0, 0, :, 0]
    assert first.tolist() == [0, 1, 4, 5, 16, 17, 20, 21]


@pytest.mark.parametrize(
    ("window", "grid", "fitted"),
    [
        ((8, 4, 4), (16, 8, 8), (8, 4, 4)),
        ((8, 4, 4), (4, 8, 8), (4, 4, 4)),
        ((8, 4, 4), (6, 8, 8), (6, 4, 4)),
        ((8, 4, 4), (11, 6, 9), (1, 3, 3)),
        ((1, 1, 1), (5, 5, 5), (1, 1, 1)),
    ],
)
def test_the_fitted_window_is_the_largest_that_tiles_the_grid(window: Window, grid: Window, fitted: Window) -> None:
    assert fit_window(window, grid) == fitted


def test_only_axes_with_several_windows_are_shifted() -> None:
    assert half_shift((4, 4, 2), (8, 4, 8)) == (2, 0, 1)


def test_fitted_frequencies_tell_the_tokens_of_a_small_grid_apart() -> None:
    def likeness(frequencies: Tensor) -> list[float]:
        """Of a token and one 0, 1, 2, 3 further on."""
        distances = torch.arange(4.0)[:, None]
        return [float(value) for value in (distances * frequencies).cos().mean(dim=1)]

    fitted, plain = likeness(fitted_frequencies(2, 4)), likeness(rotary_frequencies(2))
    assert max(fitted[1:]) < 0.4
    assert plain[1] > 0.75
    cos, _ = rotary_table((3, 3, 4), 16, fitted=True)
    assert torch.equal(cos[:, 0, 0], rotary_table((3, 3, 4), 16)[0][:, 0, 0])  # time turns as ever
    assert not torch.equal(cos, rotary_table((3, 3, 4), 16)[0])


@pytest.mark.parametrize("head_width", [4, 12, 64])
def test_rotary_positions_preserve_norms(head_width: int) -> None:
    grid = (3, 4, 5)
    x = torch.randn(1, *grid, 2, head_width, generator=torch.Generator().manual_seed(2))
    turned = rotate(x, *rotary_table(grid, head_width))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, 0, 0, 0], x[:, 0, 0, 0])


@pytest.mark.parametrize("step", [(1, 0, 0), (0, 2, 0), (0, 0, 3), (2, 1, 1)])
def test_what_two_tokens_make_of_each_other_depends_on_their_distance_alone(step: Window) -> None:
    grid, head_width = (6, 5, 4), 24
    generator = torch.Generator().manual_seed(3)
    q, k = (torch.randn(head_width, generator=generator).expand(1, *grid, 1, head_width) for _ in range(2))
    table = rotary_table(grid, head_width)
    turned_q, turned_k = rotate(q, *table)[0, ..., 0, :], rotate(k, *table)[0, ..., 0, :]  # (F, H, W, E)
    df, dh, dw = step
    near = turned_q[: grid[0] - df, : grid[1] - dh, : grid[2] - dw]
    far = turned_k[df:, dh:, dw:]
    scores = (near * far).sum(-1).flatten()
    torch.testing.assert_close(scores, scores[:1].expand_as(scores), atol=1e-4, rtol=1e-4)
    assert abs(scores[0].item() - (q * k).sum(-1).flatten()[0].item()) > 1e-3


def test_a_masked_word_is_not_heard() -> None:
    torch.manual_seed(0)
    module = CrossAttention(WIDTH, HEADS, text_width=10).requires_grad_(False)
    x, text = torch.randn(1, 7, WIDTH), torch.randn(1, 4, 10)
    bias = torch.tensor([[0.0, 0.0, -1e4, -1e4]])
    shorter = module(x, text[:, :2], bias[:, :2])
    torch.testing.assert_close(module(x, text, bias), shorter)
    assert not torch.allclose(module(x, text, torch.zeros(1, 4)), shorter)
