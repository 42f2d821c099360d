"""What a precision costs, told on the CPU: the world's own sampler makes the latents on which it is measured.

The same latents calibrate e4m3: no data set is shipped with a world, and what a denoiser meets when it is played is
what its sampler makes.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from engine_service.model.dit import StreamDiT
from engine_service.model.partition import Partition, buffer_sigmas
from engine_service.model.world import World
from engine_service.runtime.denoiser import DecodeStep, Denoiser, EncodedPrompt, MicroStep, Runtime
from engine_service.runtime.export import Graph, in_precision
from engine_service.runtime.load import load_runtime
from engine_service.runtime.quantised import observed
from engine_service.runtime.weights import Networks, load_networks
from engine_service.runtime.world import find_world, load_world
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State

PAPER = Partition(references=0, chunks=8, chunk_size=2, steps_per_shift=1)  # StreamDiT section 4.1: a preset has no own
SHIFTS_PER_PROMPT = 2


class ModuleDenoiser:
    """A graph's module in eager torch: what its plan is to answer."""

    batch_sizes = (1,)

    def __init__(self, dit: StreamDiT, module: nn.Module) -> None:
        """dit is the one in single precision, for the waves."""
        self._dit = dit
        self._module = module.eval()

    @torch.inference_mode()
    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        waves = self._dit.waves(sigmas, states)
        moved: Tensor = self._module(latents, sigmas, next_sigmas, waves, prompt.words, prompt.bias)
        return moved


@dataclass(slots=True)
class _Beside:
    """Answers as `reference` does and asks `other` the same: how far one micro-step leads astray."""

    reference: Denoiser
    other: Denoiser
    squares: list[float] = field(default_factory=list)  # mean squared difference of each micro-step
    clean: list[Tensor] = field(default_factory=list)  # latents that became clean, (1, C, H, W)
    batch_sizes = (1,)

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        question = (latents, sigmas, next_sigmas, states, prompt)
        answer = self.reference.step(*question)
        moving = next_sigmas != sigmas  # references do not move
        self.squares.append((self.other.step(*question) - answer)[moving].square().mean().item())
        self.clean += [latent[None] for latent in answer[moving & (next_sigmas == 0)]]
        return answer


@dataclass(frozen=True, slots=True)
class Loss:
    """One profile in one precision, against float32."""

    profile: str
    latent_rms: float  # difference after one micro-step from the same latents; latents are of unit rms
    largest_rms: float  # of any one micro-step
    frames_psnr_db: float  # of two streams of the same seed and events, each going its own way
    decoder_psnr_db: float  # of the decoder alone, on the same latents


def calibrate(networks: Networks, world: str | None) -> dict[str, float]:
    """The largest input of each layer to be quantised: of a world played in torch, or of a preset shown noise."""
    with observed(networks.dit) as largest:
        if world is None:
            _show_noise(networks)
        else:
            runtime = load_runtime(find_world(world), backend="torch")
            dit_denoiser = ModuleDenoiser(networks.dit, MicroStep(networks.dit, torch.float32))
            runtime = replace(runtime, denoiser=dit_denoiser)
            for profile in runtime.world.profiles:
                for _ in _play(runtime, profile, seed=1):
                    pass
    return largest


def measure(world: str, graph: Graph, dtype: torch.dtype) -> list[Loss]:
    """What a micro-step's graph costs in every profile; its module takes any buffer length. dtype is the decoder's."""
    folder = load_world(find_world(world))
    networks = load_networks(folder)
    runtime = load_runtime(folder.path, backend="torch")
    other = ModuleDenoiser(networks.dit, graph.module)
    losses = []
    for profile in runtime.world.profiles:
        beside = _Beside(runtime.denoiser, other)
        reference = list(_play(replace(runtime, denoiser=beside), profile, seed=0))
        alone = list(_play(replace(runtime, denoiser=other), profile, seed=0))
        losses.append(
            Loss(
                profile,
                latent_rms=math.sqrt(sum(beside.squares) / len(beside.squares)),
                largest_rms=math.sqrt(max(beside.squares)),
                frames_psnr_db=psnr_db(torch.stack(reference), torch.stack(alone)),
                decoder_psnr_db=_decoders_differ(networks, beside.clean, dtype),
            )
        )
    return losses


def psnr_db(reference: Tensor, other: Tensor) -> float:
    """Peak signal to noise of uint8 pictures; infinite where they are the same."""
    error = (reference.float() - other.float()).square().mean().item()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def _play(runtime: Runtime, profile: str, seed: int) -> Iterator[Tensor]:
    """Frames of every example prompt in turn, under states drawn anew at every shift."""
    session = StreamSession(runtime, profile=profile, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    for prompt in runtime.world.example_prompts:
        session.apply(Prompt(0, prompt))
        for _ in range(SHIFTS_PER_PROMPT):
            session.apply(State(0, _draw_state(runtime.world, generator)))
            yield from (torch.from_numpy(frame.rgb) for frame in session.advance().frames)


def _draw_state(world: World, generator: torch.Generator) -> tuple[float, ...]:
    draws: Sequence[float] = torch.rand(len(world.state_fields), generator=generator).tolist()
    return tuple(f.min + draw * (f.max - f.min) for f, draw in zip(world.state_fields, draws, strict=True))


@torch.inference_mode()
def _show_noise(networks: Networks) -> None:
    """One micro-step of a text-steered preset: its weights are random, so nothing better is to be had."""
    config = networks.dit.config
    dtype = networks.dit.embed.weight.dtype
    generator = torch.Generator().manual_seed(0)
    sigmas = torch.from_numpy(buffer_sigmas(PAPER, 0))[None]
    shape = (1, PAPER.num_latents, config.latent_channels, config.latent_height, config.latent_width)
    words = torch.randn(1, networks.text.config.max_words, config.text_width, generator=generator)
    bias = torch.zeros(1, networks.text.config.max_words)
    waves = networks.dit.waves(sigmas, torch.empty(1, PAPER.num_latents, config.frames_per_latent, 0))
    latents = torch.randn(shape, generator=generator)
    networks.dit.predict(latents.to(dtype), waves.to(dtype), words.to(dtype), bias.to(dtype))


@torch.inference_mode()
def _decoders_differ(networks: Networks, latents: Sequence[Tensor], dtype: torch.dtype) -> float:
    single, other = (DecodeStep(in_precision(networks.decoder, kind), kind) for kind in (torch.float32, dtype))
    pairs = list(itertools.pairwise(latents))
    frames = [torch.stack([module(*pair) for pair in pairs]) for module in (single, other)]
    return psnr_db(*frames)
