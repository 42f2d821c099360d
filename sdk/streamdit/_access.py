"""How an engine is reached: certificates, the token, and the proxies that gRPC takes from the environment."""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import grpc

# Those that gRPC looks at, in its order; the first that is set counts.
PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")


def channel_credentials(
    *, secure: bool, ca: Path | str | None, credentials: grpc.ChannelCredentials | None
) -> grpc.ChannelCredentials | None:
    """What a channel is secured with; None: nothing.

    Raises:
        ValueError: `ca` is no file of PEM certificates, or `credentials` are there as well.
    """
    if ca is not None and credentials is not None:
        raise ValueError(f"ca is {str(ca)!r} and credentials are given too, expected one of the two")
    if credentials is not None:
        return credentials
    if ca is not None:
        return grpc.ssl_channel_credentials(_certificates(Path(ca)))
    return grpc.ssl_channel_credentials() if secure else None


def _certificates(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise ValueError(f"ca is {str(path)!r}: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise ValueError(f"ca is {str(path)!r}, which holds no PEM certificate (-----BEGIN CERTIFICATE-----)")
    return pem


def is_this_machine(address: str) -> bool:
    """Whether "host:port" is this machine by its loopback name or address, or a socket file. Pure."""
    if address.startswith("unix:"):
        return True
    target = re.sub(r"^(ipv4|ipv6|dns):", "", address).rsplit("/", 1)[-1]  # also "dns:///host:port"
    host = target.rsplit(":", 1)[0] if target.count(":") == 1 or target.startswith("[") else target
    host = host.strip("[]").lower()
    if host in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def channel_options(address: str) -> tuple[tuple[str, int], ...]:
    """No proxy stands between a game and an engine on its own machine."""
    return (("grpc.enable_http_proxy", 0),) if is_this_machine(address) else ()


def proxy_note(address: str, environment: Mapping[str, str] = os.environ) -> str:
    """What to add to "no connection": which proxy was asked, without its password; "" if none was. Pure."""
    if is_this_machine(address):
        return ""
    for name in PROXIES:
        if environment.get(name):
            where = urlsplit(environment[name])
            proxy = where.hostname if where.port is None else f"{where.hostname}:{where.port}"
            return f" (through the proxy {proxy} of the environment's {name}; no_proxy names hosts to reach without)"
    return ""
