"""Dial an engine, ask what it serves, open sessions.

async with connect("localhost:50051") as client:
    print(await client.server_info())
    async with client.play(prompt="a pig in a meadow") as session: ...
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc.aio

from streamdit import _convert
from streamdit._access import channel_credentials, channel_options, proxy_note
from streamdit._fork import using_grpc
from streamdit._negotiate import ask_server_info, refusal
from streamdit._stream import HEARTBEAT_EVERY_S
from streamdit.checks import check_token
from streamdit.errors import ConnectionFailed
from streamdit.opening import Opening
from streamdit.session import Session
from streamdit.types import ActionSet, Delivery, Encoding, ServerInfo, Start

CHANNEL_OPTIONS = (
    # Far above a negotiated frame (1 MB), so that one that is too large fails loudly at its maker.
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", 1024 * 1024),
    # Otherwise the receive window grows until a stalled reader is fed seconds of stale video.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Two clients of one process share neither a socket nor its back-off.
    ("grpc.use_local_subchannel_pool", 1),
)
RETRY_EVERY_S = 0.2


def connect(
    address: str,
    *,
    secure: bool = False,
    ca: Path | str | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    token: str | None = None,
    timeout_s: float = 10.0,
    wait_for_engine: bool = True,
) -> "Client":
    """A client for the engine at `address` ("host:port"); enter it with `async with` to dial.

    Args:
        secure: TLS with the system's certificates.
        ca: TLS with the certificates of this PEM file, for an engine with a private authority or its own certificate.
        credentials: TLS as you like it, in place of both.
        token: sent as `authorization: Bearer ...` with every call; without TLS anybody on the way can read it.
        timeout_s: for dialling and for each answer of the engine, but not for the length of a session.
        wait_for_engine: dial again until `timeout_s`, for an engine that is still starting.

    Raises:
        ValueError: no such file of certificates, or a token that no header can carry.
    """
    credentials = channel_credentials(secure=secure, ca=ca, credentials=credentials)
    return Client(address, credentials=credentials, token=token, timeout_s=timeout_s, wait_for_engine=wait_for_engine)


class Client:
    """A connection to one engine; carries any number of sessions. For one event loop."""

    def __init__(
        self,
        address: str,
        *,
        credentials: grpc.ChannelCredentials | None,
        token: str | None,
        timeout_s: float,
        wait_for_engine: bool,
    ) -> None:
        check_token(token)
        self.address = address
        self._credentials = credentials
        self._metadata: _convert.Metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        self._timeout_s = timeout_s
        self._wait_for_engine = wait_for_engine
        self._channel: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        using_grpc()
        options = [*CHANNEL_OPTIONS, *channel_options(self.address)]
        if self._credentials is None:
            self._channel = grpc.aio.insecure_channel(self.address, options=options)
        else:
            self._channel = grpc.aio.secure_channel(self.address, self._credentials, options=options)
        try:
            await self._dial()
        except BaseException:
            await self._channel.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; sessions end before it, by leaving their own `async with`."""
        assert self._channel is not None
        await self._channel.close()

    async def _dial(self) -> None:
        """Ask for the server's info until it answers; an engine that is still starting gets its time."""
        last_error: grpc.aio.AioRpcError | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    try:
                        await self._ask_server_info()
                        return
                    except grpc.aio.AioRpcError as error:
                        if error.code() is not grpc.StatusCode.UNAVAILABLE or not self._wait_for_engine:
                            raise
                        last_error = error
                    await asyncio.sleep(RETRY_EVERY_S)
        except TimeoutError:
            cause = "" if last_error is None else f": {last_error.details()}"
            raise ConnectionFailed(
                self.address, f"no connection within {self._timeout_s} s{cause}{proxy_note(self.address)}"
            ) from last_error
        except grpc.aio.AioRpcError as error:
            raise refusal(self.address, error) from error

    async def _ask_server_info(self) -> ServerInfo:
        assert self._channel is not None
        stub = _convert.engine_stub(self._channel)
        return await ask_server_info(stub, self._metadata, self._timeout_s, self.address)

    async def server_info(self) -> ServerInfo:
        """What the engine serves at this moment.

        Raises:
            ConnectionFailed: it does not answer.
            Rejected: it does not want this client.
        """
        try:
            return await self._ask_server_info()
        except grpc.aio.AioRpcError as error:
            raise refusal(self.address, error) from error

    def play(
        self,
        *,
        world: str = "",
        prompt: str | None = None,
        state: Sequence[float] | Mapping[str, float] | None = None,
        actions: ActionSet | None = None,
        start: Start | str | None = None,
        profile: str = "",
        seed: int | None = None,
        delivery: Delivery = Delivery.LATEST,
        window: int = 0,
        encodings: Sequence[Encoding] = (Encoding.JPEG, Encoding.RGB24),
        jpeg_quality: int = 0,
    ) -> Session:
        """A session, opened when it is entered; see `Opening`. What is left out, the engine chooses.

        Raises:
            ValueError: an argument that no engine would take.
        """
        opening = Opening(
            world=world,
            prompt=prompt,
            state=state,
            actions=actions,
            start=start,
            profile=profile,
            seed=seed,
            delivery=delivery,
            window=window,
            encodings=tuple(encodings),
            jpeg_quality=jpeg_quality,
        )
        return self.open(opening)

    def open(self, opening: Opening, *, heartbeat_every_s: float = HEARTBEAT_EVERY_S) -> Session:
        """The same as `play` with an `Opening` that was made before."""
        if self._channel is None:
            raise ConnectionFailed(self.address, "not dialled yet: enter the client with `async with`")
        stub = _convert.engine_stub(self._channel)
        return Session(
            stub,
            self.address,
            opening,
            metadata=self._metadata,
            timeout_s=self._timeout_s,
            heartbeat_every_s=heartbeat_every_s,
        )
