"""What a world is, apart from its weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from engine_service.model.partition import Partition
from streamdit import types as sdk
from streamdit.types import ActionInfo, Steering

Direction: TypeAlias = Literal["left", "right", "up", "down"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@dataclass(frozen=True, slots=True)
class StateField:
    """Name and range of one state value, and what it moves on the screen; a periodic field meets itself at its ends.

    A field that moves something says which way, as its value grows, and by how many pixels for each unit; two
    layers of scenery that scroll at two speeds are two numbers. The model then sees every place from the thing
    that moves (model/conditioning.py, `StatePlaces`).
    """

    name: str
    min: float
    max: float
    periodic: bool = False
    moves: Direction | None = None
    pixels: tuple[float, ...] = (1.0,)  # per unit of the value
    initial: float | None = None  # until a client sends a state; None: the middle

    def __post_init__(self) -> None:
        if not self.min < self.max:
            raise ValueError(f"state field {self.name}: min {self.min} is not below max {self.max}")
        if not self.min <= self.resting <= self.max:
            raise ValueError(f"state field {self.name}: initial is {self.initial}, must be {self.min}..{self.max}")
        if self.moves not in (None, *DIRECTIONS):
            raise ValueError(
                f"state field {self.name}: moves is {self.moves!r}, expected one of {', '.join(DIRECTIONS)}"
            )
        if not self.pixels or not all(pixels > 0 for pixels in self.pixels):
            raise ValueError(f"state field {self.name}: pixels is {self.pixels}, expected numbers above 0")

    @property
    def resting(self) -> float:
        """What holds until a client sends a state."""
        return (self.min + self.max) / 2 if self.initial is None else self.initial


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A world's contract with its clients, read from `world.toml`."""

    name: str
    description: str
    fps: float
    width: int
    height: int
    frames_per_latent: int  # r
    state_fields: tuple[StateField, ...]
    profiles: Mapping[str, Partition]
    default_profile: str
    example_prompts: tuple[str, ...]
    vocabulary: tuple[str, ...]  # words the text encoder knows
    takes_source_frames: bool = True  # clients may send pictures to be redrawn
    actions: tuple[ActionInfo, ...] = ()
    may_be_open: frozenset[Steering] = frozenset()  # what a session may leave for the model to invent
    start_steps: int = 0  # micro-steps from noise to a stream's first latents, if the profile has fewer
    start_clips: Mapping[str, str] = field(default_factory=dict)  # files of moments that a stream can go on from
    info: sdk.WorldInfo = field(init=False, repr=False, compare=False)  # the same, as clients see it

    def __post_init__(self) -> None:
        names = [action.name for action in self.actions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"world {self.name}: action {name!r} is there twice")
        for steering in self.may_be_open:
            if steering not in self.steered_by:
                raise ValueError(
                    f"world {self.name}: may_be_open holds {steering.name.lower()}, which it does not take"
                )
        if self.start_steps < 0:
            raise ValueError(f"start_steps is {self.start_steps}, must be 0 or more")
        for name, size in (("fps", self.fps), ("width", self.width), ("height", self.height)):
            if size <= 0:
                raise ValueError(f"{name} is {size}, must be above 0")
        if self.default_profile not in self.profiles:
            raise ValueError(
                f"world {self.name}: default_profile is {self.default_profile!r}, "
                f"expected one of {', '.join(self.profiles)}"
            )
        if not self.example_prompts:
            raise ValueError(f"world {self.name}: example_prompts is empty, needs at least one")
        object.__setattr__(self, "info", _info(self))

    @property
    def steered_by(self) -> tuple[Steering, ...]:
        """What a session can be steered by."""
        has = {Steering.PROMPT: True, Steering.STATE: bool(self.state_fields), Steering.ACTIONS: bool(self.actions)}
        return tuple(steering for steering, there in has.items() if there)

    @property
    def num_controls(self) -> int:
        """S + A: state fields, then actions, as every frame's controls hold them."""
        return len(self.state_fields) + len(self.actions)

    @property
    def frame_period_us(self) -> int:
        """Media time between two frames; exact for every fps that divides a second into microseconds."""
        return round(1_000_000 / self.fps)

    @property
    def resting_state(self) -> tuple[float, ...]:
        """What holds until a client sends a state."""
        return tuple(field.resting for field in self.state_fields)

    def frames_per_shift(self, profile: str) -> int:
        """r * c: how many frames leave the buffer at once."""
        return self.frames_per_latent * self.profiles[profile].chunk_size


def _info(world: World) -> sdk.WorldInfo:
    return sdk.WorldInfo(
        name=world.name,
        description=world.description,
        fps=world.fps,
        width=world.width,
        height=world.height,
        state_fields=tuple(
            sdk.StateField(each.name, each.min, each.max, each.periodic, each.resting) for each in world.state_fields
        ),
        profiles=tuple(
            sdk.ProfileInfo(
                name,
                partition.references,
                partition.chunks,
                partition.chunk_size,
                partition.steps_per_shift,
                world.frames_per_shift(name),
            )
            for name, partition in world.profiles.items()
        ),
        default_profile=world.default_profile,
        example_prompts=tuple(world.example_prompts),
        vocabulary=tuple(world.vocabulary),
        actions=world.actions,
        takes_source_frames=world.takes_source_frames,
        steered_by=world.steered_by,
        may_be_open=tuple(steering for steering in Steering if steering in world.may_be_open),
        start_clips=tuple(world.start_clips),
        frames_per_latent=world.frames_per_latent,
    )
