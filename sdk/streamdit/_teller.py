"""From a game's wishes to a session's events, and from a session that broke to the one after it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from streamdit._wishes import Wish
from streamdit.opening import Opening
from streamdit.session import Session


async def tell(session: Session, wish: Wish, mistaken: Callable[[ValueError], None]) -> None:
    """Say everything that is wanted. What the world does not take is for `mistaken`; the rest is said all the same.

    Raises:
        SessionClosed: the session has ended.
    """
    for say in _sayings(session, wish):
        try:
            await say()
        except ValueError as error:
            mistaken(error)


def _sayings(session: Session, wish: Wish) -> list[Callable[[], Awaitable[int]]]:
    sayings: list[Callable[[], Awaitable[int]]] = []
    sayings += [partial(session.release, steering) for steering in wish.released]
    if (prompt := wish.prompt) is not None:
        sayings.append(
            partial(
                session.prompt,
                prompt.text,
                transition=prompt.transition,
                smooth_frames=prompt.smooth_frames,
                renoise_to=prompt.renoise_to,
            )
        )
    sayings += [partial(command, session) for command in wish.commands]
    if wish.values is not None or wish.fields:
        sayings.append(partial(session.state, wish.values, horizon=wish.horizon, **wish.fields))
    sayings += [partial(session.actions, held.values, horizon=held.horizon) for held in wish.actions]
    sayings += [partial(session.source_frame, source.rgb, strength=source.strength) for source in wish.sources]
    return sayings


def opening_after(opening: Opening, session: Session) -> Opening:
    """How to open the session after this one: with what was in force or on its way, and nothing that was refused."""
    opened = session.opened
    known = {profile.name for profile in opened.world.profiles}
    return replace(
        opening,
        prompt=session.last_prompt or None,
        state=dict(session.last_state),
        actions=session.last_actions,
        profile=opening.profile if opening.profile in known else opened.profile,
        resume_token=opened.resume_token,
    )
