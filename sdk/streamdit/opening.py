"""What a session asks for when it is opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from streamdit.checks import MAX_SEED, MAX_WINDOW, check_number, check_text, check_whole
from streamdit.types import ActionSet, Delivery, Encoding, Start


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a session asks for; "", 0 and None leave it to the engine.

    Prompt, state and actions that are not said are left open where the world may invent them (`WorldInfo.may_be_open`),
    else they have their default. `state` in field order or by name; of a world that may leave it open, fields that are
    not named stay open.

    Raises:
        ValueError: something that no engine would take, by its name and value.
    """

    world: str = ""
    prompt: str | None = None
    state: Sequence[float] | Mapping[str, float] | None = None
    actions: ActionSet | None = None  # held from the start; an empty set says that nothing is
    start: Start | str | None = None  # what the stream goes on from; a name is that of a start clip
    profile: str = ""
    seed: int | None = None  # 0..2**64 - 1
    delivery: Delivery = Delivery.LATEST
    window: int = 0  # frames that may be sent and not yet acknowledged, at most 256
    encodings: tuple[Encoding, ...] = (Encoding.JPEG, Encoding.RGB24)  # in order of liking
    jpeg_quality: int = 0  # 1..100
    resume_token: str = ""  # of a session whose connection broke: go on with it, if the engine still keeps it
    received_frame_id: int | None = None  # of that session: the newest frame that arrived, so that all lost are named

    def __post_init__(self) -> None:
        for name in ("world", "profile", "resume_token"):
            check_text(getattr(self, name), name)
        if self.prompt is not None:
            check_text(self.prompt, "prompt")
        if self.seed is not None:
            check_whole(self.seed, "seed", 0, MAX_SEED)
        if self.received_frame_id is not None:
            check_whole(self.received_frame_id, "received_frame_id", 0, MAX_SEED)
        check_whole(self.window, "window", 0, MAX_WINDOW, " frames; 0 leaves it to the engine")
        check_whole(self.jpeg_quality, "jpeg_quality", 0, 100, "; 0 leaves it to the engine")
        _check_member(self.delivery, Delivery, "delivery")
        for i, encoding in enumerate(self.encodings):
            _check_member(encoding, Encoding, f"encodings[{i}]")
        if isinstance(self.state, Mapping):
            for name, value in self.state.items():
                check_number(value, f"state field {name!r}")
        elif self.state is not None:
            if not isinstance(self.state, Sequence) and not hasattr(self.state, "__array__"):
                raise ValueError(f"state is {self.state!r}, expected all values, or some by name")
            for i, value in enumerate(self.state):
                check_number(value, f"state[{i}]")


def _check_member(value: object, kind: type[Enum], field: str) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{field} is {value!r}, expected one of {', '.join(one.name for one in kind)}")
