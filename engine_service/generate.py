"""A stream without a server: prompt and states in, a recording out."""

from pathlib import Path

from rich import print as say
from rich.progress import track

from engine_service.runtime.load import load_runtime
from engine_service.runtime.world import find_world
from engine_service.stream.prompts import remark_text
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State
from streamdit.recording import Recorder, Recording
from streamdit.types import StateField


def generate_recording(
    *,
    world: str,
    prompt: str,
    out: Path,
    seconds: float,
    profile: str | None,
    states: Path | None,
    seed: int,
    backend: str,
) -> None:
    """Play a prompt, at rest or along a recording's states, into a recording that plays everywhere.

    Raises:
        ValueError: there is no such world, profile or backend, or a state has the wrong length.
    """
    runtime = load_runtime(find_world(world), backend=backend, say=say)
    served = runtime.world
    profile = profile or served.default_profile
    if profile not in served.profiles:
        raise ValueError(f"profile is {profile!r}, world {served.name} has {', '.join(served.profiles)}")
    path = [tuple(map(float, row)) for row in Recording.load(states).states()] if states else [served.resting_state]
    if len(path[0]) != len(served.state_fields):
        raise ValueError(f"{states}: states have {len(path[0])} values, world {served.name} {len(served.state_fields)}")

    player = StreamSession(runtime, profile=profile, seed=seed)
    for remark in player.apply(Prompt(0, prompt)):
        say(f"world {served.name}: {remark_text(remark)}")
    per_shift = player.frames_per_shift
    num_frames = round(seconds * served.fps)
    fields = [StateField(f.name, f.min, f.max, f.periodic, f.resting) for f in served.state_fields]
    with Recorder(
        out,
        fps=served.fps,
        width=served.width,
        height=served.height,
        world=served.name,
        state_fields=fields,
        metadata={"prompt": prompt, "profile": profile, "seed": seed},
        crf=12,
    ) as recorder:
        recorder.prompt(prompt)
        for first in track(range(0, num_frames, per_shift), description="generating"):
            ahead = [path[min(first + i, len(path) - 1)] for i in range(per_shift + 32)]
            player.apply(State(0, ahead[0], tuple(ahead[1:])))
            for frame, values in zip(player.advance().frames, ahead, strict=False):
                if recorder.num_frames < num_frames:
                    recorder.state(values)
                    recorder.frame(frame.rgb)
    say(f"wrote {recorder.num_frames} frames to {out}")
