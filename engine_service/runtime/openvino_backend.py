"""OpenVINO: the CPU default. Fixed shapes, one compiled graph per buffer length and one for the decoder."""

import functools
import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import openvino as ov
import torch
from openvino import properties
from torch import Tensor, nn

import engine_service.model as model_package
import engine_service.runtime.denoiser as denoiser_module
from engine_service.model.autoencoder import SPATIAL
from engine_service.model.dit import StreamDiT
from engine_service.runtime.cache import GraphCache
from engine_service.runtime.denoiser import DecodeStep, EncodeStep, MicroStep
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.runtime.weights import Networks

# What a compiled graph may differ from torch, in latent units (root mean square 1): asserted in tests.
TOLERANCE_FLOAT32 = 2e-3  # the largest difference
TOLERANCE_BFLOAT16 = 2e-2  # the root mean square of differences


@functools.cache
def process_core() -> ov.Core:
    """The one `Core` of this process, never given up.

    On a processor with AMX its CPU plugin lends the loading thread a signal stack, and unmaps it on whichever thread
    drops the last `Core`; the next signal of the first thread would then crash the process.
    """
    return ov.Core()


def cpu_precision() -> str:
    """`bf16` where the processor multiplies it natively, else `f32`: emulated bf16 would be slower."""
    capabilities = process_core().get_property("CPU", properties.device.capabilities)
    return "bf16" if "BF16" in capabilities else "f32"


class CompiledGraph:
    """One compiled graph and its only request: torch tensors in, a torch tensor out."""

    def __init__(self, compiled: ov.CompiledModel) -> None:
        self._request = compiled.create_infer_request()

    def __call__(self, *inputs: Tensor) -> Tensor:
        # OpenVINO borrows this memory and does not keep it alive: hold it until the answer is there.
        arrays = [tensor.contiguous().numpy() for tensor in inputs]
        for i, array in enumerate(arrays):
            self._request.set_input_tensor(i, ov.Tensor(array, shared_memory=True))
        self._request.infer()
        # The request's output memory is written again by the next call: take a copy.
        return torch.from_numpy(self._request.get_output_tensor(0).data.copy())


class OpenVinoDenoiser:
    """Micro-steps of the buffer lengths it was made for."""

    batch_sizes = (1,)  # on a CPU two sessions in a call cost what two calls cost (docs/decisions/0011)

    def __init__(self, dit: StreamDiT, graphs: Mapping[int, CompiledGraph]) -> None:
        self._dit = dit
        self._graphs = graphs

    @torch.inference_mode()
    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, controls: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        num_latents = latents.shape[1]
        if num_latents not in self._graphs:
            lengths = ", ".join(map(str, sorted(self._graphs)))
            raise ValueError(f"buffer holds {num_latents} latents, graphs were compiled for {lengths}")
        graph = self._graphs[num_latents]
        waves = self._dit.waves(sigmas, controls)  # in single precision, whatever the graph's
        return graph(latents, sigmas, next_sigmas, waves, prompt.words, prompt.bias)


class OpenVinoDecoder:
    """The decoder's graph."""

    batch_sizes = (1,)

    def __init__(self, graph: CompiledGraph) -> None:
        self._graph = graph

    def decode(self, previous: Tensor, current: Tensor) -> Tensor:
        return self._graph(previous, current)


class OpenVinoEncoder:
    """The encoder's graph."""

    def __init__(self, graph: CompiledGraph) -> None:
        self._graph = graph

    def encode(self, frames: Tensor) -> Tensor:
        return self._graph(frames)


class OpenVinoBackend:
    """Compiles a world's graphs in the order they are asked for; one is converted while the next is traced.

    Tracing and converting a module cost seconds, reading its converted graph back milliseconds; so converted graphs
    are kept in `cache`, named by everything they depend on.
    """

    def __init__(
        self, networks: Networks, *, num_threads: int, cache: Path | None, say: Callable[[str], None] = print
    ) -> None:
        """`say` hears of a cache that cannot be used; the graphs are made all the same."""
        self._networks = networks
        self._num_threads = num_threads
        self._cache = GraphCache(cache, say)
        self._core = process_core()
        self.precision = cpu_precision()
        self._compiler = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compile")
        self._fingerprint = fingerprint(networks)

    def denoiser(self, buffer_lengths: Sequence[int]) -> OpenVinoDenoiser:
        """A micro-step graph per buffer length; all are ready when this returns.

        None follows later: compiling beside the first session makes its frames late (docs/decisions/0004).
        """
        graphs = {length: self._submit(self._micro_step(length)) for length in buffer_lengths}
        return OpenVinoDenoiser(self._networks.dit, {length: graph.result() for length, graph in graphs.items()})

    def decoder(self) -> OpenVinoDecoder:
        """The decoder's graph, uint8 pictures included."""
        config = self._networks.dit.config
        latent = torch.zeros(1, config.latent_channels, config.latent_height, config.latent_width)
        source = _Source("decoder", DecodeStep(self._networks.decoder), (latent, latent))
        return OpenVinoDecoder(self._submit(source).result())

    def encoder(self) -> OpenVinoEncoder:
        """The encoder's graph, from uint8 pictures."""
        config = self._networks.dit.config
        height, width = SPATIAL * config.latent_height, SPATIAL * config.latent_width
        frames = torch.zeros(config.frames_per_latent, height, width, 3, dtype=torch.uint8)
        source = _Source("encoder", EncodeStep(self._networks.encoder), (frames,))
        return OpenVinoEncoder(self._submit(source).result())

    def close(self) -> None:
        """Give up what is not compiled yet."""
        self._compiler.shutdown(wait=True, cancel_futures=True)

    def _micro_step(self, length: int) -> "_Source":
        config = self._networks.dit.config
        num_words = self._networks.text.config.max_words
        example = (
            torch.zeros(1, length, config.latent_channels, config.latent_height, config.latent_width),
            torch.full((1, length), 0.5),
            torch.zeros(1, length),
            torch.zeros(1, length, self._networks.dit.num_waves),
            torch.zeros(1, num_words, config.text_width),
            torch.zeros(1, num_words),
        )
        return _Source(f"micro-step-{length}", MicroStep(self._networks.dit), example)

    def _submit(self, source: "_Source") -> Future[CompiledGraph]:
        """Read the converted graph, or trace here and convert on the compiler's thread."""
        name = f"{self._fingerprint}-{source.name}"
        kept = self._cache.read(name, self._core)
        if kept is not None:
            return self._compiler.submit(lambda: self._compile(kept))
        # Traced by the caller: warnings are switched off per process, so not on a thread beside others.
        traced = source.traced()

        def convert() -> CompiledGraph:
            model = _convert(traced, source)
            self._cache.keep(name, model, self._core)
            return self._compile(model)

        return self._compiler.submit(convert)

    def _compile(self, model: ov.Model) -> CompiledGraph:
        settings = {
            properties.hint.performance_mode: properties.hint.PerformanceMode.LATENCY,
            properties.hint.inference_precision: self.precision,
            properties.inference_num_threads: self._num_threads,
        }
        return CompiledGraph(self._core.compile_model(model, "CPU", settings))


@dataclass(frozen=True, slots=True)
class _Source:
    """What a graph is made from: a module at the shapes of an example."""

    name: str
    module: nn.Module
    example: tuple[Tensor, ...]

    def traced(self) -> torch.jit.ScriptModule:
        """Tracing is deprecated, but export takes twice as long (docs/decisions/0004); shapes are to be constants."""
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", torch.jit._trace.TracerWarning)
            traced: torch.jit.ScriptModule = torch.jit.trace(  # type: ignore[no-untyped-call]
                self.module.eval(), self.example, check_trace=False
            )
        return traced


def _convert(traced: torch.jit.ScriptModule, source: _Source) -> ov.Model:
    """The graph at its example's shapes."""
    model = ov.convert_model(traced)
    model.reshape({i: list(tensor.shape) for i, tensor in enumerate(source.example)})
    return model


def fingerprint(networks: Networks) -> str:
    """A name for everything a converted graph depends on: weights, shapes, the code that is traced, the converter."""
    digest = hashlib.sha256(f"{ov.__version__} {torch.__version__}".encode())
    traced_code = [*Path(model_package.__file__ or "").parent.glob("*.py"), Path(denoiser_module.__file__ or "")]
    for source in sorted(traced_code):
        digest.update(source.read_bytes())
    digest.update(repr((networks.dit.config, networks.text.config)).encode())
    for module in (networks.dit, networks.decoder, networks.encoder):
        digest.update(repr(module).encode())
        for tensor in (*module.parameters(), *module.buffers()):
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
