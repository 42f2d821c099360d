"""Graphs are really compiled, by TensorRT for RTX, which needs no GPU for that; and what it refuses is named.

Nothing is executed: that needs a card. Numbers are compared in tests/runtime/test_export.py, on the same graphs.
"""

import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper

from engine_service.model.partition import PAPER
from engine_service.model.presets import PRESETS
from engine_service.runtime.denoiser import MicroStep
from engine_service.runtime.export import (
    PRECISIONS,
    PROTOBUF_BYTES,
    decoder_graph,
    encoder_graph,
    export_graph,
    micro_step_graph,
)
from engine_service.runtime.quantised import observed, quantised_graph
from engine_service.runtime.tensorrt.builder import BuildError, BuildOptions, Built, build_plan
from engine_service.runtime.tensorrt.driver import DriverError, probe_driver
from engine_service.runtime.tensorrt.flavour import TENSORRT, TENSORRT_RTX, Flavour, TensorRtError, load_flavour
from engine_service.runtime.untrained import untrained_networks
from engine_service.runtime.weights import load_networks
from engine_service.runtime.world import EMBEDDED, load_world
from tests.fakes import tiny_networks

pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed: pip install 'streamdit[tensorrt-rtx]'")

BOTH = ("sm89", "sm120")
FUSED = re.compile(rb"_gemm_mha_v2_0x[0-9a-f]{32}")  # undocumented names of attention kernels in a plan

RUNS_OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from engine_service.runtime.tensorrt.builder import BuildOptions, build_plan
from engine_service.runtime.tensorrt.flavour import TensorRtError, load_flavour

flavour = load_flavour("tensorrt-rtx")
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]), used + int(sys.argv[2])))
try:
    build_plan(flavour, Path(sys.argv[1]), BuildOptions(targets=("sm89",)))
except TensorRtError as error:
    print(error)
"""


@pytest.fixture(scope="module", autouse=True)
def _untraced() -> Iterator[None]:
    """Torch writes down every step of an export if anybody listens, and pytest does: ten times slower."""
    log = logging.getLogger("torch.__trace")
    log.disabled = True
    yield
    log.disabled = False


@pytest.fixture(scope="module")
def rtx() -> Flavour:
    return load_flavour(TENSORRT_RTX)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graphs")


def built_twice_alike(rtx: Flavour, file: Path, targets: tuple[str, ...]) -> Built:
    options = BuildOptions(targets=targets, flags=("REQUIRE_USER_ALLOCATION",))
    first, second = (build_plan(rtx, file, options) for _ in range(2))
    assert len(first.data) > 100_000
    assert first.data == second.data
    return first


def hope_for_fused_attention(built: Built) -> None:
    """A soft check, since the names are nobody's promise: a miss is a line in the report, not a failure."""
    if not FUSED.search(built.data):
        warnings.warn("no fused attention kernel is named in this plan", pytest.PytestWarning, stacklevel=2)


@pytest.mark.filterwarnings("default::pytest.PytestWarning")
@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_critters_compiles_for_both_generations_with_the_same_bytes_twice(
    rtx: Flavour, folder: Path, precision: str
) -> None:
    world = load_world(EMBEDDED / "critters")
    networks = load_networks(world)
    length = world.world.profiles["responsive"].num_latents
    micro_step = folder / f"critters-{precision}.onnx"
    export_graph(micro_step_graph(networks, precision, length, 1), micro_step)
    built = built_twice_alike(rtx, micro_step, BOTH)
    assert built.shapes[0] == f"latents float 1x{length}x32x16x16"
    assert built.shapes[-1] == f"moved float 1x{length}x32x16x16"
    hope_for_fused_attention(built)
    for graph in (decoder_graph(networks, precision, 2), encoder_graph(networks, precision)):
        file = folder / f"critters-{graph.name}.onnx"
        export_graph(graph, file)
        built_twice_alike(rtx, file, BOTH)


@pytest.mark.filterwarnings("default::pytest.PytestWarning")
@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_the_papers_shapes_compile_with_random_weights(rtx: Flavour, folder: Path, precision: str) -> None:
    networks = untrained_networks(PRESETS["streamdit-tiny"], PRECISIONS[precision])
    file = folder / f"tiny-{precision}.onnx"
    export_graph(micro_step_graph(networks, precision, PAPER.num_latents, 1), file)
    built = built_twice_alike(rtx, file, BOTH)
    assert built.shapes[0] == "latents float 1x16x8x64x64"
    hope_for_fused_attention(built)


def test_fp8_compiles_for_cards_that_have_it_and_is_refused_for_others_by_its_type(rtx: Flavour, folder: Path) -> None:
    networks = tiny_networks()
    file = folder / "fp8.onnx"
    graph = micro_step_graph(networks, "fp16", 4, 1)
    with observed(networks.dit) as largest, torch.inference_mode():
        MicroStep(networks.dit)(*graph.inputs.values())
    export_graph(quantised_graph(graph, "fp8", largest), file)
    build_plan(rtx, file, BuildOptions(targets=BOTH))
    with pytest.raises(BuildError, match=r"fp8\.onnx: .*sm86 cannot compute in fp8_e4m3; use fp16 or bf16"):
        build_plan(rtx, file, BuildOptions(targets=("sm86",)))


def test_attention_in_single_precision_compiles_only_where_it_may_be_taken_apart(rtx: Flavour, folder: Path) -> None:
    file = folder / "fp32.onnx"
    export_graph(micro_step_graph(tiny_networks(), "fp32", 4, 1), file)
    with pytest.raises(BuildError, match="attention of this precision or shape has no kernel; use fp16 or bf16"):
        build_plan(rtx, file, BuildOptions(targets=("sm89",)))
    assert build_plan(rtx, file, BuildOptions(targets=("sm89",), decomposable=True)).data


# ------------------------------------------------------------------------------------------------ what is refused


def small_graph(file: Path, nodes: list[onnx.NodeProto], kinds: tuple[int, int]) -> Path:
    """Two inputs `a` and `b` of these types, 4x4, through `nodes` to `y`."""
    ends = [helper.make_tensor_value_info(name, kind, [4, 4]) for name, kind in zip("ab", kinds, strict=True)]
    out = helper.make_tensor_value_info("y", kinds[0], [4, 4])
    graph = helper.make_graph(nodes, "small", ends, [out])
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("ours", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets), file)
    return file


def test_an_operator_nobody_knows_is_refused_with_its_nodes_name(rtx: Flavour, tmp_path: Path) -> None:
    node = helper.make_node("Sparkle", ["a", "b"], ["y"], name="dit.blocks.3/node_sparkle", domain="ours")
    file = small_graph(tmp_path / "custom.onnx", [node], (TensorProto.FLOAT, TensorProto.FLOAT))
    with pytest.raises(BuildError, match=r"custom\.onnx is not a graph .*node dit\.blocks\.3/node_sparkle \(Sparkle\)"):
        build_plan(rtx, file, BuildOptions())


def test_mixed_types_are_refused_with_the_nodes_name_and_both_types(rtx: Flavour, tmp_path: Path) -> None:
    node = helper.make_node("Mul", ["a", "b"], ["y"], name="dit.blocks.3/node_mul")
    file = small_graph(tmp_path / "mixed.onnx", [node], (TensorProto.FLOAT, TensorProto.FLOAT16))
    with pytest.raises(BuildError, match=r"(?s)node dit\.blocks\.3/node_mul \(Mul\): .*Float and Half"):
        build_plan(rtx, file, BuildOptions())


def plain_graph(tmp_path: Path) -> Path:
    node = helper.make_node("MatMul", ["a", "b"], ["y"], name="product")
    return small_graph(tmp_path / "plain.onnx", [node], (TensorProto.FLOAT16, TensorProto.FLOAT16))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (BuildOptions(targets=("sm90",)), r"target is 'sm90', .* compiles for sm75, sm80, sm86, sm89, sm120"),
        (BuildOptions(flags=("FP16",)), r"has no builder flag FP16"),
    ],
)
def test_a_target_or_flag_it_does_not_have_is_refused(
    rtx: Flavour, tmp_path: Path, options: BuildOptions, words: str
) -> None:
    with pytest.raises(BuildError, match=words):
        build_plan(rtx, plain_graph(tmp_path), options)


def test_progress_rises_and_stops_the_build_where_it_is_told_to(rtx: Flavour, tmp_path: Path) -> None:
    shares: list[float] = []

    def report(_phase: str, share: float) -> bool:
        shares.append(share)
        return True

    build_plan(rtx, plain_graph(tmp_path), BuildOptions(targets=("sm89",)), progress=report)
    assert len(set(shares)) > 5
    assert shares == sorted(shares)
    assert (shares[0], shares[-1] > 0.8) == (0.0, True)
    assert shares[-1] <= 1
    with pytest.raises(BuildError, match=r"plain\.onnx"):
        build_plan(rtx, plain_graph(tmp_path), BuildOptions(), progress=lambda _phase, _share: False)


def test_an_onnx_file_beyond_two_gigabytes_is_refused_with_its_size(rtx: Flavour, tmp_path: Path) -> None:
    file = tmp_path / "large.onnx"
    with file.open("wb") as opened:
        opened.truncate(PROTOBUF_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(BuildError, match=r"large\.onnx has 2,147,483,649 bytes.*weights in a file beside it"):
        build_plan(rtx, file, BuildOptions())


def test_memory_that_runs_out_is_a_clear_error(rtx: Flavour, tmp_path: Path) -> None:
    del rtx
    size = 4096
    weight = onnx.numpy_helper.from_array(torch.ones(size, size, dtype=torch.float16).numpy(), "w")
    node = helper.make_node("MatMul", ["a", "w"], ["y"], name="product")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT16, [8, size]) for name in ("a", "y")]
    graph = helper.make_graph([node], "heavy", ends[:1], ends[1:], [weight])
    file = tmp_path / "heavy.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)]), file)
    done = subprocess.run(
        [sys.executable, "-c", RUNS_OUT_OF_MEMORY, str(file), str(60 * 2**20)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert "heavy.onnx: memory ran out while compiling; stop what else uses it" in done.stdout, done


def has_driver() -> bool:
    try:
        probe_driver()
    except DriverError:
        return False
    return True


@pytest.mark.skipif(has_driver(), reason="this machine has a driver")
def test_the_full_tensorrt_is_not_touched_without_a_driver(tmp_path: Path) -> None:
    """Its module is None here: to touch it would be an AttributeError."""
    with pytest.raises(TensorRtError, match="no NVIDIA driver"):
        build_plan(Flavour(TENSORRT, None, "11.4.0.106", 13), plain_graph(tmp_path), BuildOptions())
