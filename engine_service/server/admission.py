"""Who is let in: checks of `open` against the worlds and the limits. Pure; every refusal ends the stream."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine_service import API_VERSION
from engine_service.model.world import World
from engine_service.server.action_checks import check_actions
from engine_service.server.messages import ClientMessage, Delivery, Encoding, OpenRequest, SessionPlan
from engine_service.server.rejection import Rejection, RejectReason
from engine_service.server.start_checks import check_start
from engine_service.server.state_checks import check_state
from engine_service.types import GpuReading, Prompt
from streamdit import checks

FULL_GPU_MEMORY = 0.98  # from this share on, an allocation may fail in the middle of someone's stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the engine can give to a session."""

    worlds: Mapping[str, World]
    default_world: str
    max_sessions: int
    default_window: int  # frames
    max_window: int  # frames
    default_jpeg_quality: int  # 1..100

    def __post_init__(self) -> None:
        if self.default_world not in self.worlds:
            raise ValueError(
                f"default_world is {self.default_world!r}, expected one of {', '.join(self.worlds) or 'none'}"
            )


def expect_open(message: ClientMessage | None) -> OpenRequest:
    """The first message of a stream.

    Raises:
        Rejection: OPEN_EXPECTED if it is anything but `open`.
    """
    if not isinstance(message, OpenRequest):
        raise checks.open_expected("missing" if message is None else type(message).__name__.removesuffix("Request"))
    return message


def admit(
    request: OpenRequest,
    offer: Offer,
    *,
    active_sessions: int,
    kept_sessions: int = 0,
    session_id: str,
    fresh_seed: int,
    resume_token: str = "",
) -> SessionPlan:
    """Turn wishes into a plan. A session that is not LATEST gets no resume token: its frames may not be lost.

    What it is to start from is decoded here: not for an event loop.

    Raises:
        Rejection: naming the first wish that cannot be met.
    """
    check_api_version(request)
    world = offer.worlds[checks.check_world(request.world or offer.default_world, offer.worlds)]
    profile = checks.check_profile(request.profile or world.default_profile, world.info, field="open.profile").name
    prompt = None if request.prompt is None else checks.check_prompt(request.prompt, field="open.prompt.text")
    state = None if request.state is None else check_state(request.state, world, field="open.state")
    actions = None if request.actions is None else check_actions(request.actions, world, field="open.actions")
    start = None if request.start is None else check_start(request.start, world, profile, field="open.start")
    delivery = Delivery(checks.check_delivery(request.delivery).value)
    plan = SessionPlan(
        session_id=session_id,
        world=world,
        profile=profile,
        seed=fresh_seed if request.seed is None else request.seed,
        encoding=Encoding(checks.check_encodings(request.encodings).value),
        delivery=delivery,
        window=checks.check_within("open.window", request.window or offer.default_window, offer.max_window),
        jpeg_quality=checks.check_within("open.jpeg_quality", request.jpeg_quality or offer.default_jpeg_quality, 100),
        prompt=None if prompt is None else Prompt(0, prompt),
        state=state,
        actions=actions,
        start=start,
        resume_token=resume_token if delivery is Delivery.LATEST else "",
    )
    # Last, so that a client with a mistake learns of it even when the house is full.
    check_room(offer, active_sessions, kept_sessions)
    return plan


def check_api_version(request: OpenRequest) -> None:
    """The client was built for a version this engine speaks.

    Raises:
        Rejection: API_VERSION_UNSUPPORTED.
    """
    checks.check_api_version(request.api_version, API_VERSION)


def check_room(offer: Offer, active_sessions: int, kept_sessions: int = 0) -> None:
    """One more session fits beside those that are active, of which some are kept for a client that may come back.

    Raises:
        Rejection: SERVER_FULL.
    """
    if active_sessions >= offer.max_sessions:
        kept = f", {kept_sessions} of them kept for a client whose connection broke" if kept_sessions else ""
        raise Rejection(
            RejectReason.SERVER_FULL,
            field="active_sessions",
            value=f"{active_sessions}{kept}",
            allowed=f"this engine serves at most {offer.max_sessions} sessions at once",
        )


def check_gpu_memory(reading: GpuReading | None) -> None:
    """The GPU has memory for another session's buffers; not measured, it is believed to.

    Raises:
        Rejection: SERVER_FULL.
    """
    if reading is None or reading.memory_used_bytes is None or not reading.memory_total_bytes:
        return
    used = reading.memory_used_bytes / reading.memory_total_bytes
    if used >= FULL_GPU_MEMORY:
        raise Rejection(
            RejectReason.SERVER_FULL,
            field="memory of the GPU in use",
            value=f"{100 * used:.0f} %",
            allowed=f"a session is taken below {100 * FULL_GPU_MEMORY:.0f} %",
        )
