"""What CUDA runs, run on the CPU: the same modules, precisions, shapes and buffers, without the capture.

The tests marked `gpu` need a card; nobody has run them yet.
"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine_service.runtime.captured import CapturedDecoder, CapturedDenoiser
from engine_service.runtime.cuda_backend import (
    TOLERANCE_BFLOAT16,
    CudaBackend,
    CudaConfig,
    fitting_config,
)
from engine_service.runtime.cuda_graph import CapturedCall, DeviceMemoryError, new_pool
from engine_service.runtime.denoiser import CPU
from engine_service.runtime.precision import in_precision
from engine_service.runtime.prompts import EncodedPrompt, PromptEncoder
from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser, TorchEncoder
from tests.fakes import DIT, LATENT_SHAPE, tiny_networks

NETWORKS = tiny_networks(dit=replace(DIT, width=16, depth=2))
EAGER = CudaConfig(precision="fp32", batch_sizes=(1, 2), compiler=None)


def question(num_latents: int, size: int = 1) -> tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt]:
    """Each session with latents, levels, states and a prompt of its own."""
    generator = torch.Generator().manual_seed(num_latents)
    prompts = PromptEncoder(NETWORKS.tokenizer, NETWORKS.text)
    encoded = [prompts.encode(prompts.tokens(text)) for text in ("a pig in the snow", "night")[:size]]
    sigmas = torch.linspace(0, 1, num_latents).expand(size, -1) ** torch.arange(1, size + 1)[:, None]
    states = torch.rand(size, num_latents, 2, 2, generator=generator) * torch.tensor([128.0, 1.0])
    latents = torch.randn(size, num_latents, *LATENT_SHAPE, generator=generator)
    prompt = EncodedPrompt(torch.cat([e.words for e in encoded]), torch.cat([e.bias for e in encoded]))
    return latents, sigmas, sigmas / 2, states, prompt


def one_of(asked: tuple[Tensor, Tensor, Tensor, Tensor, EncodedPrompt], i: int) -> Tensor:
    """What the reference answers one session alone."""
    *tensors, prompt = asked
    own = EncodedPrompt(prompt.words[i : i + 1], prompt.bias[i : i + 1])
    latents, sigmas, next_sigmas, states = (tensor[i : i + 1] for tensor in tensors)
    return TorchDenoiser(NETWORKS, "cpu").step(latents, sigmas, next_sigmas, states, own)


# ------------------------------------------------------------------------------------------- one call


def added() -> CapturedCall:
    return CapturedCall("adding", lambda a, b: a + b, (torch.zeros(2, 3), torch.ones(3)), CPU)


def test_a_call_answers_with_tensors_that_later_calls_leave_alone() -> None:
    call = added()
    first = call(torch.ones(2, 3), torch.full((3,), 2.0))
    second = call(torch.zeros(2, 3), torch.zeros(3))
    assert torch.equal(first, torch.full((2, 3), 3.0))
    assert torch.equal(second, torch.zeros(2, 3))


def test_a_call_does_not_keep_or_change_what_it_was_given() -> None:
    call = CapturedCall("adding in place", lambda a: a.add_(1), (torch.zeros(3),), CPU)
    given = torch.zeros(3)
    assert torch.equal(call(given), torch.ones(3))
    assert torch.equal(given, torch.zeros(3))


@pytest.mark.parametrize("wrong", [torch.ones(2, 4), torch.ones(2, 3, dtype=torch.float64)])
def test_a_call_refuses_other_shapes_and_types_with_both(wrong: Tensor) -> None:
    with pytest.raises(ValueError, match=r"adding: input 0 is torch.float.*made for torch.float32 \(2, 3\)"):
        added()(wrong, torch.ones(3))


def test_a_device_that_is_full_is_said_with_the_remedy() -> None:
    def too_large(_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("a page of text")

    with pytest.raises(DeviceMemoryError, match=r"making a plan ready: out of memory on cpu; serve fewer sessions"):
        CapturedCall("a plan", too_large, (torch.zeros(1),), CPU)


def test_without_cuda_there_is_no_pool_to_share() -> None:
    assert new_pool(CPU) is None


# ------------------------------------------------------------------------------------------- networks


@pytest.mark.parametrize("num_latents", [4, 8])
@pytest.mark.parametrize("size", [1, 2])
def test_a_micro_step_agrees_with_the_reference_for_each_session_of_a_batch(num_latents: int, size: int) -> None:
    asked = question(num_latents, size)
    found = CudaBackend(NETWORKS, CPU, EAGER).denoiser([4, 8]).step(*asked)
    for i in range(size):
        torch.testing.assert_close(found[i : i + 1], one_of(asked, i), atol=1e-5, rtol=1e-5)
    assert (found - asked[0]).abs().max() > 0.1


def test_a_micro_step_in_bfloat16_agrees_whatever_the_state_and_gives_single_precision() -> None:
    denoiser = CudaBackend(NETWORKS, CPU, replace(EAGER, precision="bf16")).denoiser([4])
    asked = question(4, 2)
    for x in (0.3, 41.7, 127.9):
        states = torch.full_like(asked[3], x) / torch.tensor([1.0, 128.0])
        moved = (*asked[:3], states, asked[4])
        found = denoiser.step(*moved)
        assert found.dtype == torch.float32
        for i in range(2):
            error = (found[i : i + 1] - one_of(moved, i)).square().mean().sqrt()
            assert 0 < error <= TOLERANCE_BFLOAT16
    assert torch.equal(found[0, 0], asked[0][0, 0]), "a clean reference does not move"


def test_a_compiled_micro_step_agrees_and_costs_two_compilations_however_deep_it_is() -> None:
    """`fullgraph` raises where the compiler would fall back to Python; `eager` is all of it but the code it writes."""
    networks = tiny_networks(dit=replace(DIT, width=16, depth=6))
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    denoiser = CudaBackend(networks, CPU, replace(EAGER, compiler="eager", batch_sizes=(1,))).denoiser([4])
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2
    asked = question(4)
    reference = TorchDenoiser(networks, "cpu").step(*asked)
    torch.testing.assert_close(denoiser.step(*asked), reference, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("capability", "has_triton", "precision", "compiler"),
    [
        ((9, 0), True, "bf16", "inductor"),
        ((8, 6), False, "bf16", None),
        ((7, 5), True, "fp16", "inductor"),
        ((6, 1), True, "fp16", None),
    ],
)
def test_a_card_is_asked_for_what_it_can(
    capability: tuple[int, int], has_triton: bool, precision: str, compiler: str | None
) -> None:
    config = fitting_config(capability, 4, has_triton=has_triton)
    assert config == CudaConfig(precision=precision, batch_sizes=(1, 2, 4), compiler=compiler)


def test_more_shapes_than_the_compilers_limit_are_compiled() -> None:
    sizes = tuple(range(1, 11))
    assert len(sizes) > torch._dynamo.config.recompile_limit
    decoder = CudaBackend(NETWORKS, CPU, replace(EAGER, compiler="eager", batch_sizes=sizes)).decoder()
    for size in (1, 10):
        latent = torch.randn(size, *LATENT_SHAPE, generator=torch.Generator().manual_seed(size))
        difference = decoder.decode(latent, latent).int() - TorchDecoder(NETWORKS, "cpu").decode(latent, latent).int()
        assert difference.abs().max() <= 1


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_decoder_and_encoder_agree_with_the_reference(precision: str) -> None:
    backend = CudaBackend(NETWORKS, CPU, replace(EAGER, precision=precision, compiler="eager"))
    previous, current = torch.randn(2, 2, *LATENT_SHAPE, generator=torch.Generator().manual_seed(0))
    frames = backend.decoder().decode(previous, current)
    expected = TorchDecoder(NETWORKS, "cpu").decode(previous, current)
    assert (frames.shape, frames.dtype) == ((2, 2, 16, 16, 3), torch.uint8)
    difference = (frames.int() - expected.int()).abs().float()
    assert difference.max() <= (1 if precision == "fp32" else 8)  # random weights; the embedded world's differ by 2
    assert difference.mean() <= 1
    latent = backend.encoder().encode(expected[0])
    reference = TorchEncoder(NETWORKS, "cpu").encode(expected[0])
    assert (latent - reference).square().mean().sqrt() <= (1e-5 if precision == "fp32" else TOLERANCE_BFLOAT16)


def test_a_shape_without_a_graph_is_refused_with_those_that_have_one() -> None:
    backend = CudaBackend(NETWORKS, CPU, EAGER)
    with pytest.raises(ValueError, match="1 buffers of 5 latents were asked for, there are graphs for 1 x 4, 2 x 4"):
        backend.denoiser([4]).step(*question(5))
    latent = torch.zeros(3, *LATENT_SHAPE)
    with pytest.raises(ValueError, match="3 latents are to be decoded at once, there are graphs for 1, 2"):
        backend.decoder().decode(latent, latent)


def test_the_sizes_of_a_batch_are_those_there_are_calls_for() -> None:
    latents = (torch.zeros(1),)
    calls = {size: CapturedCall("", lambda a: a, latents, CPU) for size in (4, 1, 2)}
    assert list(CapturedDecoder(calls).batch_sizes) == [1, 2, 4]
    assert list(CapturedDenoiser({(6, size): call for size, call in calls.items()}).batch_sizes) == [1, 2, 4]


def test_half_precision_is_a_copy_that_keeps_what_waves_are_made_of() -> None:
    before = {name: tensor.clone() for name, tensor in NETWORKS.dit.state_dict().items()}
    half = in_precision(NETWORKS.dit, CPU, torch.bfloat16)
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}
    assert half.sigma_embedding.frequencies.dtype == torch.float32
    asked = question(4)
    assert torch.equal(half.waves(asked[1], asked[3]), NETWORKS.dit.waves(asked[1], asked[3]))
    for name, tensor in NETWORKS.dit.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"precision": "int3"}, "precision is 'int3', expected one of bf16, fp16, fp32"), ({"batch_sizes": (2, 4)}, "1")],
)
def test_a_wrong_configuration_is_refused_with_its_value(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CudaConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.gpu
def test_a_captured_and_compiled_micro_step_agrees_on_the_card() -> None:
    cuda = torch.device("cuda", 0)
    denoiser = CudaBackend(NETWORKS, cuda, CudaConfig(batch_sizes=(1, 2))).denoiser([4, 8])
    for num_latents in (4, 8):
        for size in (1, 2):
            asked = question(num_latents, size)
            for _ in range(2):  # a replay must not remember the one before
                found = denoiser.step(*asked)
                assert found.device == cuda
                for i in range(size):
                    error = (found[i : i + 1].cpu() - one_of(asked, i)).square().mean().sqrt()
                    assert error <= TOLERANCE_BFLOAT16


@pytest.mark.gpu
def test_frames_of_a_captured_decoder_are_in_the_hosts_pinned_memory() -> None:
    latent = torch.randn(1, *LATENT_SHAPE)
    frames = CudaBackend(NETWORKS, torch.device("cuda", 0)).decoder().decode(latent.cuda(), latent.cuda())
    assert frames.is_pinned()
    assert (frames.int() - TorchDecoder(NETWORKS, "cpu").decode(latent, latent).int()).abs().max() <= 4
