"""From a game's wishes to a session's events, and from a session that broke to the one after it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from streamdit._start import packed_start
from streamdit._wishes import Wish
from streamdit.opening import Opening
from streamdit.session import Session
from streamdit.types import Start, StateField, WorldInfo


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
    """How to open the session after this one: with what was in force or on its way, and nothing that was refused.

    A start was for the profile of then: where it does not fit the one switched to since, it is left out.
    """
    opened, world = session.opened, session.opened.world
    known = {profile.name for profile in world.profiles}
    profile = opening.profile if opening.profile in known else opened.profile
    return replace(
        opening,
        prompt=session.last_prompt or None,
        state=_within_range(session.last_state, world.state_fields),
        actions=session.last_actions,
        start=_still_fitting(opening.start, world, profile),
        profile=profile,
        resume_token=opened.resume_token,
        received_frame_id=session.received_frame_id,
    )


def _within_range(state: Mapping[str, float], fields: Sequence[StateField]) -> dict[str, float]:
    """The nearest that the world takes: what lies outside was refused, and would be again."""
    return {each.name: min(max(state[each.name], each.min), each.max) for each in fields if each.name in state}


def _still_fitting(start: Start | str | None, world: WorldInfo, profile: str) -> Start | str | None:
    try:
        if start is not None:
            packed_start(start, world, profile)
    except ValueError:
        return None
    return start
