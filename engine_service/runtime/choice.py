"""Which backend `auto` takes and why: facts about this machine in, an order of preference out."""

from collections.abc import Mapping
from dataclasses import dataclass

TENSORRT_BACKENDS = ("tensorrt", "tensorrt-rtx")
BACKENDS = ("auto", *TENSORRT_BACKENDS, "torch", "openvino")


class BackendError(ValueError):
    """A backend that was asked for by name and cannot run here; says why, and what helps."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a machine has for one world."""

    gpu: str | None  # the CUDA device torch would use, by name; None: none
    no_gpu: str  # why there is none; "" if there is one
    no_plans: Mapping[str, str]  # by TensorRT flavour: why its plans cannot be run; "" if they can


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend and the reason for it, in words."""

    backend: str
    why: str


def choices(facts: Facts) -> list[Choice]:
    """What can run, best first; the last is OpenVINO, which runs everywhere."""
    if facts.gpu is None:
        return [Choice("openvino", f"{facts.no_gpu}, so the CPU computes")]
    found = [
        Choice(flavour, f"plans for {facts.gpu} are there")
        for flavour, missing in facts.no_plans.items()
        if not missing
    ]
    reasons = "; ".join(dict.fromkeys(missing for missing in facts.no_plans.values() if missing))
    because = f"no TensorRT ({reasons}), so torch" if not found else "torch"
    found.append(Choice("torch", f"{because} compiles for {facts.gpu} and captures CUDA graphs"))
    found.append(Choice("openvino", "the CPU computes"))
    return found


def choose_backend(facts: Facts) -> Choice:
    """What `auto` takes."""
    return choices(facts)[0]


def check_name(backend: str) -> None:
    """Raises BackendError: there is no such backend."""
    if backend not in BACKENDS:
        raise BackendError(f"backend is {backend!r}, expected one of {', '.join(BACKENDS)}")


def require(backend: str, facts: Facts) -> None:
    """Whether a backend that was asked for by name can run.

    Raises:
        BackendError: it cannot; nothing else is taken in its place.
    """
    if backend not in TENSORRT_BACKENDS:
        return
    if facts.no_plans[backend]:
        raise BackendError(f"--backend {backend}: {facts.no_plans[backend]}")
    if facts.gpu is None:
        raise BackendError(f"--backend {backend}: {facts.no_gpu}")
