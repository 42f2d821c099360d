"""Latents live where they are denoised: torch's `meta` device stands in for CUDA, it refuses to meet the CPU."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.stream.session import StreamSession
from engine_service.types import Event, Prompt, Reset, SourceFrame, State, SwitchProfile, Transition
from tests.fakes import LATENT_SHAPE, WORLD, tiny_networks, tiny_runtime

META = torch.device("meta")


class Elsewhere:
    """Denoiser, decoder and encoder of a device that is not the CPU; only shapes are computed."""

    batch_sizes: Sequence[int] = (1,)

    def __init__(self) -> None:
        self.num_steps = 0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.num_steps += 1
        assert {latents.device, prompt.words.device, prompt.bias.device} == {META}
        assert {sigmas.device.type, next_sigmas.device.type, states.device.type} == {"cpu"}
        return latents.clone()

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        assert {previous.device, current.device} == {META}
        return torch.zeros(1, 2, WORLD.height, WORLD.width, 3, dtype=torch.uint8)

    def encode(self, frames: Tensor) -> Tensor:
        return torch.empty(1, *LATENT_SHAPE, device=META)


def test_whatever_happens_in_a_stream_its_latents_never_come_back() -> None:
    networks, elsewhere = tiny_networks(), Elsewhere()
    runtime = replace(
        tiny_runtime(),
        denoiser=elsewhere,
        decoder=elsewhere,
        encoder=elsewhere,
        prompts=PromptEncoder(networks.tokenizer, networks.text, META),
        latent_device=META,
    )
    picture = np.zeros((WORLD.height, WORLD.width, 3), np.uint8)
    session = StreamSession(runtime, profile="responsive", seed=0)
    story: list[Event | None] = [
        None,
        State(1, (3.0, 0.5)),
        Prompt(2, "a fox in the snow", Transition.SMOOTH),
        None,
        Prompt(3, "night", Transition.FAST, renoise_to=0.7),
        None,
        SourceFrame(4, picture, 0.3),
        None,
        SourceFrame(5, picture, 0.0),
        None,
        SwitchProfile(6, "balanced"),
        None,
        SwitchProfile(7, "cinematic"),
        None,
        Reset(8),
        None,
    ]
    for event in story:
        if event is None:
            assert session.advance().frames
        else:
            session.apply(event)
    assert elsewhere.num_steps > 20
