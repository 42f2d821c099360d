"""A graphics card that a test turns knobs on, behind the real `pynvml`: a `libnvidia-ml.so.1` built from C."""

import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SOURCE = Path(__file__).with_name("fake_nvml.c")
SONAME = "libnvidia-ml.so.1"
GIB = 1 << 30
IDLE, APPLICATION_CLOCKS, POWER_CAP, HARDWARE_SLOWDOWN = 0x1, 0x2, 0x4, 0x8
GPU_IS_LOST, DRIVER_NOT_LOADED, VERSION_MISMATCH = 15, 9, 18
HEALTHY = {
    "name": "Fake H200",
    "gpu": 37,
    "memory": 11,
    "sm_clock": 1980,
    "sm_clock_max": 1980,
    "memory_clock": 3201,
    "memory_clock_max": 3201,
    "reasons": 0,
    "power_mw": 410_500,
    "power_limit_mw": 700_000,
    "energy_mj": 5_000_000,
    "temperature": 45,
    "slowdown_temperature": 87,
    "margin": 40,
    "memory_used": 30 * GIB,
    "memory_total": 140 * GIB,
    "mig": 0,
}


@cache
def built(*, old_driver: bool = False) -> Path:
    """The folder of the library; skips where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build the fake NVML with")
    folder = Path(mkdtemp(prefix="fake-nvml-"))
    flags = ["-shared", "-fPIC", "-Wall", "-Werror", f"-Wl,-soname,{SONAME}", *(["-DOLD_DRIVER"] if old_driver else [])]
    subprocess.run([compiler, *flags, "-o", str(folder / SONAME), str(SOURCE)], check=True)
    return folder


class FakeCard:
    """What the card says from now on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.values: dict[str, object] = dict(HEALTHY)
        self._write()

    def set(self, **values: object) -> None:
        """None takes a call's support away."""
        self.values |= values
        self._write()

    def throttle(self, reasons: int = HARDWARE_SLOWDOWN, *, sm_clock: int = 990) -> None:
        self.set(reasons=reasons, sm_clock=sm_clock)

    def recover(self) -> None:
        self.set(reasons=0, sm_clock=1980)

    def fall_off_the_bus(self) -> None:
        self.set(error=GPU_IS_LOST)

    def _write(self) -> None:
        fresh = self.file.with_suffix(".new")
        lines = [f"{key}={value}" for key, value in self.values.items() if value is not None]
        fresh.write_text("\n".join(lines) + "\n")
        os.replace(fresh, self.file)  # never half a file


def environment(card: FakeCard, *, old_driver: bool = False) -> dict[str, str]:
    """For another process, which will find this card."""
    folder = str(built(old_driver=old_driver))
    return {**os.environ, "LD_LIBRARY_PATH": folder, "FAKE_NVML_STATE": str(card.file)}


def preload() -> None:
    """Let this process's pynvml find the fake: it asks for the library by its soname, and that is loaded then."""
    ctypes.CDLL(str(built() / SONAME), mode=ctypes.RTLD_GLOBAL)
