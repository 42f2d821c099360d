"""A world's own weights with many sessions in one call: how long it takes, and how many keep their pace.

Letters: P sessions in a call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.benchmarks.subjects import HalfMicroStep, cast_weights, micro_step_inputs
from engine_service.benchmarks.timing import captured, time_calls
from engine_service.model.autoencoder import to_rgb
from engine_service.model.world import World
from engine_service.runtime.weights import Networks, load_networks
from engine_service.runtime.world import find_world, load_world

STEPS, PACE = "sessions", "pace"
BATCHES = (1, 2, 4, 8, 16, 32, 64)
HEADROOM = 0.1  # of a shift, for what is not computed here


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsPlan:
    """What to measure, where, and how often."""

    world: str
    device: str
    batches: tuple[int, ...] = BATCHES
    profiles: tuple[str, ...] = ("responsive", "balanced")
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
    networks = load_networks(folder)
    device = torch.device(plan.device)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    for module in (networks.dit, networks.decoder):
        cast_weights(module.to(device), dtype)
    for profile in plan.profiles:
        costs: list[ShiftCost] = []
        for num_sessions in plan.batches:
            measure = partial(_measure, plan, networks, folder.world, profile, num_sessions, costs)
            attempt(tell, STEPS, f"{profile}, {num_sessions}", measure, deadline=deadline, needs_s=2.0)
        attempt(tell, PACE, profile, partial(_pace, folder.world, profile, costs), deadline=deadline)


@torch.inference_mode()
def _measure(
    plan: SessionsPlan, networks: Networks, world: World, profile: str, num_sessions: int, costs: list[ShiftCost]
) -> Mapping[str, Value]:
    device = torch.device(plan.device)
    dit = networks.dit
    num_words = networks.tokenizer.max_words
    given = micro_step_inputs(dit.config, dit, world.profiles[profile], num_words, device, num_sessions=num_sessions)
    step = HalfMicroStep(dit)
    latent = given.latents[:, 0].to(dit.embed.weight.dtype)  # (P, C, H, W)

    def timed(call: Callable[[], object]) -> float:
        ready = captured(call) if device.type == "cuda" else call
        return time_calls(ready, device, most_s=plan.most_s, most_calls=plan.most_calls).median_ms

    cost = ShiftCost(num_sessions, timed(lambda: step(given)), timed(lambda: to_rgb(networks.decoder(latent, latent))))
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
