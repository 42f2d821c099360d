"""The graphs as ONNX, for compilers that read nothing else: fixed shapes, rotary tables baked in, no branches.

At the border everything is float32 (frames are uint8), and so is the Euler step: a stream's latents are never rounded
to half precision. What lies between runs in the precision that was asked for, and begins behind the sines
(docs/decisions/0006).

Letters: P sessions, B latents in a buffer, C channels, H W latent height and width, r frames per latent.
"""

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

import engine_service.model as model_package
from engine_service.model.autoencoder import SPATIAL
from engine_service.runtime.denoiser import CPU, DecodeStep, EncodeStep, MicroStep
from engine_service.runtime.precision import in_precision
from engine_service.runtime.weights import Networks

OPSET = 23  # the first with Attention and RMSNormalization as one operator each
PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
MAKES_GRAPHS = ("denoiser.py", "export.py", "precision.py", "quantised.py")  # beside the model's own code
PROTOBUF_BYTES = 2**31  # where a single ONNX file ends
EXTERNAL_BYTES = 2**30  # weights from here on lie in a file of their own beside the graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A module to export, at the shapes of its inputs."""

    name: str
    module: nn.Module
    inputs: dict[str, Tensor]
    output: str
    translations: dict[Any, Any] = field(default_factory=dict)  # torch operators ONNX has no word for -> functions

    def shapes(self) -> tuple[str, ...]:
        """`latents float32 1x3x32x16x16`, one an input."""
        return tuple(
            f"{name} {str(tensor.dtype).removeprefix('torch.')} {'x'.join(map(str, tensor.shape))}"
            for name, tensor in self.inputs.items()
        )


def micro_step_graph(networks: Networks, precision: str, num_latents: int, batch: int) -> Graph:
    """A micro-step of `batch` buffers of `num_latents`."""
    config, dtype = networks.dit.config, PRECISIONS[precision]
    num_words = networks.text.config.max_words
    shape = (batch, num_latents)
    return Graph(
        name=micro_step_name(precision, num_latents, batch),
        module=MicroStep(in_precision(networks.dit, CPU, dtype), dtype),
        inputs={
            "latents": torch.zeros(*shape, config.latent_channels, config.latent_height, config.latent_width),
            "sigmas": torch.full(shape, 0.5),
            "next_sigmas": torch.zeros(shape),
            "waves": torch.zeros(*shape, networks.dit.num_waves),
            "words": torch.zeros(batch, num_words, config.text_width),
            "bias": torch.zeros(batch, num_words),
        },
        output="moved",
    )


def decoder_graph(networks: Networks, precision: str, batch: int) -> Graph:
    """The frames of `batch` latents."""
    config, dtype = networks.dit.config, PRECISIONS[precision]
    latent = torch.zeros(batch, config.latent_channels, config.latent_height, config.latent_width)
    return Graph(
        name=decoder_name(precision, batch),
        module=DecodeStep(in_precision(networks.decoder, CPU, dtype), dtype),
        inputs={"previous": latent, "current": latent.clone()},
        output="frames",
    )


def encoder_graph(networks: Networks, precision: str) -> Graph:
    """One latent of r pictures."""
    config, dtype = networks.dit.config, PRECISIONS[precision]
    height, width = SPATIAL * config.latent_height, SPATIAL * config.latent_width
    return Graph(
        name=encoder_name(precision),
        module=EncodeStep(in_precision(networks.encoder, CPU, dtype), dtype),
        inputs={"frames": torch.zeros(config.frames_per_latent, height, width, 3, dtype=torch.uint8)},
        output="latent",
    )


def micro_step_name(precision: str, num_latents: int, batch: int) -> str:
    """What a micro-step's graph and plan are called."""
    return f"micro-step-{precision}-{num_latents}-latents-batch-{batch}"


def decoder_name(precision: str, batch: int) -> str:
    """What a decoder's graph and plan are called."""
    return f"decoder-{precision}-batch-{batch}"


def encoder_name(precision: str) -> str:
    """What an encoder's graph and plan are called."""
    return f"encoder-{precision}"


def export_graph(graph: Graph, file: Path, *, external_bytes: int = EXTERNAL_BYTES) -> str:
    """Write a graph as ONNX and give its digest; weights from `external_bytes` on go into `FILE.data` beside it."""
    num_bytes = sum(tensor.nbytes for tensor in graph.module.state_dict().values())
    with _quietly(), torch.no_grad():
        program = torch.onnx.export(
            graph.module.eval(),
            tuple(graph.inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=[graph.output],
            custom_translation_table=graph.translations,
            verbose=False,
        )
    assert program is not None
    for node in program.model.graph:
        # The part of the network a node comes from, for messages; and no source lines, which are this machine's.
        scopes = node.metadata_props.get("pkg.torch.onnx.name_scopes")
        names = [name for name in json.loads(scopes.replace("'", '"'))[:-1] if name] if scopes else []
        node.name = f"{names[-1]}/{node.name}" if names else node.name
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    program.model.metadata_props.clear()
    program.model.graph.metadata_props.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    program.save(file, external_data=num_bytes >= external_bytes)
    return graph_digest(file)


def graph_digest(file: Path) -> str:
    """sha256 of an ONNX file and of its external weights."""
    digest = hashlib.sha256()
    for part in (file, *external_files(file)):
        with part.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def external_files(file: Path) -> list[Path]:
    """The files beside an ONNX file that hold its weights."""
    model = onnx.load(str(file), load_external_data=False)
    names = {
        entry.value
        for tensor in model.graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [file.parent / name for name in sorted(names)]


def source_digest(graph: Graph, name: str) -> str:
    """What a graph called `name` would be exported from: weights, shapes, the code that is traced, the exporter.

    A quantised graph is named after the one it is made from: what it adds follows from that.
    """
    digest = hashlib.sha256(f"{torch.__version__} {onnx.__version__} {OPSET} {name}".encode())
    runtime = Path(__file__).parent
    traced_code = [*Path(model_package.__file__ or "").parent.glob("*.py"), *(runtime / name for name in MAKES_GRAPHS)]
    for source in sorted(traced_code):
        digest.update(source.read_bytes())
    digest.update("\n".join((*graph.shapes(), repr(graph.module))).encode())
    for weight, tensor in graph.module.state_dict().items():
        digest.update(weight.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what torch's exporter says of itself: of a missing torchvision, and of its own deprecated classes."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        log.setLevel(level)
