"""What an operator sees, for Prometheus."""

import threading
from types import TracebackType
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from engine_service.types import Drops

_FAST_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
_INTERVAL_S = (0.03, 0.05, 0.056, 0.06, 0.065, 0.069, 0.08, 0.094, 0.125, 0.25, 0.5, 1.0)


class Metrics:
    """Every number of one engine, in a registry of its own; safe from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.sessions = Gauge("streamdit_sessions", "Sessions now", registry=registry)
        self.sessions_closed = Counter(
            "streamdit_sessions_closed", "Sessions ended, by reason", ["reason"], registry=registry
        )
        self.rejections = Counter("streamdit_rejections", "Messages refused, by reason", ["reason"], registry=registry)
        self.frames = Counter(
            "streamdit_frames",
            "Frames: sent, dropped_generate, dropped_encode, dropped_network",
            ["outcome"],
            registry=registry,
        )
        self.late_frames = Counter(
            "streamdit_late_frames", "Frames sent more than 10 ms after they were due", registry=registry
        )
        self.frame_interval_s = Histogram(
            "streamdit_frame_interval_seconds",
            "Between two frames of a session",
            buckets=_INTERVAL_S,
            registry=registry,
        )
        self.unopened_streams = Gauge(
            "streamdit_unopened_streams", "Streams whose client has not said what it wants yet", registry=registry
        )
        self.step_s = Histogram(
            "streamdit_step_seconds", "All micro-steps of a shift", buckets=_FAST_S, registry=registry
        )
        self.decode_s = Histogram("streamdit_decode_seconds", "Decoding a chunk", buckets=_FAST_S, registry=registry)
        self.encode_s = Histogram("streamdit_encode_seconds", "Encoding a frame", buckets=_FAST_S, registry=registry)
        self.rung_frames = Counter("streamdit_rung_frames", "Frames sent, by quality rung", ["rung"], registry=registry)
        self.rung_changes = Counter(
            "streamdit_rung_changes", "Changes of the quality rung: lower, better", ["direction"], registry=registry
        )
        self.replaced_events = Counter(
            "streamdit_replaced_events",
            "Events that a newer one replaced before a frame obeyed them",
            registry=registry,
        )

    def frame_sent(self, dropped: Drops, *, rung: int, late: bool, interval_s: float | None) -> None:
        """A frame left; `dropped` before it, `interval_s` after the one before."""
        self.frames.labels("sent").inc()
        self.rung_frames.labels(str(rung)).inc()
        if late:
            self.late_frames.inc()
        if interval_s is not None:
            self.frame_interval_s.observe(interval_s)
        for cause in ("generate", "encode", "network"):
            self.frames.labels(f"dropped_{cause}").inc(getattr(dropped, cause))

    def num_frames_sent(self) -> float:
        """Of all sessions, since the start."""
        return self.registry.get_sample_value("streamdit_frames_total", {"outcome": "sent"}) or 0.0


class MetricsPage:
    """The registry on an HTTP port, while the context is open."""

    def __init__(self, metrics: Metrics, *, host: str, port: int) -> None:
        """Raises OSError if the port is taken."""
        self._server: WSGIServer
        self._thread: threading.Thread
        self._server, self._thread = start_http_server(port, addr=host, registry=metrics.registry)

    @property
    def port(self) -> int:
        """The port that was really taken."""
        return self._server.server_port

    def __enter__(self) -> "MetricsPage":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
