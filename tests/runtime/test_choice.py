"""Which backend `auto` takes, and what is said when one that was named cannot run."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine_service.runtime.choice import BackendError, Choice, Facts, choices, choose_backend, require
from engine_service.runtime.cuda_backend import powers_of_two
from engine_service.runtime.cuda_graph import DeviceMemoryError
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import facts_for, load_runtime, take_first
from engine_service.runtime.machine import gather_facts
from engine_service.runtime.tensorrt.flavour import TensorRtError
from engine_service.runtime.world import find_world
from tests.fakes import tiny_runtime

NO_PLANS = {"tensorrt": "tensorrt is not installed", "tensorrt-rtx": "no plans for world tiny"}
WITH_GPU = Facts("NVIDIA H200", "", NO_PLANS)
WITHOUT = Facts(None, "no NVIDIA driver: libcuda.so.1 is missing", NO_PLANS)
no_gpu_here = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


def test_without_a_gpu_openvino_computes_and_the_reason_is_what_is_missing() -> None:
    choice = choose_backend(WITHOUT)
    assert choice.backend == "openvino"
    assert choice.why == "no NVIDIA driver: libcuda.so.1 is missing, so the CPU computes"
    assert len(choices(WITHOUT)) == 1


def test_with_a_gpu_and_no_plans_torch_computes_and_says_why_not_tensorrt() -> None:
    choice = choose_backend(WITH_GPU)
    assert choice.backend == "torch"
    assert "no TensorRT (tensorrt is not installed; no plans for world tiny), so torch compiles" in choice.why
    assert "NVIDIA H200" in choice.why


@pytest.mark.parametrize("flavour", ["tensorrt", "tensorrt-rtx"])
def test_with_plans_that_fit_tensorrt_runs_them_and_the_next_best_follow(flavour: str) -> None:
    facts = replace(WITH_GPU, no_plans={**NO_PLANS, flavour: ""})
    assert [choice.backend for choice in choices(facts)] == [flavour, "torch", "openvino"]
    assert choose_backend(facts).why == "plans for NVIDIA H200 are there"


def test_the_data_centres_tensorrt_comes_before_the_players() -> None:
    facts = replace(WITH_GPU, no_plans={"tensorrt": "", "tensorrt-rtx": ""})
    assert [choice.backend for choice in choices(facts)] == ["tensorrt", "tensorrt-rtx", "torch", "openvino"]


def test_a_backend_that_was_named_is_refused_with_what_is_missing() -> None:
    with pytest.raises(BackendError, match="--backend tensorrt: tensorrt is not installed"):
        require("tensorrt", WITH_GPU)
    require("openvino", WITHOUT)
    require("torch", WITHOUT)
    require("tensorrt", replace(WITH_GPU, no_plans={**NO_PLANS, "tensorrt": ""}))


def test_what_cannot_be_made_after_all_is_said_and_the_next_best_is_taken() -> None:
    said: list[str] = []

    def make(backend: str) -> Runtime:
        if backend == "tensorrt":
            raise TensorRtError("the plan is damaged")
        if backend == "torch":
            raise DeviceMemoryError("out of memory on the card")
        return tiny_runtime()

    found = choices(replace(WITH_GPU, no_plans={"tensorrt": ""}))
    runtime = take_first(found, make, said.append)
    assert said == [
        "tensorrt cannot be used: the plan is damaged",
        "torch cannot be used: out of memory on the card",
        "torch on cpu: the CPU computes",
    ]
    assert runtime.why == "the CPU computes"


def test_a_named_backend_that_fails_is_an_error_and_nothing_is_taken_in_its_place() -> None:
    def make(backend: str) -> Runtime:
        raise DeviceMemoryError("out of memory on the card")

    said: list[str] = []
    with pytest.raises(BackendError, match="--backend torch: out of memory on the card"):
        take_first([Choice("torch", "asked for")], make, said.append)
    assert said == []


@no_gpu_here
def test_the_facts_of_a_machine_without_a_gpu_name_the_driver_and_look_for_no_plans() -> None:
    def never(flavour: object, gpu: object) -> object:
        raise AssertionError("there is nothing to run plans on")

    facts = gather_facts(never)
    assert facts.gpu is None
    assert "driver" in facts.no_gpu
    assert set(facts.no_plans) == {"tensorrt", "tensorrt-rtx"}
    assert all(facts.no_plans.values())


@no_gpu_here
@pytest.mark.parametrize("backend", ["tensorrt", "tensorrt-rtx"])
def test_tensorrt_by_name_without_a_driver_is_a_clear_error_and_never_another_backend(backend: str) -> None:
    said: list[str] = []
    with pytest.raises(BackendError, match=rf"--backend {backend}: .*(install|pip)"):
        load_runtime(find_world("critters"), backend=backend, say=said.append)
    assert said == []


@no_gpu_here
def test_torch_by_name_without_a_gpu_is_the_reference_and_says_so() -> None:
    said: list[str] = []
    runtime = load_runtime(find_world("critters"), backend="torch", say=said.append)
    assert said == ["torch on cpu: asked for"]
    assert runtime.latent_device == torch.device("cpu")
    assert list(runtime.denoiser.batch_sizes) == [1]


@no_gpu_here
def test_auto_says_what_it_took_and_why(tmp_path: Path) -> None:
    facts = facts_for(find_world("critters"), tmp_path)
    assert choose_backend(facts).backend == "openvino"
    assert "driver" in choose_backend(facts).why


def test_batches_are_powers_of_two_up_to_the_sessions_there_may_be() -> None:
    assert powers_of_two(1) == (1,)
    assert powers_of_two(4) == (1, 2, 4)
    assert powers_of_two(7) == (1, 2, 4)


def test_what_tensorrt_refuses_is_an_error_the_user_can_mend() -> None:
    assert issubclass(BackendError, ValueError)
    assert issubclass(TensorRtError, ValueError)
