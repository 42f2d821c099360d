"""Exported graphs answer as torch does, by a runtime that shares no code with it; and they are what compilers want."""

import itertools
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import Tensor

from engine_service.runtime.denoiser import DecodeStep, EncodeStep, MicroStep
from engine_service.runtime.export import (
    Graph,
    decoder_graph,
    encoder_graph,
    export_graph,
    external_files,
    graph_digest,
    micro_step_graph,
    source_digest,
)
from engine_service.runtime.quantised import QUANTISED, observed, quantised_graph
from tests.fakes import LATENT_SHAPE, tiny_networks

NETWORKS = tiny_networks()
BATCH, LENGTH = 2, 4

# Torch's exporter and its CPU kernels in half precision warn of themselves.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _untraced() -> Iterator[None]:
    """Torch writes down every step of an export if anybody listens, and pytest does: ten times slower."""
    log = logging.getLogger("torch.__trace")
    log.disabled = True
    yield
    log.disabled = False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx")


def exported(folder: Path, graph: Graph) -> Path:
    """A graph's file, written once for all tests."""
    file = folder / f"{graph.name}.onnx"
    if not file.exists():
        export_graph(graph, file)
    return file


def whole_masks(file: Path) -> onnx.ModelProto:
    """A graph whose attention masks have a row a query: ONNX Runtime, against the standard, does not repeat one row."""
    model = onnx.load(file)
    tokens = LENGTH * LATENT_SHAPE[1] * LATENT_SHAPE[2]
    shape = onnx.numpy_helper.from_array(np.array([BATCH, 1, tokens, 6]), "whole_mask")
    model.graph.initializer.append(shape)
    for i, node in reversed(list(enumerate(model.graph.node))):
        if node.op_type == "Attention" and len(node.input) > 3:
            mask = f"mask_{i}"
            model.graph.node.insert(i, onnx.helper.make_node("Expand", [node.input[3], "whole_mask"], [mask]))
            node.input[3] = mask
    return model


def question(seed: int = 0) -> dict[str, Tensor]:
    """A micro-step's inputs as a sampler gives them; the first latent of each buffer is a clean reference."""
    generator = torch.Generator().manual_seed(seed)
    sigmas = torch.linspace(0, 1, LENGTH).expand(BATCH, -1).contiguous()
    states = torch.rand(BATCH, LENGTH, 2, 2, generator=generator) * torch.tensor([128.0, 1.0])
    words, bias = NETWORKS.text(torch.tensor([[1, 2, 3, 0, 0, 0], [1, 3, 4, 5, 6, 0]]))
    return {
        "latents": torch.randn(BATCH, LENGTH, 4, 2, 2, generator=generator),
        "sigmas": sigmas,
        "next_sigmas": sigmas / 2,
        "waves": NETWORKS.dit.waves(sigmas, states),
        "words": words,
        "bias": bias,
    }


def answer(file: Path, inputs: dict[str, Tensor]) -> Tensor:
    # Weights in a file of their own are found beside the graph alone; only a decoder is written so here.
    graph = str(file) if external_files(file) else whole_masks(file).SerializeToString()
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    return torch.from_numpy(found)


def rms(difference: Tensor) -> float:
    return difference.square().mean().sqrt().item()


@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("fp16", 2e-3)])
@torch.inference_mode()
def test_a_micro_step_agrees_with_torch_in_single_precision(folder: Path, precision: str, tolerance: float) -> None:
    asked = question()
    file = exported(folder, micro_step_graph(NETWORKS, precision, LENGTH, BATCH))
    found, reference = answer(file, asked), MicroStep(NETWORKS.dit)(*asked.values())
    assert (found.dtype, found.shape) == (torch.float32, reference.shape)
    assert rms(found - reference) < tolerance
    assert torch.equal(found[:, 0], asked["latents"][:, 0]), "a clean reference is not rounded to half precision"
    assert rms(found - asked["latents"]) > 0.1


@torch.inference_mode()
def test_a_micro_step_in_bf16_agrees_with_single_precision_by_torch_alone() -> None:
    """No runtime on a CPU reads the bf16 graph; the module that is exported is compared instead."""
    asked = question()
    module = micro_step_graph(NETWORKS, "bf16", LENGTH, BATCH).module
    assert next(module.parameters()).dtype == torch.bfloat16
    found, reference = module(*asked.values()), MicroStep(NETWORKS.dit)(*asked.values())
    assert found.dtype == torch.float32
    assert 1e-4 < rms(found - reference) < 2e-2
    assert torch.equal(found[:, 0], asked["latents"][:, 0])


@torch.inference_mode()
def test_frames_and_latents_agree_with_torch(folder: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    previous, current = torch.randn(2, BATCH, *LATENT_SHAPE, generator=generator)
    file = exported(folder, decoder_graph(NETWORKS, "fp16", BATCH))
    frames = answer(file, {"previous": previous, "current": current})
    reference = DecodeStep(NETWORKS.decoder)(previous, current)
    assert (frames.dtype, frames.shape) == (torch.uint8, (BATCH, 2, 16, 16, 3))
    assert (frames.int() - reference.int()).abs().max() <= 1
    assert reference.float().std() > 10

    latent = answer(exported(folder, encoder_graph(NETWORKS, "fp16")), {"frames": frames[0]})
    assert rms(latent - EncodeStep(NETWORKS.encoder)(frames[0])) < 2e-3


def quantised() -> tuple[Graph, dict[str, float]]:
    graph = micro_step_graph(NETWORKS, "fp32", LENGTH, BATCH)
    with observed(NETWORKS.dit) as largest, torch.inference_mode():
        MicroStep(NETWORKS.dit)(*question().values())
    return quantised_graph(graph, "fp8", largest), largest


@torch.inference_mode()
def test_quantised_layers_round_in_onnx_as_in_torch(folder: Path) -> None:
    graph, largest = quantised()
    asked = question()
    assert len(largest) == 6 * 2, "six layers in each of two blocks"
    assert all(QUANTISED.fullmatch(name) for name in largest)
    export_graph(graph, folder / "fp8.onnx")
    found, simulated = answer(folder / "fp8.onnx", asked), graph.module(*asked.values())
    reference = MicroStep(NETWORKS.dit)(*asked.values())
    assert rms(found - simulated) < 0.2 * rms(simulated - reference), "the same rounding, not merely as much of it"
    assert 1e-3 < rms(simulated - reference) < 0.1
    nodes = Counter(node.op_type for node in onnx.load(folder / "fp8.onnx").graph.node)
    assert (nodes["QuantizeLinear"], nodes["DequantizeLinear"]) == (12, 24)


def test_a_layer_that_was_never_observed_is_named() -> None:
    graph = micro_step_graph(NETWORKS, "fp32", LENGTH, BATCH)
    with pytest.raises(ValueError, match=r"blocks\.0\.attention\.qkv was not observed"):
        quantised_graph(graph, "fp8", {})


def test_a_graph_is_flat_and_its_tables_are_constants(folder: Path) -> None:
    model = onnx.load(exported(folder, micro_step_graph(NETWORKS, "fp16", LENGTH, BATCH)))
    operators = {node.op_type for node in model.graph.node}
    assert not operators & {"If", "Loop", "Scan", "Cos", "Sin", "Range", "Shape"}
    assert {"Attention", "RMSNormalization"} <= operators
    assert [end.name for end in model.graph.input] == list(question())
    assert [end.name for end in model.graph.output] == ["moved"]
    for end in (*model.graph.input, *model.graph.output):
        assert end.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        assert all(dim.HasField("dim_value") for dim in end.type.tensor_type.shape.dim)
    assert any(node.name.startswith("dit.blocks.1.cross.kv/") for node in model.graph.node), "nodes say where they are"


def test_a_graph_has_the_same_bytes_twice_and_none_of_this_machines_paths(folder: Path) -> None:
    graph = decoder_graph(NETWORKS, "fp16", BATCH)
    first, second = exported(folder, graph), folder / "again.onnx"
    assert export_graph(graph, second) == graph_digest(first)
    assert first.read_bytes() == second.read_bytes()
    assert str(Path(__file__).parent.parent.parent).encode() not in second.read_bytes()


@torch.inference_mode()
def test_large_weights_lie_beside_the_graph_and_count_for_its_digest(folder: Path) -> None:
    """Beyond 2 GB one ONNX file ends; the limit is put lower here, the way is the same."""
    graph = decoder_graph(NETWORKS, "fp32", 1)
    file = folder / "large.onnx"
    before = export_graph(graph, file, external_bytes=1)
    (weights,) = external_files(file)
    assert file.stat().st_size < weights.stat().st_size
    latents = [torch.randn(1, 4, 2, 2, generator=torch.Generator().manual_seed(i)) for i in (0, 1)]
    frames = answer(file, dict(zip(graph.inputs, latents, strict=True)))
    assert (frames.int() - DecodeStep(NETWORKS.decoder)(*latents).int()).abs().max() <= 1
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    assert graph_digest(file) != before


def test_a_source_is_known_again_and_any_other_is_not() -> None:
    def digest(graph: Graph, name: str = "g") -> str:
        return source_digest(graph, name)

    graphs = [
        micro_step_graph(NETWORKS, "fp32", LENGTH, 1),
        micro_step_graph(NETWORKS, "fp16", LENGTH, 1),
        micro_step_graph(NETWORKS, "fp32", LENGTH + 1, 1),
        micro_step_graph(NETWORKS, "fp32", LENGTH, 2),
        micro_step_graph(tiny_networks(seed=1), "fp32", LENGTH, 1),
        decoder_graph(NETWORKS, "fp32", 1),
    ]
    assert all(digest(one) != digest(other) for one, other in itertools.combinations(graphs, 2))
    assert digest(graphs[0]) == digest(micro_step_graph(tiny_networks(), "fp32", LENGTH, 1))
    assert digest(graphs[0], "fp8") != digest(graphs[0], "fp32")
