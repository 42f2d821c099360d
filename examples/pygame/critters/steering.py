"""What an engine can be told of a game: the keys that are held, the game's state, or neither. Pure."""

from collections.abc import Iterable
from enum import Enum

from streamdit.types import Steering, WorldInfo


class Steer(Enum):
    """What the engine is told."""

    KEYS = "keys"
    STATE = "state"
    FREE = "free"

    def next(self, ways: Iterable["Steer"]) -> "Steer":
        """The one after this, of those that are possible; itself if there is no other."""
        order = list(Steer)
        later = order[order.index(self) + 1 :] + order[: order.index(self)]
        possible = set(ways)
        return next((steer for steer in later if steer in possible), self)


def ways_to_steer(world: WorldInfo, keys: Iterable[str]) -> tuple[Steer, ...]:
    """How a game with these keys can steer a world. Where the state has to be said, keys alone would contradict it."""
    open_or_absent = {one for one in Steering if one in world.may_be_open or one not in world.steered_by}
    may_keep_silent = Steering.STATE in open_or_absent
    possible = {
        Steer.KEYS: may_keep_silent and set(keys) <= {action.name for action in world.actions},
        Steer.STATE: bool(world.state_fields),
        Steer.FREE: may_keep_silent and Steering.ACTIONS in open_or_absent,
    }
    return tuple(steer for steer, is_possible in possible.items() if is_possible)


def why_not_keys(world: WorldInfo, keys: Iterable[str]) -> str:
    """Why a world cannot be steered by these keys, in a sentence for people; "" if it can."""
    if Steer.KEYS in ways_to_steer(world, keys):
        return ""
    known = {action.name for action in world.actions}
    lacks = [key for key in keys if key not in known]
    if not known:
        return f"world {world.name} takes no actions"
    return (
        f"world {world.name} does not take {', '.join(lacks)}" if lacks else f"world {world.name} needs its state said"
    )
