"""Classifier-free guidance (arXiv 2207.12598) around any denoiser: what the teacher of a distillation needs."""

from collections.abc import Sequence

from torch import Tensor

from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.prompts import EncodedPrompt


class GuidedDenoiser:
    """Two calls a micro-step: with the prompt and without any; the difference between them is exaggerated.

    An Euler step is linear in the velocity, so steps may be combined instead of velocities: no backend needs a graph
    of its own for guidance.
    """

    def __init__(self, denoiser: Denoiser, unprompted: EncodedPrompt, guidance: float) -> None:
        """guidance 1 is the denoiser itself, 0 pays no heed to the prompt.

        Raises:
            ValueError: guidance is negative.
        """
        if guidance < 0:
            raise ValueError(f"guidance is {guidance}, must be at least 0")
        self._denoiser = denoiser
        self._unprompted = unprompted
        self._guidance = guidance

    @property
    def batch_sizes(self) -> Sequence[int]:
        """One session: the call without a prompt is made for one."""
        return (1,)

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        prompted = self._denoiser.step(latents, sigmas, next_sigmas, controls, prompt)
        if self._guidance == 1:
            return prompted
        free = self._denoiser.step(latents, sigmas, next_sigmas, controls, self._unprompted)
        return free + self._guidance * (prompted - free)
