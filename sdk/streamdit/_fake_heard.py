"""What a session of `testing.FakeEngine` was told: checked, and in force from the next chunk on."""

import math
from dataclasses import replace

from streamdit._convert import ClientMessage
from streamdit._fake_checks import Problem, Wrong, action_values, released, start_pictures, state_values
from streamdit._fake_world import MAX_SMOOTH_FRAMES, FakeScene, ground_of, paint, unpacked
from streamdit.types import Steering, WorldInfo
from streamdit.wire import engine_pb2 as pb


class FakeHeard:
    """The scene, the profile and the pause that the client's messages come to."""

    def __init__(self, world: WorldInfo) -> None:
        self._world = world
        self._profile = world.default_profile
        self.scene = FakeScene((), ground_of(""))
        self.frames_per_shift = 1
        self.paused = False

    def _set_profile(self, name: str, field: str) -> None:
        """Raises Wrong."""
        for profile in self._world.profiles:
            if profile.name == name:
                self.frames_per_shift, self._profile = profile.frames_per_shift, name
                return
        raise Wrong("UNKNOWN_PROFILE", field, repr(name), f"world {self._world.name} has no such profile")

    def begin(self, wish: pb.Open) -> None:
        """What `open` says, and what it leaves open. Raises Wrong."""
        world = self._world
        self._set_profile(wish.profile or world.default_profile, "profile")
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
            self.scene = replace(self.scene, values=state_values(wish.state, world, held, "open.state"))
        if wish.HasField("actions"):
            self.scene = self.scene.holding(action_values(wish.actions, world, "open.actions"))
        if wish.HasField("start"):
            self._go_on_from(wish.start, 0, "open.start")

    def take(self, message: ClientMessage, frame: int) -> Problem | None:
        """Take an event in before frame `frame`, counted from 0; what is wrong with it, if anything."""
        body = message.WhichOneof("body")
        if body is None:
            return "EMPTY_MESSAGE", "body", "", "body must be one this engine knows"
        if body == "prompt":
            return self._prompt_problem(message.prompt, frame)
        if body == "source_frame":
            return self._source_problem(message.source_frame, frame)
        try:
            self._take_steering(message, frame)
        except Wrong as wrong:
            return wrong.problem
        return None

    def _take_steering(self, message: ClientMessage, frame: int) -> None:
        """State, actions and commands. Raises Wrong."""
        world, control = self._world, message.control
        body, command = message.WhichOneof("body"), message.control.WhichOneof("command")
        if body == "state":
            self.scene = replace(self.scene, values=state_values(message.state, world, self.scene.values))
        elif body == "actions":
            self.scene = self.scene.holding(action_values(message.actions, world))
        elif command in ("pause", "resume"):
            self.paused = command == "pause"
        elif command == "release":
            self.scene = self.scene.left_open(released(control.release, world))
        elif command == "reset":
            if control.reset.HasField("start"):
                self._go_on_from(control.reset.start, frame, "control.reset.start")
        elif command == "switch_profile":
            self._set_profile(control.switch_profile.name, "control.switch_profile.name")

    def _go_on_from(self, start: pb.Start, frame: int, where: str) -> None:
        """A start shows for a second, mixed in by half: its last frame, or a clip's own colour. Raises Wrong."""
        world = self._world
        pictures = start_pictures(start, world, self._profile, where)
        last = paint(world, ground_of(start.clip), ()) if pictures is None else pictures[-1]
        self.scene = self.scene.redrawn(frame, last, 0.5, world.fps)

    def _prompt_problem(self, prompt: pb.Prompt, frame: int) -> Problem | None:
        if not prompt.text:
            return "PROMPT_EMPTY", "prompt.text", "", "prompt.text is empty"
        if prompt.smooth_frames > MAX_SMOOTH_FRAMES:
            where, got = "prompt.smooth_frames", prompt.smooth_frames
            return "OUT_OF_RANGE", where, got, f"{where} is {got}, must be 0..{MAX_SMOOTH_FRAMES}"
        self.scene = self.scene.turned(frame, prompt, self._world.fps)
        return None

    def _source_problem(self, source: pb.SourceFrame, frame: int) -> Problem | None:
        world = self._world
        if not world.takes_source_frames:
            return "SOURCE_NOT_TAKEN", "source_frame", "a picture", f"world {world.name} redraws none"
        if (source.width, source.height) != (world.width, world.height):
            size, wanted = f"{source.width}x{source.height}", f"{world.width}x{world.height}"
            return "SOURCE_SIZE", "source_frame", size, f"source_frame is {size}, the world is {wanted}"
        try:
            rgb = unpacked(source.payload, source.encoding, world)
        except ValueError as error:
            return "SOURCE_UNREADABLE", "source_frame.payload", f"{len(source.payload)} bytes long", str(error)
        self.scene = self.scene.redrawn(frame, rgb, source.strength, world.fps)
        return None
