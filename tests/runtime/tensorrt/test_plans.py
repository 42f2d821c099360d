"""A plan is loaded if its sidecar says exactly what is wanted and its bytes are whole; else the reason is in words."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine_service.runtime.tensorrt.driver import Gpu
from engine_service.runtime.tensorrt.flavour import TENSORRT, TENSORRT_RTX, Flavour
from engine_service.runtime.tensorrt.plans import PlanCache, PlanError, PlanKey, why_not_here

NAME = "micro-step-fp16-3-latents-batch-1"
KEY = PlanKey(
    graph="a" * 64,
    source="b" * 64,
    flavour=TENSORRT_RTX,
    version="1.7.1.116",
    cuda_major=13,
    device="any of the targets",
    targets=("sm89", "sm120"),
    shapes=("latents float32 1x3x32x16x16", "sigmas float32 1x3"),
    flags=("REQUIRE_USER_ALLOCATION",),
    optimization_level=3,
    decomposable=False,
)
DATA = bytes(range(256)) * 40

WRITES_TO_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from engine_service.runtime.tensorrt.plans import PlanCache, PlanError
from tests.runtime.tensorrt.test_plans import DATA, KEY, NAME

resource.setrlimit(resource.RLIMIT_FSIZE, (len(DATA) // 2, len(DATA) // 2))
try:
    PlanCache(Path(sys.argv[1])).write(NAME, KEY, DATA, 1.0)
except PlanError as error:
    print(error)
"""


@pytest.fixture
def cache(tmp_path: Path) -> PlanCache:
    return PlanCache(tmp_path / "plans")


def test_a_plan_comes_back_with_its_bytes(cache: PlanCache) -> None:
    written = cache.write(NAME, KEY, DATA, 2.5)
    found = PlanCache(cache.folder).look_up(NAME, KEY.of_graph())
    assert found.plan is not None, found.why
    assert (found.plan.read(), found.plan.built_s, found.plan.path) == (DATA, 2.5, written.path)
    assert sorted(path.suffix for path in cache.folder.iterdir()) == [".json", ".plan"]


def test_a_plan_is_found_by_its_source_before_the_graph_is_exported(cache: PlanCache) -> None:
    cache.write(NAME, KEY, DATA, 1.0)
    assert cache.look_up(NAME, replace(KEY, graph="").of_source()).plan is not None
    assert cache.look_up(NAME, replace(KEY, graph="", source="c" * 64).of_source()).plan is None


def test_another_source_of_the_same_graph_finds_the_same_plan(cache: PlanCache) -> None:
    cache.write(NAME, KEY, DATA, 1.0)
    assert cache.look_up(NAME, replace(KEY, source="c" * 64).of_graph()).plan is not None


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (replace(KEY, graph="c" * 64), "graph: was aaaaaaaaaaaa..., is cccccccccccc..."),
        (replace(KEY, flavour=TENSORRT), "TensorRT flavour: was tensorrt-rtx, is tensorrt"),
        (replace(KEY, version="1.8.0.2"), "TensorRT version: was 1.7.1.116, is 1.8.0.2"),
        (replace(KEY, cuda_major=12), "CUDA: was 13, is 12"),
        (replace(KEY, device="NVIDIA H200"), "card: was any of the targets, is NVIDIA H200"),
        (replace(KEY, targets=("sm89", "sm86")), "targets: was sm120, is sm86"),
        (replace(KEY, shapes=("latents float32 2x3x32x16x16", KEY.shapes[1])), "shapes: was latents float32 1x3"),
        (replace(KEY, flags=()), "builder flags: was REQUIRE_USER_ALLOCATION, is none"),
        (replace(KEY, optimization_level=5), "optimisation level: was 3, is 5"),
        (replace(KEY, decomposable=True), "decomposable attention: was False, is True"),
    ],
)
def test_whatever_differs_is_named_with_both_values(cache: PlanCache, other: PlanKey, words: str) -> None:
    cache.write(NAME, KEY, DATA, 1.0)
    found = cache.look_up(NAME, other.of_graph())
    assert found.plan is None
    assert words in found.why
    assert ";" not in found.why, "nothing else differs"
    assert other.digest != KEY.digest


def test_the_reason_is_told_of_the_plan_that_differs_least(cache: PlanCache) -> None:
    cache.write(NAME, replace(KEY, version="1.7.0.1", graph="c" * 64, targets=()), DATA, 1.0)
    cache.write(NAME, replace(KEY, version="1.7.0.9"), DATA, 1.0)
    assert cache.look_up(NAME, KEY.of_graph()).why == "TensorRT version: was 1.7.0.9, is 1.7.1.116"


def test_a_name_without_plans_says_so(cache: PlanCache) -> None:
    cache.write(NAME, KEY, DATA, 1.0)
    assert cache.look_up("decoder-fp16-batch-1", KEY.of_graph()).why == "no plan yet"


@pytest.mark.parametrize("left", [0, 1, len(DATA) - 1])
def test_a_truncated_plan_is_never_loaded(cache: PlanCache, left: int) -> None:
    plan = cache.write(NAME, KEY, DATA, 1.0)
    plan.path.write_bytes(DATA[:left])
    found = cache.look_up(NAME, KEY.of_graph())
    assert found.plan is None
    assert found.why == f"{plan.path.name} is truncated: {left:,} of 10,240 bytes"
    with pytest.raises(PlanError, match=rf"truncated: {left:,} of 10,240 bytes; compile it again"):
        plan.read()


def test_a_changed_plan_of_the_same_length_is_never_loaded(cache: PlanCache) -> None:
    plan = cache.write(NAME, KEY, DATA, 1.0)
    plan.path.write_bytes(DATA[:-1] + b"\0")
    assert "its sha256 is not the one in its sidecar" in cache.look_up(NAME, KEY.of_graph()).why


def test_a_plan_whose_sidecar_was_never_written_is_not_there(cache: PlanCache) -> None:
    plan = cache.write(NAME, KEY, DATA, 1.0)
    plan.path.with_suffix(".json").unlink()
    assert cache.look_up(NAME, KEY.of_graph()).why == "no plan yet"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "name": "x"}'])
def test_a_sidecar_that_says_nothing_useful_is_named(cache: PlanCache, text: str) -> None:
    plan = cache.write(NAME, KEY, DATA, 1.0)
    plan.path.with_suffix(".json").write_text(text)
    found = cache.look_up(NAME, KEY.of_graph())
    assert found.plan is None
    assert f"{plan.path.with_suffix('.json').name} cannot be read" in found.why


@pytest.mark.parametrize(
    ("key", "gpu", "words"),
    [
        (KEY, Gpu("NVIDIA GeForce RTX 4090", (8, 9)), ""),
        (KEY, Gpu("NVIDIA GeForce RTX 3090", (8, 6)), "compiled for sm89, sm120, the card is NVIDIA GeForce RTX 3090"),
        (replace(KEY, version="1.6.0.1"), Gpu("NVIDIA GeForce RTX 4090", (8, 9)), "version: was 1.6.0.1, is 1.7.1.116"),
    ],
)
def test_a_plan_for_other_cards_is_refused_before_it_is_loaded(
    cache: PlanCache, key: PlanKey, gpu: Gpu, words: str
) -> None:
    reason = why_not_here(cache.write(NAME, key, DATA, 1.0), Flavour(TENSORRT_RTX, None, "1.7.1.116", 13), gpu)
    assert words in reason
    assert bool(reason) == bool(words)


def test_a_plan_of_another_card_is_refused_with_both_cards(cache: PlanCache) -> None:
    hopper, ada = Gpu("NVIDIA H200", (9, 0)), Gpu("NVIDIA L4", (8, 9))
    key = replace(KEY, flavour=TENSORRT, version="11.4.0.106", device=str(hopper), targets=())
    plan = cache.write(NAME, key, DATA, 1.0)
    flavour = Flavour(TENSORRT, None, "11.4.0.106", 13)
    assert why_not_here(plan, flavour, hopper) == ""
    words = "card: was NVIDIA H200 (compute capability 9.0), is NVIDIA L4 (compute capability 8.9); compile it"
    assert words in why_not_here(plan, flavour, ada)


# --------------------------------------------------------------------------------------------------- full disks


def test_a_file_that_may_not_grow_is_a_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITES_TO_A_FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "no room for" in done.stdout, done.stderr
    assert f"the plan has {len(DATA):,} bytes" in done.stdout
    assert "--out" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; the limit on file sizes is tested instead")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let root mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_the_plan_that_is_there(small_disk: Path) -> None:
    cache = PlanCache(small_disk)
    cache.write(NAME, KEY, DATA[:4096], 1.0)
    with pytest.raises(
        PlanError, match=r"no room for .*10,240 bytes, [48],[01]9[62] are free \(No space left on device\)"
    ):
        cache.write(NAME, replace(KEY, version="1.8.0.2"), DATA, 1.0)
    found = cache.look_up(NAME, KEY.of_graph())
    assert found.plan is not None, found.why
    assert sorted(path.suffix for path in small_disk.iterdir()) == [".json", ".plan"]
