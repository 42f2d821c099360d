"""Every TensorRT name this project uses exists in every TensorRT it claims to support.

The names are read from the source itself. TensorRT-RTX is here in whole; of the full TensorRT only the bindings are on
PyPI, without the libraries they need: ten functions that return nothing, made of C, let them be imported and looked at.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine_service.runtime.tensorrt as package

ROOT = Path(__file__).resolve().parents[3]
WHEELS = ROOT / ".wheels"
SOURCES = sorted(path for path in Path(package.__file__ or "").parent.glob("*.py"))
VERSIONS = ("10.16.1.11", "11.4.0.106")

# Which class of TensorRT a variable of that name holds, in builder.py and backend.py.
HOLDS = {
    "builder": "Builder",
    "network": "INetworkDefinition",
    "parser": "OnnxParser",
    "error": "ParserError",
    "config": "IBuilderConfig",
    "cache": "ITimingCache",
    "layer": "ILayer",
    "runtime": "Runtime",
    "engine": "ICudaEngine",
    "context": "IExecutionContext",
}
# Not of TensorRT, though of a variable of that name.
OTHERS = {
    "cache": {"folder", "look_up", "write"},  # plans.PlanCache
    "layer": {"__class__", "attention"},  # cast to IAttentionInputLayer first
    "error": {"strerror", "errno"},  # OSError
}
RTX_ONLY = {"ComputeCapability", "IBuilderConfig.num_compute_capabilities", "IBuilderConfig.set_compute_capability"}
# Used where no variable of those names stands.
ALSO = {
    "IAttentionInputLayer.attention",
    "IAttention.decomposable",
    "ILogger.log",
    "IProgressMonitor.phase_start",
    "IProgressMonitor.step_complete",
    "IProgressMonitor.phase_finish",
    "ITensor.name",
    "ITensor.dtype",
    "ITensor.shape",
}
STUB = """
#include <stddef.h>
#define NOTHING(name) void *name(void) { return NULL; }
NOTHING(createInferBuilder_INTERNAL) NOTHING(createInferRefitter_INTERNAL) NOTHING(createInferRuntime_INTERNAL)
NOTHING(createNvOnnxParser_INTERNAL) NOTHING(createNvOnnxParserRefitter_INTERNAL) NOTHING(getBuilderPluginRegistry)
NOTHING(getPluginRegistry) NOTHING(getNvOnnxParserVersion) NOTHING(getInferLibVersion) NOTHING(initLibNvInferPlugins)
"""
LOOKS = """
import importlib, json, sys
trt = importlib.import_module(sys.argv[1])
def has(name):
    found = trt
    for part in name.split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True
print(json.dumps([name for name in json.load(sys.stdin) if not has(name)]))
"""


def names_used() -> set[str]:
    """`Builder.create_network` and the like, of all of this project's TensorRT code."""
    return ALSO.union(*(set(_names(ast.parse(path.read_text()))) for path in SOURCES))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        parts, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            continue
        if inner.id == "trt":
            yield ".".join(parts).removesuffix(".__init__")
        elif inner.id in HOLDS and parts[0] not in OTHERS.get(inner.id, set()):
            yield f"{HOLDS[inner.id]}.{parts[0]}"


def missing(module: str, names: set[str], paths: dict[str, str]) -> list[str]:
    """Those of `names` that a module lacks; it is imported by another process."""
    done = subprocess.run(
        [sys.executable, "-c", LOOKS, module],
        input=json.dumps(sorted(names)),
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    absent: list[str] = json.loads(done.stdout)
    return absent


@pytest.fixture(scope="module", params=VERSIONS)
def bindings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the real bindings of one version, and libraries that answer nothing."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    wheels = list(WHEELS.glob(f"tensorrt_cu13_bindings-{request.param}-{python}-*.whl"))
    if not wheels:
        pytest.skip(
            f"no tensorrt-cu13-bindings {request.param} for this Python in {WHEELS.name}/: `make wheels` gets it"
        )
    if shutil.which("cc") is None:
        pytest.skip("no C compiler for the libraries that the bindings ask for")
    folder = tmp_path_factory.mktemp("bindings")
    zipfile.ZipFile(wheels[0]).extractall(folder)
    (folder / "stub.c").write_text(STUB)
    major = request.param.split(".")[0]
    for library in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
        target = folder / f"lib{library}.so.{major}"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(target), str(folder / "stub.c")], check=True)
    return folder


def test_every_name_exists_in_the_full_tensorrt(bindings: Path) -> None:
    paths = {"PYTHONPATH": str(bindings), "LD_LIBRARY_PATH": str(bindings)}
    assert missing("tensorrt_bindings", names_used() - RTX_ONLY, paths) == []
    assert missing("tensorrt_bindings", {"ComputeCapability"}, paths), "else RTX_ONLY is out of date"


def test_every_name_exists_in_tensorrt_rtx() -> None:
    assert missing("tensorrt_rtx", names_used(), {}) == []


def test_the_names_are_found_in_the_source() -> None:
    """The other tests are worth nothing if this one fails."""
    assert {
        "Builder",
        "Builder.build_serialized_network",
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
        "OnnxParser.parse_from_file",
        "IBuilderConfig.progress_monitor",
        "ParserError.node_name",
        "ILayer.type",
        "LayerType.ATTENTION_INPUT",
        "ITimingCache.serialize",
    } <= names_used()
    assert missing("tensorrt_rtx", {"Builder.no_such_name"}, {}) == ["Builder.no_such_name"]
