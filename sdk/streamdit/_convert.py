"""Wire -> types: what the engine says; `_convert_client` is the other way. Beside wire/ and testing only these two see
protobuf.

Elsewhere a `ClientMessage` or `ServerMessage` is opaque. What a newer engine sends and this SDK does not know
is passed over: an unknown body becomes None, an unknown enum number a word that says so.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from streamdit.errors import Rejected
from streamdit.frames import Frame
from streamdit.limits import MAX_FIELDS, check_limits, layout
from streamdit.types import (
    ActionInfo,
    ActionKind,
    Closed,
    ClosedReason,
    Delivery,
    Draining,
    Drops,
    Encoding,
    EventApplied,
    EventRejected,
    Notice,
    Opened,
    ProfileInfo,
    ServerInfo,
    ServerStats,
    StateField,
    Steering,
    Totals,
    WorldInfo,
)
from streamdit.version import VERSION
from streamdit.wire import engine_pb2 as pb

ClientMessage: TypeAlias = pb.ClientMessage
SERVICE = pb.DESCRIPTOR.services_by_name["EngineService"].full_name
MAX_OPENING_FIELDS = 65536  # of what describes worlds: some name every word they know
_MESSAGE_LAYOUT = layout(pb.ServerMessage.DESCRIPTOR)
_INFO_LAYOUT = layout(pb.GetServerInfoResponse.DESCRIPTOR)
ERROR_DOMAIN = "streamdit"
STATUS_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class HeartbeatEcho:
    """What the engine answers to a heartbeat."""

    client_time_us: int
    server_time_us: int


Incoming: TypeAlias = (
    Opened | Frame | EventApplied | EventRejected | Notice | ServerStats | HeartbeatEcho | Draining | Closed
)
PlayCall: TypeAlias = "grpc.aio.StreamStreamCall[ClientMessage, bytes]"
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


class EngineStub(Protocol):
    """The service as the client calls it. What the engine answers stays bytes: they are counted before they are
    read."""

    def Play(self, *, metadata: Metadata) -> PlayCall: ...  # noqa: N802  the proto's name
    def GetServerInfo(  # noqa: N802
        self, request: pb.GetServerInfoRequest, *, metadata: Metadata, timeout: float
    ) -> Awaitable[bytes]: ...


@dataclass(frozen=True, slots=True)
class _Stub:
    Play: Any
    GetServerInfo: Any


def engine_stub(channel: grpc.aio.Channel) -> EngineStub:
    """The calls of a channel."""
    play: Any = channel.stream_stream(f"/{SERVICE}/Play", request_serializer=pb.ClientMessage.SerializeToString)
    info: Any = channel.unary_unary(
        f"/{SERVICE}/GetServerInfo", request_serializer=pb.GetServerInfoRequest.SerializeToString
    )
    return _Stub(play, info)


# -------------------------------------------------------------------------------------------- wire to client


def _drops(wire: pb.Drops) -> Drops:
    return Drops(wire.generate, wire.encode, wire.network)


def world_info(wire: pb.WorldInfo) -> WorldInfo:
    """A world's contract."""
    return WorldInfo(
        name=wire.name,
        description=wire.description,
        fps=wire.fps,
        width=wire.width,
        height=wire.height,
        state_fields=tuple(StateField(f.name, f.min, f.max, f.periodic, f.initial) for f in wire.state_fields),
        profiles=tuple(
            ProfileInfo(p.name, p.references, p.chunks, p.chunk_size, p.steps_per_shift, p.frames_per_shift)
            for p in wire.profiles
        ),
        default_profile=wire.default_profile,
        example_prompts=tuple(wire.example_prompts),
        vocabulary=tuple(wire.vocabulary),
        actions=tuple(_action(action) for action in wire.actions),
        takes_source_frames=wire.takes_source_frames,
        steered_by=_steerings(wire.steered_by) or (Steering.PROMPT, Steering.STATE),  # an engine of 0.1 says nothing
        may_be_open=_steerings(wire.may_be_open),
        start_clips=tuple(wire.start_clips),
        frames_per_latent=wire.frames_per_latent or 1,
    )


def _action(wire: pb.ActionInfo) -> ActionInfo:
    """A kind that this SDK does not know has a range all the same."""
    button = wire.kind == pb.ACTION_KIND_BUTTON
    kind = ActionKind.BUTTON if button else ActionKind.AXIS
    least, most = (0.0, 1.0) if button else (wire.min, wire.max)
    return ActionInfo(wire.name, kind, least, most, wire.group, wire.default_key, wire.description)


def _steerings(numbers: Iterable[int]) -> tuple[Steering, ...]:
    """Those that this SDK knows."""
    known = {steering.value: steering for steering in Steering}
    return tuple(known[number] for number in numbers if number in known)


def server_info(raw: bytes) -> ServerInfo:
    """What an engine serves.

    Raises:
        ValueError: the bytes are no such answer, or hold more than one may.
    """
    check_limits(raw, _INFO_LAYOUT, max_fields=MAX_OPENING_FIELDS)
    try:
        wire = pb.GetServerInfoResponse.FromString(raw)
    except DecodeError as error:
        raise ValueError(f"it is unreadable: {error}") from error
    return ServerInfo(
        server_version=wire.server_version,
        api_version=wire.api_version,
        worlds=tuple(world_info(world) for world in wire.worlds),
        backend=wire.backend,
        device=wire.device,
        max_sessions=wire.max_sessions,
        active_sessions=wire.active_sessions,
    )


def _opened(wire: pb.Opened) -> Opened:
    return Opened(
        session_id=wire.session_id,
        world=world_info(wire.world),
        encoding=Encoding(wire.encoding),
        profile=wire.profile,
        seed=wire.seed,
        delivery=Delivery(wire.delivery),
        window=wire.window,
        api_version=wire.api_version,
        idle_timeout_s=wire.idle_timeout_s,
        max_prompt_chars=wire.max_prompt_chars,
        max_horizon_frames=wire.max_horizon_frames,
        server_time_us=wire.server_time_us,
        resume_token=wire.resume_token,
        resume_s=wire.resume_s,
        resumed=wire.resumed,
        last_event_id=wire.last_event_id,
        steered_by=_steerings(wire.steered_by),
        actions_timeout_s=wire.actions_timeout_s,
    )


def _frame(wire: pb.Frame, received_time_ns: int) -> Frame:
    return Frame(
        frame_id=wire.frame_id,
        pts_us=wire.pts_us,
        last_event_id=wire.last_event_id,
        encoding=Encoding(wire.encoding),
        width=wire.width,
        height=wire.height,
        payload=wire.payload,
        generate_start_us=wire.generate_start_us,
        generate_end_us=wire.generate_end_us,
        send_us=wire.send_us,
        encode_us=wire.encode_us,
        rung=wire.rung,
        dropped_before=_drops(wire.dropped_before),
        received_time_ns=received_time_ns,
    )


def _server_stats(wire: pb.Stats) -> ServerStats:
    return ServerStats(
        frames_sent=wire.frames_sent,
        dropped=_drops(wire.dropped),
        step_ms=wire.step_ms if wire.HasField("step_ms") else None,
        decode_ms=wire.decode_ms if wire.HasField("decode_ms") else None,
        encode_ms=wire.encode_ms if wire.HasField("encode_ms") else None,
        drift_ms=wire.drift_ms if wire.HasField("drift_ms") else None,
        rung=wire.rung,
        active_sessions=wire.active_sessions,
    )


def _closed(wire: pb.Closed) -> Closed:
    totals = Totals(wire.frames_generated, wire.frames_sent, _drops(wire.dropped), wire.duration_s)
    try:
        return Closed(ClosedReason(wire.reason), wire.detail, totals)
    except ValueError:
        detail = f"reason {wire.reason}, unknown to SDK {VERSION}: {wire.detail}"
        return Closed(ClosedReason.ENGINE_FAILED, detail, totals)


def _word(enum: Any, number: int, prefix: str) -> str:
    """An enum value's name without its prefix."""
    known: bool = number in enum.values()
    return str(enum.Name(number)).removeprefix(prefix) if known else f"UNKNOWN_{number}"


def _event_rejected(wire: pb.EventRejected) -> EventRejected:
    reason = _word(pb.RejectReason, wire.reason, "REJECT_REASON_")
    return EventRejected(wire.event_id, reason, wire.field, wire.value, wire.detail)


def _notice(wire: pb.Notice) -> Notice:
    code = _word(pb.NoticeCode, wire.code, "NOTICE_CODE_")
    return Notice(code, wire.detail, wire.event_id, tuple(wire.words))


_READERS: Mapping[str, Callable[[Any], Incoming]] = {
    "opened": _opened,
    "event_applied": lambda wire: EventApplied(wire.event_id, wire.frame_id, wire.pts_us, wire.replaced_by),
    "event_rejected": _event_rejected,
    "notice": _notice,
    "stats": _server_stats,
    "heartbeat": lambda wire: HeartbeatEcho(wire.client_time_us, wire.server_time_us),
    "draining": lambda wire: Draining(wire.deadline_s, wire.detail),
    "closed": _closed,
}


def incoming(raw: bytes, received_time_ns: int, *, max_fields: int = MAX_FIELDS) -> Incoming | None:
    """Whatever the engine said; None for a body this SDK does not know.

    Raises:
        ValueError: a frame in an encoding, or a session with a delivery, that was never asked for; the bytes are no
            message, or hold more than one may.
    """
    check_limits(raw, _MESSAGE_LAYOUT, max_fields=max_fields)
    try:
        message = pb.ServerMessage.FromString(raw)
    except DecodeError as error:
        raise ValueError(f"it is unreadable: {error}") from error
    body = message.WhichOneof("body")
    if body == "frame":
        return _frame(message.frame, received_time_ns)
    read = _READERS.get(body or "")
    return None if read is None else read(getattr(message, str(body)))


def rejection(trailing_metadata: Iterable[tuple[str, str | bytes]] | None) -> Rejected | None:
    """The engine's refusal, a google.rpc.Status with our ErrorInfo in the last metadata; None without one."""
    for key, value in trailing_metadata or ():
        if key != STATUS_DETAILS or not isinstance(value, bytes):
            continue
        status = status_pb2.Status.FromString(value)
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info) and info.domain == ERROR_DOMAIN:
                field, held = info.metadata.get("field", ""), info.metadata.get("value", "")
                return Rejected(info.reason, field, held, status.message)
    return None
