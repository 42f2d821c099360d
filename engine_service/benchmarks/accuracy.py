"""What FP8 costs a world: one stream by float32 and by FP8 from the same noise, latent by latent and frame by frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.model.autoencoder import to_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.model.world import World
from engine_service.runtime.denoiser import MicroStep
from engine_service.runtime.fp8 import to_fp8
from engine_service.runtime.precision import in_precision
from engine_service.runtime.weights import Networks, load_networks
from engine_service.runtime.world import find_world, load_world

TABLE = "accuracy"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPlan:
    """Which world, where, for how long."""

    world: str
    device: str
    profile: str = "cinematic"  # all latents are denoised from noise: nothing is copied from a reference
    prompts: int = 4  # of the world's examples, one stream each


def measure_accuracy(plan: AccuracyPlan, tell: Tell, deadline: Deadline) -> None:
    """bfloat16 and FP8 against float32."""
    device = torch.device(plan.device)
    folder = load_world(find_world(plan.world))
    whole = load_networks(folder)
    for module in (whole.dit, whole.decoder, whole.text):
        module.to(device)
    exact = [_clip(whole, whole.dit, folder.world, plan, index, device) for index in range(plan.prompts)]
    for name, eight_bits in (("bfloat16", False), ("FP8, the rest bfloat16", True)):
        measure = partial(_compare, plan, folder.world, whole, exact, eight_bits)
        attempt(tell, TABLE, name, measure, deadline=deadline, needs_s=1.0)


def _compare(
    plan: AccuracyPlan, world: World, whole: Networks, exact: list[Tensor], eight_bits: bool
) -> Mapping[str, Value]:
    device = torch.device(plan.device)
    other = in_precision(whole.dit, device, torch.bfloat16)
    num_turned = to_fp8(other) if eight_bits else 0
    found = [_clip(whole, other, world, plan, index, device) for index in range(plan.prompts)]
    latents, expected = torch.stack(found), torch.stack(exact)  # (prompts, F, C, H, W)
    mean_square = (_frames(whole, latents) - _frames(whole, expected)).square().mean().item()  # of 255 squared
    psnr_db = 10 * torch.log10(torch.tensor(255.0**2 / max(mean_square, 1e-12))).item()
    rms = (latents - expected).square().mean().sqrt().item()
    return {"layers": num_turned, "latent_rms": rms, "psnr_db": psnr_db}


@torch.inference_mode()
def _clip(
    networks: Networks, dit: StreamDiT, world: World, plan: AccuracyPlan, index: int, device: torch.device
) -> Tensor:
    """The latents of one clip, all from noise to clean together in the profile's T micro-steps, `(F, C, H, W)`."""
    partition = world.profiles[plan.profile]
    together = Partition(references=0, chunks=1, chunk_size=partition.num_latents, steps_per_shift=partition.num_levels)
    prompt = world.example_prompts[index % len(world.example_prompts)]
    words, bias = networks.text(torch.tensor([networks.tokenizer(prompt).ids], device=device))
    config = dit.config
    generator = torch.Generator().manual_seed(index)
    shape = (1, together.num_latents, config.latent_channels, config.latent_height, config.latent_width)
    latents = torch.randn(shape, generator=generator).to(device)
    states = torch.tensor(world.resting_state, device=device).expand(
        1, together.num_latents, world.frames_per_latent, -1
    )
    step = MicroStep(dit, dit.embed.weight.dtype)
    for level in range(together.steps_per_shift):
        sigmas, after = (torch.from_numpy(buffer_sigmas(together, at))[None].to(device) for at in (level, level + 1))
        waves = dit.waves(sigmas, states)
        latents = step(latents, sigmas, after, waves, words, bias)
    return latents[0]


@torch.inference_mode()
def _frames(networks: Networks, clips: Tensor) -> Tensor:
    """Grey levels of `(prompts, F, C, H, W)`, a latent standing in for its own predecessor."""
    latents = clips.flatten(0, 1)
    return to_rgb(networks.decoder(latents, latents)).float()
