"""Around the micro-steps of a preset: decoding and encoding a chunk, JPEG, and the wait for a stream's first frame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch

from engine_service.benchmarks.micro_steps import Variant, ready_step
from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.benchmarks.subjects import random_autoencoder
from engine_service.benchmarks.timing import time_calls
from engine_service.model.autoencoder import SPATIAL, Decoder, from_rgb, to_rgb
from engine_service.model.partition import PAPER, buffer_sigmas
from engine_service.model.presets import Preset
from engine_service.server.encoder import encode
from engine_service.server.messages import Encoding
from engine_service.stream.clock import SystemClock
from engine_service.types import Frame

TABLE = "pictures"
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesPlan:
    """What to measure, where, and how often."""

    preset: Preset
    device: str
    fastest: Variant  # of the micro-step: what the first frame is waited for with
    most_calls: int = 30
    most_s: float = 3.0


def measure_pictures(plan: PicturesPlan, tell: Tell, deadline: Deadline) -> None:
    """Four rows."""
    chunk = f"a chunk, {PAPER.chunk_size * plan.preset.frames_per_latent} frames"
    for name, measure in (
        (f"decode {chunk}, to the host", _decode),
        (f"encode {chunk}", _encode),
        (f"JPEG of one frame, quality {JPEG_QUALITY}, on the CPU", _jpeg),
        (f"first frame: {PAPER.num_levels} micro-steps from noise, and a chunk decoded", _first_frame),
    ):
        attempt(tell, TABLE, name, partial(measure, plan), deadline=deadline, needs_s=5.0)


@torch.inference_mode()
def _decode(plan: PicturesPlan) -> Mapping[str, Value]:
    device = torch.device(plan.device)
    decoder = random_autoencoder(plan.preset, device, torch.bfloat16).decoder
    latents = _latents(plan, device)
    return _times(plan, lambda: _decode_chunk(decoder, latents))


def _decode_chunk(decoder: Decoder, latents: torch.Tensor) -> torch.Tensor:
    """Latents `(1 + c, C, H, W)`, the first the last chunk's -> frames on the host, uint8 `(c * r, H, W, 3)`."""
    half = latents.to(torch.bfloat16)
    pictures = [to_rgb(decoder(before[None], latent[None])[0]) for before, latent in pairwise(half)]
    return torch.cat(pictures).cpu()


@torch.inference_mode()
def _encode(plan: PicturesPlan) -> Mapping[str, Value]:
    device = torch.device(plan.device)
    encoder = random_autoencoder(plan.preset, device, torch.bfloat16).encoder
    height, width = SPATIAL * plan.preset.latent_height, SPATIAL * plan.preset.latent_width
    frames = torch.randint(256, (PAPER.chunk_size, plan.preset.frames_per_latent, height, width, 3), dtype=torch.uint8)
    return _times(plan, lambda: encoder(from_rgb(frames.to(device)).to(torch.bfloat16)))


def _jpeg(plan: PicturesPlan) -> Mapping[str, Value]:
    """Of a smooth picture: noise would be the worst that JPEG can meet."""
    height, width = SPATIAL * plan.preset.latent_height, SPATIAL * plan.preset.latent_width
    rows, columns = torch.linspace(0, 255, height)[:, None, None], torch.linspace(0, 255, width)[None, :, None]
    rgb = ((rows + columns + torch.tensor([0.0, 85.0, 170.0])) % 256).to(torch.uint8).numpy()
    frame, clock = Frame(1, 0, 0, rgb, 0, 0), SystemClock()
    return _times(plan, lambda: encode(frame, Encoding.JPEG, jpeg_quality=JPEG_QUALITY, clock=clock))


def _first_frame(plan: PicturesPlan) -> Mapping[str, Value]:
    """All latents travel from noise to their places and the head chunk on to 0: T micro-steps (docs/decisions/0009)."""
    device = torch.device(plan.device)
    decoder = random_autoencoder(plan.preset, device, torch.bfloat16).decoder
    target = torch.from_numpy(buffer_sigmas(PAPER, PAPER.steps_per_shift)).to(device)[None]
    ceilings = torch.linspace(1, 0, PAPER.num_levels + 1, device=device)
    with ready_step(plan.preset, plan.fastest, device) as (step, given):

        def first_frame() -> None:
            latents, sigmas = torch.randn_like(given.latents), torch.ones_like(given.sigmas)
            for ceiling in ceilings[1:]:
                next_sigmas = torch.minimum(sigmas, torch.maximum(target, ceiling))
                latents = step(latents, sigmas, next_sigmas, given.waves, given.words, given.bias)
                sigmas = next_sigmas
            head = latents[0, : PAPER.chunk_size]
            _decode_chunk(decoder, torch.cat([head[:1], head]))

        return _times(plan, first_frame)


def _latents(plan: PicturesPlan, device: torch.device) -> torch.Tensor:
    preset = plan.preset
    shape = (preset.latent_channels, preset.latent_height, preset.latent_width)
    return torch.randn(1 + PAPER.chunk_size, *shape, device=device)


def _times(plan: PicturesPlan, call: Callable[[], object]) -> Mapping[str, Value]:
    timing = time_calls(call, torch.device(plan.device), most_s=plan.most_s, most_calls=plan.most_calls)
    return {"median_ms": timing.median_ms, "p99_ms": timing.p99_ms, "calls": timing.num_calls}
