"""Who may ask at all: one shared bearer token."""

import hmac
from collections.abc import Iterable

from engine_service.server.rejection import Rejection, RejectReason


def check_bearer(metadata: Iterable[tuple[str, str | bytes]], token: str | None) -> None:
    """Compare the call's `authorization: Bearer ...` with the engine's token; None lets everyone in.

    Raises:
        Rejection: UNAUTHENTICATED; it never repeats what was sent.
    """
    if token is None:
        return
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str):
            scheme, _, given = value.partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
                return
            raise _refused("not the engine's token")
    raise _refused("")


def _refused(value: str) -> Rejection:
    return Rejection(
        RejectReason.UNAUTHENTICATED,
        field="metadata authorization",
        value=value,
        allowed="must be 'Bearer <token>' with the token this engine was started with",
    )
