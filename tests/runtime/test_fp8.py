"""Linear layers in 8 bits: their numbers, their corners, and what they cost critters in accuracy."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from engine_service.runtime.fp8 import LARGEST, Fp8Linear, quantise_rows, scaled_product, to_fp8
from engine_service.runtime.weights import load_networks
from engine_service.runtime.world import find_world, load_world
from tests.fakes import tiny_networks


def linear(inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Linear(inputs, outputs, bias=bias).requires_grad_(False)


def tokens(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_every_row_reaches_the_largest_number_and_comes_back_within_its_rounding() -> None:
    rows = tokens(50, 64) * 10.0 ** tokens(50, 1)  # rows of very different loudness
    quantised, scale = quantise_rows(rows)
    assert quantised.dtype == torch.float8_e4m3fn
    assert torch.equal(quantised.float().abs().amax(-1), torch.full((50,), LARGEST))
    error = (quantised.float() * scale - rows).abs()
    # Three bits behind the point: half a step of 1/8; below 2 ** -6 numbers are evenly 2 ** -9 apart.
    assert (error <= rows.abs() / 16 + scale * 2.0**-10 + 1e-12).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("inputs", "outputs"), [(64, 32), (33, 20), (16, 7), (1, 1)])
def test_a_layer_of_any_shape_is_the_one_it_was_made_from_within_eight_bits(
    inputs: int, outputs: int, dtype: torch.dtype
) -> None:
    whole = linear(inputs, outputs)
    x = tokens(2, 3, 5, inputs)
    expected = whole(x)
    found = Fp8Linear(whole)(x.to(dtype))
    assert found.shape == expected.shape
    assert found.dtype == dtype
    # Each factor is off by at most 1/16, 1/38 in the root mean square: so is the sum, twice.
    assert (found.float() - expected).square().mean().sqrt() < 0.05 * (x.square().mean() * inputs / 3 / inputs).sqrt()


def test_the_error_against_bfloat16_is_that_of_eight_bits_and_no_more() -> None:
    whole = linear(256, 256)
    x = tokens(400, 256)
    exact = whole(x)
    of_bfloat16 = (whole.bfloat16()(x.bfloat16()).float() - exact).square().mean().sqrt()
    of_fp8 = (Fp8Linear(linear(256, 256))(x.bfloat16()).float() - exact).square().mean().sqrt()
    spread = exact.square().mean().sqrt()
    assert of_bfloat16 / spread < 0.005
    assert 0.01 < of_fp8 / spread < 0.05


def test_rows_of_zeros_stay_zeros_and_harm_no_neighbour() -> None:
    whole = linear(32, 16, bias=False)
    layer = Fp8Linear(whole)
    x = tokens(4, 32)
    silent = x.clone()
    silent[1] = 0
    found = layer(silent)
    assert not found[1].any()
    assert found.isfinite().all()
    others = [0, 2, 3]
    assert torch.equal(found[others], layer(x)[others])
    assert not Fp8Linear(linear_of_zeros())(x).any()


def linear_of_zeros() -> nn.Linear:
    layer = linear(32, 16, bias=False)
    layer.weight.zero_()
    return layer


def test_one_loud_token_costs_the_others_no_precision() -> None:
    layer = Fp8Linear(linear(64, 32))
    x = tokens(5, 64)
    loud = x.clone()
    loud[0] *= 1e4
    assert torch.equal(layer(loud)[1:], layer(x)[1:])


def test_the_product_is_that_of_the_dequantised_numbers() -> None:
    x, x_scale = quantise_rows(tokens(6, 32))
    weight, weight_scale = quantise_rows(tokens(8, 32))
    expected = (x.double() * x_scale) @ (weight.double() * weight_scale).t()
    found = scaled_product(x, x_scale, weight, weight_scale, torch.float32)
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.gpu
def test_the_devices_kernel_gives_the_references_numbers() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    if torch.cuda.get_device_capability() < (8, 9):
        pytest.skip(f"{torch.cuda.get_device_name()} has no 8-bit matrix products")
    layer = Fp8Linear(linear(72, 40))
    x = tokens(33, 72).bfloat16()
    torch.testing.assert_close(layer.cuda()(x.cuda()).cpu(), layer.cpu()(x), atol=0.02, rtol=0.02)


def test_all_layers_of_the_blocks_are_turned_but_the_modulation_and_none_outside() -> None:
    dit = deepcopy(tiny_networks().dit)
    whole = {name for name, layer in dit.named_modules() if isinstance(layer, nn.Linear)}
    num_turned = to_fp8(dit)
    turned = {name for name, layer in dit.named_modules() if isinstance(layer, Fp8Linear)}
    assert num_turned == len(turned) == 7 * len(dit.blocks)
    left = whole - turned
    assert {name for name in left if name.startswith("blocks")} == {"blocks.0.modulation", "blocks.1.modulation"}
    assert {"embed", "final", "final_modulation", "text_summary"} <= left


def test_critters_hardly_changes_in_eight_bits() -> None:
    folder = load_world(find_world("critters"))
    networks = load_networks(folder)
    world = folder.world
    generator = torch.Generator().manual_seed(0)
    shape = (networks.dit.config.latent_channels, 16, 16)
    latents = torch.randn(1, 3, *shape, generator=generator)
    sigmas = torch.tensor([[0.0, 0.5, 1.0]])
    states = torch.tensor(world.resting_state).expand(1, 3, world.frames_per_latent, -1)
    words, bias = networks.text(torch.tensor([networks.tokenizer(world.example_prompts[0]).ids]))
    with torch.inference_mode():
        exact = networks.dit.clean(latents, sigmas, states, words, bias)
        assert to_fp8(networks.dit) == 7 * 6
        turned = networks.dit.clean(latents, sigmas, states, words, bias)
    assert 0 < (turned - exact).square().mean().sqrt() < 0.1  # of latents of unit root mean square
