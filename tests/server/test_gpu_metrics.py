"""Readings become samples; what was not measured has none."""

from prometheus_client import CollectorRegistry

from engine_service.server.gpu_metrics import GpuMetrics
from engine_service.types import GpuReading

SECOND_NS = 1_000_000_000


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_seconds_under_a_throttle_are_counted_by_reason() -> None:
    registry = CollectorRegistry()
    metrics = GpuMetrics(registry, lambda: 0.0)
    for second, reasons in enumerate([(), ("power cap",), ("power cap", "hardware slowdown"), (), None]):
        metrics.take(GpuReading(time_ns=second * SECOND_NS, name="card", throttle_reasons=reasons))
    assert sample(registry, "nvml_throttle_seconds_total", reason="power cap") == 2.0
    assert sample(registry, "nvml_throttle_seconds_total", reason="hardware slowdown") == 1.0


def test_joules_per_frame_are_the_energy_of_some_seconds_by_the_frames_sent_in_them() -> None:
    registry = CollectorRegistry()
    frames = 0.0
    metrics = GpuMetrics(registry, lambda: frames)
    for second in range(11):
        frames = 32.0 * second
        metrics.take(GpuReading(time_ns=second * SECOND_NS, name="card", energy_j=1e6 + 640.0 * second))
    assert sample(registry, "streamdit_joules_per_frame") == 20.0


def test_without_frames_or_energy_there_are_no_joules_per_frame() -> None:
    for energy_j, frames in ((None, 100.0), (5.0, 0.0)):
        registry = CollectorRegistry()
        metrics = GpuMetrics(registry, lambda frames=frames: frames)  # type: ignore[misc]
        for second in (0, 6, 12):
            metrics.take(GpuReading(time_ns=second * SECOND_NS, name="card", energy_j=energy_j))
        assert sample(registry, "streamdit_joules_per_frame") is None
        assert sample(registry, "nvml_power_watts") is None


def test_a_lost_gpu_is_one() -> None:
    registry = CollectorRegistry()
    metrics = GpuMetrics(registry, lambda: 0.0)
    metrics.take(GpuReading(time_ns=0, name="card", lost=True))
    assert sample(registry, "nvml_gpu_lost") == 1.0
