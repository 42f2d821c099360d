"""Wire <-> types: the only file of the SDK, besides wire/ and testing, that sees protobuf.

Elsewhere a `ClientMessage` or `ServerMessage` is opaque. What a newer engine sends and this SDK does not know
is passed over: an unknown body becomes None, an unknown enum number a word that says so.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import grpc.aio
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from streamdit._prompt import PromptWish
from streamdit.errors import Rejected
from streamdit.frames import Frame
from streamdit.types import (
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
    Totals,
    WorldInfo,
)
from streamdit.version import API_VERSION, VERSION
from streamdit.wire import engine_pb2 as pb
from streamdit.wire import engine_pb2_grpc as pb_grpc

ClientMessage: TypeAlias = pb.ClientMessage
ServerMessage: TypeAlias = pb.ServerMessage
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
PlayCall: TypeAlias = "grpc.aio.StreamStreamCall[ClientMessage, ServerMessage]"
Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]


class EngineStub(Protocol):
    """The service as the client calls it."""

    def Play(self, *, metadata: Metadata) -> PlayCall: ...  # noqa: N802  the proto's name
    def GetServerInfo(  # noqa: N802
        self, request: pb.GetServerInfoRequest, *, metadata: Metadata, timeout: float
    ) -> Awaitable[pb.GetServerInfoResponse]: ...


def engine_stub(channel: grpc.aio.Channel) -> EngineStub:
    """The generated stub, with the types it lacks."""
    make = cast(Any, pb_grpc.EngineServiceStub)
    return cast(EngineStub, make(channel))


# -------------------------------------------------------------------------------------------- client to wire


def server_info_request() -> pb.GetServerInfoRequest:
    """It has no fields."""
    return pb.GetServerInfoRequest()


def open_message(
    *,
    world: str,
    prompt: str | None,
    state: Sequence[float] | None,
    profile: str,
    seed: int | None,
    delivery: Delivery,
    window: int,
    encodings: Iterable[Encoding],
    jpeg_quality: int,
    resume_token: str,
    client_time_us: int,
) -> ClientMessage:
    """The first message of a stream; None is absent on the wire."""
    opening = pb.Open(
        api_version=API_VERSION,
        sdk_name="streamdit-python",
        sdk_version=VERSION,
        world=world,
        encodings=[f"ENCODING_{encoding.name}" for encoding in encodings],
        profile=profile,
        seed=seed,
        delivery=f"DELIVERY_{delivery.name}",
        window=window,
        prompt=None if prompt is None else pb.Prompt(text=prompt),
        state=None if state is None else pb.State(values=state),
        jpeg_quality=jpeg_quality,
        resume_token=resume_token,
    )
    return pb.ClientMessage(client_time_us=client_time_us, open=opening)


def prompt_message(event_id: int, client_time_us: int, wish: PromptWish) -> ClientMessage:
    """What the world should be, and how it becomes so."""
    prompt = pb.Prompt(
        text=wish.text,
        transition=f"PROMPT_TRANSITION_{wish.transition.upper()}",
        smooth_frames=wish.smooth_frames,
        renoise_to=wish.renoise_to,
    )
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, prompt=prompt)


def source_message(
    event_id: int, client_time_us: int, payload: bytes, encoding: Encoding, width: int, height: int, strength: float
) -> ClientMessage:
    """A picture to be redrawn."""
    source = pb.SourceFrame(
        encoding=f"ENCODING_{encoding.name}", width=width, height=height, payload=payload, strength=strength
    )
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, source_frame=source)


def state_message(
    event_id: int, client_time_us: int, values: Sequence[float], horizon: Iterable[Sequence[float]]
) -> ClientMessage:
    """What is happening, and what is expected to."""
    state = pb.State(values=values, horizon=[pb.StateStep(values=step) for step in horizon])
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, state=state)


def action_message(event_id: int, client_time_us: int, name: str, value: float) -> ClientMessage:
    """What the player did."""
    action = pb.Action(name=name, value=value)
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, action=action)


def _control(event_id: int, client_time_us: int, control: pb.Control) -> ClientMessage:
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, control=control)


def pause_message(event_id: int, client_time_us: int) -> ClientMessage:
    """No further chunks."""
    return _control(event_id, client_time_us, pb.Control(pause=pb.Pause()))


def resume_message(event_id: int, client_time_us: int) -> ClientMessage:
    """Go on after a pause."""
    return _control(event_id, client_time_us, pb.Control(resume=pb.Resume()))


def reset_message(event_id: int, client_time_us: int, seed: int | None) -> ClientMessage:
    """Start again from noise."""
    return _control(event_id, client_time_us, pb.Control(reset=pb.Reset(seed=seed)))


def switch_profile_message(event_id: int, client_time_us: int, name: str) -> ClientMessage:
    """Another partition."""
    switch = pb.SwitchProfile(name=name)
    return _control(event_id, client_time_us, pb.Control(switch_profile=switch))


def ack_message(frame_id: int, received_time_us: int, client_time_us: int) -> ClientMessage:
    """Credit for every frame up to `frame_id`."""
    ack = pb.Ack(frame_id=frame_id, received_time_us=received_time_us)
    return pb.ClientMessage(client_time_us=client_time_us, ack=ack)


def heartbeat_message(client_time_us: int) -> ClientMessage:
    """Keeps the session alive and measures the round trip."""
    beat = pb.Heartbeat(client_time_us=client_time_us)
    return pb.ClientMessage(client_time_us=client_time_us, heartbeat=beat)


def close_message(client_time_us: int, detail: str) -> ClientMessage:
    """The last message."""
    return pb.ClientMessage(client_time_us=client_time_us, close=pb.Close(detail=detail))


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
        actions=tuple(wire.actions),
        takes_source_frames=wire.takes_source_frames,
    )


def server_info(wire: pb.GetServerInfoResponse) -> ServerInfo:
    """What an engine serves."""
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
    "event_applied": lambda wire: EventApplied(wire.event_id, wire.frame_id, wire.pts_us),
    "event_rejected": _event_rejected,
    "notice": _notice,
    "stats": _server_stats,
    "heartbeat": lambda wire: HeartbeatEcho(wire.client_time_us, wire.server_time_us),
    "draining": lambda wire: Draining(wire.deadline_s, wire.detail),
    "closed": _closed,
}


def incoming(message: ServerMessage, received_time_ns: int) -> Incoming | None:
    """Whatever the engine said; None for a body this SDK does not know.

    Raises:
        ValueError: a frame in an encoding, or a session with a delivery, that was never asked for.
    """
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
