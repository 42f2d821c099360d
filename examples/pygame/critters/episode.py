"""An episode is a piece of play as training sees it: pictures, states, keys and captions, all decided by a plan.

The same core plays into memory and into files. Frame t shows the effect of `actions[t]`: its state is what the game
made of the state of frame t - 1 with these keys, save where a player is put elsewhere.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, repeat
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit.types import ActionInfo

from .captions import ALL_FOUR, LABELS, Caption, caption, draw_names
from .classic import render
from .game import GameState, Keys, tick, to_state
from .layout import Layout, draw_layout, in_view
from .lexicon import LANDMARK_WORDS
from .players import PLAYERS, other_keys, random_start
from .scene import FPS, Scene

BRANCH_FRAMES = 24
CAPTION_EVERY = FPS // 2  # frames
ACTIONS = (
    ActionInfo("left", default_key="left", description="Walk to the left."),
    ActionInfo("right", default_key="right", description="Walk to the right; with left, neither."),
    ActionInfo("jump", default_key="space", description="Jump, if the feet are on the ground."),
)

ForkKind: TypeAlias = Literal["keys", "prompt"]


@dataclass(frozen=True, slots=True)
class Fork:
    """Where an episode could have gone another way: with other keys, or as another scene."""

    kind: ForkKind
    frame: int  # of the parent, at which the branch's frame 0 happens; even, as a latent is two frames
    scene: Scene
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides one episode; the same plan gives the same frames, keys and captions."""

    name: str
    scene: Scene
    split: str
    num_frames: int
    seed: str
    layout: int = 0
    player: str = "wanderer"
    teleports: bool = False
    full_captions: bool = False  # every caption names all four labels and nothing else
    held_out_captions: bool = False
    forks: tuple[Fork, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What was seen, what was held and what was said, a row for each of T frames."""

    rgb: NDArray[np.uint8]  # (T, 128, 128, 3)
    states: NDArray[np.float32]  # (T, 6), in STATE_FIELDS order
    actions: NDArray[np.float32]  # (T, 3), in ACTIONS order: the keys that led to the frame
    captions: tuple[Caption, ...]  # T of them; a new one every CAPTION_EVERY frames
    scene: Scene
    layout: Layout
    labels: Mapping[str, str | bool]

    @property
    def prompts(self) -> tuple[str, ...]:
        """The captions' texts."""
        return tuple(each.text for each in self.captions)


@dataclass(frozen=True, slots=True)
class Branch:
    """Another way on from a moment of a parent episode."""

    kind: ForkKind
    frame: int  # of the parent, at which the branch's frame 0 happens
    episode: Episode


class Moment(NamedTuple):
    """The game in one frame, and the keys that led to it."""

    game: GameState
    keys: Keys


def play(plan: Plan) -> Episode:
    """The episode of a plan, without its branches."""
    return _episode(plan, moments(plan), plan.scene, plan.seed)


def play_with_branches(plan: Plan) -> tuple[Episode, list[Branch]]:
    """The episode of a plan, and the branches that it has."""
    played = moments(plan)
    return _episode(plan, played, plan.scene, plan.seed), [_branch(plan, played, fork) for fork in plan.forks]


def moments(plan: Plan) -> list[Moment]:
    """The game, frame by frame. Before the first frame it has run for up to a second, so that it begins anywhere."""
    rng = random.Random(f"{plan.seed}/keys")
    keys_down = PLAYERS[plan.player](rng)
    moment = Moment(random_start(rng), Keys())
    for _ in range(rng.choice((0, rng.randrange(FPS)))):
        moment = _next(moment, next(keys_down))
    until_jump = rng.randint(12, 20) if plan.teleports else plan.num_frames + 1
    played = [moment]
    while len(played) < plan.num_frames:
        until_jump -= 1
        keys = next(keys_down)
        if until_jump == 0:
            moment, until_jump = Moment(random_start(rng), keys), rng.randint(12, 20)
        else:
            moment = _next(moment, keys)
        played.append(moment)
    return played


def _next(moment: Moment, keys: Keys) -> Moment:
    return Moment(tick(moment.game, keys), keys)


def _branch(plan: Plan, played: Sequence[Moment], fork: Fork) -> Branch:
    if fork.kind == "prompt":
        taken = played[fork.frame : fork.frame + BRANCH_FRAMES]
        return Branch(fork.kind, fork.frame, _episode(plan, taken, fork.scene, fork.seed))
    taken = [played[fork.frame]]
    keys_down = other_keys(random.Random(f"{fork.seed}/keys"), played[fork.frame + 1].keys)
    while len(taken) < BRANCH_FRAMES:
        taken.append(_next(taken[-1], next(keys_down)))
    return Branch(fork.kind, fork.frame, _episode(plan, taken, fork.scene, fork.seed))


def _episode(plan: Plan, played: Sequence[Moment], scene: Scene, seed: str) -> Episode:
    """Draw and caption what was played, as this scene. What differs from the plan's scene is named in any case."""
    states = [to_state(moment.game) for moment in played]
    layout = draw_layout(plan.layout, scene.landscape, scene.critter)
    surely = frozenset(label for label in LABELS if getattr(scene, label) != getattr(plan.scene, label))
    rng = random.Random(f"{seed}/captions")
    captions = chain.from_iterable(
        repeat(_caption(plan, scene, layout, states[frame].camera, surely, rng), min(CAPTION_EVERY, len(played) - frame))
        for frame in range(0, len(played), CAPTION_EVERY)
    )
    return Episode(
        rgb=np.stack([render(scene, state, layout) for state in states]),
        states=np.array([state.values() for state in states], np.float32),
        actions=np.array([(each.keys.left, each.keys.right, each.keys.jump) for each in played], np.float32),
        captions=tuple(captions),
        scene=scene,
        layout=layout,
        labels={**asdict(scene), "coat": layout.coat, "player": plan.player, "teleports": plan.teleports},
    )


def _caption(
    plan: Plan, scene: Scene, layout: Layout, camera: float, surely: frozenset[str], rng: random.Random
) -> Caption:
    """A caption for what is seen at this place; it names a landmark only if that is on the screen."""
    if plan.full_captions:
        return caption(scene, rng, names=ALL_FOUR, held_out=plan.held_out_captions)
    kinds = [each.kind for each in in_view(layout, camera) if each.kind in LANDMARK_WORDS]
    landmark = rng.choice(kinds) if kinds else ""
    return caption(
        scene,
        rng,
        names=draw_names(rng, landmark=bool(landmark)) | surely,
        coat=layout.coat,
        landmark=landmark,
        lone=[each.kind for each in layout.scenery.near].count(landmark) == 1,
        held_out=plan.held_out_captions,
    )
