"""Which of an example's state fields and actions the network is told: what is not is its own to invent.

Letters: b examples, B latents, r frames per latent, S state fields, A actions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine_service.training.recipes import Recipe

_STATE, _ACTIONS = (True, False, True, False), (False, True, True, False)  # told in each of a recipe's four ways


def drawn_masks(
    shape: Sequence[int],
    num_state_fields: int,
    recipe: Recipe,
    rng: np.random.Generator,
    *,
    must_steer: NDArray[np.bool_],
    must_tell_state: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """True where controls of `shape` `(b, B, r, S + A)` are told.

    Whole clips are steered one way; some change to another at a frame of the buffer. `must_steer` `(b,)` are examples
    in which other keys contradict what is in flight: they are told state or actions. `must_tell_state` are those in
    which the state alone says what is to be seen.
    """
    num, num_latents, per_latent, num_controls = shape
    num_actions = num_controls - num_state_fields
    ways = _possible(recipe.ways, num_state_fields, num_actions)
    steering = ways.copy()
    steering[3] = 0
    first = rng.choice(4, size=num, p=ways)
    if steering.sum() > 0:
        first = np.where(must_steer, rng.choice(4, size=num, p=steering / steering.sum()), first)
    if num_state_fields:
        first = np.where(must_tell_state, 0, first)
    second = rng.choice(4, size=num, p=ways)
    changes = (rng.random(num) < recipe.changed_steering) & ~must_steer & ~must_tell_state
    num_frames = num_latents * per_latent
    change_at = np.where(changes, rng.integers(1, num_frames, size=num) if num_frames > 1 else num_frames, num_frames)
    late = np.arange(num_frames) >= change_at[:, None]  # (b, frames)
    way = np.where(late, second[:, None], first[:, None])
    state, actions = np.array(_STATE)[way], np.array(_ACTIONS)[way]  # (b, frames)

    partial = (rng.random(num) < recipe.partial_state) & ~must_steer & ~must_tell_state
    fields = np.where(partial[:, None], rng.random((num, num_state_fields)) < 0.5, True)  # (b, S)
    told = np.concatenate(
        [
            state[..., None] & fields[:, None],
            np.broadcast_to(actions[..., None], (num, num_frames, num_actions)),
        ],
        axis=-1,
    )
    return told.reshape(num, num_latents, per_latent, num_controls)


def _possible(ways: Sequence[float], num_state_fields: int, num_actions: int) -> NDArray[np.float64]:
    """Shares of the ways that a world has; what it lacks goes to the nearest it has."""
    by_state, by_actions, by_both, free = ways
    if not num_state_fields:
        by_actions, by_state, by_both = by_actions + by_both + by_state, 0.0, 0.0
    if not num_actions:
        by_state, by_actions, by_both = by_state + by_both + by_actions, 0.0, 0.0
    if not num_state_fields and not num_actions:
        free, by_state, by_actions = 1.0, 0.0, 0.0
    shares = np.array([by_state, by_actions, by_both, free])
    shares /= shares.sum()
    return shares
