"""What NVML says, for Prometheus. A value that was not measured has no sample."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from engine_service.types import GpuReading

_GAUGES = {
    "gpu_pct": ("nvml_gpu_utilization_percent", "A kernel was running"),
    "memory_pct": ("nvml_memory_utilization_percent", "Memory was read or written"),
    "sm_clock_mhz": ("nvml_sm_clock_mhz", "Clock of the multiprocessors"),
    "sm_clock_max_mhz": ("nvml_sm_clock_max_mhz", "The fastest it can be"),
    "memory_clock_mhz": ("nvml_memory_clock_mhz", "Clock of the memory"),
    "power_w": ("nvml_power_watts", "Drawn now"),
    "power_limit_w": ("nvml_power_limit_watts", "The limit enforced"),
    "temperature_c": ("nvml_temperature_celsius", "Of the chip"),
    "margin_c": ("nvml_temperature_margin_celsius", "Until it slows down"),
    "memory_used_bytes": ("nvml_memory_used_bytes", "By everyone"),
    "memory_total_bytes": ("nvml_memory_total_bytes", "In all"),
    "own_memory_bytes": ("nvml_own_memory_bytes", "By this engine"),
    "other_gpu_pct": ("nvml_other_processes_utilization_percent", "By everyone else"),
}
_SPAN_NS = 5_000_000_000  # over which energy is divided by frames


class GpuMetrics:
    """Takes readings in the order they were made, from one thread."""

    def __init__(self, registry: CollectorRegistry, frames_sent: Callable[[], float]) -> None:
        """`frames_sent` counts the frames of all sessions."""
        self._registry = registry
        self._frames_sent = frames_sent
        self._gauges: dict[str, Gauge] = {}  # made when first measured
        self._throttled_s = Counter(
            "nvml_throttle_seconds", "How long the GPU was held back, by reason", ["reason"], registry=registry
        )
        self._lost = Gauge("nvml_gpu_lost", "1 once the GPU is lost", registry=registry)
        self._joules: Gauge | None = None
        self._before: GpuReading | None = None
        self._mark: tuple[int, float, float] | None = None  # time, joules, frames

    def take(self, reading: GpuReading) -> None:
        """The newest reading."""
        self._lost.set(reading.lost)
        for name, (metric, words) in _GAUGES.items():
            value = getattr(reading, name)
            if value is None:
                continue
            if name not in self._gauges:
                self._gauges[name] = Gauge(metric, words, registry=self._registry)
            self._gauges[name].set(value)
        if self._before is not None:
            for reason in reading.throttle_reasons or ():
                self._throttled_s.labels(reason).inc((reading.time_ns - self._before.time_ns) * 1e-9)
        self._before = reading
        if reading.energy_j is not None:
            self._energy(reading.time_ns, reading.energy_j)

    def _energy(self, time_ns: int, joules: float) -> None:
        frames = self._frames_sent()
        if self._mark is None:
            self._mark = time_ns, joules, frames
            return
        since_ns, joules_before, frames_before = self._mark
        if time_ns - since_ns < _SPAN_NS:
            return
        self._mark = time_ns, joules, frames
        if frames > frames_before:
            if self._joules is None:
                words = "Energy of the whole GPU by frames sent, over the last seconds"
                self._joules = Gauge("streamdit_joules_per_frame", words, registry=self._registry)
            self._joules.set((joules - joules_before) / (frames - frames_before))
