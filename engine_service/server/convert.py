"""Wire <-> types: the one file of the engine that reads and writes protobuf messages."""

from typing import TypeAlias

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from engine_service import API_VERSION, __version__
from engine_service.model.world import World
from engine_service.server import messages
from engine_service.server.event_checks import MAX_HORIZON_FRAMES, MAX_PROMPT_CHARS
from engine_service.server.governed import RungChanged
from engine_service.server.messages import SessionPlan
from engine_service.server.outbox import Outgoing
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.server.tally import Measured, Totals
from engine_service.types import (
    Applied,
    Closed,
    Drops,
    Event,
    Pause,
    Reset,
    Resume,
    State,
    SwitchProfile,
    UnknownWords,
)
from streamdit.wire import engine_pb2 as wire

FromClient: TypeAlias = wire.ClientMessage
ToClient: TypeAlias = wire.ServerMessage
ServerInfo: TypeAlias = wire.GetServerInfoResponse
Unreadable: TypeAlias = DecodeError  # what reading raises for bytes that are no message

_STATUS = {
    RejectReason.OPEN_EXPECTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.OPEN_REPEATED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.API_VERSION_UNSUPPORTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.UNKNOWN_WORLD: grpc.StatusCode.NOT_FOUND,
    RejectReason.UNKNOWN_PROFILE: grpc.StatusCode.NOT_FOUND,
    RejectReason.SERVER_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    RejectReason.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
}

# ---------------------------------------------------------------------------------------------- from the wire


def from_client(message: FromClient) -> messages.ClientMessage:  # noqa: PLR0911 - one per kind
    """What the client said, not checked yet."""
    event_id = message.event_id
    match message.WhichOneof("body"):
        case "open":
            return _open(message.open)
        case "prompt":
            return _prompt(event_id, message.prompt)
        case "state":
            return _state(event_id, message.state)
        case "action":
            return messages.Action(event_id, message.action.name, message.action.value)
        case "control":
            return _control(event_id, message.control)
        case "ack":
            return messages.Ack(message.ack.frame_id)
        case "source_frame":
            return _source_frame(event_id, message.source_frame)
        case "heartbeat":
            return messages.Heartbeat(message.heartbeat.client_time_us)
        case "close":
            return messages.Close(message.close.detail)
        case _:
            return messages.EmptyMessage(event_id)


def _open(body: wire.Open) -> messages.OpenRequest:
    return messages.OpenRequest(
        api_version=body.api_version,
        sdk=f"{body.sdk_name} {body.sdk_version}".strip(),
        world=body.world,
        encodings=tuple(int(encoding) for encoding in body.encodings),
        profile=body.profile,
        seed=body.seed if body.HasField("seed") else None,
        delivery=int(body.delivery),
        window=body.window,
        jpeg_quality=body.jpeg_quality,
        prompt=body.prompt.text if body.HasField("prompt") else None,
        state=_state(0, body.state) if body.HasField("state") else None,
        resume_token=body.resume_token,
    )


def _prompt(event_id: int, body: wire.Prompt) -> messages.PromptRequest:
    renoise_to = body.renoise_to if body.HasField("renoise_to") else None
    return messages.PromptRequest(event_id, body.text, int(body.transition), body.smooth_frames, renoise_to)


def _source_frame(event_id: int, body: wire.SourceFrame) -> messages.SourceRequest:
    return messages.SourceRequest(event_id, int(body.encoding), body.width, body.height, body.payload, body.strength)


def _state(event_id: int, body: wire.State) -> State:
    return State(event_id, tuple(body.values), tuple(tuple(step.values) for step in body.horizon))


def _control(event_id: int, body: wire.Control) -> Event | messages.UnknownCommand:
    match body.WhichOneof("command"):
        case "pause":
            return Pause(event_id)
        case "resume":
            return Resume(event_id)
        case "reset":
            return Reset(event_id, body.reset.seed if body.reset.HasField("seed") else None)
        case "switch_profile":
            return SwitchProfile(event_id, body.switch_profile.name)
        case _:
            return messages.UnknownCommand(event_id)


# ------------------------------------------------------------------------------------------------ to the wire


def server_info(
    worlds: tuple[World, ...], *, backend: str, device: str, max_sessions: int, active_sessions: int
) -> ServerInfo:
    """What this engine serves."""
    return wire.GetServerInfoResponse(
        server_version=__version__,
        api_version=API_VERSION,
        worlds=[_world(world) for world in worlds],
        backend=backend,
        device=device,
        max_sessions=max_sessions,
        active_sessions=active_sessions,
    )


def opened(
    plan: SessionPlan, *, idle_timeout_s: float, resume_s: float, resumed_after: int | None, now_ns: int
) -> ToClient:
    """What was chosen; `resumed_after` is the newest event of the session that goes on, None for a new one."""
    return wire.ServerMessage(
        opened=wire.Opened(
            session_id=plan.session_id,
            world=_world(plan.world),
            encoding=wire.Encoding.Name(plan.encoding.value),
            profile=plan.profile,
            seed=plan.seed,
            delivery=wire.Delivery.Name(plan.delivery.value),
            window=plan.window,
            api_version=API_VERSION,
            idle_timeout_s=idle_timeout_s,
            max_prompt_chars=MAX_PROMPT_CHARS,
            max_horizon_frames=MAX_HORIZON_FRAMES,
            server_time_us=now_ns // 1000,
            resume_token=plan.resume_token,
            resume_s=resume_s if plan.resume_token else 0.0,
            resumed=resumed_after is not None,
            last_event_id=resumed_after or 0,
        )
    )


def frame(outgoing: Outgoing, *, now_ns: int) -> ToClient:
    """A frame, handed to the wire at `now_ns`."""
    encoded = outgoing.frame
    return wire.ServerMessage(
        frame=wire.Frame(
            frame_id=encoded.frame_id,
            pts_us=encoded.pts_us,
            last_event_id=encoded.last_event_id,
            encoding=wire.Encoding.Name(encoded.encoding.value),
            width=encoded.width,
            height=encoded.height,
            payload=encoded.payload,
            generate_start_us=encoded.generate_start_ns // 1000,
            generate_end_us=encoded.generate_end_ns // 1000,
            send_us=now_ns // 1000,
            encode_us=encoded.encode_ns // 1000,
            rung=encoded.rung,
            dropped_before=_drops(outgoing.dropped_before),
        )
    )


def applied(entry: Applied) -> ToClient:
    """An event reached a frame."""
    return wire.ServerMessage(
        event_applied=wire.EventApplied(event_id=entry.event_id, frame_id=entry.frame_id, pts_us=entry.pts_us)
    )


def rejected(rejection: Rejection, event_id: int) -> ToClient:
    """An event was refused, the session goes on."""
    return wire.ServerMessage(
        event_rejected=wire.EventRejected(
            event_id=event_id,
            reason=wire.RejectReason.Name(rejection.reason.value),
            field=rejection.field,
            value=rejection.value,
            detail=rejection.detail,
        )
    )


def unknown_words(notice: UnknownWords) -> ToClient:
    """Words of a prompt that mean nothing to the world."""
    return wire.ServerMessage(
        notice=wire.Notice(
            code=wire.NOTICE_CODE_UNKNOWN_WORDS,
            detail=f"the world does not know: {', '.join(notice.words)}",
            event_id=notice.event_id,
            words=notice.words,
        )
    )


def late(lateness_s: float, skip_frames: int) -> ToClient:
    """Generation missed its deadline."""
    remedy = f"{skip_frames} frames were skipped" if skip_frames else "media time waited"
    return wire.ServerMessage(
        notice=wire.Notice(code=wire.NOTICE_CODE_LATE, detail=f"a chunk was {lateness_s * 1e3:.0f} ms late, {remedy}")
    )


def rung_changed(change: RungChanged) -> ToClient:
    """Another quality rung, and why."""
    return wire.ServerMessage(notice=wire.Notice(code=wire.NOTICE_CODE_RUNG_CHANGED, detail=change.reason))


def stats(totals: Totals, measured: Measured, *, active_sessions: int) -> ToClient:
    """The last second in numbers."""
    return wire.ServerMessage(
        stats=wire.Stats(
            frames_sent=totals.frames_sent,
            dropped=_drops(totals.dropped),
            step_ms=measured.step_ms,
            decode_ms=measured.decode_ms,
            encode_ms=measured.encode_ms,
            drift_ms=measured.drift_ms,
            rung=measured.rung,
            active_sessions=active_sessions,
        )
    )


def heartbeat(beat: messages.Heartbeat, *, now_ns: int) -> ToClient:
    """The answer to a heartbeat."""
    return wire.ServerMessage(
        heartbeat=wire.Heartbeat(client_time_us=beat.client_time_us, server_time_us=now_ns // 1000)
    )


def draining(deadline_s: float) -> ToClient:
    """The engine is going down."""
    return wire.ServerMessage(draining=wire.Draining(deadline_s=deadline_s, detail="the engine is shutting down"))


def closed(end: Closed, totals: Totals) -> ToClient:
    """The last message of a session."""
    return wire.ServerMessage(
        closed=wire.Closed(
            reason=wire.ClosedReason.Name(end.reason.value),
            detail=end.detail,
            frames_generated=totals.frames_generated,
            frames_sent=totals.frames_sent,
            dropped=_drops(totals.dropped),
            duration_s=totals.duration_s,
        )
    )


def status(rejection: Rejection) -> grpc.Status:
    """What ends a stream: google.rpc.Status with an ErrorInfo (domain "streamdit")."""
    code = _STATUS.get(rejection.reason, grpc.StatusCode.INVALID_ARGUMENT)
    info = any_pb2.Any()
    info.Pack(
        error_details_pb2.ErrorInfo(
            reason=rejection.reason.name,
            domain="streamdit",
            metadata={"field": rejection.field, "value": rejection.value},
        )
    )
    rich = status_pb2.Status(code=code.value[0], message=rejection.detail, details=[info])
    return rpc_status.to_status(rich)  # type: ignore[no-any-return]


def _drops(drops: Drops) -> wire.Drops:
    return wire.Drops(generate=drops.generate, encode=drops.encode, network=drops.network)


def _world(world: World) -> wire.WorldInfo:
    return wire.WorldInfo(
        name=world.name,
        description=world.description,
        fps=world.fps,
        width=world.width,
        height=world.height,
        state_fields=[
            wire.StateField(
                name=field.name, min=field.min, max=field.max, periodic=field.periodic, initial=field.resting
            )
            for field in world.state_fields
        ],
        profiles=[
            wire.ProfileInfo(
                name=name,
                references=partition.references,
                chunks=partition.chunks,
                chunk_size=partition.chunk_size,
                steps_per_shift=partition.steps_per_shift,
                frames_per_shift=world.frames_per_shift(name),
            )
            for name, partition in world.profiles.items()
        ],
        default_profile=world.default_profile,
        example_prompts=world.example_prompts,
        vocabulary=world.vocabulary,
        takes_source_frames=world.takes_source_frames,
    )
