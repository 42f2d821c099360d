"""The compile command on the real critters, as it is typed; TensorRT for RTX, no GPU."""

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine_service.__main__ import app
from engine_service.compile import CompileOptions, numbers_of, words_of
from engine_service.runtime.tensorrt.flavour import TENSORRT_RTX
from engine_service.runtime.world import EMBEDDED

pytest.importorskip("tensorrt_rtx", reason="TensorRT for RTX is not installed: pip install 'streamdit[tensorrt-rtx]'")


@pytest.fixture(scope="module", autouse=True)
def _untraced() -> Iterator[None]:
    """Torch writes down every step of an export if anybody listens, and pytest does: ten times slower."""
    log = logging.getLogger("torch.__trace")
    log.disabled = True
    yield
    log.disabled = False


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """critters with its shortest profile alone."""
    folder = tmp_path / "critters"
    shutil.copytree(EMBEDDED / "critters", folder)
    toml = (folder / "world.toml").read_text()
    shorter = re.sub(r"\[profiles\.(balanced|cinematic)\][^\[]*", "", toml)
    (folder / "world.toml").write_text(shorter)
    return folder


def compiled(world: Path, out: Path, *more: str) -> tuple[int, str]:
    """Exit status and what was printed, on one line."""
    command = [
        "compile",
        "--world",
        str(world),
        "--backend",
        TENSORRT_RTX,
        "--targets",
        "sm89",
        "--out",
        str(out),
        *more,
    ]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "240", "TERM": "dumb"})
    return done.exit_code, " ".join(done.output.split())


def test_a_world_is_compiled_once_and_again_only_what_was_damaged(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "plans"
    status, said = compiled(world, out)
    assert status == 0, said
    names = ["micro-step-fp16-3-latents-batch-1", "decoder-fp16-batch-1", "encoder-fp16"]
    assert sorted(path.name.split(".")[0] for path in out.glob("*.plan")) == sorted(names)
    assert {path.suffix for path in out.iterdir()} == {".plan", ".json"}, "no graph is left behind"
    assert said.count("no plan yet") == 3

    plans = {path: path.read_bytes() for path in out.glob("*.plan")}
    (decoder,) = out.glob("decoder-*.plan")
    decoder.write_bytes(plans[decoder][:1000])
    status, said = compiled(world, out)
    assert status == 0, said
    assert said.count("cached") == 2
    assert f"{decoder.name} is truncated: 1,000 of {len(plans[decoder]):,} bytes" in said
    assert {path: path.read_bytes() for path in out.glob("*.plan")} == plans, "the same bytes again"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--precision", "int4"), "precision is 'int4', expected one of fp32, fp16, bf16, fp8"),
        (("--batch", "1,two"), "batch is '1,two', expected whole numbers"),
        (("--batch", "0"), "batch is 0, must be at least 1"),
        (("--preset", "streamdit-4b"), "expected exactly one of them"),
        (("--backend", "abacus"), "flavour is 'abacus', expected one of tensorrt, tensorrt-rtx"),
        (("--targets", "sm90", "--optimization-level", "9"), "optimisation level is 9, must be 0..5"),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_field_and_value(
    world: Path, tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    status, said = compiled(world, tmp_path / "plans", *more)
    assert status == 2
    assert words in said


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"preset is 'huge', expected one of critters, blocks, streamdit-tiny"):
        CompileOptions(preset="huge")


def test_lists_are_read_as_they_are_typed() -> None:
    assert words_of(" sm89, sm120,") == ("sm89", "sm120")
    assert numbers_of("batch", "4,1, 2,1") == (1, 2, 4)
