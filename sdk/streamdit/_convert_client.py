"""Types -> wire: what the client says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streamdit._convert import ClientMessage
from streamdit._prompt import PromptWish
from streamdit._said import ActionsWish, StateWish
from streamdit._start import PackedStart
from streamdit.checks import MAX_MESSAGE_BYTES
from streamdit.opening import Opening
from streamdit.types import Encoding, Steering
from streamdit.version import API_VERSION, VERSION
from streamdit.wire import engine_pb2 as pb


@dataclass(frozen=True, slots=True)
class OpeningWords:
    """What an opening says, checked against the world; None: it leaves that to the engine."""

    state: StateWish | None = None
    actions: ActionsWish | None = None
    start: PackedStart | None = None


def server_info_request() -> pb.GetServerInfoRequest:
    """It has no fields."""
    return pb.GetServerInfoRequest()


def sendable(message: ClientMessage) -> ClientMessage:
    """A message that fits on the wire; a larger one would end the call.

    Raises:
        ValueError: it is too large.
    """
    if message.ByteSize() > MAX_MESSAGE_BYTES:
        kind = message.WhichOneof("body")
        raise ValueError(f"{kind} is {message.ByteSize()} bytes long, a message holds {MAX_MESSAGE_BYTES}")
    return message


def open_message(opening: Opening, said: OpeningWords, client_time_us: int) -> ClientMessage:
    """The first message of a stream; None is absent on the wire."""
    wire = pb.Open(
        api_version=API_VERSION,
        sdk_name="streamdit-python",
        sdk_version=VERSION,
        world=opening.world,
        encodings=[f"ENCODING_{encoding.name}" for encoding in opening.encodings],
        profile=opening.profile,
        seed=opening.seed,
        delivery=f"DELIVERY_{opening.delivery.name}",
        window=opening.window,
        prompt=None if opening.prompt is None else pb.Prompt(text=opening.prompt),
        state=None if said.state is None else _state(said.state),
        jpeg_quality=opening.jpeg_quality,
        resume_token=opening.resume_token,
        actions=None if said.actions is None else _actions(said.actions),
        start=None if said.start is None else _start(said.start),
        received_frame_id=opening.received_frame_id,
    )
    return sendable(pb.ClientMessage(client_time_us=client_time_us, open=wire))


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


def state_message(event_id: int, client_time_us: int, wish: StateWish) -> ClientMessage:
    """What is happening, and what is expected to."""
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, state=_state(wish))


def _state(wish: StateWish) -> pb.State:
    horizon = [pb.StateStep(values=step) for step in wish.horizon]
    return pb.State(values=wish.values, horizon=horizon, fields=wish.fields)


def actions_message(event_id: int, client_time_us: int, wish: ActionsWish) -> ClientMessage:
    """What is held, and what is expected to be."""
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, actions=_actions(wish))


def _actions(wish: ActionsWish) -> pb.Actions:
    horizon = [pb.ActionsStep(values=_values(step)) for step in wish.horizon]
    return pb.Actions(values=_values(wish.values), horizon=horizon)


def _values(held: Mapping[str, float]) -> list[pb.ActionValue]:
    return [pb.ActionValue(name=name, value=value) for name, value in held.items()]


def _start(start: PackedStart) -> pb.Start:
    if start.clip:
        return pb.Start(clip=start.clip)
    frames = pb.StartFrames(
        encoding=f"ENCODING_{start.encoding.name}",
        width=start.width,
        height=start.height,
        payloads=start.payloads,
        states=[pb.StateStep(values=step) for step in start.states],
        actions=[pb.ActionsStep(values=_values(held)) for held in start.actions],
    )
    return pb.Start(frames=frames)


def _control(event_id: int, client_time_us: int, control: pb.Control) -> ClientMessage:
    return pb.ClientMessage(event_id=event_id, client_time_us=client_time_us, control=control)


def pause_message(event_id: int, client_time_us: int) -> ClientMessage:
    """No further chunks."""
    return _control(event_id, client_time_us, pb.Control(pause=pb.Pause()))


def resume_message(event_id: int, client_time_us: int) -> ClientMessage:
    """Go on after a pause."""
    return _control(event_id, client_time_us, pb.Control(resume=pb.Resume()))


def reset_message(event_id: int, client_time_us: int, seed: int | None, start: PackedStart | None) -> ClientMessage:
    """Start again, from noise or from a start."""
    reset = pb.Reset(seed=seed, start=None if start is None else _start(start))
    return _control(event_id, client_time_us, pb.Control(reset=reset))


def release_message(event_id: int, client_time_us: int, steering: Iterable[Steering]) -> ClientMessage:
    """What is un-said."""
    release = pb.Release(steering=[f"STEERING_{one.name}" for one in steering])
    return _control(event_id, client_time_us, pb.Control(release=release))


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
