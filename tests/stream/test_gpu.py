"""The real pynvml against a library built from C, whose values change while it is asked."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine_service.stream.gpu import GpuConfig, GpuError, GpuMonitor, GpuSampler, visible_device
from engine_service.types import GpuReading
from tests.nvml.fake_nvml import (
    APPLICATION_CLOCKS,
    DRIVER_NOT_LOADED,
    GIB,
    GPU_IS_LOST,
    HARDWARE_SLOWDOWN,
    IDLE,
    POWER_CAP,
    VERSION_MISMATCH,
    FakeCard,
    environment,
)

PROGRAM = """
from engine_service.stream.gpu import GpuSampler, GpuError
try:
    print(GpuSampler().read(0))
except GpuError as error:
    print("unavailable:", error)
"""


@pytest.fixture
def sampler(card: FakeCard) -> Iterator[GpuSampler]:
    with closing(GpuSampler()) as open_sampler:
        yield open_sampler


def test_a_healthy_card_answers_everything_in_the_units_of_the_names(card: FakeCard, sampler: GpuSampler) -> None:
    own = os.getpid()
    card.set(processes=f"{own}:{20 * GIB}:30,4242:{8 * GIB}:25,4343:{GIB}:10")
    assert sampler.read(7) == GpuReading(
        time_ns=7,
        name="Fake H200",
        gpu_pct=37,
        memory_pct=11,
        sm_clock_mhz=1980,
        sm_clock_max_mhz=1980,
        memory_clock_mhz=3201,
        memory_clock_max_mhz=3201,
        throttle_reasons=(),
        power_w=410.5,
        power_limit_w=700.0,
        energy_j=5000.0,
        temperature_c=45,
        margin_c=40,
        memory_used_bytes=30 * GIB,
        memory_total_bytes=140 * GIB,
        own_memory_bytes=20 * GIB,
        other_memory_bytes=9 * GIB,
        own_gpu_pct=30,
        other_gpu_pct=35,
    )


def test_values_change_while_the_sampler_is_open(card: FakeCard, sampler: GpuSampler) -> None:
    assert sampler.read(0).throttle_reasons == ()
    card.throttle(POWER_CAP | HARDWARE_SLOWDOWN, sm_clock=990)
    reading = sampler.read(1)
    assert reading.throttle_reasons == ("power cap", "hardware slowdown")
    assert reading.sm_clock_mhz == 990
    card.recover()
    assert sampler.read(2).throttle_reasons == ()


def test_idleness_and_application_clocks_are_no_throttling(card: FakeCard, sampler: GpuSampler) -> None:
    card.set(reasons=IDLE | APPLICATION_CLOCKS)
    assert sampler.read(0).throttle_reasons == ()


@pytest.mark.parametrize(
    ("keys", "fields"),
    [
        (("gpu",), ("gpu_pct", "memory_pct")),
        (("sm_clock",), ("sm_clock_mhz",)),
        (("memory_clock_max",), ("memory_clock_max_mhz",)),
        (("reasons",), ("throttle_reasons",)),
        (("power_mw",), ("power_w",)),
        (("power_limit_mw",), ("power_limit_w",)),
        (("energy_mj",), ("energy_j",)),
        (("margin", "slowdown_temperature"), ("margin_c",)),
        (("memory_used",), ("memory_used_bytes", "memory_total_bytes")),
    ],
)
def test_each_call_may_be_unsupported_on_its_own(
    card: FakeCard, sampler: GpuSampler, keys: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    before = sampler.read(0)
    card.set(**dict.fromkeys(keys))
    after = sampler.read(0)
    changed = {name for name in GpuReading.__slots__ if getattr(before, name) != getattr(after, name)}
    assert changed == set(fields)
    assert all(getattr(after, name) is None for name in fields)


def test_without_a_margin_the_slowdown_threshold_gives_it(card: FakeCard, sampler: GpuSampler) -> None:
    card.set(margin=None, temperature=80)
    assert sampler.read(0).margin_c == 7


def test_where_this_process_is_not_listed_nothing_is_said_of_processes(card: FakeCard, sampler: GpuSampler) -> None:
    card.set(processes=f"4242:{GIB}:90")
    reading = sampler.read(0)
    assert (reading.own_gpu_pct, reading.other_gpu_pct) == (None, None)
    assert (reading.own_memory_bytes, reading.other_memory_bytes) == (None, None)


def test_under_mig_memory_is_the_instances_and_clocks_are_the_chips(card: FakeCard) -> None:
    card.set(mig=1, mig_name="Fake H200 MIG 1g.18gb", mig_memory_used=2 * GIB, mig_memory_total=18 * GIB)
    for device in ("0", "MIG-11111111-2222-3333-4444-555555555555"):
        with closing(GpuSampler(device)) as sampler:
            reading = sampler.read(0)
        assert reading.name == "Fake H200 MIG 1g.18gb"
        assert reading.memory_total_bytes == 18 * GIB
        assert reading.sm_clock_mhz == 1980
        assert reading.power_w == 410.5
        assert reading.gpu_pct is None  # NVML does not tell the utilisation of an instance


@pytest.mark.parametrize("error", [GPU_IS_LOST, DRIVER_NOT_LOADED])
def test_a_lost_gpu_stays_lost_and_tells_nothing_else(card: FakeCard, error: int) -> None:
    with closing(GpuSampler()) as sampler:
        card.set(error=error)
        assert sampler.read(1) == GpuReading(time_ns=1, name="Fake H200", lost=True)
        card.set(error=None)
        assert sampler.read(2) == GpuReading(time_ns=2, name="Fake H200", lost=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"error": DRIVER_NOT_LOADED}, "NVML does not start: .*; load the driver"),
        ({"error": VERSION_MISMATCH}, "the driver was updated under a running system: restart it"),
        ({"name": None}, "install the NVIDIA driver"),
    ],
)
def test_a_driver_that_is_not_there_is_named_with_its_remedy(
    card: FakeCard, values: dict[str, object], message: str
) -> None:
    card.set(**values)
    with pytest.raises(GpuError, match=message):
        GpuSampler()


def test_a_gpu_that_does_not_exist_is_named(card: FakeCard) -> None:
    with pytest.raises(GpuError, match="GPU 3 cannot be opened"):
        GpuSampler("3")


def run_elsewhere(env: dict[str, str]) -> str:
    """The program in a process of its own: pynvml keeps the library it has found for good."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_an_older_driver_answers_what_it_knows(card: FakeCard) -> None:
    card.set(reasons=HARDWARE_SLOWDOWN)
    said = run_elsewhere(environment(card, old_driver=True))
    assert "throttle_reasons=('hardware slowdown',)" in said
    assert "temperature_c=45, margin_c=42" in said
    assert "power_w=410.5" in said


def test_without_a_library_the_sampler_says_so(tmp_path: object) -> None:
    env = {key: value for key, value in os.environ.items() if key != "FAKE_NVML_STATE"}
    said = run_elsewhere(env)
    if not said.startswith("unavailable"):
        pytest.skip("this machine has a real NVIDIA driver")
    assert "install the NVIDIA driver" in said


# ------------------------------------------------------------------------------------------------- the thread


class Heard:
    """Readings as they come, for a test that waits for one."""

    def __init__(self) -> None:
        self.readings: list[GpuReading] = []
        self._changed = threading.Condition()

    def __call__(self, reading: GpuReading) -> None:
        with self._changed:
            self.readings.append(reading)
            self._changed.notify_all()

    def wait_for(self, num_readings: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.readings) >= num_readings, timeout=10.0)


def test_the_monitor_keeps_the_newest_reading_and_ends_when_told(card: FakeCard) -> None:
    heard = Heard()
    monitor = GpuMonitor(GpuConfig(rate_hz=20.0), hear=heard)
    assert monitor.newest is None
    with monitor:
        assert monitor.newest is not None
        card.throttle()
        heard.wait_for(len(heard.readings) + 3)
        assert monitor.newest.throttle_reasons == ("hardware slowdown",)
    assert not [thread for thread in threading.enumerate() if thread.name == "streamdit-gpu"]
    times = [reading.time_ns for reading in heard.readings]
    assert times == sorted(set(times))
    monitor.stop()


def test_the_monitors_last_word_is_that_the_gpu_is_lost(card: FakeCard) -> None:
    heard = Heard()
    with GpuMonitor(GpuConfig(rate_hz=20.0), hear=heard) as monitor:
        card.fall_off_the_bus()
        heard.wait_for(2)
        while not heard.readings[-1].lost:
            heard.wait_for(len(heard.readings) + 1)
        num_readings = len(heard.readings)
        assert monitor.newest == heard.readings[-1]
    assert len(heard.readings) == num_readings


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate_hz": 50.0}, r"rate_hz is 50.0, must be 0.1..20"),
        ({"device": "the fast one"}, "device is 'the fast one', expected an index, or a UUID"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_numbers(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GpuConfig(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environ", "device"),
    [({}, "0"), ({"CUDA_VISIBLE_DEVICES": "GPU-5,GPU-6"}, "GPU-5"), ({"CUDA_VISIBLE_DEVICES": "2"}, "2")],
)
def test_the_gpu_that_is_watched_is_the_one_that_cuda_sees_first(environ: dict[str, str], device: str) -> None:
    assert visible_device(environ) == device
