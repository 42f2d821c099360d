"""`bench --gpu` without a GPU: its parts on a preset that takes no time, and the whole command on streamdit-tiny."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from engine_service.__main__ import app
from engine_service.benchmarks import acceptance, accuracy, micro_steps, pictures, serving
from engine_service.benchmarks.accuracy import AccuracyPlan, measure_accuracy
from engine_service.benchmarks.gpu import (
    BUDGETS_S,
    LIMIT_S,
    GpuBenchOptions,
    GpuReport,
    as_markdown,
    budgets,
    preset_named,
    write_report,
)
from engine_service.benchmarks.micro_steps import FULL, MicroStepPlan, Variant, measure_micro_steps
from engine_service.benchmarks.parts import Deadline, Row
from engine_service.benchmarks.pictures import PicturesPlan, measure_pictures
from engine_service.model.presets import PRESETS
from engine_service.types import GpuReading

SMALL = replace(
    PRESETS["streamdit-tiny"],
    latent_height=4,
    latent_width=4,
    width=32,
    num_heads=2,
    text_width=16,
    text_words=4,
    autoencoder_widths=(4, 8, 16),
)
CPU = GpuBenchOptions(preset=SMALL, preset_name="small", device="cpu")
ROWS = (
    Row(table=acceptance.TABLE, name="TensorRT-RTX", values={"answer": "invalid (diagnostics 2)"}),
    Row(
        table=micro_steps.TABLE,
        name="eager",
        values={
            "median_ms": 250.04,
            "p99_ms": 260.0,
            "calls": 40,
            "fps": 31.99,
            "tflop": 104.817,
            "window_tokens": 4096,
            "utilisation_pct": 42.4,
            "memory_bytes": 9.96e9,
        },
    ),
    Row(table=micro_steps.TABLE, name="full attention", trouble="out of memory: 96 GiB"),
    Row(table="sessions", name="responsive, 1", values={"step_ms": 1.0, "step_ms_a_session": 1.0, "decode_ms": 0.2}),
    Row(table="sessions", name="responsive, 8", values={"step_ms": 2.0, "step_ms_a_session": 0.25, "decode_ms": 0.4}),
    Row(table="", name="accuracy", trouble="ended with status -11; stderr says why"),
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_every_variant_of_the_micro_step_is_measured_on_the_cpu() -> None:
    rows: list[Row] = []
    variants = (
        Variant(name="eager"),
        Variant(name="captured", graph=True, cudnn=True),
        Variant(name="FP8", fp8=True),
        Variant(name="window", window=(2, 1, 1)),
        Variant(name="full", window=FULL),
    )
    plan = MicroStepPlan(preset=SMALL, device="cpu", variants=variants, most_calls=3, most_s=1.0)
    measure_micro_steps(plan, rows.append, Deadline.in_seconds(300))
    assert [(row.name, row.trouble) for row in rows] == [(variant.name, "") for variant in variants]
    assert [row.values["window_tokens"] for row in rows] == [64, 64, 64, 2, 64]
    for row in rows:
        values = row.values
        assert values["fps"] == pytest.approx(8 / (values["median_ms"] / 1e3))  # type: ignore[operator]
        assert values["utilisation_pct"] is None  # a CPU has no peak here
        assert values["memory_bytes"] is None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch, of its own compiler
def test_a_compiled_micro_step_is_measured_too() -> None:
    rows: list[Row] = []
    plan = MicroStepPlan(
        preset=SMALL, device="cpu", variants=(Variant(name="compiled", compiled=True),), most_calls=3, most_s=1.0
    )
    measure_micro_steps(plan, rows.append, Deadline.in_seconds(600))
    assert [(row.name, row.trouble) for row in rows] == [("compiled", "")]


def test_pictures_and_the_first_frame_are_measured() -> None:
    rows: list[Row] = []
    plan = PicturesPlan(preset=SMALL, device="cpu", fastest=Variant(name="eager"), most_calls=2, most_s=1.0)
    measure_pictures(plan, rows.append, Deadline.in_seconds(300))
    assert [row.trouble for row in rows] == [""] * 4
    assert rows[3].name == "first frame: 8 micro-steps from noise, and a chunk decoded"


def test_eight_bits_cost_critters_little_and_half_precision_less() -> None:
    rows: list[Row] = []
    plan = AccuracyPlan(world="critters", device="cpu", profile="responsive", prompts=1)
    measure_accuracy(plan, rows.append, Deadline.in_seconds(300))
    assert [row.trouble for row in rows] == ["", ""]
    half, eight = (row.values for row in rows)
    assert (half["layers"], eight["layers"]) == (0, 42)
    assert 0 < half["latent_rms"] < eight["latent_rms"] < 0.2  # type: ignore[operator]
    assert half["psnr_db"] > eight["psnr_db"] > 25  # type: ignore[operator]


def test_all_parts_together_stay_within_ten_minutes_on_a_gpu() -> None:
    assert LIMIT_S < 600.0
    assert LIMIT_S - sum(BUDGETS_S.values()) >= 200.0  # at the worst: for serving, which takes what is left
    assert set(budgets(CPU)) == {*BUDGETS_S, "serving"}


def test_without_serving_there_is_no_such_part() -> None:
    assert "serving" not in budgets(replace(CPU, serve_s=0.0))


def test_the_page_has_numbers_and_troubles_in_words() -> None:
    text = as_markdown(GpuReport("streamdit-4b", "2026-11-24 on a desk", "NVIDIA H200", False, ROWS))
    lines = text.splitlines()
    assert "| eager | 250.0 | 260.0 | 40 | 32.0 | 104.82 | 4,096 | 42.4 % | 10.0 GB |" in lines
    assert any(line.startswith("| full attention (out of memory: 96 GiB) | - |") for line in lines)
    assert "Does TensorRT-RTX take the card? invalid (diagnostics 2)." in lines
    assert "Part accuracy: ended with status -11; stderr says why." in lines
    assert "989 TFLOP/s in bfloat16" in text
    assert "dry run" not in text


def test_a_card_without_a_known_peak_gets_no_utilisation() -> None:
    text = as_markdown(GpuReport("streamdit-4b", "here", "NVIDIA GeForce RTX 9090", False, ROWS))
    assert "No peak is listed for NVIDIA GeForce RTX 9090" in text


def test_the_report_writes_its_page_its_numbers_and_its_plot(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("before\n<!-- gpu: begin -->\nold\n<!-- gpu: end -->\nafter\n")
    played = serving.Played(
        intervals=[(0.1, 62.0), (0.2, 64.0)],
        rungs=[(0.1, 0), (0.2, 1)],
        readings=[
            (0.0, GpuReading(time_ns=0, name="a card", power_w=300.0)),
            (0.5, GpuReading(time_ns=1, name="a card")),
        ],
    )
    rows = (*ROWS, Row(table=serving.SERIES, name="4 players", values=serving.series(played)))
    write_report(GpuReport("small", "here", None, True, rows), page)
    text = page.read_text()
    assert text.startswith("before\n<!-- gpu: begin -->\n**A dry run without a GPU")
    assert text.endswith("![What was measured](gpu.png)\n<!-- gpu: end -->\nafter\n")
    data = json.loads((tmp_path / "gpu.json").read_text())
    assert data["dry_run"] is True
    assert data["rows"][1]["values"]["median_ms"] == 250.04
    assert data["rows"][-1]["values"]["readings"][0]["power_w"] == 300.0
    with Image.open(tmp_path / "gpu.png") as picture:
        assert picture.size == (1200, 1300)
        assert len(picture.convert("L").getcolors(256) or ()) > 10


def test_readings_are_summed_up_and_what_was_not_told_stays_none() -> None:
    readings = [
        GpuReading(time_ns=0, name="a card", power_w=300.0, sm_clock_mhz=1980, throttle_reasons=()),
        GpuReading(time_ns=1, name="a card", power_w=700.0, sm_clock_mhz=1500, throttle_reasons=("power cap",)),
    ]
    found = serving.readings_summary(readings)
    assert (found["power_mean_w"], found["power_max_w"], found["sm_clock_min_mhz"]) == (500.0, 700.0, 1500.0)
    assert found["throttled"] == "power cap"
    assert found["temperature_max_c"] is None
    assert serving.readings_summary([])["throttled"] is None


@pytest.mark.parametrize(
    ("validity", "diagnostics", "words"),
    [
        ("VALID", 0, "valid (diagnostics 0): nothing to complain of"),
        ("INVALID", 2, "invalid (diagnostics 2): this card's compute capability is not supported (UNSUPPORTED_CC)"),
        (
            "INVALID",
            5,
            "invalid (diagnostics 5): made by another version (VERSION_MISMATCH), "
            "the driver is too old (OLD_CUDA_DRIVER)",
        ),
        ("SUBOPTIMAL", 256, "suboptimal (diagnostics 256): bits 0x100, which have no name here"),
    ],
)
def test_a_runtimes_answer_is_put_into_words(validity: str, diagnostics: int, words: str) -> None:
    assert acceptance.in_words(validity, diagnostics) == words


def test_a_tiny_plan_is_built_without_a_driver() -> None:
    trt = pytest.importorskip("tensorrt_rtx")
    assert len(acceptance.tiny_plan(trt, trt.Logger(trt.Logger.ERROR))) > 1_000


def test_the_diagnostics_are_those_of_the_library() -> None:
    trt = pytest.importorskip("tensorrt_rtx")
    known = {int(value): name for name, value in trt.EngineInvalidityDiagnostics.__members__.items()}
    assert set(known) == set(acceptance.DIAGNOSTICS)
    assert all(f"({known[bit]})" in words for bit, words in acceptance.DIAGNOSTICS.items())


def test_what_cannot_be_measured_is_refused_before_anything_is() -> None:
    with pytest.raises(ValueError, match="preset is 'streamdit-4c', expected one of"):
        preset_named("streamdit-4c")
    with pytest.raises(ValueError, match="device is 'tpu', expected cuda or cpu"):
        replace(CPU, device="tpu")
    with pytest.raises(ValueError, match="serve seconds is -1"):
        replace(CPU, serve_s=-1.0)
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="--device cpu --preset streamdit-tiny"):
            replace(CPU, device="cuda")


def test_a_page_without_marks_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("all mine")
    arguments = ["bench", "--device", "cpu", "--preset", "streamdit-tiny", "--out", str(page)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert page.read_text() == "all mine"


@pytest.mark.slow
def test_the_whole_command_is_tried_without_a_gpu(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text("<!-- gpu: begin -->\n<!-- gpu: end -->\n")
    arguments = ["bench", "--device", "cpu", "--preset", "streamdit-tiny", "--quick", "--serve-seconds", "5"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(page)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    text = page.read_text()
    assert "A dry run without a GPU" in text
    for heading in ("micro-step", "around it", "profile, sessions in a call", "against float32", "serving"):
        assert f"| {heading} |" in text
    assert (tmp_path / "gpu.png").stat().st_size > 10_000
    assert {row["table"] for row in json.loads((tmp_path / "gpu.json").read_text())["rows"]} >= {
        acceptance.TABLE,
        micro_steps.TABLE,
        pictures.TABLE,
        accuracy.TABLE,
        serving.TABLE,
    }
