"""What a session's client has said so far: each event is checked, remembered, and passed on."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from engine_service.model.world import World
from engine_service.server.event_checks import check_event
from engine_service.server.messages import EventRequest, ResetRequest, SessionPlan
from engine_service.server.steered import Steered, steered_at_first
from engine_service.types import Actions, Event, Prompt


class Hearing:
    """The newest event's id and what steers; `post` takes what may be obeyed."""

    def __init__(
        self,
        plan: SessionPlan,
        post: Callable[[Event], None],
        read_prompt: Callable[[World, str], Awaitable[None]],
        *,
        newest_event_id: int = 0,
        steered: Steered | None = None,
    ) -> None:
        """`read_prompt` returns when a prompt can be obeyed without further work. `steered` is that of the connection
        before this one, None if there was none."""
        self._world = plan.world
        self._post = post
        self._read_prompt = read_prompt
        self.newest_event_id = newest_event_id
        self.steered = steered or steered_at_first(plan)

    async def hear(self, message: EventRequest) -> Event:
        """Pass an event on. Several pictures are decoded beside the event loop, one is not worth it; a prompt is read
        in a thread of its own.

        Raises:
            Rejection: it may not be obeyed.
        """
        check = partial(check_event, message, self._world, newest_id=self.newest_event_id, profile=self.steered.profile)
        decodes = isinstance(message, ResetRequest) and message.start is not None
        event = await asyncio.to_thread(check) if decodes else check()
        if isinstance(event, Prompt):
            await self._read_prompt(self._world, event.text)
        self._obey(event)
        return event

    def let_go(self) -> None:
        """The engine's own event: no action is held any more."""
        self._obey(Actions(0, (0.0,) * len(self._world.actions)))

    def _obey(self, event: Event) -> None:
        self.newest_event_id = max(self.newest_event_id, event.event_id)
        self.steered = self.steered.after(event)
        self._post(event)
