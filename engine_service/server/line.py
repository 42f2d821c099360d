"""A client's two-way stream, message by message."""

from typing import Protocol

from engine_service.server import convert, convert_client
from engine_service.server.messages import ClientMessage
from engine_service.server.rejection import Rejection, RejectReason


class Line(Protocol):
    """What a session needs of the transport; grpc's servicer context is one."""

    async def read(self) -> object:
        """The next message, or `grpc.aio.EOF`."""

    async def write(self, message: convert.ToClient, /) -> None:
        """Hand a message to the transport; waits while the client does not read."""


async def next_message(line: Line) -> ClientMessage | None:
    """What the client says next; None when it will say nothing more.

    Raises:
        Rejection: EMPTY_MESSAGE if the bytes are no `ClientMessage`; the next message may be one.
    """
    try:
        message = await line.read()
    except convert_client.Unreadable as error:
        raise Rejection(RejectReason.EMPTY_MESSAGE, field="message", value="unreadable", allowed=str(error)) from error
    return convert_client.from_client(message) if isinstance(message, convert_client.FromClient) else None
