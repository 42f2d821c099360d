"""A world small enough for exact tests: 16x16 px pictures, 2x2 latents, seeded weights; and networks one can read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from engine_service.model.autoencoder import Autoencoder, AutoencoderConfig
from engine_service.model.dit import DiTConfig, StreamDiT
from engine_service.model.partition import Partition
from engine_service.model.text import TextConfig, TextEncoder, VocabularyTokenizer
from engine_service.model.world import StateField, World
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser, TorchEncoder
from engine_service.runtime.weights import Networks
from engine_service.types import Past
from streamdit.types import ActionInfo, ActionKind, Steering

torch.set_num_threads(1)  # on tensors this small, threads only wait for each other

VOCABULARY = ("a", "pig", "fox", "in", "the", "rain", "snow", "night")
STATE_FIELDS = (StateField("x", 0.0, 128.0, moves="right"), StateField("phase", 0.0, 1.0, periodic=True))
PROFILES = {
    "responsive": Partition(references=2, chunks=2, chunk_size=1, steps_per_shift=1),
    "balanced": Partition(references=2, chunks=2, chunk_size=2, steps_per_shift=2),
    "cinematic": Partition(references=0, chunks=8, chunk_size=2, steps_per_shift=1),
}
WORLD = World(
    name="tiny",
    description="Nothing to see.",
    fps=16.0,
    width=16,
    height=16,
    frames_per_latent=2,
    state_fields=STATE_FIELDS,
    profiles=PROFILES,
    default_profile="responsive",
    example_prompts=("a pig in the rain",),
    vocabulary=VOCABULARY,
)
ACTIONS = (
    ActionInfo("left", group="walk"),
    ActionInfo("right", group="walk"),
    ActionInfo("jump"),
    ActionInfo("throttle", ActionKind.AXIS, -1.0, 1.0),
)
# As WORLD, but nothing has to be said: controls are x, phase, left, right, jump, throttle.
KEYS_WORLD = replace(WORLD, name="keys", actions=ACTIONS, may_be_open=frozenset(Steering))
LATENT_SHAPE = (4, 2, 2)  # (C, H, W)
DIT = DiTConfig(
    latent_channels=4,
    latent_height=2,
    latent_width=2,
    patch_size=1,
    width=32,
    depth=2,
    num_heads=2,
    mlp_ratio=2.0,
    window=(4, 1, 2),
    text_width=16,
    frames_per_latent=2,
    state_fields=STATE_FIELDS,
)
TEXT = TextConfig(vocabulary_size=len(VOCABULARY), max_words=6, width=16, depth=1, num_heads=2)
AUTOENCODER = AutoencoderConfig(latent_channels=4, frames_per_latent=2, widths=(4, 8, 16))


def stir(module: nn.Module, seed: int) -> None:
    """Random weights where a module starts with zeros: an identity would hide every mistake."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.2, generator=generator)


def tiny_networks(seed: int = 0, dit: DiTConfig = DIT, autoencoder: AutoencoderConfig = AUTOENCODER) -> Networks:
    """Networks with weights of that seed; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transformer, text, whole = StreamDiT(dit), TextEncoder(TEXT), Autoencoder(autoencoder)
    for module in (transformer, text, whole):
        stir(module, seed)
        module.eval().requires_grad_(False)
    return Networks(transformer, text, whole.decoder, whole.encoder, VocabularyTokenizer(VOCABULARY, TEXT.max_words))


def tiny_runtime(seed: int = 0) -> Runtime:
    """The tiny world on the torch backend."""
    networks = tiny_networks(seed)
    return Runtime(
        world=WORLD,
        backend="torch",
        device="cpu",
        latent_shape=LATENT_SHAPE,
        denoiser=TorchDenoiser(networks, "cpu"),
        decoder=TorchDecoder(networks, "cpu"),
        encoder=TorchEncoder(networks, "cpu"),
        prompts=PromptEncoder(networks.tokenizer, networks.text),
    )


# ------------------------------------------------------------------------------------------- readable networks


def name_of(latent: Tensor) -> bytes:
    """Who a latent is, under a `LedgerDenoiser`: the noise it was born from, `(C, H, W)`."""
    return latent[:3].numpy().tobytes()


@dataclass(frozen=True, slots=True)
class Step:
    """One micro-step as the denoiser was asked for it."""

    names: tuple[bytes, ...]  # B
    sigmas: Tensor  # (B,)
    next_sigmas: Tensor  # (B,)
    states: Tensor  # (B, r, S + A)
    prompt: EncodedPrompt


@dataclass(slots=True)
class LedgerDenoiser:
    """Keeps every question. Leaves three channels of each latent as they are, so that it can be followed, and
    writes the state it was last asked with into the fourth."""

    steps: list[Step] = field(default_factory=list)
    batch_sizes: Sequence[int] = (1, 2, 4)
    num_calls: int = 0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        assert len(latents) in self.batch_sizes
        self.num_calls += 1
        written = latents.clone()
        for i, asked in enumerate(latents):
            names = tuple(name_of(latent) for latent in asked)
            alone = len(latents) == 1
            own = prompt if alone else EncodedPrompt(prompt.words[i : i + 1], prompt.bias[i : i + 1])
            self.steps.append(Step(names, sigmas[i].clone(), next_sigmas[i].clone(), states[i].clone(), own))
            moving = next_sigmas[i] != sigmas[i]
            # Rows are the r frames, columns the two fields of the state, 255 where they are open.
            written[i, moving, 3] = states[i, ..., :2].nan_to_num(255.0)[moving]
        return written

    def levels(self) -> dict[bytes, list[float]]:
        """Every noise level each latent was at, starting with the first."""
        visited: dict[bytes, list[float]] = {}
        for step in self.steps:
            for name, sigma, next_sigma in zip(
                step.names, step.sigmas.tolist(), step.next_sigmas.tolist(), strict=True
            ):
                visited.setdefault(name, [sigma]).append(next_sigma)
        return visited


@dataclass(slots=True)
class LedgerDecoder:
    """Draws what a `LedgerDenoiser` wrote: row 0 of frame i is its state; the rest is the latent's noise."""

    pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)  # previous, current, each (1, C, H, W)
    batch_sizes: Sequence[int] = (1, 2, 4)
    num_calls: int = 0

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        assert len(current) in self.batch_sizes
        self.num_calls += 1
        self.pairs += [(previous[i : i + 1].clone(), current[i : i + 1].clone()) for i in range(len(current))]
        frames = torch.zeros(len(current), 2, WORLD.height, WORLD.width, 3, dtype=torch.uint8)
        frames[:, :, 0, :2, 0] = current[:, 3].round().clamp(0, 255).to(torch.uint8)
        frames[:, :, 1, :12, 0] = (current[:, None, :3].flatten(2) * 32 + 128).clamp(0, 255).to(torch.uint8)
        return frames


def state_of(rgb: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[int, int]:
    """The state a frame was made with, rounded to whole numbers."""
    return cast("tuple[int, int]", tuple(rgb[0, :2, 0].tolist()))


def ledger_runtime(
    denoiser: LedgerDenoiser,
    decoder: LedgerDecoder,
    world: World = WORLD,
    clips: Mapping[str, Past] | None = None,
) -> Runtime:
    """The tiny world, or one like it, on networks that keep their questions; prompts are really encoded."""
    networks = tiny_networks()
    return Runtime(
        world=world,
        backend="ledger",
        device="cpu",
        latent_shape=LATENT_SHAPE,
        denoiser=denoiser,
        decoder=decoder,
        encoder=TorchEncoder(networks, "cpu"),
        prompts=PromptEncoder(networks.tokenizer, networks.text),
        clips=clips or {},
    )
