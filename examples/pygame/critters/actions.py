"""What the keys are called outside of the game: on the wire and in recordings."""

from streamdit.types import ActionInfo

from .game import Keys

ACTIONS = (
    ActionInfo("left", default_key="left", description="Walk to the left."),
    ActionInfo("right", default_key="right", description="Walk to the right; together with left: neither."),
    ActionInfo("jump", default_key="space", description="Jump, if the feet are on the ground."),
)


def action_values(keys: Keys) -> tuple[float, ...]:
    """The keys in ACTIONS order, 1 where one is down."""
    return (float(keys.left), float(keys.right), float(keys.jump))


def held_actions(keys: Keys) -> dict[str, float]:
    """The keys that are down, by name."""
    return {action.name: value for action, value in zip(ACTIONS, action_values(keys), strict=True) if value}
