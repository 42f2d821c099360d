"""What a session of `testing.FakeEngine` was told: checked as the engine does, in force from the next chunk on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streamdit import checks
from streamdit._convert import ClientMessage
from streamdit._fake_world import FakeScene, ground_of, paint
from streamdit._source import decode_picture
from streamdit.types import Encoding, Steering, WorldInfo
from streamdit.version import API_VERSION
from streamdit.wire import engine_pb2 as pb

MAX_WINDOW = 64


@dataclass(frozen=True, slots=True)
class _Frames:
    """`checks.StartFrames`, off the wire."""

    encoding: int
    width: int
    height: int
    payloads: Sequence[bytes]
    states: Sequence[Sequence[float]]
    actions: Sequence[checks.NamedValues]


class FakeHeard:
    """The scene, the profile and the pause that the client's messages come to. All methods raise Rejection."""

    def __init__(self, world: WorldInfo) -> None:
        self._world = world
        self._profile = world.default_profile
        self.scene = FakeScene((), ground_of(""))
        self.holds_action = False  # now, or within the horizon
        self.frames_per_shift = 1
        self.paused = False
        self.newest_event_id = 0

    def _set_profile(self, name: str, field: str) -> None:
        self.frames_per_shift = checks.check_profile(name, self._world, field=field).frames_per_shift
        self._profile = name

    def begin(self, wish: pb.Open) -> None:
        """What `open` says, and what it leaves open."""
        world = self._world
        checks.check_api_version(wish.api_version, API_VERSION)
        checks.check_world(wish.world or world.name, [world.name])
        self._set_profile(wish.profile or world.default_profile, "open.profile")
        if wish.HasField("prompt"):
            checks.check_prompt(wish.prompt.text, field="open.prompt.text")
        scene = FakeScene(
            tuple(field.resting for field in world.state_fields),
            ground_of(wish.prompt.text or world.example_prompts[0]),
            seed=wish.seed if wish.HasField("seed") else 7,
        )
        unsaid = [one for one in world.may_be_open if not wish.HasField(one.name.lower())]
        self.scene = scene.left_open(unsaid)
        if wish.HasField("state"):
            may_be_open = Steering.STATE in world.may_be_open
            held = (math.nan,) * len(scene.values) if may_be_open else scene.values
            self._take_state(wish.state, held, "open.state")
        if wish.HasField("actions"):
            self._take_actions(wish.actions, "open.actions")
        if wish.HasField("start"):
            self._go_on_from(wish.start, 0, "open.start")
        checks.check_delivery(wish.delivery)
        checks.check_encodings(wish.encodings)
        checks.check_within("open.window", wish.window or 1, MAX_WINDOW)
        checks.check_within("open.jpeg_quality", wish.jpeg_quality or 1, 100)

    def take(self, message: ClientMessage, frame: int) -> None:
        """Take an event in before frame `frame`, counted from 0."""
        body, control = message.WhichOneof("body"), message.control
        command = control.WhichOneof("command")
        if body is None:
            raise checks.empty_message()
        if body == "control" and command is None:
            raise checks.unknown_command()
        checks.check_rising(message.event_id, self.newest_event_id)
        if body == "prompt":
            self._take_prompt(message.prompt, frame)
        elif body == "source_frame":
            self._take_source(message.source_frame, frame)
        elif body == "state":
            self._take_state(message.state, self.scene.values, "state")
        elif body == "actions":
            self._take_actions(message.actions, "actions")
        elif command in ("pause", "resume"):
            self.paused = command == "pause"
        elif command == "release":
            self._take_release(control.release)
        elif command == "reset":
            if control.reset.HasField("start"):
                self._go_on_from(control.reset.start, frame, "control.reset.start")
        elif command == "switch_profile":
            self._set_profile(control.switch_profile.name, "control.switch_profile.name")
        self.newest_event_id = message.event_id

    def let_go(self) -> None:
        """No action is held any more."""
        self.holds_action = False
        self.scene = self.scene.holding((0.0,) * len(self._world.actions))

    def _take_prompt(self, prompt: pb.Prompt, frame: int) -> None:
        checks.check_prompt(prompt.text)
        checks.check_transition(prompt.transition)
        checks.check_smooth_frames(prompt.smooth_frames)
        if prompt.HasField("renoise_to"):
            checks.check_share(prompt.renoise_to, "prompt.renoise_to")
        self.scene = self.scene.turned(frame, prompt, self._world.fps)

    def _take_source(self, source: pb.SourceFrame, frame: int) -> None:
        rgb = checks.check_source(
            self._world,
            encoding=source.encoding,
            width=source.width,
            height=source.height,
            strength=source.strength,
            payload=source.payload,
            decode=self._decode,
        )
        self.scene = self.scene.redrawn(frame, rgb, source.strength, self._world.fps)

    def _take_state(self, state: pb.State, held: Sequence[float], where: str) -> None:
        """All values once the state is in force, over those held."""
        horizon = [step.values for step in state.horizon]
        said = checks.check_state(state.values, horizon, state.fields, self._world, field=where)
        values = list(held)
        for i, value in zip(range(len(values)) if said.fields is None else said.fields, said.values, strict=True):
            values[i] = value
        self.scene = replace(self.scene, values=tuple(values))

    def _take_actions(self, actions: pb.Actions, where: str) -> None:
        steps = [_named(step) for step in actions.horizon]
        values, horizon = checks.check_actions(_named(actions), steps, self._world, field=where)
        self.holds_action = any(any(step) for step in (values, *horizon))
        self.scene = self.scene.holding(values)

    def _take_release(self, release: pb.Release) -> None:
        released = checks.check_release(release.steering, self._world)
        self.holds_action = self.holds_action and Steering.ACTIONS not in released
        self.scene = self.scene.left_open(released)

    def _go_on_from(self, start: pb.Start, frame: int, where: str) -> None:
        """A start shows for a second, mixed in by half: its last frame, or a clip's own colour."""
        world = self._world
        references = checks.check_references(self._profile, world, field=where)
        if start.WhichOneof("source") == "clip":
            clip = checks.check_start_clip(start.clip, world, field=f"{where}.clip")
            last = paint(world, ground_of(clip), ())
        else:
            frames = _Frames(
                start.frames.encoding,
                start.frames.width,
                start.frames.height,
                start.frames.payloads,
                [step.values for step in start.frames.states],
                [_named(step) for step in start.frames.actions],
            )
            where = f"{where}.frames"
            last = checks.check_start_frames(frames, world, references, self._decode, field=where).rgb[-1]
        self.scene = self.scene.redrawn(frame, last, 0.5, world.fps)

    def _decode(self, payload: bytes, encoding: Encoding) -> NDArray[np.uint8]:
        return decode_picture(payload, encoding, self._world.width, self._world.height)


def _named(held: pb.Actions | pb.ActionsStep) -> checks.NamedValues:
    return [(value.name, value.value) for value in held.values]
