"""The transformer: what it starts as, what each latent hears, and how large the presets are."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from engine_service.model.dit import Block, DiTConfig, StreamDiT
from engine_service.model.presets import PRESETS
from engine_service.model.text import MASKED
from tests.fakes import DIT, STATE_FIELDS, tiny_networks

# No latent hears another: what changes is then known exactly.
DEAF = replace(DIT, window=(1, 2, 2))

Inputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def inputs(num_latents: int, batch: int = 1) -> Inputs:
    """latents, sigmas, states, words, bias."""
    generator = torch.Generator().manual_seed(num_latents)
    states = torch.rand(batch, num_latents, 2, 2, generator=generator)
    bias = torch.tensor([[0.0, 0.0, 0.0, MASKED]]).repeat(batch, 1)
    return (
        torch.randn(batch, num_latents, 4, 2, 2, generator=generator),
        torch.rand(batch, num_latents, generator=generator) * 0.9 + 0.1,
        states * torch.tensor([128.0, 1.0]),
        torch.randn(batch, 4, 16, generator=generator),
        bias,
    )


def changed_latents(model: StreamDiT, before: Inputs, after: Inputs) -> list[int]:
    differs = (model.clean(*before) - model.clean(*after)).abs().amax((0, 2, 3, 4)) > 1e-6
    indices: list[int] = differs.nonzero().flatten().tolist()
    return indices


def test_a_new_model_predicts_zero_and_every_block_is_the_identity() -> None:
    torch.manual_seed(0)
    model = StreamDiT(DIT).requires_grad_(False)
    latents, sigmas, states, words, bias = inputs(4)
    assert not model.clean(latents, sigmas, states, words, bias).any()
    torch.testing.assert_close(model(latents, sigmas, states, words, bias), latents / sigmas[..., None, None, None])
    block = model.blocks[0]
    assert isinstance(block, Block)
    x, condition = torch.randn(1, 4, 2, 2, 32), torch.randn(1, 4, 32)
    table = block.attention.rotary((4, 2, 2), x.device, x.dtype)
    assert torch.equal(block(x, condition, words, bias, *table), x)


@pytest.mark.parametrize("num_latents", [1, 3, 4, 6, 16])
def test_one_set_of_weights_takes_every_buffer_length(num_latents: int) -> None:
    model = tiny_networks().dit
    given = inputs(num_latents, batch=2)
    velocity = model(*given)
    assert velocity.shape == given[0].shape
    assert velocity.isfinite().all()


def test_a_batch_is_its_examples_one_by_one() -> None:
    model = tiny_networks().dit
    given = inputs(6, batch=3)
    together = model(*given)
    for i in range(3):
        alone = model(*(part[i : i + 1] for part in given))
        torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=1e-5)


def test_a_latents_state_changes_that_latent() -> None:
    model = tiny_networks(dit=DEAF).dit
    latents, sigmas, states, words, bias = inputs(6)
    other = states.clone()
    other[0, 4, 1, 0] += 20
    assert changed_latents(model, (latents, sigmas, states, words, bias), (latents, sigmas, other, words, bias)) == [4]


def test_a_latents_sigma_changes_that_latent() -> None:
    model = tiny_networks(dit=DEAF).dit
    latents, sigmas, states, words, bias = inputs(6)
    other = sigmas.clone()
    other[0, 2] /= 2
    assert changed_latents(model, (latents, sigmas, states, words, bias), (latents, other, states, words, bias)) == [2]


def test_the_prompt_changes_every_latent_and_its_padding_none() -> None:
    model = tiny_networks(dit=DEAF).dit
    latents, sigmas, states, words, bias = inputs(6)
    word, padding = words.clone(), words.clone()
    word[0, 1] += 1
    padding[0, 3] += 1
    before = (latents, sigmas, states, words, bias)
    assert changed_latents(model, before, (latents, sigmas, states, word, bias)) == [0, 1, 2, 3, 4, 5]
    assert changed_latents(model, before, (latents, sigmas, states, padding, bias)) == []


def test_shifted_layers_carry_news_past_the_window() -> None:
    """Windows of four latents: the first layer joins 0-3, the second, shifted by two, hands it on to 4 and 5."""
    model = tiny_networks(dit=replace(DIT, window=(4, 2, 2))).dit
    latents, sigmas, states, words, bias = inputs(8)
    other = latents.clone()
    other[0, 3] += 1
    before, after = (latents, sigmas, states, words, bias), (other, sigmas, states, words, bias)
    assert changed_latents(model, before, after) == [0, 1, 2, 3, 4, 5, 6, 7]
    single = tiny_networks(dit=replace(DIT, window=(4, 2, 2), depth=1)).dit
    assert changed_latents(single, before, after) == [0, 1, 2, 3]


def test_clean_latents_have_no_velocity() -> None:
    latents, sigmas, states, words, bias = inputs(6)
    sigmas[0, :2] = 0
    velocity = tiny_networks().dit(latents, sigmas, states, words, bias)
    assert not velocity[0, :2].any()
    assert velocity[0, 2:].all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"latent_height": 3, "patch_size": 2}, "latent_height 3 is not a multiple of patch_size 2"),
        ({"latent_width": 5, "patch_size": 2}, "latent_width 5 is not a multiple of patch_size 2"),
        ({"width": 30, "num_heads": 4}, "width 30 does not give 4 heads of even width"),
    ],
)
def test_a_shape_that_cannot_be_built_is_refused_with_its_numbers(wrong: dict[str, int], message: str) -> None:
    sizes: dict[str, Any] = {
        "latent_channels": 4,
        "latent_height": 2,
        "latent_width": 2,
        "patch_size": 1,
        "width": 32,
        "depth": 2,
        "num_heads": 2,
        "text_width": 16,
        "frames_per_latent": 2,
    }
    with pytest.raises(ValueError, match=message):
        DiTConfig(**{**sizes, **wrong}, mlp_ratio=2.0, window=(4, 1, 2), state_fields=STATE_FIELDS)


@pytest.mark.parametrize(("preset", "billions"), [("streamdit-1b", 1), ("streamdit-4b", 4), ("streamdit-30b", 30)])
def test_the_large_presets_have_the_parameters_their_names_promise(preset: str, billions: int) -> None:
    with torch.device("meta"):
        model = StreamDiT(PRESETS[preset].dit(STATE_FIELDS))
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == pytest.approx(billions * 1e9, rel=0.05)


@pytest.mark.parametrize("name", PRESETS)
def test_the_parts_of_a_preset_fit_together(name: str) -> None:
    preset = PRESETS[name]
    dit, autoencoder, text = preset.dit(STATE_FIELDS), preset.autoencoder(), preset.text(100)
    assert dit.latent_channels == autoencoder.latent_channels
    assert dit.frames_per_latent == autoencoder.frames_per_latent
    assert dit.text_width == text.width
    assert dit.tokens_per_latent == (preset.latent_height // 2) * (preset.latent_width // 2)
