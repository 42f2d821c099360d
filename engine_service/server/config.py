"""The server's settings."""

from dataclasses import dataclass, field
from pathlib import Path

from engine_service.server.address import check_free, is_local, plain_host
from engine_service.stream.governor import GovernorConfig
from engine_service.stream.gpu import GpuConfig
from streamdit.checks import MAX_WINDOW, check_token


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where to listen, whom to serve, how long to wait."""

    host: str = "127.0.0.1"
    port: int = 50051  # 0: any free one
    max_sessions: int = 4
    window: int = 4  # frames sent and not acknowledged, unless the client asks otherwise
    max_window: int = 64
    jpeg_quality: int = 90
    idle_timeout_s: float = 30.0  # without any message from the client
    actions_timeout_s: float = 2.0  # the same, until no action is held any more; 0: they are held on
    resume_s: float = 10.0  # how long a session outlives its connection; 0: not at all
    drain_s: float = 4.0  # from SIGTERM to the exit, at most
    close_s: float = 2.0  # for the last messages to a client that may not be reading
    max_message_bytes: int = 16 * 1024 * 1024  # sent; what clients send is far smaller
    metrics_port: int | None = None  # None: no metrics page; 0: any free port
    governor: GovernorConfig | None = field(default_factory=GovernorConfig)  # None: quality is always the best
    gpu: GpuConfig | None = None  # the GPU to watch; None: none
    token: str | None = None  # None: everyone is let in
    tls_cert: Path | None = None  # PEM, both or none
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", plain_host(self.host))
        for name, least, most in (
            ("port", 0, 65535),
            ("max_sessions", 1, 1024),
            ("max_window", 1, MAX_WINDOW),
            ("window", 1, self.max_window),
            ("jpeg_quality", 1, 100),
            ("idle_timeout_s", 0.05, 86400),
            ("actions_timeout_s", 0.0, 3600),
            ("resume_s", 0.0, 3600),
            ("drain_s", 0.0, 3600),
            ("close_s", 0.01, 60),
            ("max_message_bytes", 65536, 1 << 30),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}, must be {least}..{most}")
        if self.metrics_port is not None and not 0 <= self.metrics_port <= 65535:
            raise ValueError(f"metrics_port is {self.metrics_port}, must be 0..65535")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError(f"tls_cert is {self.tls_cert} and tls_key is {self.tls_key}, expected both or none")
        check_token(self.token)

    def check_ports(self) -> None:
        """Look before a world is loaded for nothing.

        Raises:
            ListenError: a port is taken, or not ours to take.
        """
        check_free(self.host, self.port)
        if self.metrics_port is not None:
            check_free(self.host, self.metrics_port, "serve metrics")

    def exposures(self) -> tuple[str, ...]:
        """What strangers could do, in sentences for the operator; none where only this machine can come."""
        if is_local(self.host):
            return ()
        found = []
        if self.token is None:
            found.append(f"whoever reaches {self.host} may play: there is no --token")
        if self.tls_cert is None:
            sent = "prompts and pictures" if self.token is None else "the token, prompts and pictures"
            found.append(f"{sent} travel unencrypted: there is no --tls-cert")
        if self.metrics_port is not None:
            found.append(f"whoever reaches {self.host} may read the metrics page")
        return tuple(found)
