"""Wire -> types: what a client says, not checked yet."""

from collections.abc import Iterable
from typing import TypeAlias

from google.protobuf.message import DecodeError

from engine_service.server import messages
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.types import Pause, Resume, SwitchProfile
from streamdit.checks import check_horizon, check_start_steps
from streamdit.limits import TooMuchError, UnwalkableError, check_limits, layout
from streamdit.wire import engine_pb2 as wire

FromClient: TypeAlias = wire.ClientMessage

_LAYOUT = layout(wire.ClientMessage.DESCRIPTOR)
_TOO_MUCH = {  # of what; of the rest, OUT_OF_RANGE
    "state.values": RejectReason.STATE_LENGTH,
    "state.horizon": RejectReason.HORIZON_TOO_LONG,
    "state.horizon.values": RejectReason.STATE_LENGTH,
    "actions.horizon": RejectReason.HORIZON_TOO_LONG,
}


def read(raw: bytes) -> messages.ClientMessage:
    """What the client said, not checked yet. Its fields are counted before anything is built of them.

    Raises:
        Rejection: EMPTY_MESSAGE if the bytes are no message; STATE_LENGTH, HORIZON_TOO_LONG or
            OUT_OF_RANGE if they hold more than a message may (`streamdit.limits`).
    """
    try:
        check_limits(raw, _LAYOUT, event_id=True)
        message = FromClient.FromString(raw)
    except TooMuchError as error:
        reason = _TOO_MUCH.get(error.field, RejectReason.OUT_OF_RANGE)
        raise Rejection(
            reason, field=error.field, value=error.value, allowed=error.allowed, event_id=error.event_id
        ) from error
    except (DecodeError, UnwalkableError) as error:
        raise Rejection(RejectReason.EMPTY_MESSAGE, field="message", value="unreadable", allowed=str(error)) from error
    try:
        return from_client(message)
    except Rejection as rejection:
        rejection.event_id = message.event_id
        raise


def from_client(message: FromClient) -> messages.ClientMessage:  # noqa: PLR0911 - one per kind
    """What the client said, not checked yet.

    Raises:
        Rejection: HORIZON_TOO_LONG or START_DOES_NOT_FIT; no longer one is ever built.
    """
    event_id = message.event_id
    match message.WhichOneof("body"):
        case "open":
            return _open(message.open)
        case "prompt":
            return _prompt(event_id, message.prompt)
        case "state":
            return _state(event_id, message.state)
        case "actions":
            return _actions(event_id, message.actions)
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
        state=_state(0, body.state, "open.state") if body.HasField("state") else None,
        resume_token=body.resume_token,
        actions=_actions(0, body.actions, "open.actions") if body.HasField("actions") else None,
        start=_start(body.start, "open.start") if body.HasField("start") else None,
        received_frame_id=body.received_frame_id if body.HasField("received_frame_id") else None,
    )


def _prompt(event_id: int, body: wire.Prompt) -> messages.PromptRequest:
    renoise_to = body.renoise_to if body.HasField("renoise_to") else None
    return messages.PromptRequest(event_id, body.text, int(body.transition), body.smooth_frames, renoise_to)


def _source_frame(event_id: int, body: wire.SourceFrame) -> messages.SourceRequest:
    return messages.SourceRequest(event_id, int(body.encoding), body.width, body.height, body.payload, body.strength)


def _state(event_id: int, body: wire.State, field: str = "state") -> messages.StateRequest:
    check_horizon(len(body.horizon), f"{field}.horizon")
    return messages.StateRequest(event_id, tuple(body.values), _steps(body.horizon), tuple(body.fields))


def _steps(steps: Iterable[wire.StateStep]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(step.values) for step in steps)


def _actions(event_id: int, body: wire.Actions, field: str = "actions") -> messages.ActionsRequest:
    check_horizon(len(body.horizon), f"{field}.horizon")
    return messages.ActionsRequest(event_id, _named(body.values), tuple(_named(step.values) for step in body.horizon))


def _named(values: Iterable[wire.ActionValue]) -> messages.NamedValues:
    return tuple((value.name, value.value) for value in values)


def _start(body: wire.Start, field: str) -> messages.StartRequest:
    if body.WhichOneof("source") == "clip":
        return messages.StartRequest(body.clip)
    frames = body.frames
    for name, steps in (("payloads", frames.payloads), ("states", frames.states), ("actions", frames.actions)):
        check_start_steps(len(steps), f"{field}.frames.{name}")
    return messages.StartRequest(
        clip=None,
        encoding=int(frames.encoding),
        width=frames.width,
        height=frames.height,
        payloads=tuple(frames.payloads),
        states=_steps(frames.states),
        actions=tuple(_named(step.values) for step in frames.actions),
    )


def _control(event_id: int, body: wire.Control) -> messages.EventRequest:
    match body.WhichOneof("command"):
        case "pause":
            return Pause(event_id)
        case "resume":
            return Resume(event_id)
        case "reset":
            reset = body.reset
            return messages.ResetRequest(
                event_id,
                reset.seed if reset.HasField("seed") else None,
                _start(reset.start, "control.reset.start") if reset.HasField("start") else None,
            )
        case "switch_profile":
            return SwitchProfile(event_id, body.switch_profile.name)
        case "release":
            return messages.ReleaseRequest(event_id, tuple(int(number) for number in body.release.steering))
        case _:
            return messages.UnknownCommand(event_id)
