"""Checks of a set of actions: the SDK's, on what came over the wire. Pure."""

from engine_service.model.world import World
from engine_service.server.messages import ActionsRequest
from engine_service.types import Actions
from streamdit import checks


def check_actions(request: ActionsRequest, world: World, *, field: str = "actions") -> Actions:
    """A complete set, and a horizon of them, in the world's order; an action that is not named is 0.

    Raises:
        Rejection: as `streamdit.checks.check_actions`.
    """
    values, horizon = checks.check_actions(request.values, request.horizon, world.info, field=field)
    return Actions(request.event_id, values, horizon)
