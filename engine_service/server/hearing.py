"""What a session's client has said so far: each event is checked, remembered, and passed on."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeAlias

from engine_service.model.world import World
from engine_service.server.event_checks import check_event
from engine_service.server.inbox import replaces
from engine_service.server.messages import (
    Ack,
    ClientMessage,
    Delivery,
    Encoding,
    EventRequest,
    PromptRequest,
    ResetRequest,
    SessionPlan,
    SourceRequest,
)
from engine_service.server.rejection import Rejection
from engine_service.server.steered import Steered, steered_at_first
from engine_service.types import Actions, Event, Prompt

Decode: TypeAlias = Callable[[Callable[[], Event]], Awaitable[Event]]  # does the work in another thread


class Hearing:
    """The newest event's id and what steers; `post` takes what may be obeyed."""

    def __init__(
        self,
        plan: SessionPlan,
        post: Callable[[Event], None],
        skip: Callable[[Event, int], None],
        read_prompt: Callable[[World, str], Awaitable[None]],
        decode: Decode,
        *,
        newest_event_id: int = 0,
        steered: Steered | None = None,
    ) -> None:
        """`read_prompt` returns when a prompt can be obeyed without further work; `skip` takes an event for which that
        would be in vain, and the id of the one that replaces it. `steered` is that of the connection before this one,
        None if there was none. `decode` does work beside the event loop."""
        self._world = plan.world
        self._waits_for_acks = plan.delivery is Delivery.LOCKSTEP
        self._post = post
        self._skip = skip
        self._read_prompt = read_prompt
        self._decode = decode
        self.newest_event_id = newest_event_id
        self.steered = steered or steered_at_first(plan)

    async def hear(self, message: EventRequest, ahead: Iterable[ClientMessage] = ()) -> Event:
        """Pass an event on. Pictures are decoded and prompts read in threads of their own; a prompt is not, if one that
        replaces it is among the messages that were read `ahead`.

        Raises:
            Rejection: it may not be obeyed.
        """
        check = partial(check_event, message, self._world, newest_id=self.newest_event_id, profile=self.steered.profile)
        event = await self._decode(check) if _holds_pictures(message) else check()
        if isinstance(event, Prompt):
            newer = self._replaced_by(event, ahead)
            if newer is not None:
                self._remember(event)
                self._skip(event, newer.event_id)
                return event
            await self._read_prompt(self._world, event.text)
        self._obey(event)
        return event

    def _replaced_by(self, prompt: Prompt, ahead: Iterable[ClientMessage]) -> Prompt | None:
        """The next prompt that will be accepted and leaves nothing of this one, if nothing obeys this one before."""
        newest_id = prompt.event_id
        for message in ahead:
            if isinstance(message, Ack) and self._waits_for_acks:
                return None  # a chunk may be made in between
            if isinstance(message, PromptRequest):
                try:
                    newer = check_event(message, self._world, newest_id=newest_id)
                except Rejection:
                    continue
                if isinstance(newer, Prompt) and replaces(newer, prompt):
                    return newer
            newest_id = max(newest_id, getattr(message, "event_id", 0))
        return None

    def let_go(self) -> None:
        """The engine's own event: no action is held any more."""
        self._obey(Actions(0, (0.0,) * len(self._world.actions)))

    def _obey(self, event: Event) -> None:
        self._remember(event)
        self._post(event)

    def _remember(self, event: Event) -> None:
        self.newest_event_id = max(self.newest_event_id, event.event_id)
        self.steered = self.steered.after(event)


def _holds_pictures(message: EventRequest) -> bool:
    """Whether to check it means to decode; plain pixels are taken as they are."""
    if isinstance(message, SourceRequest):
        return message.encoding != Encoding.RGB24.value
    return isinstance(message, ResetRequest) and message.start is not None
