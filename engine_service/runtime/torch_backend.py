"""The reference: plain torch, what every other backend is compared with."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine_service.runtime.captured import to_host
from engine_service.runtime.denoiser import DecodeStep, EncodeStep, MicroStep
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.runtime.weights import Networks

ANY_BATCH = tuple(range(1, 17))  # eager torch takes any; a bound keeps a batch's memory bounded


class TorchDenoiser:
    """Micro-steps in eager torch, in single precision."""

    def __init__(self, networks: Networks, device: str, batch_sizes: Sequence[int] = ANY_BATCH) -> None:
        self._module = MicroStep(networks.dit).to(device)
        self._device = device
        self.batch_sizes = batch_sizes

    @torch.inference_mode()
    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        sigmas, controls = sigmas.to(self._device), controls.to(self._device)
        waves = self._module.dit.waves(sigmas, controls)
        others = (tensor.to(self._device) for tensor in (prompt.words, prompt.bias))
        moved: Tensor = self._module(latents.to(self._device), sigmas, next_sigmas.to(self._device), waves, *others)
        return moved


class TorchDecoder:
    """Decoding in eager torch."""

    def __init__(self, networks: Networks, device: str, batch_sizes: Sequence[int] = ANY_BATCH) -> None:
        self._module = DecodeStep(networks.decoder).to(device)
        self._device = device
        self.batch_sizes = batch_sizes

    @torch.inference_mode()
    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        return to_host(self._module(previous.to(self._device), current.to(self._device)))


class TorchEncoder:
    """Encoding in eager torch."""

    def __init__(self, networks: Networks, device: str) -> None:
        self._module = EncodeStep(networks.encoder).to(device)
        self._device = device

    @torch.inference_mode()
    def encode(self, frames: Tensor) -> Tensor:
        latent: Tensor = self._module(frames.to(self._device))
        return latent
