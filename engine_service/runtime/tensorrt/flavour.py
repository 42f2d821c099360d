"""Which TensorRT: `tensorrt` for the data centre, `tensorrt-rtx` for players' cards. One API, two modules."""

import importlib
import importlib.metadata
import re
from dataclasses import dataclass
from typing import Any

from engine_service.runtime.tensorrt.driver import Driver, DriverError, probe_driver

TENSORRT, TENSORRT_RTX = "tensorrt", "tensorrt-rtx"
# flavour: module, oldest version that is known to fit, first that is not, and the extra that brings it
_FLAVOURS = {
    TENSORRT: ("tensorrt", (10, 16), (12, 0), "tensorrt"),
    TENSORRT_RTX: ("tensorrt_rtx", (1, 7), (2, 0), "tensorrt-rtx"),
}
FLAVOURS = tuple(_FLAVOURS)


class TensorRtError(ValueError):
    """TensorRT cannot do what was asked of it here; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """An imported TensorRT. Importing is safe anywhere; its classes are not before `require_driver`.

    The one exception is TensorRT-RTX's builder, which compiles for other machines' cards without a driver.
    """

    name: str
    module: Any
    version: str
    cuda_major: int

    @property
    def builds_without_gpu(self) -> bool:
        """Plans are made for a list of targets, not for the card that is here."""
        return self.name == TENSORRT_RTX

    def require_driver(self) -> Driver:
        """The driver, new enough for this flavour.

        Raises:
            TensorRtError: there is none, it has no card, or it is too old.
        """
        try:
            driver = probe_driver()
        except DriverError as error:
            raise TensorRtError(f"{self.name} {self.version}: {error}") from error
        if driver.cuda_version[0] < self.cuda_major:
            major, minor = driver.cuda_version
            raise TensorRtError(
                f"{self.name} {self.version} is made for CUDA {self.cuda_major}, this machine's NVIDIA driver runs "
                f"CUDA {major}.{minor} at most; update the driver, or install the {self.name} packages for CUDA {major}"
            )
        return driver


def load_flavour(name: str) -> Flavour:
    """Import a flavour; none of its classes is touched.

    Raises:
        TensorRtError: it is not installed, its libraries are missing, or its version does not fit.
    """
    if name not in _FLAVOURS:
        raise TensorRtError(f"TensorRT flavour is {name!r}, expected one of {', '.join(FLAVOURS)}")
    module_name, oldest, beyond, extra = _FLAVOURS[name]
    remedy = f"pip install 'streamdit[{extra}]'"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise TensorRtError(f"{name} is not installed: {remedy}") from error
    except ImportError as error:  # the bindings are there, the libraries are not
        raise TensorRtError(f"{name} is installed without its libraries ({error}): {remedy}") from error
    version = str(module.__version__)
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if not oldest <= numbers < beyond:
        wanted = f"{'.'.join(map(str, oldest))} or later, below {'.'.join(map(str, beyond))}"
        raise TensorRtError(f"{name} is version {version}, expected {wanted}: {remedy}")
    return Flavour(name, module, version, _cuda_major(module_name))


def _cuda_major(module_name: str) -> int:
    """The CUDA a flavour's bindings were made for, from the name of their package: `tensorrt_rtx_cu13_bindings`."""
    package = re.compile(rf"{module_name}[_-]cu(\d+)[_-]bindings")
    for distribution in importlib.metadata.distributions():
        found = package.fullmatch((distribution.metadata["Name"] or "").replace("-", "_"))
        if found:
            return int(found[1])
    raise TensorRtError(f"{module_name} was not installed from its packages on PyPI: its CUDA version is unknown")
