"""A player who presses what a world has to press, at random: endless timed sets of actions. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from streamdit.types import ActionInfo, ActionKind, WorldInfo

HOLD_S, PAUSE_S, TURN_S = (0.15, 1.5), (0.1, 0.8), (0.1, 0.5)  # of a button held, of nothing held, of an axis
TAP_S = 0.02  # shorter than a frame
TAPS, LETS_GO, RESTS = 1 / 8, 0.6, 0.2  # how often a press is a tap, a hold ends in nothing held, an axis goes to 0


@dataclass(slots=True)
class _Finger:
    """Moves one group of actions that exclude each other, or one action without a group."""

    choices: tuple[ActionInfo, ...]
    next_s: float
    held: ActionInfo | None = None
    value: float = 0.0

    def move(self, random: Random) -> None:
        """Press, change over or let go, and know when that ends."""
        if self.held is not None and self.held.kind is ActionKind.BUTTON and random.random() < LETS_GO:
            self._let_go(random)
            return
        others = [action for action in self.choices if action is not self.held or action.kind is ActionKind.AXIS]
        if not others:
            self._let_go(random)
            return
        self.held = random.choice(others)
        if self.held.kind is ActionKind.AXIS:
            self.value = 0.0 if random.random() < RESTS else random.uniform(self.held.min, self.held.max)
            self.next_s += random.uniform(*TURN_S)
        else:
            self.value = 1.0
            self.next_s += TAP_S if random.random() < TAPS else random.uniform(*HOLD_S)

    def _let_go(self, random: Random) -> None:
        self.held, self.value = None, 0.0
        self.next_s += random.uniform(*PAUSE_S)


def random_holds(world: WorldInfo, random: Random) -> Iterator[tuple[float, dict[str, float]]]:
    """When the set changes, in seconds, and the set from then on; what is not named is 0.

    Never two of one exclusive group. Times are not in step with the frames, and one press in eight is shorter than one.
    The first set is empty: it says that nothing is held.

    Raises:
        ValueError: the world has no actions.
    """
    if not world.actions:
        raise ValueError(f"world {world.name!r} takes no actions")
    groups: dict[str, list[ActionInfo]] = {}
    for action in world.actions:
        groups.setdefault(f"group {action.group}" if action.group else f"action {action.name}", []).append(action)
    fingers = [_Finger(tuple(choices), random.uniform(*PAUSE_S)) for choices in groups.values()]
    yield 0.0, {}
    while True:
        finger = min(fingers, key=lambda finger: finger.next_s)
        at_s = finger.next_s
        finger.move(random)
        yield at_s, {f.held.name: f.value for f in fingers if f.held is not None and f.value}
