"""Sums from a configuration against the model itself, built without memory."""

from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from engine_service.model.dit import DiTConfig, StreamDiT
from engine_service.model.presets import PRESETS
from engine_service.model.scale import count_parameters, micro_step_cost, training_bytes, weight_bytes, with_window
from engine_service.runtime.world import find_world, load_world
from tests.fakes import DIT

FIELDS = load_world(find_world("critters")).world.state_fields
CONFIGS = {
    **{name: preset.dit(FIELDS if name == "critters" else ()) for name, preset in PRESETS.items()},
    "tiny": DIT,
    "streamdit-1b with a state": PRESETS["streamdit-1b"].dit(FIELDS),
}


def on_meta(config: DiTConfig) -> StreamDiT:
    with torch.device("meta"):
        return StreamDiT(config)


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_those_of_the_model_to_the_last_one(name: str) -> None:
    config = CONFIGS[name]
    model = on_meta(config)
    counted = count_parameters(config)
    assert counted.total == sum(parameter.numel() for parameter in model.parameters())
    assert counted.blocks == sum(parameter.numel() for parameter in model.blocks.parameters())


def counted_flops(config: DiTConfig, num_latents: int, text_words: int) -> float:
    model = on_meta(config).eval()
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        latents = torch.empty(1, num_latents, config.latent_channels, config.latent_height, config.latent_width)
        model.predict(
            latents,
            torch.empty(1, num_latents, model.num_waves),
            torch.empty(1, text_words, config.text_width),
            torch.empty(1, text_words),
        )
    return float(counter.get_total_flops())


@pytest.mark.parametrize(
    ("name", "num_latents"), [("critters", 3), ("critters", 16), ("streamdit-4b", 16), ("tiny", 4)]
)
def test_operations_are_those_that_torch_counts(name: str, num_latents: int) -> None:
    config = CONFIGS[name]
    cost = micro_step_cost(config, num_latents, text_words=24)
    assert cost.flops == pytest.approx(counted_flops(config, num_latents, 24), rel=1e-6)
    full = with_window(config, (10**6, 10**6, 10**6))
    assert cost.full_attention_flops == pytest.approx(counted_flops(full, num_latents, 24), rel=1e-6)


def test_the_presets_are_of_the_size_their_names_say() -> None:
    billions = {name: count_parameters(CONFIGS[name]).total / 1e9 for name in PRESETS}
    assert billions["streamdit-1b"] == pytest.approx(1, rel=0.15)
    assert billions["streamdit-4b"] == pytest.approx(4, rel=0.05)
    assert billions["streamdit-30b"] == pytest.approx(30, rel=0.05)


def test_the_papers_buffer_has_the_papers_tokens() -> None:
    """16 latents of 64x64 in patches of two (references: StreamDiT section 4.1)."""
    assert micro_step_cost(CONFIGS["streamdit-4b"], 16, 256).tokens == 16_384


def test_a_window_saves_exactly_its_share_of_the_attention() -> None:
    config = replace(CONFIGS["streamdit-4b"], window=(16, 16, 16))
    cost = micro_step_cost(config, 16, 256)
    saved = cost.full_attention_flops - cost.flops
    attention = 2.0 * config.depth * 2 * cost.tokens**2 * config.width
    assert saved == pytest.approx(attention * (1 - cost.window_tokens / cost.tokens))


def test_memory_is_counted_in_bytes_of_the_precision() -> None:
    assert weight_bytes(10, "bfloat16") == 20
    assert weight_bytes(10, "float8") == 10
    assert training_bytes(10) == 160


def test_the_linear_layers_share_is_all_but_attention_and_what_is_done_once_a_latent() -> None:
    config = CONFIGS["streamdit-4b"]
    cost = micro_step_cost(config, 16, 256)
    attention = 2.0 * config.depth * 2 * cost.tokens * (cost.window_tokens + 256) * config.width
    modulation = 2.0 * config.depth * 16 * config.width * 6 * config.width
    rest = cost.flops - cost.linear_flops - attention - modulation
    assert 0 < rest / cost.flops < 1e-3
