"""The words and the numbers a picture is made of: a picture is a pure function of (scene, state)."""

from dataclasses import dataclass
from itertools import product

CRITTERS = ("pig", "cat", "fox", "rabbit", "frog", "duck", "penguin", "robot")
LANDSCAPES = ("meadow", "desert", "beach", "forest", "mountains", "city")
TIMES = ("day", "sunset", "night")
WEATHERS = ("clear", "rain", "snow")

SIZE = 128  # width and height of a picture, px
FPS = 16  # one game tick is one frame
PERIOD = 256.0  # the landscape repeats after this many px of camera travel


@dataclass(frozen=True, slots=True)
class Scene:
    """What the prompt says: who walks where, at what time, in what weather."""

    critter: str
    landscape: str
    time: str
    weather: str

    def __post_init__(self) -> None:
        for field, allowed in (
            ("critter", CRITTERS),
            ("landscape", LANDSCAPES),
            ("time", TIMES),
            ("weather", WEATHERS),
        ):
            value = getattr(self, field)
            if value not in allowed:
                raise ValueError(f"scene {field} is {value!r}, expected one of {', '.join(allowed)}")


@dataclass(frozen=True, slots=True)
class State:
    """What the game says, in the order it crosses the wire. All of it is visible in the picture."""

    x: float = 64.0  # critter's centre on the screen, px, 0..128
    y: float = 0.0  # height of its feet above the ground, px, 0..32
    facing: float = 1.0  # -1 looks left, +1 looks right
    walk: float = 0.0  # walk cycle, 0..1, periodic; 0 is standing
    camera: float = 0.0  # left edge of the screen in the landscape, px, 0..PERIOD, periodic
    clock: float = 0.0  # weather cycle, 0..1, periodic, one turn a second

    def values(self) -> tuple[float, ...]:
        """The state as the engine's `state` event carries it, in STATE_FIELDS order."""
        return (self.x, self.y, self.facing, self.walk, self.camera, self.clock)


@dataclass(frozen=True, slots=True)
class StateField:
    """Name and range of one state value; a periodic field meets itself at its ends."""

    name: str
    min: float
    max: float
    periodic: bool = False
    initial: float | None = None  # until the game says otherwise; None: the middle


STATE_FIELDS = (
    StateField("x", 0.0, float(SIZE), initial=64.0),
    StateField("y", 0.0, 32.0, initial=0.0),
    StateField("facing", -1.0, 1.0, initial=1.0),
    StateField("walk", 0.0, 1.0, periodic=True, initial=0.0),
    StateField("camera", 0.0, PERIOD, periodic=True, initial=0.0),
    StateField("clock", 0.0, 1.0, periodic=True, initial=0.0),
)


def all_scenes() -> list[Scene]:
    """Every combination of words, in a fixed order."""
    return [Scene(*words) for words in product(CRITTERS, LANDSCAPES, TIMES, WEATHERS)]
