"""One preset's micro-step in the paper's partition: eager, compiled, as a CUDA graph, in FP8, in several windows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.benchmarks.peaks import find_peak, utilisation
from engine_service.benchmarks.subjects import MicroStepInputs, micro_step_inputs, random_transformer
from engine_service.benchmarks.timing import WARM_UP, time_calls
from engine_service.model.attention import Window
from engine_service.model.partition import PAPER
from engine_service.model.presets import Preset
from engine_service.model.scale import micro_step_cost, with_window
from engine_service.runtime.cuda_graph import CapturedCall
from engine_service.runtime.denoiser import MicroStep
from engine_service.runtime.fp8 import to_fp8

TABLE = "micro-step"
FULL: Window = (1_000, 1_000, 1_000)  # every window is fitted to the grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to compute a micro-step."""

    name: str
    compiled: bool = False
    graph: bool = False
    fp8: bool = False
    cudnn: bool = False  # cuDNN's attention where it has one, else what torch likes best
    window: Window | None = None  # None: the preset's

    @property
    def needs_s(self) -> float:
        """What must be left of the time for it to be tried: making weights, compiling two blocks, some calls."""
        return 20.0 if self.compiled else 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroStepPlan:
    """What to measure, where, and how often."""

    preset: Preset
    device: str
    variants: tuple[Variant, ...]
    most_calls: int = 40
    most_s: float = 5.0  # of timed calls per variant
    warm_up: int = WARM_UP  # calls before them, besides the first of all


# The first rows lead to the fastest; windows are compared in it, since there attention has the largest share.
ON_CUDA = (
    Variant(name="eager"),
    Variant(name="compiled", compiled=True),
    Variant(name="compiled, CUDA graph", compiled=True, graph=True),
    Variant(name="the same, cuDNN's attention", compiled=True, graph=True, cudnn=True),
    Variant(name="FP8, compiled, CUDA graph", compiled=True, graph=True, fp8=True),
    Variant(name="the same, cuDNN's attention", compiled=True, graph=True, fp8=True, cudnn=True),
    Variant(name="FP8, window 16x8x8", compiled=True, graph=True, fp8=True, cudnn=True, window=(16, 8, 8)),
    Variant(name="FP8, window 8x8x8", compiled=True, graph=True, fp8=True, cudnn=True, window=(8, 8, 8)),
    Variant(name="FP8, full attention", compiled=True, graph=True, fp8=True, cudnn=True, window=FULL),
)
ON_CPU = (
    Variant(name="eager"),
    Variant(name="compiled", compiled=True),
    Variant(name="FP8 by the reference", fp8=True),
    Variant(name="window 8x8x8", window=(8, 8, 8)),
    Variant(name="full attention", window=FULL),
)


def measure_micro_steps(plan: MicroStepPlan, tell: Tell, deadline: Deadline) -> None:
    """A row a variant, in the plan's order."""
    for variant in plan.variants:
        attempt(tell, TABLE, variant.name, partial(_measure, plan, variant), deadline=deadline, needs_s=variant.needs_s)


@contextmanager
def ready_step(
    preset: Preset, variant: Variant, device: torch.device
) -> Iterator[tuple[Callable[..., Tensor], MicroStepInputs]]:
    """A micro-step with random weights as this variant wants it, warmed up, and what to call it with; good inside."""
    torch.compiler.reset()
    dit = random_transformer(preset, device, torch.bfloat16, variant.window)
    given = micro_step_inputs(dit.config, dit, PAPER, preset.text_words, device)
    if variant.fp8:
        to_fp8(dit)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()  # what making the weights took says nothing about serving
    if variant.compiled:
        for block in dit.blocks:  # block by block: two graphs to compile, shifted and not, however many there are
            block.compile(dynamic=False)
    step = MicroStep(dit, torch.bfloat16)
    with torch.inference_mode(), _attention(variant.cudnn):
        step(*given)
        yield CapturedCall("a micro-step", step, given, device) if variant.graph else step, given


def _measure(plan: MicroStepPlan, variant: Variant) -> Mapping[str, Value]:
    device = torch.device(plan.device)
    on_cuda = device.type == "cuda"
    with ready_step(plan.preset, variant, device) as (step, given):
        timing = time_calls(
            lambda: step(*given), device, most_s=plan.most_s, most_calls=plan.most_calls, warm_up=plan.warm_up
        )
    config = plan.preset.dit(())
    if variant.window is not None:
        config = with_window(config, variant.window)
    cost = micro_step_cost(config, PAPER.num_latents, plan.preset.text_words)
    peak = find_peak(torch.cuda.get_device_name(device)) if on_cuda else None
    seconds = timing.median_ms / 1e3
    share = utilisation(peak, seconds, flops=cost.flops, eight_bit_flops=cost.linear_flops if variant.fp8 else 0.0)
    return {
        "median_ms": timing.median_ms,
        "p99_ms": timing.p99_ms,
        "calls": timing.num_calls,
        "fps": PAPER.chunk_size * plan.preset.frames_per_latent / PAPER.steps_per_shift / seconds,
        "tflop": cost.flops / 1e12,
        "window_tokens": cost.window_tokens,
        "utilisation_pct": None if share is None else 100 * share,
        "memory_bytes": torch.cuda.max_memory_allocated(device) if on_cuda else None,
    }


@contextmanager
def _attention(cudnn: bool) -> Iterator[None]:
    if not cudnn:
        yield
        return
    order = [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    with sdpa_kernel(order, set_priority=True):
        yield
