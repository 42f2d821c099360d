"""A world's own weights with many sessions in one call: how long it takes, and how many keep their pace.

Letters: P sessions in a call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.benchmarks.subjects import micro_step_inputs
from engine_service.benchmarks.timing import time_calls
from engine_service.model.autoencoder import Decoder
from engine_service.model.dit import StreamDiT
from engine_service.model.partition import Partition
from engine_service.model.world import World
from engine_service.runtime.cuda_graph import CapturedCall
from engine_service.runtime.denoiser import DecodeStep, MicroStep
from engine_service.runtime.precision import in_precision
from engine_service.runtime.weights import load_networks
from engine_service.runtime.world import find_world, load_world

STEPS, PACE = "sessions", "pace"
BATCHES = (1, 2, 4, 8, 16, 32, 64)
COMPILED = ", compiled"  # how such a row's name ends
HEADROOM = 0.1  # of a shift, for what is not computed here


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPlan:
    """What to measure, where, and how often; `compiled` adds rows with compiled blocks."""

    world: str
    device: str
    batches: tuple[int, ...] = BATCHES
    profiles: tuple[str, ...] = ("responsive", "balanced")
    compiled: bool = False
    most_calls: int = 60
    most_s: float = 0.5


@dataclass(frozen=True, slots=True)
class ShiftCost:
    """What a shift costs when P sessions take every micro-step together."""

    num_sessions: int  # P
    step_ms: float  # one micro-step of all P
    decode_ms: float  # one latent of all P


def sessions_at_pace(costs: list[ShiftCost], *, steps_per_shift: int, chunk_size: int, shift_ms: float) -> int:
    """The most sessions whose every shift, in groups of one measured size, fits into `shift_ms` less `HEADROOM`."""
    room_ms = shift_ms * (1 - HEADROOM)
    return max(
        cost.num_sessions * int(room_ms / (steps_per_shift * cost.step_ms + chunk_size * cost.decode_ms))
        for cost in costs
    )


def measure_sessions(plan: SessionsPlan, tell: Tell, deadline: Deadline) -> None:
    """A row a profile and batch, then one a profile: how many sessions keep the world's pace."""
    folder = load_world(find_world(plan.world))
    world, networks = folder.world, load_networks(folder)
    num_words = networks.tokenizer.max_words
    device = torch.device(plan.device)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    dit = in_precision(networks.dit, device, dtype)
    decoder = in_precision(networks.decoder, device, dtype)
    found: dict[str, list[ShiftCost]] = {profile: [] for profile in plan.profiles}
    for compiled in (False, True) if plan.compiled else (False,):
        for profile in plan.profiles:
            if compiled:
                torch.compiler.reset()  # sizes that change from here on are numbers of sessions: one graph takes them
                for block in dit.blocks:
                    block.compile()
            for num_sessions in plan.batches:
                measure = partial(
                    _measure, plan, dit, decoder, world.profiles[profile], num_words, num_sessions, found[profile]
                )
                name = f"{profile}, {num_sessions}{COMPILED if compiled else ''}"
                attempt(tell, STEPS, name, measure, deadline=deadline, needs_s=10.0 if compiled else 2.0)
    for profile, costs in found.items():
        attempt(tell, PACE, profile, partial(_pace, world, profile, costs), deadline=deadline)


@torch.inference_mode()
def _measure(
    plan: SessionsPlan,
    dit: StreamDiT,
    decoder: Decoder,
    partition: Partition,
    num_words: int,
    num_sessions: int,
    costs: list[ShiftCost],
) -> Mapping[str, Value]:
    device, dtype = torch.device(plan.device), dit.embed.weight.dtype
    given = micro_step_inputs(dit.config, dit, partition, num_words, device, num_sessions=num_sessions)
    latent = given.latents[:, 0]  # (P, C, H, W)

    def timed(name: str, module: nn.Module, inputs: Sequence[Tensor]) -> float:
        call = CapturedCall(f"{name} of {num_sessions}", module, inputs, device)
        return time_calls(lambda: call(*inputs), device, most_s=plan.most_s, most_calls=plan.most_calls).median_ms

    step_ms = timed("a micro-step", MicroStep(dit, dtype), given)
    cost = ShiftCost(num_sessions, step_ms, timed("the decoder", DecodeStep(decoder, dtype), (latent, latent)))
    costs.append(cost)
    return {"step_ms": cost.step_ms, "decode_ms": cost.decode_ms, "step_ms_a_session": cost.step_ms / num_sessions}


def _pace(world: World, profile: str, costs: list[ShiftCost]) -> Mapping[str, Value]:
    if not costs:
        raise ValueError("no batch could be measured")
    partition = world.profiles[profile]
    shift_ms = 1e3 * world.frames_per_shift(profile) / world.fps
    sessions = sessions_at_pace(
        costs, steps_per_shift=partition.steps_per_shift, chunk_size=partition.chunk_size, shift_ms=shift_ms
    )
    return {"shift_ms": shift_ms, "fps": world.fps, "sessions": sessions}
