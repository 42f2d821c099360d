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
from engine_service.model.partition import PAPER, buffer_sigmas
from engine_service.model.world import StateField, World
from engine_service.runtime.denoiser import CPU, DecodeStep, Denoiser, EncodeStep, MicroStep, Runtime
from engine_service.runtime.export import Graph
from engine_service.runtime.precision import in_precision
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.runtime.quantised import observed
from engine_service.runtime.weights import Networks
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State

NUM_PROMPTS = 4  # of the world's examples
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
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        waves = self._dit.waves(sigmas, controls)
        moved: Tensor = self._module(latents, sigmas, next_sigmas, waves, prompt.words, prompt.bias)
        return moved


class ModuleDecoder:
    """A decoder's module in eager torch."""

    batch_sizes = (1,)

    def __init__(self, module: DecodeStep) -> None:
        self._module = module

    @torch.inference_mode()
    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        frames: Tensor = self._module(previous, current)
        return frames


class ModuleEncoder:
    """An encoder's module in eager torch."""

    def __init__(self, module: EncodeStep) -> None:
        self._module = module

    @torch.inference_mode()
    def encode(self, frames: Tensor) -> Tensor:
        latent: Tensor = self._module(frames)
        return latent


def reference_runtime(world: World, networks: Networks) -> Runtime:
    """Single precision in torch on the CPU, whatever else this machine has."""
    config = networks.dit.config
    return Runtime(
        world=world,
        backend="torch",
        device="cpu",
        latent_shape=(config.latent_channels, config.latent_height, config.latent_width),
        denoiser=ModuleDenoiser(networks.dit, MicroStep(networks.dit)),
        decoder=ModuleDecoder(DecodeStep(networks.decoder)),
        encoder=ModuleEncoder(EncodeStep(networks.encoder)),
        prompts=PromptEncoder(networks.tokenizer, networks.text),
    )


@dataclass(slots=True)
class _Beside:
    """Answers as `reference` does and asks `other` the same: how far one micro-step leads astray."""

    reference: Denoiser
    other: Denoiser
    squares: list[float] = field(default_factory=list)  # mean squared difference of each micro-step
    clean: list[Tensor] = field(default_factory=list)  # latents that became clean, (1, C, H, W)
    batch_sizes = (1,)

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        question = (latents, sigmas, next_sigmas, controls, prompt)
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


def calibrate(networks: Networks, world: World | None) -> dict[str, float]:
    """The largest input of each layer to be quantised: of a world played in torch, or of a preset shown noise."""
    with observed(networks.dit) as largest:
        if world is None:
            _show_noise(networks)
        else:
            runtime = reference_runtime(world, networks)
            for profile in world.profiles:
                for _ in _play(runtime, profile, seed=1):
                    pass
    return largest


def measure(world: World, networks: Networks, graph: Graph, dtype: torch.dtype) -> list[Loss]:
    """What a micro-step's graph costs in every profile; its module takes any buffer length. dtype is the decoder's."""
    runtime = reference_runtime(world, networks)
    other = ModuleDenoiser(networks.dit, graph.module)
    losses = []
    for profile in world.profiles:
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
    """Frames of some example prompts in turn, while the state drifts."""
    session = StreamSession(runtime, profile=profile, seed=seed)
    num_frames = 0
    for prompt in runtime.world.example_prompts[:NUM_PROMPTS]:
        session.apply(Prompt(0, prompt))
        for _ in range(SHIFTS_PER_PROMPT):
            session.apply(State(0, tuple(_drifted(field, num_frames) for field in runtime.world.state_fields)))
            for frame in session.advance().frames:
                num_frames += 1
                yield torch.from_numpy(frame.rgb)


def _drifted(field: StateField, num_frames: int) -> float:
    """A value that moves by 1/64 of its range a frame; what neither moves anything nor comes round stays at rest.

    Drawn at random, states are none that a game makes: critters then answers with latents of hundreds of times their
    size, and what is measured on those means nothing.
    """
    if field.moves is None and not field.periodic:
        return field.resting
    span = field.max - field.min
    along = (field.resting - field.min) / span + num_frames / 64
    if field.periodic:
        return field.min + along % 1 * span
    return field.min + (1 - abs(1 - along % 2)) * span  # there and back


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
    single, other = (DecodeStep(in_precision(networks.decoder, CPU, kind), kind) for kind in (torch.float32, dtype))
    pairs = list(itertools.pairwise(latents))
    frames = [torch.stack([module(*pair) for pair in pairs]) for module in (single, other)]
    return psnr_db(*frames)
