"""A recording said again: what a session is opened with, and timed steps for the rest. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamdit._prompt import PromptWish
from streamdit._said import steering_named
from streamdit.bots.scenarios import HORIZON_FRAMES, Step
from streamdit.recording import Recording
from streamdit.types import WorldInfo


@dataclass(frozen=True, slots=True)
class Replay:
    """Prompts, states, actions and releases as a recording holds them, at its frames' times; lost frames count.

    A state comes with what the recording shows of the next half second. What is in force at the first frame opens the
    session. Source frames are not said again: a recording holds their strength, not their pictures. Nor are actions
    to a world that takes none, if the recording has the state as well.

    Args:
        with_prompts: False leaves the recording's prompts out, so that another one stays in force.

    Raises:
        RecordingError: an event of the recording does not fit it.
    """

    recording: Recording
    with_prompts: bool = True
    _states: NDArray[np.float32] = field(init=False, repr=False, compare=False)  # (T, S), not a number where unsaid

    def __post_init__(self) -> None:
        object.__setattr__(self, "_states", self.recording.states(unsaid=math.nan))
        self.recording.prompts()  # these two for what they raise
        if any(event["type"] == "actions" for event in self.recording.events):
            self.recording.actions()

    @property
    def seconds(self) -> float:
        """How long it takes, lost frames included."""
        lost = sum(event["num_frames"] for event in self.recording.events if event["type"] == "gap")
        return float((self.recording.num_frames + lost) / self.recording.fps)

    def remarks(self, world: WorldInfo) -> list[str]:
        """What of the recording is not said again, for people."""
        sources, actions = self._count("source_frame"), self._count("actions")
        remarks = []
        if sources:
            remarks.append(f"{sources} source frames are not sent: the recording holds no pictures of them")
        if actions and "actions" in self._left_out(world):
            remarks.append(f"{actions} sets of actions are not sent: world {world.name!r} takes none, the states are")
        return remarks

    def _count(self, kind: str) -> int:
        return sum(event["type"] == kind for event in self.recording.events)

    def _left_out(self, world: WorldInfo) -> set[str]:
        """What kinds of events are not said again."""
        prompts = set() if self.with_prompts else {"prompt"}
        return prompts if world.actions or not self._count("state") else prompts | {"actions"}

    def refused(self, world: WorldInfo) -> str:
        """Why the recording cannot be said to a world, naming it and what it lacks; "" if it can."""
        fields, actions, released = self._needs(world)
        lacking = [
            ("states the field", fields, [each.name for each in world.state_fields], "has"),
            ("holds the action", actions, [each.name for each in world.actions], "takes"),
            ("releases", released, [each.name.lower() for each in world.may_be_open], "can leave open"),
        ]
        for does, needed, has, verb in lacking:
            for name in needed:
                if name not in has:
                    offered = ", ".join(has) or "nothing"
                    return f"the recording {does} {name!r}, and world {world.name!r} {verb}: {offered}"
        return ""

    def _needs(self, world: WorldInfo) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """Names of the fields that are stated, the actions that are held, the steering that is released."""
        fields, actions, released = dict[str, None](), dict[str, None](), dict[str, None]()
        for event in self._said(world, self.recording.events):
            match event["type"]:
                case "state":
                    fields |= dict.fromkeys(self._fields(event))
                case "actions":
                    actions |= dict.fromkeys(event["held"])
                case "release":
                    released |= dict.fromkeys(event["steering"])
        return list(fields), list(actions), list(released)

    def _said(self, world: WorldInfo, events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """What of these is said again."""
        left_out = self._left_out(world)
        for event in events:
            if event["type"] != "release":
                if event["type"] not in left_out:
                    yield event
            elif released := [name for name in event["steering"] if name not in left_out]:
                yield {**event, "steering": released}

    def opening(self, world: WorldInfo) -> dict[str, Any]:
        """Arguments for `Client.play`: what is said before the first frame, and the seed where it is known."""
        said: dict[str, Any] = {}
        for event in takewhile(_opens, self._said(world, self.recording.events)):
            match event["type"]:
                case "prompt":
                    said["prompt"] = event["text"]
                case "state":
                    stated = zip(self._fields(event), event["values"], strict=True)
                    said["state"] = {**said.get("state", {}), **dict(stated)}
                case "actions":
                    said["actions"] = dict(event["held"])
        seed = self.recording.metadata.get("seed")
        return {**said, "seed": seed} if isinstance(seed, int) else said

    def steps(self, world: WorldInfo) -> Iterator[Step]:
        """What is said later, and when."""
        opening, lost = True, 0
        for event in self._said(world, self.recording.events):
            opening = opening and _opens(event)
            if event["type"] == "gap":
                lost += event["num_frames"]
            step = None if opening else self._step(event, (event["frame"] + lost) / self.recording.fps)
            if step is not None:
                yield step

    def _step(self, event: Mapping[str, Any], at_s: float) -> Step | None:
        match event["type"]:
            case "prompt":
                more = {key: event[key] for key in ("transition", "smooth_frames", "renoise_to") if key in event}
                return Step(at_s=at_s, prompt=PromptWish(event["text"], **more))
            case "state":
                fields = self._fields(event)
                horizon = self._ahead(event["frame"], fields)
                return Step(at_s=at_s, state=tuple(event["values"]), horizon=horizon, fields=fields)
            case "actions":
                return Step(at_s=at_s, actions=dict(event["held"]))
            case "release":
                return Step(at_s=at_s, release=tuple(steering_named(name) for name in event["steering"]))
        return None

    def _fields(self, event: Mapping[str, Any]) -> tuple[str, ...]:
        """What a state's values are."""
        return tuple(event.get("fields") or (field.name for field in self.recording.state_fields))

    def _ahead(self, frame: int, fields: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """What these fields are at the next frames, until they are released or the recording ends."""
        known = [field.name for field in self.recording.state_fields]
        ahead = self._states[frame + 1 : frame + 1 + HORIZON_FRAMES, [known.index(name) for name in fields]]
        return tuple(tuple(map(float, step)) for step in takewhile(lambda step: not np.isnan(step).any(), ahead))


def _opens(event: Mapping[str, Any]) -> bool:
    """Whether an event belongs to the opening: those before the first frame, up to the first release."""
    return bool(event["frame"] == 0 and event["type"] != "release")
