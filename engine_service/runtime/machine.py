"""What this machine has for a world: the facts that `choice` decides on. Nothing is allocated and no plan is loaded."""

from collections.abc import Callable

import torch

from engine_service.runtime.choice import TENSORRT_BACKENDS, Facts
from engine_service.runtime.tensorrt.driver import DriverError, Gpu, probe_driver
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError, load_flavour


def gather_facts(find_plans: Callable[[Flavour, Gpu], object]) -> Facts:
    """find_plans: looks for a world's plans, raises `TensorRtError` where there are none that fit."""
    gpu, no_gpu = torch_gpu()
    no_plans = {}
    for name in TENSORRT_BACKENDS:
        try:
            flavour = load_flavour(name)
            card = flavour.require_driver().gpus[0]
            if gpu is None:
                raise TensorRtError(f"{name} shares its memory with torch, but {no_gpu}")
            find_plans(flavour, card)
        except TensorRtError as error:
            no_plans[name] = str(error)
        else:
            no_plans[name] = ""
    return Facts(gpu, no_gpu, no_plans)


def torch_gpu() -> tuple[str | None, str]:
    """The CUDA device torch would use, by name; or None and why, with what helps."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0), ""
    try:
        driver = probe_driver()
    except DriverError as error:
        return None, str(error).partition(";")[0]
    newest = ".".join(map(str, driver.cuda_version))
    if torch.version.cuda is None:
        return None, f"torch {torch.__version__} was built without CUDA (install one for CUDA {newest} or older)"
    return None, (
        f"torch {torch.__version__} needs CUDA {torch.version.cuda}, the driver runs {newest}: update the driver"
    )
