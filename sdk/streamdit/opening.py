"""What a session asks for when it is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamdit.types import ActionSet, Delivery, Encoding, Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a session asks for; "", 0 and None leave it to the engine.

    Prompt, state and actions that are not said are left open where the world may invent them (`WorldInfo.may_be_open`),
    else they have their default. `state` in field order or by name; of a world that may leave it open, fields that are
    not named stay open.
    """

    world: str = ""
    prompt: str | None = None
    state: Sequence[float] | Mapping[str, float] | None = None
    actions: ActionSet | None = None  # held from the start; an empty set says that nothing is
    start: Start | str | None = None  # what the stream goes on from; a name is that of a start clip
    profile: str = ""
    seed: int | None = None
    delivery: Delivery = Delivery.LATEST
    window: int = 0  # frames that may be sent and not yet acknowledged
    encodings: tuple[Encoding, ...] = (Encoding.JPEG, Encoding.RGB24)  # in order of liking
    jpeg_quality: int = 0  # 1..100
    resume_token: str = ""  # of a session whose connection broke: go on with it, if the engine still keeps it
    received_frame_id: int | None = None  # of that session: the newest frame that arrived, so that all lost are named

    def __post_init__(self) -> None:
        if not 0 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}, expected 1..100, or 0 for the engine's choice")
        if self.window < 0:
            raise ValueError(f"window is {self.window} frames, expected at least 0")
