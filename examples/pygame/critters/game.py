"""The rules: what the keys do to the critter, sixteen ticks a second. Pure: no pixels, no time of its own."""

from dataclasses import dataclass, replace

from .scene import FPS, PERIOD, State

WALK_SPEED, RUN_SPEED = 2.0, 4.0  # px per tick: the first tick of a direction, and every later one
JUMP_SPEED = 10.0  # px per tick at take-off
GRAVITY = 2.5  # px per tick, each tick
LEFT_EDGE, RIGHT_EDGE = 40.0, 88.0  # beyond these the camera moves instead of the critter, px
WALK_STEP = 1 / 8  # of a walk cycle per tick
CLOCK_STEP = 1 / FPS


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

    def __or__(self, others: "Keys") -> "Keys":
        """The keys that are down in one or the other."""
        return Keys(self.left or others.left, self.right or others.right, self.jump or others.jump)


@dataclass(frozen=True, slots=True)
class GameState:
    """All the game remembers between two ticks. Horizontal places are even numbers of px."""

    x: float = 64.0  # critter's centre on the screen, px
    y: float = 0.0  # height above the ground, px
    speed: float = 0.0  # px per tick, positive to the right
    rise: float = 0.0  # px per tick, positive upwards
    facing: int = 1
    walk: float = 0.0  # 0..1, 0 is standing
    camera: float = 0.0  # px, [0, PERIOD)
    clock: float = 0.0  # [0, 1)

    @property
    def airborne(self) -> bool:
        """Whether the feet are off the ground."""
        return self.y > 0.0


def tick(game: GameState, keys: Keys) -> GameState:
    """The game one frame later, with these keys down."""
    facing = keys.direction or game.facing
    speed = _speed(game.speed, keys.direction)
    x, camera = _travel(game.x, game.camera, speed)
    y, rise = _flight(game, keys.jump)
    walk = game.walk if y > 0.0 else _stepped(game.walk, speed)
    clock = (game.clock + CLOCK_STEP) % 1.0
    return replace(game, x=x, y=y, speed=speed, rise=rise, facing=facing, walk=walk, camera=camera, clock=clock)


def to_state(game: GameState) -> State:
    """What the game says to the renderer and to the engine."""
    return State(game.x, game.y, float(game.facing), game.walk, game.camera, game.clock)


def predict(game: GameState, keys: Keys, num_ticks: int) -> tuple[State, ...]:
    """The states of the next ticks if these keys stay down: the horizon a client sends."""
    states = []
    for _ in range(num_ticks):
        game = tick(game, keys)
        states.append(to_state(game))
    return tuple(states)


def _speed(before: float, direction: int) -> float:
    """A new direction starts slow; a held one runs; none stops at once."""
    return direction * (RUN_SPEED if before * direction > 0 else WALK_SPEED)


def _stepped(walk: float, speed: float) -> float:
    """The walk cycle one tick on; standing starts it again."""
    return (walk + WALK_STEP) % 1.0 if speed else 0.0


def _travel(x: float, camera: float, speed: float) -> tuple[float, float]:
    """Critter's and camera's place after moving: the critter up to its edge, the camera for the rest."""
    room = max(0.0, RIGHT_EDGE - x) if speed > 0 else min(0.0, LEFT_EDGE - x)
    step = min(speed, room) if speed > 0 else max(speed, room)
    return x + step, (camera + speed - step) % PERIOD


def _flight(game: GameState, jump: bool) -> tuple[float, float]:
    """Height and vertical speed after the tick: a parabola that starts and ends on the ground."""
    rise = game.rise if game.airborne else JUMP_SPEED * jump
    y = game.y + rise
    return (y, rise - GRAVITY) if y > 0.0 else (0.0, 0.0)
