"""Types -> wire: what the engine says. What it hears is read in `convert_client`; only these two see messages."""

from collections.abc import Iterable
from typing import TypeAlias

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from engine_service import API_VERSION, __version__
from engine_service.model.world import World
from engine_service.server.governed import RungChanged
from engine_service.server.messages import Heartbeat, SessionPlan
from engine_service.server.outbox import Outgoing
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.server.tally import Measured, Totals
from engine_service.stream.prompts import remark_text
from engine_service.types import Applied, Closed, Drops, FarPrompt, Remark, UnknownWords
from streamdit.checks import MAX_HORIZON_FRAMES, MAX_PROMPT_CHARS
from streamdit.types import ActionInfo, Steering
from streamdit.wire import engine_pb2 as wire

ToClient: TypeAlias = wire.ServerMessage
ServerInfo: TypeAlias = wire.GetServerInfoResponse

_STATUS = {
    RejectReason.OPEN_EXPECTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.OPEN_REPEATED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.API_VERSION_UNSUPPORTED: grpc.StatusCode.FAILED_PRECONDITION,
    RejectReason.UNKNOWN_WORLD: grpc.StatusCode.NOT_FOUND,
    RejectReason.UNKNOWN_PROFILE: grpc.StatusCode.NOT_FOUND,
    RejectReason.SERVER_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    RejectReason.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
}

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
    plan: SessionPlan,
    *,
    steered_by: Iterable[Steering],
    idle_timeout_s: float,
    actions_timeout_s: float,
    resume_s: float,
    resumed_after: int | None,
    now_ns: int,
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
            steered_by=_steerings(steered_by),
            actions_timeout_s=actions_timeout_s,
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
        event_applied=wire.EventApplied(
            event_id=entry.event_id, frame_id=entry.frame_id, pts_us=entry.pts_us, replaced_by=entry.replaced_by
        )
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


def remark(about: Remark) -> ToClient:
    """What the engine has to say of a prompt."""
    match about:
        case UnknownWords():
            code, words = wire.NOTICE_CODE_UNKNOWN_WORDS, about.words
        case FarPrompt():
            code, words = wire.NOTICE_CODE_FAR_PROMPT, (about.nearest,)
    detail = remark_text(about)
    return wire.ServerMessage(notice=wire.Notice(code=code, detail=detail, event_id=about.event_id, words=words))


def late(lateness_s: float, skip_frames: int) -> ToClient:
    """Generation missed its deadline."""
    remedy = f"{skip_frames} frames were skipped" if skip_frames else "media time waited"
    return wire.ServerMessage(
        notice=wire.Notice(code=wire.NOTICE_CODE_LATE, detail=f"a chunk was {lateness_s * 1e3:.0f} ms late, {remedy}")
    )


def actions_released(silent_s: float) -> ToClient:
    """The client was silent for too long: no action is held any more."""
    detail = f"no message came for {silent_s:.1f} s, no action is held any more"
    return wire.ServerMessage(notice=wire.Notice(code=wire.NOTICE_CODE_ACTIONS_RELEASED, detail=detail))


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


def heartbeat(beat: Heartbeat, *, now_ns: int) -> ToClient:
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
        actions=[_action(action) for action in world.actions],
        steered_by=_steerings(world.steered_by),
        may_be_open=_steerings(world.may_be_open),
        start_clips=world.start_clips,
        frames_per_latent=world.frames_per_latent,
    )


def _action(action: ActionInfo) -> wire.ActionInfo:
    return wire.ActionInfo(
        name=action.name,
        kind=wire.ActionKind.Name(action.kind.value),
        min=action.min,
        max=action.max,
        group=action.group,
        default_key=action.default_key,
        description=action.description,
    )


def _steerings(steerings: Iterable[Steering]) -> list[str]:
    in_order = sorted(steerings, key=lambda steering: steering.value)
    return [wire.Steering.Name(steering.value) for steering in in_order]
