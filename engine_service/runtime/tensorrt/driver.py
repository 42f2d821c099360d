"""The NVIDIA driver, asked through its own library: TensorRT's runtime can crash a process that has none."""

import ctypes
from dataclasses import dataclass

DRIVER_LIBRARY = "libcuda.so.1"
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
NAME_BYTES = 256


class DriverError(RuntimeError):
    """No usable driver; the message says what is missing and what helps."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card as the driver names it."""

    name: str
    capability: tuple[int, int]  # compute capability, e.g. (9, 0)

    @property
    def target(self) -> str:
        """What a plan for such cards is compiled for: `sm89`."""
        return f"sm{self.capability[0]}{self.capability[1]}"

    def __str__(self) -> str:
        return f"{self.name} (compute capability {self.capability[0]}.{self.capability[1]})"


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver that answered."""

    cuda_version: tuple[int, int]  # the newest CUDA it runs
    gpus: tuple[Gpu, ...]  # at least one


def probe_driver() -> Driver:
    """Ask the driver for its version and its cards; nothing is allocated and no context is made.

    Raises:
        DriverError: there is no driver, it does not start, or it has no card.
    """
    try:
        library = ctypes.CDLL(DRIVER_LIBRARY)
    except OSError as error:
        missing = f"{DRIVER_LIBRARY} is missing" if "No such file" in str(error) else str(error)
        raise DriverError(
            f"no NVIDIA driver: {missing}; install the driver of this machine's card, or use --backend openvino"
        ) from error
    status = library.cuInit(0)
    if status == NO_DEVICE:
        raise DriverError("the NVIDIA driver finds no GPU; see nvidia-smi, or CUDA_VISIBLE_DEVICES if it is set")
    _expect(status, "cuInit")
    version, count = ctypes.c_int(), ctypes.c_int()
    _expect(library.cuDriverGetVersion(ctypes.byref(version)), "cuDriverGetVersion")
    _expect(library.cuDeviceGetCount(ctypes.byref(count)), "cuDeviceGetCount")
    if count.value == 0:
        raise DriverError("the NVIDIA driver finds no GPU; see nvidia-smi, or CUDA_VISIBLE_DEVICES if it is set")
    gpus = tuple(_gpu(library, i) for i in range(count.value))
    return Driver((version.value // 1000, version.value % 1000 // 10), gpus)


def _gpu(library: ctypes.CDLL, index: int) -> Gpu:
    device, name = ctypes.c_int(), ctypes.create_string_buffer(NAME_BYTES)
    _expect(library.cuDeviceGet(ctypes.byref(device), index), "cuDeviceGet")
    _expect(library.cuDeviceGetName(name, NAME_BYTES, device), "cuDeviceGetName")
    capability = []
    for attribute in (MAJOR, MINOR):
        value = ctypes.c_int()
        _expect(library.cuDeviceGetAttribute(ctypes.byref(value), attribute, device), "cuDeviceGetAttribute")
        capability.append(value.value)
    return Gpu(name.value.decode(), (capability[0], capability[1]))


def _expect(status: int, call: str) -> None:
    if status != 0:
        raise DriverError(
            f"the NVIDIA driver does not start: {call} gives CUDA error {status}; "
            "see nvidia-smi, restart the machine after a driver update"
        )
