"""Checks of a state, whole or partial: the SDK's, on what came over the wire. Pure."""

from engine_service.model.world import World
from engine_service.server.messages import StateRequest
from engine_service.types import State
from streamdit import checks


def check_state(request: StateRequest, world: World, *, field: str = "state") -> State:
    """A state, and a horizon, inside the world's ranges; what lies in the tolerance is moved to the border.

    Raises:
        Rejection: as `streamdit.checks.check_state`.
    """
    state = checks.check_state(request.values, request.horizon, request.fields, world.info, field=field)
    return State(request.event_id, state.values, state.horizon, state.fields)
