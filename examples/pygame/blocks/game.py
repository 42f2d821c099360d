"""The rules: what the keys do to the dot, sixteen ticks a second. Pure: no pixels, no time of its own."""

from dataclasses import dataclass

from streamdit.types import ActionInfo

from .scene import WIDTH

STEP = 8  # px a tick: as wide as a bar
HIGHEST = 24  # px above the ground: as high as a jump goes, for as long as its key is held
LEFT_END, RIGHT_END = 12, WIDTH - 12  # the dot's middle stays between them, px; always before the middle of a bar

ACTIONS = (
    ActionInfo("left", default_key="left", description="Walk to the left."),
    ActionInfo("right", default_key="right", description="Walk to the right; together with left: neither."),
    ActionInfo("jump", default_key="space", description="Rise while it is held, and fall when it is not."),
)


@dataclass(frozen=True, slots=True)
class Keys:
    """Which keys are down during one tick."""

    left: bool = False
    right: bool = False
    jump: bool = False

    @property
    def direction(self) -> int:
        """-1, 0 or +1; both keys together are none."""
        return int(self.right) - int(self.left)

    def values(self) -> tuple[float, ...]:
        """In ACTIONS order, 1 where one is down."""
        return (float(self.left), float(self.right), float(self.jump))

    def held(self) -> dict[str, float]:
        """Those that are down, by name."""
        return {action.name: value for action, value in zip(ACTIONS, self.values(), strict=True) if value}


@dataclass(frozen=True, slots=True)
class Dot:
    """All the game remembers between two ticks. Places are 8 px apart."""

    x: int = 36  # middle, px from the left
    y: int = 0  # height above the ground, px

    def state(self) -> tuple[float, float]:
        """What the game says to the engine: x and y."""
        return float(self.x), float(self.y)


def tick(dot: Dot, keys: Keys) -> Dot:
    """The game one frame later, with these keys down."""
    x = min(max(dot.x + STEP * keys.direction, LEFT_END), RIGHT_END)
    y = min(max(dot.y + (STEP if keys.jump else -STEP), 0), HIGHEST)
    return Dot(x, y)


def play(dot: Dot, keys: list[Keys]) -> list[Dot]:
    """The game after each tick."""
    dots = []
    for each in keys:
        dot = tick(dot, each)
        dots.append(dot)
    return dots
