"""OpenVINO against the torch reference, and its cache of converted graphs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine_service.model.attention import Window
from engine_service.model.world import StateField
from engine_service.runtime.openvino_backend import (
    TOLERANCE_BFLOAT16,
    TOLERANCE_FLOAT32,
    OpenVinoBackend,
    cpu_precision,
    fingerprint,
)
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser
from engine_service.runtime.weights import Networks
from tests.fakes import DIT, LATENT_SHAPE, STATE_FIELDS, tiny_networks

SMALL = replace(DIT, width=16, depth=2)
NETWORKS = tiny_networks(dit=SMALL)

# What torch.jit.trace says of itself and of shapes, which are fixed here; the numbers are compared below instead.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.trace:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]

DROPPED_BY_ANOTHER_THREAD = """
import signal, threading
from engine_service.runtime.openvino_backend import OpenVinoBackend
from tests.fakes import tiny_networks

backends = [OpenVinoBackend(tiny_networks(), num_threads=1, cache=None)]
dropping = threading.Thread(target=backends.clear)
dropping.start()
dropping.join()
signal.signal(signal.SIGTERM, lambda *_: print("obeyed"))
signal.raise_signal(signal.SIGTERM)
"""

Inputs = tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt]


@contextmanager
def backend(networks: Networks, cache: Path | None, precision: str = "f32") -> Iterator[OpenVinoBackend]:
    """Single precision unless said otherwise, whatever this processor likes best."""
    compiler = OpenVinoBackend(networks, num_threads=1, cache=cache)
    compiler.precision = precision
    try:
        yield compiler
    finally:
        compiler.close()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for the whole file: a graph is converted once."""
    return tmp_path_factory.mktemp("graphs")


def question(num_latents: int, networks: Networks = NETWORKS) -> Inputs:
    """latents, sigmas, next_sigmas, states, prompt; the first latent is a clean reference."""
    generator = torch.Generator().manual_seed(num_latents)
    sigmas = torch.linspace(0, 1, num_latents)[None]
    states = torch.rand(1, num_latents, 2, 2, generator=generator) * torch.tensor([128.0, 1.0])
    prompts = PromptEncoder(networks.tokenizer, networks.text)
    latents = torch.randn(1, num_latents, *LATENT_SHAPE, generator=generator)
    return latents, sigmas, sigmas / 2, states, prompts.encode(prompts.tokens("a pig in the snow"))


@pytest.mark.parametrize("num_latents", [4, 8])
def test_a_micro_step_agrees_with_torch_at_every_buffer_length(cache: Path, num_latents: int) -> None:
    asked = question(num_latents)
    reference = TorchDenoiser(NETWORKS, "cpu").step(*asked)
    with backend(NETWORKS, cache) as compiler:
        found = compiler.denoiser([num_latents]).step(*asked)
    assert found.shape == reference.shape
    assert (found - reference).abs().max() <= TOLERANCE_FLOAT32
    assert torch.equal(found[0, 0], asked[0][0, 0]), "a clean reference does not move"
    assert (found - asked[0]).abs().max() > 0.1


@pytest.mark.skipif(cpu_precision() != "bf16", reason="this processor does not multiply bfloat16")
def test_a_micro_step_in_bfloat16_agrees_with_torch_whatever_the_state(cache: Path) -> None:
    """Also at values whose sines half precision would lose: the waves are taken before the graph."""
    asked = question(4)
    with backend(NETWORKS, cache, "bf16") as compiler:
        denoiser = compiler.denoiser([4])
        for x in (0.3, 41.7, 127.9):
            states = torch.full_like(asked[3], x) / torch.tensor([1.0, 128.0])
            reference = TorchDenoiser(NETWORKS, "cpu").step(*asked[:3], states, asked[4])
            found = denoiser.step(*asked[:3], states, asked[4])
            assert (found - reference).square().mean().sqrt() <= TOLERANCE_BFLOAT16


def test_decoded_frames_agree_with_torch_within_a_grey_level(cache: Path) -> None:
    previous, current = torch.randn(2, 1, *LATENT_SHAPE, generator=torch.Generator().manual_seed(0))
    reference = TorchDecoder(NETWORKS, "cpu").decode(previous, current)
    with backend(NETWORKS, cache) as compiler:
        found = compiler.decoder().decode(previous, current)
    assert (found.shape, found.dtype) == ((1, 2, 16, 16, 3), torch.uint8)
    assert (found.int() - reference.int()).abs().max() <= 1
    assert reference.float().std() > 10


def test_an_answer_is_not_overwritten_by_the_next(cache: Path) -> None:
    asked = question(4)
    with backend(NETWORKS, cache) as compiler:
        denoiser = compiler.denoiser([4])
        first = denoiser.step(*asked)
        kept = first.clone()
        denoiser.step(-asked[0], *asked[1:])
    assert torch.equal(first, kept)


def test_tensors_that_do_not_lie_in_one_piece_are_read_right(cache: Path) -> None:
    latents, sigmas, next_sigmas, states, prompt = question(4)
    scattered = latents.transpose(1, 4).contiguous().transpose(1, 4)
    assert not scattered.is_contiguous()
    with backend(NETWORKS, cache) as compiler:
        denoiser = compiler.denoiser([4])
        found = denoiser.step(scattered, sigmas, next_sigmas, states, prompt)
        assert torch.equal(found, denoiser.step(latents, sigmas, next_sigmas, states, prompt))


def test_a_buffer_length_without_a_graph_is_refused_with_those_that_have_one(cache: Path) -> None:
    with (
        backend(NETWORKS, cache) as compiler,
        pytest.raises(ValueError, match="buffer holds 5 latents, graphs were compiled for 4, 8"),
    ):
        compiler.denoiser([4, 8]).step(*question(5))


def test_a_second_backend_reads_the_converted_graph_and_agrees_with_torch(cache: Path) -> None:
    asked = question(4)
    with backend(NETWORKS, cache) as compiler:
        compiler.denoiser([4])
    written = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert {path.suffix for path in written} == {".xml", ".bin", ".sha256"}
    assert all(path.name.startswith(f"{fingerprint(NETWORKS)}-") for path in written)
    with backend(NETWORKS, cache) as compiler:
        found = compiler.denoiser([4]).step(*asked)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == written
    assert (found - TorchDenoiser(NETWORKS, "cpu").step(*asked)).abs().max() <= TOLERANCE_FLOAT32


def test_the_same_weights_have_the_same_name_and_other_weights_another() -> None:
    assert fingerprint(tiny_networks(dit=SMALL)) == fingerprint(NETWORKS)
    assert fingerprint(tiny_networks(seed=1, dit=SMALL)) != fingerprint(NETWORKS)


@pytest.mark.parametrize("window", [(1, 1, 1), (4, 2, 2)])
def test_the_same_weights_under_another_window_have_another_name(window: Window) -> None:
    assert fingerprint(tiny_networks(dit=replace(SMALL, window=window))) != fingerprint(NETWORKS)


def test_the_same_weights_under_other_state_ranges_have_another_name() -> None:
    wider = (StateField("x", 0.0, 256.0), STATE_FIELDS[1])
    assert fingerprint(tiny_networks(dit=replace(SMALL, state_fields=wider))) != fingerprint(NETWORKS)


def test_the_same_weights_under_a_field_that_became_periodic_have_another_name() -> None:
    round_fields = (StateField("x", 0.0, 128.0, periodic=True), STATE_FIELDS[1])
    assert fingerprint(tiny_networks(dit=replace(SMALL, state_fields=round_fields))) != fingerprint(NETWORKS)


def test_a_signal_is_obeyed_after_another_thread_dropped_the_backend() -> None:
    """With AMX, OpenVINO's last `Core` took the first thread's signal stack with it, and the process crashed."""
    done = subprocess.run(
        [sys.executable, "-c", DROPPED_BY_ANOTHER_THREAD], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "obeyed\n"), done.stderr
