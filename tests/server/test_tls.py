"""The SDK and the engine over TLS, with certificates made for the test."""

import asyncio
from pathlib import Path

import grpc
import pytest
import trustme

from engine_service.server.address import ListenError
from streamdit.bots import bot
from streamdit.client import connect
from streamdit.env import WorldEnv
from streamdit.errors import ConnectionFailed
from streamdit.live import LiveSession
from streamdit.types import Delivery
from tests.server.conftest import StartEngine
from tests.server.wire_client import Engine


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def write_pair(authority: trustme.CA, folder: Path) -> dict[str, Path]:
    """A certificate for localhost and its key, as `ServerConfig` wants them."""
    issued = authority.issue_cert("localhost")
    pair = {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}
    issued.cert_chain_pems[0].write_to_path(pair["tls_cert"])
    issued.private_key_pem.write_to_path(pair["tls_key"])
    return pair


def trusting(authority: trustme.CA) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(authority.cert_pem.bytes())


def address(engine: Engine) -> str:
    return f"localhost:{engine.server.port}"


async def test_who_trusts_the_certificate_plays(
    start_engine: StartEngine, authority: trustme.CA, tmp_path: Path
) -> None:
    engine = await start_engine(**write_pair(authority, tmp_path))
    async with (
        connect(address(engine), credentials=trusting(authority)) as client,
        client.play(delivery=Delivery.LOCKSTEP) as session,
    ):
        assert [(await anext(session)).frame_id for _ in range(4)] == [1, 2, 3, 4]


async def test_every_client_takes_the_file_of_a_private_authority(
    start_engine: StartEngine, authority: trustme.CA, tmp_path: Path
) -> None:
    engine = await start_engine(**write_pair(authority, tmp_path))
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    async with connect(address(engine), ca=ca) as client:
        assert (await client.server_info()).worlds[0].name == "fake"

    def play() -> str:
        with LiveSession(address(engine), ca=str(ca)) as live:
            assert live.opened is not None
        with LiveSession(address(engine), credentials=trusting(authority)) as live:
            assert live.opened is not None
        env = WorldEnv(address(engine), ca=ca)
        env.reset()
        env.close()
        return live.opened.world.name

    assert await asyncio.to_thread(play) == "fake"
    take = await bot.play(bot.BotPlan(address=address(engine), scenario="wander", seconds=0.2, ca=ca), 0)
    assert (take.errors, bool(take.frames)) == ([], True)


async def test_who_trusts_another_authority_does_not_get_in(
    start_engine: StartEngine, authority: trustme.CA, tmp_path: Path
) -> None:
    engine = await start_engine(**write_pair(authority, tmp_path))
    stranger = connect(address(engine), credentials=trusting(trustme.CA()), wait_for_engine=False)
    with pytest.raises(ConnectionFailed, match=r"(?i)certificate|handshake"):
        await stranger.__aenter__()


async def test_plain_words_to_a_tls_port_are_a_failed_connection(
    start_engine: StartEngine, authority: trustme.CA, tmp_path: Path
) -> None:
    engine = await start_engine(**write_pair(authority, tmp_path))
    with pytest.raises(ConnectionFailed, match=address(engine)):
        await connect(address(engine), wait_for_engine=False).__aenter__()


async def test_a_key_of_another_certificate_stops_the_start(
    start_engine: StartEngine, authority: trustme.CA, tmp_path: Path
) -> None:
    pair = write_pair(authority, tmp_path)
    authority.issue_cert("localhost").private_key_pem.write_to_path(pair["tls_key"])
    with pytest.raises(ListenError, match=r"tls_key .*key\.pem: .*mismatch"):
        await start_engine(**pair)


async def test_a_missing_certificate_is_named(start_engine: StartEngine, authority: trustme.CA, tmp_path: Path) -> None:
    pair = write_pair(authority, tmp_path)
    pair["tls_cert"].unlink()
    with pytest.raises(ListenError, match=r"tls_cert .*cert\.pem .*No such file"):
        await start_engine(**pair)
