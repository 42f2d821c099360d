"""Torch on CUDA: half precision inside, compiled by Inductor, captured as CUDA graphs, one for every shape.

Letters: P sessions in a call, B latents in a buffer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine_service.model.autoencoder import SPATIAL
from engine_service.runtime.captured import CapturedDecoder, CapturedDenoiser, CapturedEncoder, micro_step_example
from engine_service.runtime.cuda_graph import CapturedCall, new_pool
from engine_service.runtime.denoiser import DecodeStep, EncodeStep, MicroStep
from engine_service.runtime.precision import in_precision
from engine_service.runtime.weights import Networks

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
# What bfloat16 inside may differ from torch in single precision, root mean square; latents have 1: asserted in tests.
TOLERANCE_BFLOAT16 = 2e-2
MANY = 4096  # compilations of one function in a process


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaConfig:
    """How the networks are made ready."""

    precision: str = "bf16"
    batch_sizes: tuple[int, ...] = (1, 2, 4, 8)  # P there are graphs for
    compiler: str | None = "inductor"  # a backend of torch.compile; None: kernel by kernel, captured all the same

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}, expected one of {', '.join(PRECISIONS)}")
        if not self.batch_sizes or min(self.batch_sizes) != 1:
            raise ValueError(f"batch_sizes are {self.batch_sizes}, must begin with 1")


class Stepper(nn.Module):
    """A micro-step from levels and controls on: the waves are taken in single precision, whatever follows."""

    def __init__(self, step: MicroStep) -> None:
        super().__init__()
        self.step = step

    def forward(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, words: Tensor, bias: Tensor
    ) -> Tensor:
        waves = self.step.dit.waves(sigmas, controls)
        moved: Tensor = self.step(latents, sigmas, next_sigmas, waves, words, bias)
        return moved


class CudaBackend:
    """Makes a world's networks ready; everything is compiled and captured when its method returns."""

    def __init__(self, networks: Networks, device: torch.device, config: CudaConfig | None = None) -> None:
        self._networks = networks
        self._device = device
        self._config = config or CudaConfig()
        self._dtype = PRECISIONS[self._config.precision]
        self._pool = new_pool(device)

    def denoiser(self, buffer_lengths: Sequence[int]) -> CapturedDenoiser:
        """A micro-step for every buffer length and batch size."""
        networks = self._networks
        dit = in_precision(networks.dit, self._device, self._dtype)
        for block in dit.blocks:  # not the whole: two graphs to compile, shifted and not, however many blocks there are
            self._compile(block)
        step = Stepper(MicroStep(dit, self._dtype)).eval()
        calls = {}
        for length in buffer_lengths:
            for size in self._config.batch_sizes:
                example = micro_step_example(networks, length, size)
                calls[length, size] = self._captured(f"a micro-step of {size} x {length} latents", step, example)
        return CapturedDenoiser(calls)

    def decoder(self) -> CapturedDecoder:
        """The decoder for every batch size."""
        config = self._networks.dit.config
        decoder = in_precision(self._networks.decoder, self._device, self._dtype)
        decode = DecodeStep(decoder, self._dtype).eval()
        self._compile(decode)
        calls = {}
        for size in self._config.batch_sizes:
            latent = torch.zeros(size, config.latent_channels, config.latent_height, config.latent_width)
            calls[size] = self._captured(f"the decoder of {size} latents", decode, (latent, latent))
        return CapturedDecoder(calls)

    def encoder(self) -> CapturedEncoder:
        """The encoder of one latent."""
        config = self._networks.dit.config
        encoder = in_precision(self._networks.encoder, self._device, self._dtype)
        height, width = SPATIAL * config.latent_height, SPATIAL * config.latent_width
        frames = torch.zeros(config.frames_per_latent, height, width, 3, dtype=torch.uint8)
        encode = EncodeStep(encoder, self._dtype).eval()
        self._compile(encode)
        return CapturedEncoder(self._captured("the encoder", encode, (frames,)))

    def _compile(self, module: nn.Module) -> None:
        """One compilation a shape, when it is first called; none is called again once it is captured."""
        if self._config.compiler is not None:
            module.compile(fullgraph=True, dynamic=False, backend=self._config.compiler)

    def _captured(self, name: str, call: Callable[..., Tensor], example: Sequence[Tensor]) -> CapturedCall:
        # The limits are there to find code that compiles for every call; here shapes are few and known.
        with torch._dynamo.config.patch(recompile_limit=MANY, accumulated_recompile_limit=MANY):
            return CapturedCall(name, call, example, self._device, pool=self._pool)


def fitting_config(capability: tuple[int, int], max_sessions: int, *, has_triton: bool) -> CudaConfig:
    """For a card of that compute capability: bfloat16 from Ampere on, float16 before; compiled where Triton is, which
    Inductor writes its kernels in."""
    return CudaConfig(
        precision="bf16" if capability >= (8, 0) else "fp16",
        batch_sizes=powers_of_two(max_sessions),
        compiler="inductor" if has_triton and capability >= (7, 0) else None,
    )


def powers_of_two(most: int) -> tuple[int, ...]:
    """1, 2, 4, ... up to `most`."""
    return tuple(2**i for i in range(most.bit_length()))
