"""What NVML says of the GPU, a few times a second, from a thread of its own: never asked for while frames are made.

`GpuSampler` takes one reading; `GpuMonitor` is the thread around it. The module `pynvml` comes from the package
nvidia-ml-py. Under MIG clocks, power and heat are the whole chip's, memory and processes the instance's.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import pynvml

from engine_service.stream.clock import Clock, SystemClock
from engine_service.types import GpuReading

T = TypeVar("T")

# Bits of the clocks-event reasons (nvml.h) that slow the chip down against its will. Idleness, application clocks,
# a display's clocks and a sync group are settings.
THROTTLES: Mapping[int, str] = {
    pynvml.nvmlClocksEventReasonSwPowerCap: "power cap",
    pynvml.nvmlClocksEventReasonHwSlowdown: "hardware slowdown",
    pynvml.nvmlClocksEventReasonSwThermalSlowdown: "software thermal slowdown",
    pynvml.nvmlClocksEventReasonHwThermalSlowdown: "hardware thermal slowdown",
    pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown: "power brake",
}
_LOST = (
    pynvml.NVML_ERROR_GPU_IS_LOST,
    pynvml.NVML_ERROR_RESET_REQUIRED,
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
    pynvml.NVML_ERROR_UNINITIALIZED,
)
_REMEDIES = {
    pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "install the NVIDIA driver, or give the container its libraries",
    pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "load the driver (modprobe nvidia)",
    pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "the driver was updated under a running system: restart it",
    pynvml.NVML_ERROR_NO_PERMISSION: "let this user open /dev/nvidia*",
}


class GpuError(RuntimeError):
    """NVML cannot be asked; the message says why and what would help."""


class _LostError(Exception):
    """The GPU that was there is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuConfig:
    """Which GPU to watch, and how often."""

    device: str = "0"  # NVML's index, or a UUID: "GPU-..." or "MIG-..."
    rate_hz: float = 4.0  # the driver renews utilisation one to six times a second

    def __post_init__(self) -> None:
        if not 0.1 <= self.rate_hz <= 20.0:
            raise ValueError(f"rate_hz is {self.rate_hz}, must be 0.1..20")
        if not (self.device.isdecimal() or self.device.startswith(("GPU-", "MIG-"))):
            raise ValueError(f"device is {self.device!r}, expected an index, or a UUID that begins with GPU- or MIG-")


def visible_device(environ: Mapping[str, str]) -> str:
    """The first of CUDA_VISIBLE_DEVICES, else the first of all.

    CUDA counts by speed unless CUDA_DEVICE_ORDER is PCI_BUS_ID, NVML by place: among unlike cards name a UUID.
    """
    first = environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    return first or "0"


class GpuSampler:
    """Asks NVML. Open until `close`; for one thread at a time."""

    def __init__(self, device: str = "0", *, pid: int | None = None) -> None:
        """`pid` is this process unless given.

        Raises:
            GpuError: no driver, no library, or no such GPU.
        """
        self._pid = os.getpid() if pid is None else pid
        self._newest_sample_us = 0  # of processes, as the driver counts
        self._lost = False
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            raise _unavailable("NVML does not start", error) from error
        try:
            self._part = self._open(device)
            self._chip = self._chip_of(self._part)
            self.name = _ask(pynvml.nvmlDeviceGetName, self._part) or "unnamed GPU"
        except pynvml.NVMLError as error:
            pynvml.nvmlShutdown()
            raise _unavailable(f"GPU {device} cannot be opened", error) from error
        except _LostError as error:
            pynvml.nvmlShutdown()
            raise GpuError(f"GPU {device} is lost: {error}; reset it or restart the machine") from error

    def close(self) -> None:
        """Give NVML back. A driver that is gone has nothing left to give back."""
        try:
            pynvml.nvmlShutdown()
        except pynvml.NVMLError as error:
            if error.value not in _LOST:
                raise

    def read(self, now_ns: int) -> GpuReading:
        """Everything the driver tells now; once the GPU is lost, that alone."""
        if not self._lost:
            try:
                return self._read(now_ns)
            except _LostError:
                self._lost = True
        return GpuReading(time_ns=now_ns, name=self.name, lost=True)

    def _read(self, now_ns: int) -> GpuReading:
        chip, part = self._chip, self._part
        rates = _ask(pynvml.nvmlDeviceGetUtilizationRates, part)
        memory = _ask(pynvml.nvmlDeviceGetMemoryInfo, part)
        power_mw = _ask(pynvml.nvmlDeviceGetPowerUsage, chip)
        limit_mw = _ask(pynvml.nvmlDeviceGetEnforcedPowerLimit, chip)
        energy_mj = _ask(pynvml.nvmlDeviceGetTotalEnergyConsumption, chip)
        temperature_c = self._temperature()
        own_bytes, other_bytes = self._process_memory()
        own_pct, other_pct = self._process_use()
        return GpuReading(
            time_ns=now_ns,
            name=self.name,
            gpu_pct=None if rates is None else rates.gpu,
            memory_pct=None if rates is None else rates.memory,
            sm_clock_mhz=_ask(pynvml.nvmlDeviceGetClockInfo, chip, pynvml.NVML_CLOCK_SM),
            sm_clock_max_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, chip, pynvml.NVML_CLOCK_SM),
            memory_clock_mhz=_ask(pynvml.nvmlDeviceGetClockInfo, chip, pynvml.NVML_CLOCK_MEM),
            memory_clock_max_mhz=_ask(pynvml.nvmlDeviceGetMaxClockInfo, chip, pynvml.NVML_CLOCK_MEM),
            throttle_reasons=self._throttle_reasons(),
            power_w=None if power_mw is None else power_mw / 1e3,
            power_limit_w=None if limit_mw is None else limit_mw / 1e3,
            energy_j=None if energy_mj is None else energy_mj / 1e3,
            temperature_c=temperature_c,
            margin_c=self._margin(temperature_c),
            memory_used_bytes=None if memory is None else memory.used,
            memory_total_bytes=None if memory is None else memory.total,
            own_memory_bytes=own_bytes,
            other_memory_bytes=other_bytes,
            own_gpu_pct=own_pct,
            other_gpu_pct=other_pct,
        )

    def _open(self, device: str) -> Any:
        """The GPU; if it is split by MIG, its first instance, which is the one that CUDA takes too."""
        if not device.isdecimal():
            return pynvml.nvmlDeviceGetHandleByUUID(device)
        chip = pynvml.nvmlDeviceGetHandleByIndex(int(device))
        mode = _ask(pynvml.nvmlDeviceGetMigMode, chip)
        if mode is None or mode[0] != pynvml.NVML_DEVICE_MIG_ENABLE:
            return chip
        for index in range(_ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, chip) or 0):
            part = _ask(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, chip, index)
            if part is not None:
                return part
        return chip

    def _chip_of(self, part: Any) -> Any:
        chip = _ask(pynvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle, part)
        return part if chip is None else chip

    def _throttle_reasons(self) -> tuple[str, ...] | None:
        bits = _ask(pynvml.nvmlDeviceGetCurrentClocksEventReasons, self._chip)
        if bits is None:  # a driver from before the reasons were renamed
            bits = _ask(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons, self._chip)
        return None if bits is None else tuple(word for bit, word in THROTTLES.items() if bits & bit)

    def _temperature(self) -> int | None:
        celsius = _ask(pynvml.nvmlDeviceGetTemperatureV, self._chip, pynvml.NVML_TEMPERATURE_GPU)
        if celsius is None:  # an older driver
            celsius = _ask(pynvml.nvmlDeviceGetTemperature, self._chip, pynvml.NVML_TEMPERATURE_GPU)
        return celsius

    def _margin(self, temperature_c: int | None) -> int | None:
        margin_c = _ask(pynvml.nvmlDeviceGetMarginTemperature, self._chip)
        if margin_c is None and temperature_c is not None:
            slowdown = pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN
            limit_c = _ask(pynvml.nvmlDeviceGetTemperatureThreshold, self._chip, slowdown)
            margin_c = None if limit_c is None else limit_c - temperature_c
        return margin_c

    def _process_memory(self) -> tuple[int | None, int | None]:
        """Bytes of this process and of all others."""
        processes = _ask(pynvml.nvmlDeviceGetComputeRunningProcesses_v3, self._part)
        if processes is None:  # an older driver
            processes = _ask(pynvml.nvmlDeviceGetComputeRunningProcesses_v2, self._part)
        if processes is None or self._pid not in [process.pid for process in processes]:
            return None, None
        own = [process.usedGpuMemory for process in processes if process.pid == self._pid]
        others = [process.usedGpuMemory for process in processes if process.pid != self._pid]
        return _total(own), _total(others)

    def _process_use(self) -> tuple[int | None, int | None]:
        """Per cent of this process and of all others, of what the driver sampled since the last reading."""
        samples = _ask(pynvml.nvmlDeviceGetProcessUtilization, self._part, self._newest_sample_us)
        if samples is None or self._pid not in [sample.pid for sample in samples]:
            return None, None
        self._newest_sample_us = max(sample.timeStamp for sample in samples)
        newest = {sample.pid: sample for sample in sorted(samples, key=lambda sample: int(sample.timeStamp))}
        others = sum(sample.smUtil for pid, sample in newest.items() if pid != self._pid)
        return newest[self._pid].smUtil, min(100, others)


def _ask(call: Callable[..., T], *arguments: Any) -> T | None:
    """The driver's answer; None if it has none to this question.

    Raises:
        _LostError: there is nobody left to ask.
    """
    try:
        return call(*arguments)
    except pynvml.NVMLError as error:
        if error.value in _LOST:
            raise _LostError(str(error)) from error
        return None  # not supported here, unknown to this driver, not allowed, nothing sampled yet


def _total(memory_bytes: list[int | None]) -> int | None:
    """A sum of which every part is known; Windows does not tell memory by process."""
    known = [value for value in memory_bytes if value is not None]
    return sum(known) if len(known) == len(memory_bytes) else None


def _unavailable(what: str, error: pynvml.NVMLError) -> GpuError:
    remedy = _REMEDIES.get(error.value)
    return GpuError(f"{what}: {error}" + (f"; {remedy}" if remedy else ""))


def nothing_to_tell(_reading: GpuReading) -> None:
    """For a monitor that is only asked."""


class GpuMonitor:
    """A thread that keeps the newest reading; a context manager.

    `hear` is called with every reading, in that thread, which ends after a reading that says `lost`.
    """

    def __init__(
        self,
        config: GpuConfig,
        *,
        clock: Clock | None = None,
        hear: Callable[[GpuReading], None] = nothing_to_tell,
    ) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._hear = hear
        self._newest: GpuReading | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def newest(self) -> GpuReading | None:
        """The newest reading, without waiting; None before `start`."""
        return self._newest

    def start(self) -> None:
        """Take the first reading and go on in a thread.

        Raises:
            GpuError: no driver, no library, or no such GPU.
        """
        if self._thread is not None:
            raise RuntimeError("the GPU monitor is already running")
        sampler = GpuSampler(self._config.device)
        self._newest = sampler.read(self._clock.now_ns())
        self._thread = threading.Thread(target=self._run, args=(sampler,), name="streamdit-gpu", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread; one that hangs in the driver is left behind after `timeout_s`. May be repeated."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, sampler: GpuSampler) -> None:
        reading = self._newest
        try:
            while reading is not None:
                self._hear(reading)
                if reading.lost or self._stopping.wait(1 / self._config.rate_hz):
                    return
                reading = self._newest = sampler.read(self._clock.now_ns())
        finally:
            sampler.close()
