"""The presets as a table: what each would cost, worked out; and what attention windows cost here, measured."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import torch

from engine_service.model.attention import Window
from engine_service.model.dit import Block, DiTConfig
from engine_service.model.partition import PAPER
from engine_service.model.presets import PRESETS
from engine_service.model.scale import activation_bytes, count_parameters, micro_step_cost, training_bytes, weight_bytes
from engine_service.model.world import World

FPS = 16
WINDOWS: tuple[Window, ...] = ((2, 4, 4), (4, 4, 4), (8, 4, 4), (8, 8, 8), (16, 8, 8))
REPEATS = 9


def preset_table(world: World) -> str:
    """One row a preset, in the paper's partition, as markdown; `critters` with its world's state fields."""
    lines = [
        "| preset | parameters | tokens | in a window | TFLOP a micro-step | with full attention | weights, bf16 | "
        "fp8 | tokens of a block, bf16 | a training step holds | TFLOP/s for 16 fps |",
        "|" + " --- |" * 11,
    ]
    for name, preset in PRESETS.items():
        config = preset.dit(world.state_fields if name == "critters" else ())
        parameters = count_parameters(config).total
        cost = micro_step_cost(config, PAPER.num_latents, preset.text_words)
        frames = preset.frames_per_latent * PAPER.chunk_size
        cells = [
            name,
            f"{parameters / 1e6:,.1f} M",
            f"{cost.tokens:,}",
            f"{cost.window_tokens:,}",
            f"{cost.flops / 1e12:.3f}",
            f"{cost.full_attention_flops / 1e12:.3f}",
            _size(weight_bytes(parameters, "bfloat16")),
            _size(weight_bytes(parameters, "float8")),
            _size(activation_bytes(config, PAPER.num_latents, "bfloat16")),
            _size(training_bytes(parameters)),
            f"{cost.flops / 1e12 * PAPER.steps_per_shift * FPS / frames:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class WindowCost:
    """One block at one window: attended tokens, its operations and its time as shares of full attention's."""

    window: Window
    flops_share: float
    milliseconds: float
    time_share: float


def measure_windows(config: DiTConfig, num_latents: int, text_words: int) -> list[WindowCost]:
    """Time one block at several windows against full attention, on this machine, in single precision; medians."""
    side = config.latent_height // config.patch_size
    full: Window = (num_latents, side, config.latent_width // config.patch_size)
    timed = {window: _block_seconds(config, window, full, text_words) for window in (*WINDOWS, full)}
    costs = []
    for window, seconds in timed.items():
        one = _one_block(config, window)
        cost = micro_step_cost(one, num_latents, text_words)
        share = cost.flops / cost.full_attention_flops
        costs.append(WindowCost(window, share, seconds * 1000, seconds / timed[full]))
    return costs


def window_table(costs: Sequence[WindowCost]) -> str:
    """The costs as markdown."""
    lines = ["| window | operations | measured | ms a block |", "|" + " --- |" * 4]
    for cost in costs:
        name = "x".join(map(str, cost.window))
        lines.append(f"| {name} | {cost.flops_share:.0%} | {cost.time_share:.0%} | {cost.milliseconds:.1f} |")
    return "\n".join(lines)


def plot_windows(costs: Sequence[WindowCost], file: Path) -> None:
    """Operations beside time, both as shares of full attention's."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    names = ["x".join(map(str, cost.window)) for cost in costs]
    axes.plot(names, [cost.flops_share for cost in costs], marker="o", label="operations, worked out")
    axes.plot(names, [cost.time_share for cost in costs], marker="s", label="time, measured")
    axes.set(xlabel="attention window, tokens (the last is all)", ylabel="share of full attention", ylim=(0, 1.1))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=110)
    plt.close(figure)


@torch.inference_mode()
def _block_seconds(config: DiTConfig, window: Window, grid: Window, text_words: int) -> float:
    block = Block(_one_block(config, window), shifted=True).eval()
    x = torch.randn(1, *grid, config.width)
    cos, sin = block.attention.rotary(grid, x.device, x.dtype)
    text = torch.randn(1, text_words, config.text_width)
    inputs = (x, torch.randn(1, grid[0], config.width), text, torch.zeros(1, text_words), cos, sin)
    seconds = []
    for _ in range(REPEATS + 2):
        started = time.perf_counter()
        block(*inputs)
        seconds.append(time.perf_counter() - started)
    return median(seconds[2:])


def _one_block(config: DiTConfig, window: Window) -> DiTConfig:
    return replace(config, depth=1, window=window)


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.2f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.1f} MB"
