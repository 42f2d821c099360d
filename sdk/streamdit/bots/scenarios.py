"""What bots do: pure generators of timed steps from a world's contract and a seeded random source.

wander        walks about, one state per frame with a short horizon
prompt-tour   the same, and the next example prompt every 4 s
prompts       the same in one place: every 3 s another critter, that of the next example prompt
redraw        walks about; every frame comes with a picture of boxes to be redrawn
probe         stands still and teleports between two far places, for visible latency
keys          presses the world's actions at random and says nothing of its state
free          says the prompt, or nothing where that may be open too, and looks
idle          sends nothing
stall         wanders; stops reading for 10 s, then goes on
replay        says again what a recording holds (`replay.py`)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit.bots.boxes import boxes
from streamdit.bots.keys import random_holds
from streamdit.bots.trajectories import StateValues, is_critter_world, ordered, standing, wander, with_horizon
from streamdit.types import Steering, WorldInfo

HORIZON_FRAMES = 8
TOUR_EVERY_S, CRITTER_EVERY_S = 4.0, 3.0
TELEPORT_EVERY_S, TELEPORT_JITTER_S = 2.0, 0.35
STALL_AFTER_S, STALL_FOR_S = 4.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do at one time of a bot's life; seconds since its session was opened."""

    at_s: float
    prompt: str | PromptWish | None = None  # a text takes over as the bot was told to
    source: NDArray[np.uint8] | None = None  # (H, W, 3), to be redrawn
    state: StateValues | None = None
    horizon: tuple[StateValues, ...] = ()
    fields: tuple[str, ...] = ()  # what the values of the state and of its horizon are; (): all, in the world's order
    actions: Mapping[str, float] | None = None  # the whole set in force from now on
    release: tuple[Steering, ...] = ()
    place: int | None = None  # probe: which of the two places this step teleports to
    stop_reading_s: float | None = None


Scenario: TypeAlias = Callable[[WorldInfo, Random], Iterator[Step]]


def wander_about(world: WorldInfo, random: Random) -> Iterator[Step]:
    """One state per frame period, with what follows."""
    for frame, (state, horizon) in enumerate(with_horizon(wander(world, random), HORIZON_FRAMES)):
        yield Step(at_s=frame / world.fps, state=state, horizon=horizon)


def prompt_tour(world: WorldInfo, random: Random) -> Iterator[Step]:
    """Wander; a new example prompt every 4 s."""
    return _asking(world.example_prompts, TOUR_EVERY_S, wander_about(world, random))


def prompts(world: WorldInfo, random: Random) -> Iterator[Step]:
    """Wander; every 3 s another critter in the place of the first example prompt."""
    return _asking(critter_prompts(world), CRITTER_EVERY_S, wander_about(world, random))


def critter_prompts(world: WorldInfo) -> tuple[str, ...]:
    """The first example prompt with the second word, "a pig ...", of each; of another world all examples."""
    examples = world.example_prompts
    if not is_critter_world(world) or not all(len(prompt.split()) > 1 for prompt in examples):
        return examples
    article, _, *place = examples[0].split()
    return tuple(" ".join((article, prompt.split()[1], *place)) for prompt in examples)


def _asking(texts: Sequence[str], every_s: float, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps, and the next prompt, round and round, whenever its time has come."""
    waiting, next_s = cycle(texts), 0.0
    for step in steps:
        if step.at_s >= next_s:
            yield Step(at_s=step.at_s, prompt=next(waiting))
            next_s += every_s
        yield step


def redraw(world: WorldInfo, random: Random) -> Iterator[Step]:
    """Wander; with every state its picture, for the engine to redraw."""
    for step in wander_about(world, random):
        yield step if step.state is None else replace(step, source=boxes(world, step.state))


def probe(world: WorldInfo, random: Random) -> Iterator[Step]:
    """Everything fixed but the place; about every 2 s, never in step with the frames, the other place."""
    at_s = 0.0
    for number in count():
        place = number % 2
        yield Step(at_s=at_s, state=probe_state(world, place), place=place)
        at_s += TELEPORT_EVERY_S + random.uniform(-TELEPORT_JITTER_S, TELEPORT_JITTER_S)


def probe_state(world: WorldInfo, place: int) -> StateValues:
    """At a quarter or three quarters of the field `x`, or of the first field: 32 and 96 of 0..128."""
    field = next((field for field in world.state_fields if field.name == "x"), world.state_fields[0])
    share = 0.75 if place else 0.25
    return ordered(world, {**standing(world), field.name: field.min + share * (field.max - field.min)})


def keys(world: WorldInfo, random: Random) -> Iterator[Step]:
    """A set of actions whenever it changes. Raises ValueError: the world has no actions."""
    for at_s, held in random_holds(world, random):
        yield Step(at_s=at_s, actions=held)


def idle(_world: WorldInfo, _random: Random) -> Iterator[Step]:
    """Nothing at all."""
    return iter(())


def stall(world: WorldInfo, random: Random) -> Iterator[Step]:
    """Wander; after 4 s nothing is read for 10 s, as if the game hung."""
    stalled = False
    for step in wander_about(world, random):
        stops = not stalled and step.at_s >= STALL_AFTER_S
        stalled = stalled or stops
        yield replace(step, stop_reading_s=STALL_FOR_S) if stops else step


def refused(scenario: str, world: WorldInfo) -> str:
    """Why a world cannot be played so, naming it and what it lacks; "" if it can."""
    if scenario == "keys" and not world.actions:
        return f"scenario keys presses actions, and world {world.name!r} takes none"
    if scenario == "free":
        must = [one for one in world.steered_by if one is not Steering.PROMPT and one not in world.may_be_open]
        if must:
            names = " and ".join(one.name.lower() for one in must)
            may = ", ".join(one.name.lower() for one in world.may_be_open) or "nothing"
            cannot = f"world {world.name!r} cannot leave its {names} open: it can leave open {may}"
            return f"scenario free says only the prompt, and {cannot}"
    return ""


SCENARIOS: Mapping[str, Scenario] = {
    "wander": wander_about,
    "prompt-tour": prompt_tour,
    "prompts": prompts,
    "redraw": redraw,
    "probe": probe,
    "keys": keys,
    "free": idle,  # the prompt is said when the session is opened
    "idle": idle,
    "stall": stall,
}
