"""Plans executed on the CPU by a stand-in for TensorRT's engine, which knows the plan's tensors by address alone.

It runs the very module that is exported, on whatever lies at the addresses it was given, and writes the answer to the
address of the output: names, shapes, types, the memory behind them and who gets which plan are the real ones. That
TensorRT itself agrees is for a machine with a GPU.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine_service.runtime.denoiser import CPU
from engine_service.runtime.export import (
    Graph,
    decoder_graph,
    decoder_name,
    encoder_graph,
    encoder_name,
    micro_step_graph,
    micro_step_name,
    source_digest,
)
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.runtime.tensorrt.backend import (
    PlanCall,
    TensorRtBackend,
    WorldPlans,
    find_plans,
    only_waves,
    torch_dtype,
)
from engine_service.runtime.tensorrt.driver import Gpu
from engine_service.runtime.tensorrt.flavour import TENSORRT_RTX, Flavour, TensorRtError
from engine_service.runtime.tensorrt.plans import ANY_TARGET, Plan, PlanCache, PlanError, PlanKey
from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser, TorchEncoder
from tests.fakes import DIT, LATENT_SHAPE, tiny_networks

NETWORKS = tiny_networks(dit=replace(DIT, width=16, depth=1))
RTX = Flavour(TENSORRT_RTX, None, "1.7.1.116", 13)
GPU = Gpu("Fake 4090", (8, 9))


class Mode(Enum):
    INPUT = 1
    OUTPUT = 2


TRT = SimpleNamespace(TensorIOMode=Mode, ExecutionContextAllocationStrategy=SimpleNamespace(USER_MANAGED="mine"))
NAMES = {torch.float32: "FLOAT", torch.uint8: "UINT8"}


@dataclass
class Engine:
    """Of one graph. The tensors are listed in another order than they are passed."""

    graph: Graph
    device_memory_size_v2: int = 64
    addresses: dict[str, int] = field(default_factory=dict)
    memory: tuple[int, int] | None = None
    strategy: str = ""
    runs: int = 0

    def __post_init__(self) -> None:
        with torch.inference_mode():
            answer = self.graph.module(*self.graph.inputs.values())
        self.tensors: dict[str, Tensor] = {self.graph.output: answer, **dict(reversed(self.graph.inputs.items()))}
        self.num_io_tensors = len(self.tensors)

    def get_tensor_name(self, index: int) -> str:
        return list(self.tensors)[index]

    def get_tensor_mode(self, name: str) -> Mode:
        return Mode.INPUT if name in self.graph.inputs else Mode.OUTPUT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.tensors[name].shape)

    def get_tensor_dtype(self, name: str) -> Any:
        return SimpleNamespace(name=NAMES[self.tensors[name].dtype])

    def create_execution_context(self, strategy: str) -> "Engine":
        self.strategy = strategy
        return self

    def set_device_memory(self, address: int, size: int) -> None:
        self.memory = (address, size)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 0
        self.runs += 1
        with torch.inference_mode():
            answer = self.graph.module(*(self._at(name) for name in self.graph.inputs))
        self._at(self.graph.output).copy_(answer)
        return True

    def _at(self, name: str) -> Tensor:
        like = self.tensors[name].numpy()
        lying = (ctypes.c_byte * like.nbytes).from_address(self.addresses[name])
        return torch.from_numpy(np.frombuffer(memoryview(lying), like.dtype).reshape(like.shape))


def plan(name: str) -> Plan:
    return Plan(Path(f"{name}.plan"), name, {}, 0, "", 0.0)


def ready(lengths: Sequence[int] = (4,), sizes: Sequence[int] = (1, 2)) -> tuple[TensorRtBackend, list[Engine]]:
    """A backend in single precision, and the engines it was given."""
    graphs = {(length, size): micro_step_graph(NETWORKS, "fp32", length, size) for length in lengths for size in sizes}
    decoders = {size: decoder_graph(NETWORKS, "fp32", size) for size in sizes}
    encoder = encoder_graph(NETWORKS, "fp32")
    by_name = {graph.name: graph for graph in (*graphs.values(), *decoders.values(), encoder)}
    plans = WorldPlans(
        "fp32",
        {shape: plan(graph.name) for shape, graph in graphs.items()},
        {size: plan(graph.name) for size, graph in decoders.items()},
        plan(encoder.name),
    )
    made: list[Engine] = []

    def engines_of(wanted: Sequence[Plan]) -> list[Any]:
        made.extend(Engine(by_name[one.name], 100 + i) for i, one in enumerate(wanted))
        return list(made)

    return TensorRtBackend(NETWORKS, plans, TRT, CPU, engines_of), made


def question(num_latents: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt]:
    generator = torch.Generator().manual_seed(size)
    prompts = PromptEncoder(NETWORKS.tokenizer, NETWORKS.text)
    encoded = [prompts.encode(prompts.tokens(text)) for text in ("a pig in the snow", "night")[:size]]
    sigmas = torch.linspace(0, 1, num_latents).repeat(size, 1)
    states = torch.rand(size, num_latents, 2, 2, generator=generator) * torch.tensor([128.0, 1.0])
    latents = torch.randn(size, num_latents, *LATENT_SHAPE, generator=generator)
    prompt = EncodedPrompt(torch.cat([e.words for e in encoded]), torch.cat([e.bias for e in encoded]))
    return latents, sigmas, sigmas / 2, states, prompt


# ------------------------------------------------------------------------------------------- running


def test_micro_steps_of_every_shape_agree_with_the_reference() -> None:
    backend, _ = ready(lengths=(4, 6))
    denoiser = backend.denoiser()
    assert list(denoiser.batch_sizes) == [1, 2]
    for length in (4, 6):
        for size in (1, 2):
            asked = question(length, size)
            found = denoiser.step(*asked)
            torch.testing.assert_close(found, TorchDenoiser(NETWORKS, "cpu").step(*asked), atol=1e-5, rtol=1e-5)


def test_answers_are_not_overwritten_by_later_calls_and_follow_their_inputs() -> None:
    backend, _ = ready()
    denoiser = backend.denoiser()
    asked = question(4, 1)
    first = denoiser.step(*asked)
    kept = first.clone()
    second = denoiser.step(-asked[0], *asked[1:])
    assert torch.equal(first, kept)
    assert not torch.equal(first, second)


def test_decoder_and_encoder_agree_with_the_reference() -> None:
    backend, _ = ready()
    previous, current = torch.randn(2, 2, *LATENT_SHAPE, generator=torch.Generator().manual_seed(0))
    frames = backend.decoder().decode(previous, current)
    expected = TorchDecoder(NETWORKS, "cpu").decode(previous, current)
    assert (frames.shape, frames.dtype) == ((2, 2, 16, 16, 3), torch.uint8)
    assert (frames.int() - expected.int()).abs().max() <= 1
    latent = backend.encoder().encode(expected[0])
    torch.testing.assert_close(latent, TorchEncoder(NETWORKS, "cpu").encode(expected[0]), atol=1e-5, rtol=1e-5)


def test_plans_share_memory_to_compute_in_that_fits_the_largest() -> None:
    backend, engines = ready()
    backend.denoiser()
    backend.decoder()
    backend.encoder()
    assert len({engine.memory for engine in engines}) == 1
    assert engines[0].memory is not None
    assert engines[0].memory[1] == max(engine.device_memory_size_v2 for engine in engines)
    assert {engine.strategy for engine in engines} == {"mine"}


def test_every_call_has_run_before_a_session_is_accepted() -> None:
    backend, engines = ready()
    backend.denoiser()
    backend.decoder()
    backend.encoder()
    assert all(engine.runs > 0 for engine in engines)


def test_a_plan_with_other_tensors_is_refused_with_both_lists() -> None:
    engine = Engine(encoder_graph(NETWORKS, "fp32"))
    with pytest.raises(TensorRtError, match="the inputs frames and the outputs latent, expected pictures and latent"):
        PlanCall(TRT, engine, ("pictures",), "latent", torch.empty(64, dtype=torch.uint8))


def test_a_type_that_torch_does_not_know_is_refused() -> None:
    assert torch_dtype("BF16") is torch.bfloat16
    with pytest.raises(TensorRtError, match="a tensor of type FP4"):
        torch_dtype("FP4")


def test_waves_need_no_weights() -> None:
    bare = only_waves(NETWORKS.dit, CPU)
    assert {parameter.device.type for parameter in bare.parameters()} == {"meta"}
    asked = question(4, 2)
    assert torch.equal(bare.waves(asked[1], asked[3]), NETWORKS.dit.waves(asked[1], asked[3]))


# ------------------------------------------------------------------------------------------- which plans


def write(
    cache: PlanCache,
    precision: str = "fp16",
    lengths: Sequence[int] = (4,),
    sizes: Sequence[int] = (1,),
    **changed: Any,
) -> None:
    """Plans as `compile` leaves them, with bytes that are nobody's engine."""
    around = "fp16" if precision == "fp8" else precision
    graphs = [
        (micro_step_name(precision, length, size), micro_step_graph(NETWORKS, around, length, size))
        for length in lengths
        for size in sizes
    ]
    graphs += [(decoder_name(around, size), decoder_graph(NETWORKS, around, size)) for size in sizes]
    graphs.append((encoder_name(around), encoder_graph(NETWORKS, around)))
    for name, graph in graphs:
        key = PlanKey(
            **{
                "graph": name,
                "source": source_digest(graph, name),
                "flavour": RTX.name,
                "version": RTX.version,
                "cuda_major": RTX.cuda_major,
                "device": ANY_TARGET,
                "targets": (),
                "shapes": graph.shapes(),
                "flags": (),
                "optimization_level": 3,
                "decomposable": False,
                **changed,
            }
        )
        cache.write(name, key, name.encode(), 1.0)


def find(cache: PlanCache, lengths: Sequence[int] = (4,)) -> WorldPlans:
    return find_plans(NETWORKS, "tiny", lengths, cache, RTX, GPU)


def test_plans_of_every_length_and_batch_size_are_found(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path)
    write(cache, lengths=(4, 6), sizes=(1, 2))
    found = find(cache, (4, 6))
    assert found.precision == "fp16"
    assert found.batch_sizes == [1, 2]
    assert set(found.micro_steps) == {(4, 1), (4, 2), (6, 1), (6, 2)}
    assert found.micro_steps[6, 2].name == micro_step_name("fp16", 6, 2)


def test_a_batch_size_that_one_length_lacks_is_not_used(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path)
    write(cache, lengths=(4, 6))
    write(cache, lengths=(4,), sizes=(4,))
    assert find(cache, (4, 6)).batch_sizes == [1]


def test_the_fastest_precision_that_is_complete_is_taken(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path)
    write(cache, "bf16", lengths=(4, 6))
    write(cache, "fp8", lengths=(4,))
    assert find(cache).precision == "fp8"
    assert find(cache, (4, 6)).precision == "bf16"


def test_without_plans_the_command_that_makes_them_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"no plans for world tiny .*compile --world tiny --backend tensorrt-rtx"):
        find(PlanCache(tmp_path))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": "1.6.0.1"}, r"TensorRT version: was 1.6.0.1, is 1.7.1.116.*compile --world tiny"),
        ({"cuda_major": 12}, r"CUDA.*: was 12, is 13"),
        ({"targets": ("sm120",)}, r"it was compiled for sm120, the card is Fake 4090 \(compute capability 8.9\)"),
        ({"source": "other weights"}, r"the code they run in: was other weights"),
    ],
)
def test_plans_that_do_not_fit_are_refused_with_what_differs(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    cache = PlanCache(tmp_path)
    write(cache, **changed)
    with pytest.raises(PlanError, match=message):
        find(cache)


def test_a_truncated_plan_is_never_loaded(tmp_path: Path) -> None:
    cache = PlanCache(tmp_path)
    write(cache)
    (file,) = tmp_path.glob("decoder-*.plan")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(PlanError, match="is truncated"):
        find(cache)
