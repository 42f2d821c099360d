"""Guidance combines steps, which is the same as combining velocities."""

import pytest
import torch

from engine_service.runtime.guidance import GuidedDenoiser
from engine_service.runtime.torch_backend import TorchDenoiser
from tests.fakes import LATENT_SHAPE, LedgerDenoiser, tiny_networks, tiny_runtime

LATENTS = torch.randn(1, 3, *LATENT_SHAPE, generator=torch.Generator().manual_seed(0))
SIGMAS, NEXT = torch.tensor([[0.0, 0.5, 1.0]]), torch.tensor([[0.0, 0.25, 0.5]])
STATES = torch.rand(1, 3, 2, 2, generator=torch.Generator().manual_seed(1))
PROMPTS = tiny_runtime().prompts
PIG, NOTHING = (PROMPTS.encode(PROMPTS.tokens(text)) for text in ("a pig in the rain", ""))


def test_guided_steps_are_steps_along_guided_velocities() -> None:
    networks = tiny_networks()
    with torch.inference_mode():
        prompted, free = (networks.dit(LATENTS, SIGMAS, STATES, p.words, p.bias) for p in (PIG, NOTHING))
        assert not torch.allclose(prompted, free, atol=1e-4), "the test needs a prompt that matters"
        expected = LATENTS + (free + 2.5 * (prompted - free)) * (NEXT - SIGMAS)[..., None, None, None]
    guided = GuidedDenoiser(TorchDenoiser(networks, "cpu"), NOTHING, 2.5)
    torch.testing.assert_close(guided.step(LATENTS, SIGMAS, NEXT, STATES, PIG), expected)


def test_guidance_of_one_asks_once_and_any_other_twice() -> None:
    for guidance, calls in ((1.0, 1), (1.5, 2)):
        ledger = LedgerDenoiser()
        GuidedDenoiser(ledger, NOTHING, guidance).step(LATENTS, SIGMAS, NEXT, STATES, PIG)
        assert [step.prompt for step in ledger.steps] == [PIG, NOTHING][:calls]


def test_negative_guidance_is_refused_with_its_value() -> None:
    with pytest.raises(ValueError, match=r"guidance is -1, must be at least 0"):
        GuidedDenoiser(LedgerDenoiser(), NOTHING, -1)
