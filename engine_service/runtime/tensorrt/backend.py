"""Plans executed: tensors bound once to memory of torch's, run on torch's stream, captured like any other call.

No machine with an NVIDIA GPU and TensorRT's libraries has run this yet. What touches TensorRT is `PlanCall` and
`deserialize`, as little as there can be; choosing plans, shapes, memory and capture are tested without it.
Letters: P sessions in a call, B latents in a buffer.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine_service.model.dit import StreamDiT
from engine_service.runtime.captured import CapturedDecoder, CapturedDenoiser, CapturedEncoder, micro_step_example
from engine_service.runtime.cuda_graph import CapturedCall, memory_errors_named, new_pool
from engine_service.runtime.export import (
    decoder_graph,
    decoder_name,
    encoder_graph,
    encoder_name,
    micro_step_graph,
    micro_step_name,
    source_digest,
)
from engine_service.runtime.tensorrt.driver import Gpu
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError
from engine_service.runtime.tensorrt.plans import ANY_TARGET, Plan, PlanCache, PlanError, why_not_here
from engine_service.runtime.weights import Networks

# Fastest first; fp8 is fp8 in the linear layers of a micro-step and fp16 around them.
PRECISIONS = {"fp8": "fp16", "fp16": "fp16", "bf16": "bf16", "fp32": "fp32"}
LARGEST_BATCH = 64
# By name: the numbers are each flavour's own.
DTYPES = {
    "FLOAT": torch.float32,
    "HALF": torch.float16,
    "BF16": torch.bfloat16,
    "FP8": torch.float8_e4m3fn,
    "INT64": torch.int64,
    "INT32": torch.int32,
    "INT8": torch.int8,
    "UINT8": torch.uint8,
    "BOOL": torch.bool,
}


# ------------------------------------------------------------------------------------------- which plans


@dataclass(frozen=True, slots=True)
class WorldPlans:
    """All that a world needs, in one precision; every buffer length and the decoder have the same batch sizes."""

    precision: str
    micro_steps: Mapping[tuple[int, int], Plan]  # by (B, P)
    decoders: Mapping[int, Plan]  # by P
    encoder: Plan

    @property
    def batch_sizes(self) -> list[int]:
        """P, rising from 1."""
        return sorted(self.decoders)

    def up_to(self, most: int) -> "WorldPlans":
        """Those of batches that so many sessions can fill; the others would only take memory."""
        return WorldPlans(
            self.precision,
            {(length, size): plan for (length, size), plan in self.micro_steps.items() if size <= most},
            {size: plan for size, plan in self.decoders.items() if size <= most},
            self.encoder,
        )


def find_plans(
    networks: Networks, world: str, lengths: Sequence[int], cache: PlanCache, flavour: Flavour, gpu: Gpu
) -> WorldPlans:
    """The plans of these weights that this TensorRT may run on this card, in the fastest precision that is complete.

    Raises:
        PlanError: there is no complete set; says what is missing or does not fit, and how to compile it.
    """
    missing = []
    for precision, around in PRECISIONS.items():
        if not _are_there(cache, micro_step_name(precision, lengths[0], 1)):
            continue
        try:
            return _set_of(networks, lengths, cache, flavour, gpu, precision, around)
        except PlanError as error:
            missing.append(f"{precision}: {error}")
    command = f"streamdit-engine compile --world {world} --backend {flavour.name}"
    if not missing:
        raise PlanError(f"no plans for world {world} in {cache.folder}: {command}")
    raise PlanError(f"{'; '.join(missing)}: {command}")


def _set_of(
    networks: Networks,
    lengths: Sequence[int],
    cache: PlanCache,
    flavour: Flavour,
    gpu: Gpu,
    precision: str,
    around: str,
) -> WorldPlans:
    def plan(name: str, source: str) -> Plan:
        wanted = {
            "source": source,
            "flavour": flavour.name,
            "version": flavour.version,
            "cuda_major": flavour.cuda_major,
            "device": ANY_TARGET if flavour.builds_without_gpu else str(gpu),
        }
        found = cache.look_up(name, wanted)
        if found.plan is None:
            raise PlanError(f"{name}: {found.why}")
        unsuited = why_not_here(found.plan, flavour, gpu)
        if unsuited:
            raise PlanError(unsuited)
        return found.plan

    def micro_step(length: int, size: int) -> Plan:
        name = micro_step_name(precision, length, size)
        return plan(name, source_digest(micro_step_graph(networks, around, length, size), name))

    def decoder(size: int) -> Plan:
        name = decoder_name(around, size)
        return plan(name, source_digest(decoder_graph(networks, around, size), name))

    sizes = [
        size
        for size in range(1, LARGEST_BATCH + 1)
        if size == 1
        or (
            all(_are_there(cache, micro_step_name(precision, length, size)) for length in lengths)
            and _are_there(cache, decoder_name(around, size))
        )
    ]
    encoder = encoder_name(around)
    return WorldPlans(
        precision,
        {(length, size): micro_step(length, size) for length in lengths for size in sizes},
        {size: decoder(size) for size in sizes},
        plan(encoder, source_digest(encoder_graph(networks, around), encoder)),
    )


def _are_there(cache: PlanCache, name: str) -> bool:
    return any(cache.folder.glob(f"{name}.*.json"))


# ------------------------------------------------------------------------------------------- running them


class PlanCall:
    """One deserialised plan as a function of tensors in its inputs' order; the answer is overwritten by the next."""

    def __init__(self, trt: Any, engine: Any, inputs: Sequence[str], output: str, scratch: Tensor) -> None:
        """scratch: memory to compute in, at least `engine.device_memory_size_v2` bytes; plans that run one after the
        other share it.

        Raises:
            TensorRtError: the plan's tensors have other names, or types that torch does not know.
        """
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        came = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
        left = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.OUTPUT]
        if set(came) != set(inputs) or left != [output]:
            raise TensorRtError(
                f"a plan has the inputs {', '.join(came)} and the outputs {', '.join(left)}, "
                f"expected {', '.join(inputs)} and {output}; compile it again"
            )
        self._device = scratch.device
        self._tensors = {
            name: torch.zeros(
                tuple(engine.get_tensor_shape(name)),
                dtype=torch_dtype(engine.get_tensor_dtype(name).name),
                device=scratch.device,
            )
            for name in names
        }
        self._inputs = [self._tensors[name] for name in inputs]
        self._output = self._tensors[output]
        context = engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        if context is None:
            raise TensorRtError("TensorRT gives no execution context: see its log above; is the GPU's memory full?")
        context.set_device_memory(scratch.data_ptr(), scratch.nbytes)
        for name, tensor in self._tensors.items():
            if not context.set_tensor_address(name, tensor.data_ptr()):
                raise TensorRtError(f"TensorRT refuses the memory of tensor {name}; compile the plan again")
        self._context, self._scratch = context, scratch

    def __call__(self, *inputs: Tensor) -> Tensor:
        for held, given in zip(self._inputs, inputs, strict=True):
            held.copy_(given, non_blocking=True)
        context = self._context
        if not context.execute_async_v3(_stream(self._device)):
            raise RuntimeError("TensorRT did not run a plan: see its log above")
        return self._output


def torch_dtype(name: str) -> torch.dtype:
    """Of TensorRT's type `FLOAT`, `HALF`, ...

    Raises:
        TensorRtError: torch has none.
    """
    if name not in DTYPES:
        raise TensorRtError(f"a plan has a tensor of type {name}, expected one of {', '.join(DTYPES)}")
    return DTYPES[name]


def deserialize(flavour: Flavour, plans: Sequence[Plan]) -> list[Any]:
    """TensorRT's engines of these plans.

    Raises:
        TensorRtError: no driver, or it is too old: looked at before any class of TensorRT is touched.
        PlanError: a plan is damaged, or TensorRT does not accept it.
    """
    flavour.require_driver()
    trt = flavour.module
    runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
    engines = []
    for plan in plans:
        engine = runtime.deserialize_cuda_engine(plan.read())
        if engine is None:
            raise PlanError(f"{flavour.name} {flavour.version} does not accept {plan.path.name}; compile it again")
        engines.append(engine)
    return engines


class TensorRtBackend:
    """A world's plans made ready; all are deserialised, warm and captured when a method returns."""

    def __init__(
        self,
        networks: Networks,
        plans: WorldPlans,
        trt: Any,
        device: torch.device,
        engines_of: Callable[[Sequence[Plan]], list[Any]],
    ) -> None:
        """engines_of: `deserialize` with its flavour."""
        self._networks = networks
        self._plans = plans
        self._trt = trt
        self._device = device
        every = [*plans.micro_steps.values(), *plans.decoders.values(), plans.encoder]
        self._engines = dict(zip((plan.path for plan in every), engines_of(every), strict=True))
        self._pool = new_pool(device)
        most = max(engine.device_memory_size_v2 for engine in self._engines.values())
        with memory_errors_named("room for plans to compute in", device):
            self._scratch = torch.empty(max(1, most), dtype=torch.uint8, device=device)

    def denoiser(self) -> CapturedDenoiser:
        """A micro-step for every buffer length and batch size there are plans for."""
        waves_of = only_waves(self._networks.dit, self._device).waves
        calls = {}
        for (length, size), plan in self._plans.micro_steps.items():
            example = micro_step_example(self._networks, length, size)
            run = self._call(plan, ("latents", "sigmas", "next_sigmas", "waves", "words", "bias"), "moved")

            def step(
                latents: Tensor,
                sigmas: Tensor,
                next_sigmas: Tensor,
                controls: Tensor,
                words: Tensor,
                bias: Tensor,
                run: PlanCall = run,
            ) -> Tensor:
                return run(latents, sigmas, next_sigmas, waves_of(sigmas, controls), words, bias)

            calls[length, size] = self._captured(plan, step, example)
        return CapturedDenoiser(calls)

    def decoder(self) -> CapturedDecoder:
        """The decoder for every batch size there is a plan for."""
        latent = self._networks.dit.config
        calls = {}
        for size, plan in self._plans.decoders.items():
            example = torch.zeros(size, latent.latent_channels, latent.latent_height, latent.latent_width)
            run = self._call(plan, ("previous", "current"), "frames")
            calls[size] = self._captured(plan, run, (example, example))
        return CapturedDecoder(calls)

    def encoder(self) -> CapturedEncoder:
        """The encoder of one latent."""
        plan = self._plans.encoder
        example = encoder_graph(self._networks, PRECISIONS[self._plans.precision]).inputs["frames"]
        return CapturedEncoder(self._captured(plan, self._call(plan, ("frames",), "latent"), (example,)))

    def _call(self, plan: Plan, inputs: Sequence[str], output: str) -> PlanCall:
        return PlanCall(self._trt, self._engines[plan.path], inputs, output, self._scratch)

    def _captured(self, plan: Plan, call: Callable[..., Tensor], example: Sequence[Tensor]) -> CapturedCall:
        return CapturedCall(plan.name, call, example, self._device, pool=self._pool)


def only_waves(dit: StreamDiT, device: torch.device) -> StreamDiT:
    """The transformer without its weights: its waves come from buffers, which are all that goes to the device."""
    kept: dict[int, Tensor] = {
        id(parameter): nn.Parameter(parameter.to("meta"), requires_grad=False) for parameter in dit.parameters()
    }
    kept |= {id(buffer): buffer.to(device) for buffer in dit.buffers()}
    return copy.deepcopy(dit, kept)


def _stream(device: torch.device) -> int:
    """The stream torch works on, as TensorRT takes it; 0 in tests, which have none."""
    return torch.cuda.current_stream(device).cuda_stream if device.type == "cuda" else 0
