"""Hosts of every kind, and ports that are not to be had."""

import socket

import grpc
import pytest

from engine_service.server.address import ListenError, authority, check_free, is_local, plain_host
from engine_service.server.config import ServerConfig
from streamdit.wire import engine_pb2 as wire
from streamdit.wire import engine_pb2_grpc
from tests.server.conftest import StartEngine


@pytest.mark.parametrize(
    ("host", "plain", "whole", "local"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1:7", True),
        ("localhost", "localhost", "localhost:7", True),
        ("0.0.0.0", "0.0.0.0", "0.0.0.0:7", False),
        ("engine-1.example", "engine-1.example", "engine-1.example:7", False),
        ("::1", "::1", "[::1]:7", True),
        ("[::1]", "::1", "[::1]:7", True),
        ("::", "::", "[::]:7", False),
        ("[2001:db8::0:1]", "2001:db8::1", "[2001:db8::1]:7", False),
    ],
)
def test_a_host_is_a_name_or_an_address(host: str, plain: str, whole: str, local: bool) -> None:
    assert plain_host(host) == plain
    assert authority(plain, 7) == whole
    assert is_local(plain) is local
    assert ServerConfig(host=host).host == plain


@pytest.mark.parametrize("host", ["", "unix:/run/engine", "unix:engine", "localhost:80", "[localhost]", "a b", "::1:x"])
def test_what_is_neither_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="expected a name or an address without a port") as refused:
        ServerConfig(host=host)
    assert repr(host) in str(refused.value)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_that_somebody_listens_on_is_in_use(family: socket.AddressFamily) -> None:
    host = "127.0.0.1" if family is socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as refused:
            ServerConfig(host=host, port=port).check_ports()
        assert str(refused.value) == f"cannot listen on {authority(host, port)}: port {port} is in use"
        with pytest.raises(ListenError, match=f"cannot serve metrics on .*: port {port} is in use"):
            ServerConfig(host=host, port=0, metrics_port=port).check_ports()
    check_free(host, port)  # at once, though it was just closed


def test_an_address_of_another_machine_is_told_from_a_port_in_use() -> None:
    with pytest.raises(ListenError, match=r"on 192\.0\.2\.1:7000: this machine has no address 192\.0\.2\.1"):
        check_free("192.0.2.1", 7000)
    with pytest.raises(ListenError, match=r"on no-such-host\.invalid:7000: host 'no-such-host\.invalid': "):
        check_free("no-such-host.invalid", 7000)


@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_an_engine_serves_frames_and_metrics_on_ipv6(start_engine: StartEngine, host: str) -> None:
    engine = await start_engine(host=host, metrics_port=0)
    assert f" on [::1]:{engine.server.port} " in engine.server.readiness_line()
    async with grpc.aio.insecure_channel(f"[::1]:{engine.server.port}") as channel:
        stub = engine_pb2_grpc.EngineServiceStub(channel)  # type: ignore[no-untyped-call]
        assert (await stub.GetServerInfo(wire.GetServerInfoRequest())).backend == "fake"
    assert engine.server.metrics_port is not None
    with socket.create_connection(("::1", engine.server.metrics_port), timeout=5.0) as page:
        page.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert page.recv(12) == b"HTTP/1.0 200"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, []),
        ({"host": "::1", "token": "t"}, []),
        ({"host": "0.0.0.0"}, ["whoever reaches 0.0.0.0 may play", "prompts and pictures travel unencrypted"]),
        ({"host": "0.0.0.0", "token": "t"}, ["the token, prompts and pictures travel unencrypted"]),
        ({"host": "::", "token": "t", "tls_cert": "c", "tls_key": "k"}, []),
        ({"host": "::", "token": "t", "tls_cert": "c", "tls_key": "k", "metrics_port": 9}, ["may read the metrics"]),
    ],
)
def test_what_strangers_could_do_is_said(fields: dict[str, object], words: list[str]) -> None:
    said = ServerConfig(**fields).exposures()  # type: ignore[arg-type]
    assert len(said) == len(words)
    for sentence, part in zip(said, words, strict=True):
        assert part in sentence
