"""Whether TensorRT-RTX takes this machine's card: a tiny plan is built ahead of time, and its runtime is asked.

In a process of its own, and the driver is asked first: without one TensorRT's runtime may take the process with it.
"""

from collections.abc import Mapping
from typing import Any

from engine_service.benchmarks.parts import Deadline, Tell, Value, attempt
from engine_service.runtime.tensorrt.flavour import TENSORRT_RTX, TensorRtError, load_flavour

TABLE = "acceptance"
# `EngineInvalidityDiagnostics` of the runtime, bit by bit, in words.
DIAGNOSTICS = {
    1: "made by another version (VERSION_MISMATCH)",
    2: "this card's compute capability is not supported (UNSUPPORTED_CC)",
    4: "the driver is too old (OLD_CUDA_DRIVER)",
    8: "the CUDA runtime is too old (OLD_CUDA_RUNTIME)",
    16: "the card has too little memory (INSUFFICIENT_GPU_MEMORY)",
    32: "the plan is damaged (MALFORMED_ENGINE)",
    64: "CUDA failed (CUDA_ERROR)",
}


def measure_acceptance(tell: Tell, deadline: Deadline) -> None:
    """One row whose value is a sentence."""
    attempt(tell, TABLE, "TensorRT-RTX", _ask, deadline=deadline)


def in_words(validity: str, diagnostics: int) -> str:
    """What a runtime answered about a plan."""
    named = [words for bit, words in DIAGNOSTICS.items() if diagnostics & bit]
    unknown = diagnostics & ~sum(DIAGNOSTICS)
    if unknown:
        named.append(f"bits {unknown:#x}, which have no name here")
    return f"{validity.lower()} (diagnostics {diagnostics}): {', '.join(named) or 'nothing to complain of'}"


def _ask() -> Mapping[str, Value]:
    try:
        flavour = load_flavour(TENSORRT_RTX)
        driver = flavour.require_driver()
    except TensorRtError as error:
        return {"answer": f"not asked: {error}"}
    logger = flavour.module.Logger(flavour.module.Logger.ERROR)
    validity, diagnostics = flavour.module.Runtime(logger).get_engine_validity(tiny_plan(flavour.module, logger))
    cards = ", ".join(map(str, driver.gpus))
    return {"answer": f"{flavour.name} {flavour.version} on {cards}: {in_words(validity.name, int(diagnostics))}"}


def tiny_plan(trt: Any, logger: Any) -> bytes:
    """A plan of one ReLU in half precision, for all cards that the builder knows; needs no driver."""
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    given = network.add_input("given", trt.DataType.HALF, (1, 64))
    layer = network.add_activation(given, trt.ActivationType.RELU)
    network.mark_output(layer.get_output(0))
    plan = builder.build_serialized_network(network, builder.create_builder_config())
    if plan is None:
        raise RuntimeError("the builder made no plan of one ReLU; stderr says why")
    return bytes(plan)
