"""What steers a session, as far as its client has said, and when a silent client's actions are let go. Pure."""

from dataclasses import dataclass, replace

from engine_service.server.messages import SessionPlan
from engine_service.types import Actions, Event, Prompt, Release, State, SwitchProfile
from streamdit.types import Steering


@dataclass(frozen=True, slots=True)
class Steered:
    """What was said and not un-said; the profile in force; whether an action is held."""

    profile: str
    by: frozenset[Steering]
    holds_action: bool = False

    def after(self, event: Event) -> "Steered":
        """With one more event."""
        match event:
            case Prompt():
                return replace(self, by=self.by | {Steering.PROMPT})
            case State():
                return replace(self, by=self.by | {Steering.STATE})
            case Actions():
                return replace(self, by=self.by | {Steering.ACTIONS}, holds_action=_holds(event))
            case Release():
                holds = self.holds_action and Steering.ACTIONS not in event.steering
                return replace(self, by=self.by - event.steering, holds_action=holds)
            case SwitchProfile():
                return replace(self, profile=event.profile)
            case _:
                return self


def steered_at_first(plan: SessionPlan) -> Steered:
    """What the opening said."""
    return Steered(plan.profile, plan.steered_by, plan.actions is not None and _holds(plan.actions))


def actions_let_go_in_s(steered: Steered, *, silent_s: float, timeout_s: float) -> float | None:
    """How long until a client that stays silent has its actions let go, 0 if they are now; None if nothing is held.

    A `timeout_s` of 0 means never.
    """
    if not steered.holds_action or timeout_s == 0:
        return None
    return max(0.0, timeout_s - silent_s)


def _holds(actions: Actions) -> bool:
    """Whether a set, or what is expected after it, holds anything."""
    return any(any(values) for values in (actions.values, *actions.horizon))
