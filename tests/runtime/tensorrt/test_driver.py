"""The driver is asked through a `libcuda.so.1`; here a small one made of C, whose answers the environment gives."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine_service.runtime.tensorrt.driver import DriverError, probe_driver
from engine_service.runtime.tensorrt.flavour import TENSORRT, TENSORRT_RTX, Flavour, TensorRtError, load_flavour

LIBCUDA = r"""
#include <stdlib.h>
#include <string.h>
static int number(const char *name, int otherwise) { const char *v = getenv(name); return v ? atoi(v) : otherwise; }
int cuInit(unsigned flags) { return number("FAKE_INIT", 0); }
int cuDriverGetVersion(int *v) { *v = number("FAKE_VERSION", 13000); return 0; }
int cuDeviceGetCount(int *n) { *n = number("FAKE_COUNT", 1); return 0; }
int cuDeviceGet(int *device, int i) { *device = i; return 0; }
int cuDeviceGetName(char *name, int size, int device) {
  strncpy(name, device ? "NVIDIA L4" : "NVIDIA H200", size); return number("FAKE_NAME", 0);
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 75 ? (device ? 8 : 9) : (device ? 9 : 0); return 0;
}
"""
ASKS = """
from engine_service.runtime.tensorrt.driver import DriverError, probe_driver
try:
    driver = probe_driver()
    print(driver.cuda_version, *driver.gpus, *[gpu.target for gpu in driver.gpus], sep=" | ")
except DriverError as error:
    print(error)
"""
REQUIRES = """
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError
try:
    print(Flavour("tensorrt", None, "11.4.0.106", 13).require_driver().gpus[0])
except TensorRtError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def libcuda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a driver in it."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler to make a driver with")
    folder = tmp_path_factory.mktemp("driver")
    (folder / "cuda.c").write_text(LIBCUDA)
    library = folder / "libcuda.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(folder / "cuda.c")], check=True)
    return folder


def run(script: str, libcuda: Path, **answers: int) -> str:
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(libcuda),
        **{f"FAKE_{name.upper()}": str(value) for name, value in answers.items()},
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_a_driver_tells_its_version_and_its_cards(libcuda: Path) -> None:
    assert run(ASKS, libcuda, count=2, version=12080) == (
        "(12, 8) | NVIDIA H200 (compute capability 9.0) | NVIDIA L4 (compute capability 8.9) | sm90 | sm89"
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"init": 100}, "finds no GPU"),
        ({"count": 0}, "finds no GPU"),
        ({"init": 803}, "does not start: cuInit gives CUDA error 803"),
        ({"name": 3}, "does not start: cuDeviceGetName gives CUDA error 3"),
    ],
)
def test_a_driver_that_does_not_answer_says_what_helps(libcuda: Path, answers: dict[str, int], words: str) -> None:
    found = run(ASKS, libcuda, **answers)
    assert words in found
    assert "nvidia-smi" in found


def test_a_driver_older_than_the_flavours_cuda_is_refused_with_both_versions(libcuda: Path) -> None:
    assert run(REQUIRES, libcuda, version=13010) == "NVIDIA H200 (compute capability 9.0)"
    refusal = run(REQUIRES, libcuda, version=12040)
    assert "tensorrt 11.4.0.106 is made for CUDA 13, this machine's NVIDIA driver runs CUDA 12.4 at most" in refusal
    assert "update the driver" in refusal


def has_driver() -> bool:
    try:
        probe_driver()
    except DriverError:
        return False
    return True


@pytest.mark.skipif(has_driver(), reason="this machine has a driver")
def test_without_a_driver_the_library_is_named_and_another_backend() -> None:
    with pytest.raises(TensorRtError, match=r"no NVIDIA driver: libcuda\.so\.1.*--backend openvino"):
        Flavour(TENSORRT, None, "11.4.0.106", 13).require_driver()


def test_a_flavour_knows_its_version_and_its_cuda() -> None:
    flavour = load_flavour(TENSORRT_RTX)
    assert flavour.version.startswith("1.")
    assert flavour.cuda_major in (12, 13)
    assert flavour.builds_without_gpu


def test_an_unknown_flavour_is_refused_with_those_there_are() -> None:
    with pytest.raises(TensorRtError, match="flavour is 'tensorflow', expected one of tensorrt, tensorrt-rtx"):
        load_flavour("tensorflow")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("__version__ = '9.3.0'", "tensorrt is version 9.3.0, expected 10.16 or later, below 12.0"),
        ("__version__ = '12.0.1'", "tensorrt is version 12.0.1"),
        ("raise ImportError('libnvinfer.so.11: cannot open shared object file')", "without its libraries (libnvinfer"),
        ("raise ModuleNotFoundError(name='tensorrt')", "tensorrt is not installed: pip install 'streamdit[tensorrt]'"),
        ("__version__ = '11.4.0.106'", "its CUDA version is unknown"),
    ],
)
def test_a_module_that_does_not_fit_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, words: str
) -> None:
    (tmp_path / "tensorrt.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
    with pytest.raises(TensorRtError) as refused:
        load_flavour(TENSORRT)
    assert words in str(refused.value)
    sys.modules.pop("tensorrt", None)
