"""What examples are told: every way of steering by its share, and never less than an example needs to make sense."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_service.training.recipes import GENERATE, RENDER, Recipe
from engine_service.training.steering import drawn_masks

NUM, LATENTS, PER_LATENT, FIELDS, ACTIONS = 4000, 4, 2, 3, 2
PLAIN = replace(GENERATE, partial_state=0.0, changed_steering=0.0)
NOBODY = np.zeros(NUM, np.bool_)


def masks(
    recipe: Recipe,
    fields: int = FIELDS,
    actions: int = ACTIONS,
    *,
    must_steer: NDArray[np.bool_] = NOBODY,
    must_tell_state: NDArray[np.bool_] = NOBODY,
) -> NDArray[np.bool_]:
    """`(NUM, frames, S + A)`."""
    shape = (NUM, LATENTS, PER_LATENT, fields + actions)
    told = drawn_masks(
        shape,
        fields,
        recipe,
        np.random.default_rng(0),
        must_steer=must_steer,
        must_tell_state=must_tell_state,
    )
    assert told.shape == shape
    return told.reshape(NUM, LATENTS * PER_LATENT, fields + actions)


def ways_of(told: NDArray[np.bool_], fields: int = FIELDS) -> dict[str, float]:
    """Shares of examples steered by state, by actions, by both and by neither throughout."""
    state, actions = told[..., :fields].all((1, 2)), told[..., fields:].all((1, 2))
    no_state, no_actions = ~told[..., :fields].any((1, 2)), ~told[..., fields:].any((1, 2))
    return {
        "state": float((state & no_actions).mean()),
        "actions": float((no_state & actions).mean()),
        "both": float((state & actions).mean()),
        "free": float((no_state & no_actions).mean()),
    }


def test_whole_clips_are_steered_in_one_of_four_ways_by_their_shares() -> None:
    shares = ways_of(masks(PLAIN))
    expected = dict(zip(("state", "actions", "both", "free"), GENERATE.ways, strict=True))
    assert shares == pytest.approx(expected, abs=0.03)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_the_old_recipe_tells_all_of_the_state_always() -> None:
    assert masks(RENDER, actions=0).all()


def test_a_world_without_a_state_gives_its_share_to_the_actions() -> None:
    told = masks(PLAIN, fields=0)
    assert told.all((1, 2)).mean() == pytest.approx(1 - GENERATE.free, abs=0.03)
    assert (~told).all((1, 2)).mean() == pytest.approx(GENERATE.free, abs=0.03)


def test_a_world_without_actions_gives_their_share_to_the_state() -> None:
    told = masks(PLAIN, actions=0)
    assert told.all((1, 2)).mean() == pytest.approx(1 - GENERATE.free, abs=0.03)


def test_a_world_steered_by_its_prompt_alone_has_nothing_to_tell() -> None:
    assert masks(PLAIN, fields=0, actions=0).shape == (NUM, LATENTS * PER_LATENT, 0)


def test_some_states_are_partial_and_name_the_same_fields_throughout() -> None:
    told = masks(replace(PLAIN, partial_state=1.0))[..., :FIELDS]
    assert (told == told[:, :1]).all()
    steered = told.any((1, 2))
    assert 0.05 < told[steered].all((1, 2)).mean() < 0.3  # 1 of 8, or of the 7 that name anything
    assert len(np.unique(told[:, 0], axis=0)) == 2**FIELDS


def test_steering_changes_at_most_once_in_a_buffer() -> None:
    told = masks(replace(PLAIN, changed_steering=1.0))
    changes = (told[:, 1:] != told[:, :-1]).any(2).sum(1)
    assert changes.max() == 1
    # The second way is drawn as the first one was: it may be the same.
    same = sum(share**2 for share in GENERATE.ways)
    assert (changes == 1).mean() == pytest.approx(1 - same, abs=0.03)


def test_what_contradicts_the_past_is_always_told() -> None:
    told = masks(GENERATE, must_steer=np.ones(NUM, np.bool_))
    assert told.any((2,)).all(), "every frame has a state or keys"
    assert ways_of(told)["free"] == 0


def test_a_stale_past_hears_the_whole_state_and_nothing_else() -> None:
    assert ways_of(masks(GENERATE, must_tell_state=np.ones(NUM, np.bool_)))["state"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"free": 0.5}, "must add up to 1"),
        ({"free": -0.25, "by_state": 0.85}, "must add up to 1"),
        ({"stale": 0.9}, "more than 1 together"),
    ],
)
def test_a_recipe_whose_shares_do_not_add_up_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(GENERATE, **change)
