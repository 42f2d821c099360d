"""A stream without a server: prompt, states and actions in, a recording out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich import print as say

from engine_service.model.world import World
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import find_world
from engine_service.stream.prompts import remark_text
from engine_service.stream.session import StreamSession
from engine_service.types import Actions, Prompt, Reset, State
from streamdit.progress import track
from streamdit.recording import Recorder, Recording
from streamdit.types import ActionKind, StateField, Steering

HORIZON_FRAMES = 32  # how far ahead of the frames being made a path is told
Values: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is said, and what the stream goes on from.

    With neither `states` nor `actions` the state is said at rest and nothing is held; with one of them the other is
    not said. What is not said is open where the world can leave it so, else it has its default.
    """

    prompt: str | None = None  # None: not said
    states: Path | None = None  # a recording whose states to follow
    actions: Path | None = None  # one whose actions to hold
    free: bool = False  # neither state nor actions are said
    start: str | None = None  # one of the world's start clips, by name
    profile: str | None = None  # None: the world's default
    seed: int = 0


def generate_recording(wish: Wish, *, world: str, out: Path, seconds: float, backend: str) -> None:
    """Play what was wished for into a recording that plays everywhere.

    Raises:
        ValueError: there is no such world or backend, or as `record_stream`.
    """
    runtime = load_runtime(find_world(world), backend=backend, say=say)
    record_stream(runtime, wish, out, seconds)


def record_stream(runtime: Runtime, wish: Wish, out: Path, seconds: float) -> None:
    """Play what was wished for in a world that is ready; what is said is recorded with the frames.

    Raises:
        ValueError: the world has no such profile, start clip, states or actions, or cannot be left open.
        RecordingError: a recording to follow cannot be read, or has no actions.
    """
    world = runtime.world
    profile = wish.profile or world.default_profile
    if profile not in world.profiles:
        raise ValueError(f"profile is {profile!r}, world {world.name} has {', '.join(world.profiles)}")
    states, actions = paths(world, wish)
    if wish.start is not None:
        check_start(world, wish.start, profile)

    player = _begun(runtime, wish, profile)
    prompt = prompt_in_force(runtime, wish)
    per_shift, num_frames = player.frames_per_shift, round(seconds * world.fps)
    chosen = {key: value for key, value in (("start", wish.start), ("free", wish.free)) if value}
    with Recorder(
        out,
        fps=world.fps,
        width=world.width,
        height=world.height,
        world=world.name,
        state_fields=[StateField(f.name, f.min, f.max, f.periodic, f.resting) for f in world.state_fields],
        actions=world.actions,
        metadata={"prompt": prompt, "profile": profile, "seed": wish.seed, **chosen},
        crf=12,
    ) as recorder:
        if prompt:
            recorder.prompt(prompt)
        for first in track(range(0, num_frames, per_shift), "generating"):
            held, stated = (ahead(path, first, per_shift + HORIZON_FRAMES) for path in (actions, states))
            if held:
                player.apply(Actions(0, held[0], tuple(held[1:])))
            if stated:
                player.apply(State(0, stated[0], tuple(stated[1:])))
            for i, frame in enumerate(player.advance().frames):
                if recorder.num_frames == num_frames:
                    break
                if held:
                    recorder.actions({each.name: value for each, value in zip(world.actions, held[i], strict=True)})
                if stated:
                    recorder.state(stated[i])
                recorder.frame(frame.rgb)
    say(f"wrote {recorder.num_frames} frames to {out}")


def _begun(runtime: Runtime, wish: Wish, profile: str) -> StreamSession:
    """A stream that has heard its start and its prompt."""
    player = StreamSession(runtime, profile=profile, seed=wish.seed)
    if wish.start is not None:
        player.apply(Reset(0, wish.seed, wish.start))
    if wish.prompt is not None:
        for remark in player.apply(Prompt(0, wish.prompt)):
            say(f"world {runtime.world.name}: {remark_text(remark)}")
    return player


def ahead(path: Sequence[Values], first: int, count: int) -> list[Values]:
    """What a path is at so many frames from `first` on; it stays at its end. Nothing of an empty path."""
    return [path[min(first + i, len(path) - 1)] for i in range(count)] if path else []


def prompt_in_force(runtime: Runtime, wish: Wish) -> str:
    """What the frames obey if nothing else is said: the start clip's prompt, else the default; "": it is open."""
    world = runtime.world
    if wish.prompt is not None:
        return wish.prompt
    from_start = runtime.clips[wish.start].prompt if wish.start is not None else ""
    return from_start or ("" if Steering.PROMPT in world.may_be_open else world.example_prompts[0])


def check_start(world: World, start: str, profile: str) -> None:
    """Raises ValueError: the world has no such clip, or the profile no references to hold it."""
    if start not in world.start_clips:
        known = ", ".join(world.start_clips) or "none"
        raise ValueError(f"start is {start!r}, world {world.name} has {known}")
    if not world.profiles[profile].references:
        fitting = ", ".join(name for name, partition in world.profiles.items() if partition.references) or "none"
        raise ValueError(
            f"start is {start!r}, and profile {profile} has no references for it; those that have: {fitting}"
        )


def paths(world: World, wish: Wish) -> tuple[list[Values], list[Values]]:
    """States and actions to say, one of each a frame; an empty path is not said.

    Raises:
        ValueError: the world has no such states or actions, or cannot be left open.
        RecordingError: a recording cannot be read, or has no actions.
    """
    if wish.free:
        check_free(world, wish)
        return [], []
    if wish.states is None and wish.actions is None:
        resting = [world.resting_state] if world.state_fields else []
        return resting, [(0.0,) * len(world.actions)] if world.actions else []
    states = [] if wish.states is None else rows(states_of(wish.states, world))
    actions = [] if wish.actions is None else rows(actions_of(wish.actions, world))
    return states, actions


def check_free(world: World, wish: Wish) -> None:
    """Raises ValueError: something is to be followed as well, or the world cannot leave state and actions open."""
    for name, given in (("states", wish.states), ("actions", wish.actions)):
        if given is not None:
            raise ValueError(f"{name} is {given}, and free says no {name}: expected one of the two")
    must = [one for one in world.steered_by if one is not Steering.PROMPT and one not in world.may_be_open]
    if must:
        names = " and ".join(one.name.lower() for one in must)
        may = ", ".join(sorted(one.name.lower() for one in world.may_be_open)) or "nothing"
        raise ValueError(f"world {world.name} cannot leave its {names} open: it can leave open {may}")


def rows(values: NDArray[np.float32]) -> list[Values]:
    """float32 (T, N) as a path."""
    return [tuple(map(float, row)) for row in values]


def states_of(folder: Path, world: World) -> NDArray[np.float32]:
    """A recording's states, float32 (T, S).

    Raises:
        ValueError: the world has another number of fields, or a field is open somewhere: a path says all of them.
    """
    recording = Recording.load(folder)
    states = recording.states(unsaid=math.nan)
    if states.shape[1] != len(world.state_fields):
        wanted = len(world.state_fields)
        raise ValueError(f"{folder}: states have {states.shape[1]} values, world {world.name} {wanted}")
    if len(states) == 0:
        raise ValueError(f"{folder}: has no frames to follow")
    _check_said(states, [field.name for field in recording.state_fields], "state field", folder)
    return states


def _check_said(values: NDArray[np.float32], names: Sequence[str], kind: str, folder: Path) -> None:
    """Raises ValueError: of (T, N) something is open, which must not be taken for its value at rest."""
    unsaid = np.argwhere(np.isnan(values))
    if len(unsaid):
        frame, column = unsaid[0]
        raise ValueError(f"{folder}: {kind} {names[column]!r} is open at frame {frame}; to follow it, it must be said")


def actions_of(folder: Path, world: World) -> NDArray[np.float32]:
    """A recording's actions, float32 (T, A) in the world's order; one that the recording does not have is 0.

    Raises:
        ValueError: the world takes no actions, or not these: one that is open, an unknown name, a value
            that an action cannot have, two of one exclusive group. The message names folder, frame and value.
        RecordingError: the recording has no actions.
    """
    if not world.actions:
        raise ValueError(f"actions is {folder}, and world {world.name} takes none")
    recording = Recording.load(folder)
    held = recording.actions(unsaid=math.nan)  # (T, its own actions)
    if len(held) == 0:
        raise ValueError(f"{folder}: has no frames to follow")
    _check_said(held, [action.name for action in recording.action_infos], "action", folder)
    column = {action.name: i for i, action in enumerate(world.actions)}
    actions = np.zeros((len(held), len(column)), np.float32)
    for i, info in enumerate(recording.action_infos):
        if info.name in column:
            actions[:, column[info.name]] = held[:, i]
        elif held[:, i].any():
            raise ValueError(f"{folder}: holds {info.name!r}, world {world.name} takes {', '.join(column)}")
    _check_values(actions, world, folder)
    return actions


def _check_values(actions: NDArray[np.float32], world: World, folder: Path) -> None:
    """Raises ValueError: a value out of range, a button pressed in part, or two of one group."""
    groups: dict[str, NDArray[np.bool_]] = {}  # by group, whether one is held at each frame
    for i, action in enumerate(world.actions):
        values = actions[:, i]
        wrong = (values < action.min) | (values > action.max)
        if action.kind is ActionKind.BUTTON:
            wrong |= (values != 0) & (values != 1)
        if wrong.any():
            frame = int(np.argmax(wrong))
            allowed = "0 or 1" if action.kind is ActionKind.BUTTON else f"{action.min:g}..{action.max:g}"
            raise ValueError(f"{folder}: {action.name} at frame {frame} is {values[frame]:g}, must be {allowed}")
        if action.group:
            both = groups.get(action.group, np.zeros(len(values), bool)) & (values != 0)
            if both.any():
                frame = int(np.argmax(both))
                raise ValueError(f"{folder}: two actions of group {action.group!r} are held at frame {frame}")
            groups[action.group] = groups.get(action.group, both) | (values != 0)
