"""The picture `doctor` draws: what is a fault, what is only worth knowing, and that every remedy is readable."""

import io
import socket
from pathlib import Path

import pytest
import torch
from rich.console import Console

from engine_service import doctor
from engine_service.runtime.choice import Facts
from engine_service.server.config import ServerConfig

NO_PLANS = {"tensorrt": "tensorrt is not installed: pip install 'streamdit[tensorrt]'", "tensorrt-rtx": "no plans"}
no_gpu_here = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


def test_a_processors_features_are_read_from_its_flags() -> None:
    cpuinfo = "processor\t: 0\nflags\t\t: fpu sse avx2 avx512f avx512_bf16 amx_bf16\n"
    assert doctor.cpu_features(cpuinfo) == ["AVX2", "AVX-512", "AVX-512 BF16", "AMX BF16"]
    assert doctor.cpu_features("flags : fpu avx512_bf16_but_not_quite") == []
    assert doctor.cpu_features("") == []


@no_gpu_here
def test_a_machine_without_a_driver_is_told_what_to_install_and_is_not_at_fault() -> None:
    (row,) = doctor.nvidia_rows()
    assert row.good is None
    assert "install the driver" in row.found


def test_every_library_has_a_version_or_a_way_to_get_it() -> None:
    rows = {row.name: row for row in doctor.library_rows()}
    assert {"torch", "openvino", "onnx", "tensorrt", "tensorrt-rtx", "nvidia-ml-py"} <= set(rows)
    assert rows["torch"].found.startswith(torch.__version__)
    for row in rows.values():
        assert row.good or "pip install" in row.found, row
        assert row.good is not False or row.needed, "an optional library is no fault"


def test_plans_that_do_not_fit_say_why_and_no_plans_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (nothing,) = doctor.plan_rows("critters", Facts("a card", "", NO_PLANS))
    assert (nothing.good, nothing.found[:4]) == (None, "0 in")
    folder = tmp_path / "streamdit" / "plans" / "critters"
    folder.mkdir(parents=True)
    (folder / "decoder.1234.plan").write_bytes(b"")
    counted, missing, fitting = doctor.plan_rows("critters", Facts("a card", "", {**NO_PLANS, "tensorrt-rtx": ""}))
    assert (counted.good, counted.found[:4]) == (True, "1 in")
    assert (missing.good, missing.found) == (None, NO_PLANS["tensorrt"])
    assert (fitting.good, fitting.found) == (True, "its plans fit this card")


def test_a_port_that_is_taken_is_said_with_the_option_for_another() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", ServerConfig().port))
        except OSError:
            pytest.skip(f"port {ServerConfig().port} is in use already")
        taken.listen()
        row = next(row for row in doctor.machine_rows() if row.name == "port")
    assert row.good is None
    assert "serve --port N" in row.found


@pytest.mark.slow
def test_the_whole_picture_names_the_choice_and_every_profiles_speed() -> None:
    text = io.StringIO()
    doctor.examine(Console(file=text, width=200))
    shown = text.getvalue()
    for words in ("critters: auto", "critters: responsive", "critters: balanced", "critters: cinematic", "50051"):
        assert words in shown
    assert "streamdit[" in shown or "tensorrt " in shown, "brackets are not taken for markup"
