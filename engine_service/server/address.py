"""Where a server listens: a host and a port that can be told apart, and whether they are to be had. IPv6 too."""

import errno
import ipaddress
import re
import socket


class ListenError(OSError):
    """The server cannot listen where it was told to; the message names the address and the cause."""


def plain_host(host: str) -> str:
    """A name or an address, an IPv6 one without brackets.

    Raises:
        ValueError: it is neither, as `unix:/run/engine` or `localhost:80`.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare:
        try:
            return str(ipaddress.IPv6Address(bare))
        except ValueError:
            pass
    elif re.fullmatch(r"[A-Za-z0-9._-]+", bare) and bare == host:
        return bare
    raise ValueError(f"host is {host!r}, expected a name or an address without a port, as 127.0.0.1, 0.0.0.0 or ::1")


def authority(host: str, port: int) -> str:
    """`host:port` as clients and gRPC write it: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_local(host: str) -> bool:
    """Only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_free(host: str, port: int, what: str = "listen") -> None:
    """Somebody could listen there now; port 0 is any free one.

    Raises:
        ListenError: saying why not.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ListenError(f"cannot {what} on {authority(host, port)}: host {host!r}: {error.strerror}") from error
    errors: list[OSError] = []
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what just closed is no obstacle
                probe.bind(address)
                probe.listen(1)
        except OSError as error:
            errors.append(error)
        else:
            return
    first = errors[0]
    why = {
        errno.EADDRINUSE: f"port {port} is in use",
        errno.EADDRNOTAVAIL: f"this machine has no address {host}",
        errno.EACCES: f"port {port} needs more rights; those from 1024 on do not",
    }.get(first.errno or 0, first.strerror or str(first))
    raise ListenError(f"cannot {what} on {authority(host, port)}: {why}") from first
