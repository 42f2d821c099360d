"""A stream without a server."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine_service.generate import Wish, generate_recording, record_stream
from engine_service.model.world import World
from engine_service.types import Past
from streamdit.errors import RecordingError
from streamdit.recording import Recorder, Recording
from streamdit.types import ActionInfo, StateField, Steering
from tests.fakes import KEYS_WORLD, WORLD, LedgerDecoder, LedgerDenoiser, ledger_runtime

FIELDS = [StateField("x", 0, 128), StateField("y", 0, 32), StateField("facing", -1, 1)]
CYCLES = [StateField("walk", 0, 1, True), StateField("camera", 0, 256, True), StateField("clock", 0, 1, True)]


def generate(out: Path, *, profile: str | None = None, states: Path | None = None) -> Recording:
    wish = Wish(prompt="a fox in a forest", profile=profile, states=states, seed=1)
    generate_recording(wish, world="critters", out=out, seconds=0.25, backend="torch")
    return Recording.load(out)


def test_a_prompt_becomes_a_recording_that_says_how_it_was_made(tmp_path: Path) -> None:
    recording = generate(tmp_path / "out")
    assert recording.num_frames == 4
    assert recording.prompts() == ["a fox in a forest"] * 4
    assert recording.metadata == {"prompt": "a fox in a forest", "profile": "responsive", "seed": 1}


def test_the_states_of_another_recording_are_followed(tmp_path: Path) -> None:
    path = [(20.0 + 4 * i, 0.0, 1.0, 0.0, 0.0, 0.0) for i in range(4)]
    with Recorder(tmp_path / "in", fps=16, width=128, height=128, state_fields=FIELDS + CYCLES) as recorder:
        for values in path:
            recorder.state(values)
            recorder.frame(np.zeros((128, 128, 3), np.uint8))
    np.testing.assert_array_equal(generate(tmp_path / "out", states=tmp_path / "in").states(), np.array(path))


def test_a_profile_the_world_does_not_have_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="profile is 'dreamy', world critters has responsive, balanced, cinematic"):
        generate(tmp_path / "out", profile="dreamy")


# ------------------------------------------------------------------------------ actions, nothing, and a beginning

PAST = Past(np.zeros((4, 16, 16, 3), np.uint8), actions=((0.0, 1.0, 0.0, 0.0),) * 4, prompt="a fox in the snow")
STARTED = replace(KEYS_WORLD, start_clips={"ledge": "ledge.npz"})
KEYS = ("left", "right", "jump", "throttle")


def keys_recording(folder: Path, sets: Sequence[dict[str, float]], actions: Sequence[ActionInfo] = ()) -> Path:
    """A recording that holds these, a set a frame; by default actions of its own without groups, jump first."""
    own = actions or [ActionInfo("jump"), *(ActionInfo(name, min=-1.0, kind=KEYS_WORLD.actions[3].kind) for name in
                      ("left", "right", "throttle"))]  # fmt: skip
    with Recorder(folder, fps=16, width=16, height=16, actions=own) as recorder:
        for held in sets:
            recorder.actions(held)
            recorder.frame(np.zeros((16, 16, 3), np.uint8))
    return folder


def played(out: Path, wish: Wish, world: World = STARTED) -> tuple[Recording, LedgerDenoiser]:
    """Half a second in the world of keys, and what the denoiser was asked."""
    denoiser = LedgerDenoiser()
    record_stream(ledger_runtime(denoiser, LedgerDecoder(), world, {"ledge": PAST}), wish, out, 0.5)
    return Recording.load(out), denoiser


def controls(denoiser: LedgerDenoiser, step: int = -1) -> torch.Tensor:
    """What the network heard, `(B * r, S + A)`."""
    return denoiser.steps[step].states.flatten(0, 1)


def test_the_actions_of_another_recording_are_held_by_name_and_no_state_is_said(tmp_path: Path) -> None:
    sets = [{}, {"jump": 1.0}, {"left": 1.0, "throttle": -0.5}, {"throttle": 0.25}]
    recording, denoiser = played(tmp_path / "out", Wish(actions=keys_recording(tmp_path / "in", sets)))
    expected = [[held.get(name, 0.0) for name in KEYS] for held in sets]
    expected += [expected[-1]] * 4  # it stays at its end
    assert recording.actions().tolist() == expected
    assert not [event for event in recording.events if event["type"] in ("state", "prompt")]
    assert controls(denoiser)[:, :2].isnan().all()
    heard = controls(denoiser, 0)  # references, then the first frames
    references = KEYS_WORLD.profiles["responsive"].references * KEYS_WORLD.frames_per_latent
    np.testing.assert_allclose(heard[references:, 2:], expected[: len(heard) - references])


def test_what_a_recording_leaves_open_is_not_followed_as_if_it_were_at_rest(tmp_path: Path) -> None:
    fields = [StateField("x", 0, 128), StateField("phase", 0, 1, True)]
    with Recorder(
        tmp_path / "in", fps=16, width=16, height=16, state_fields=fields, actions=STARTED.actions
    ) as recorder:
        for frame in range(3):
            recorder.state([float(frame)], fields=["x"])
            if frame == 1:
                recorder.actions({"jump": 1.0})
            recorder.frame(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(ValueError, match="in: state field 'phase' is open at frame 0; to follow it, it must be said"):
        played(tmp_path / "out", Wish(states=tmp_path / "in"))
    with pytest.raises(ValueError, match="in: action 'left' is open at frame 0; to follow it, it must be said"):
        played(tmp_path / "out", Wish(actions=tmp_path / "in"))


def test_states_and_actions_may_both_be_followed(tmp_path: Path) -> None:
    fields = [StateField("x", 0, 128), StateField("phase", 0, 1, True)]
    with Recorder(tmp_path / "states", fps=16, width=16, height=16, state_fields=fields) as recorder:
        recorder.state([8.0, 0.25])
        recorder.frame(np.zeros((16, 16, 3), np.uint8))
    keys = keys_recording(tmp_path / "keys", [{"right": 1.0}])
    recording, denoiser = played(tmp_path / "out", Wish(states=tmp_path / "states", actions=keys))
    assert controls(denoiser)[-1].tolist() == [8.0, 0.25, 0.0, 1.0, 0.0, 0.0]
    assert recording.states()[-1].tolist() == [8.0, 0.25]


def test_without_anything_to_follow_the_state_rests_and_nothing_is_held(tmp_path: Path) -> None:
    recording, denoiser = played(tmp_path / "out", Wish(prompt="a pig"))
    assert controls(denoiser)[-1].tolist() == [64.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    assert {event["type"] for event in recording.events} == {"prompt", "state", "actions"}


def test_free_says_the_prompt_at_most(tmp_path: Path) -> None:
    recording, denoiser = played(tmp_path / "out", Wish(free=True))
    assert controls(denoiser).isnan().all()
    assert recording.events == ()
    assert recording.metadata == {"prompt": "", "profile": "responsive", "seed": 0, "free": True}
    assert played(tmp_path / "asked", Wish(free=True, prompt="a pig"))[0].prompts() == ["a pig"] * 8


def test_a_start_clip_is_gone_on_from_with_its_prompt(tmp_path: Path) -> None:
    recording, denoiser = played(tmp_path / "out", Wish(free=True, start="ledge"))
    assert recording.prompts() == ["a fox in the snow"] * 8
    assert recording.metadata["start"] == "ledge"
    assert controls(denoiser, 0)[0, 2:].tolist() == [0.0, 1.0, 0.0, 0.0]  # what was held at the reference's frames
    afresh = played(tmp_path / "afresh", Wish(free=True))[1]
    assert denoiser.steps[0].names[0] != afresh.steps[0].names[0]


@pytest.mark.parametrize(
    ("world", "wish", "problem"),
    [
        (WORLD, Wish(free=True), "world tiny cannot leave its state open: it can leave open nothing"),
        (
            replace(KEYS_WORLD, may_be_open=frozenset({Steering.STATE})),
            Wish(free=True),
            "world keys cannot leave its actions open: it can leave open state",
        ),
        (WORLD, Wish(actions=Path("keys")), "actions is keys, and world tiny takes none"),
        (STARTED, Wish(free=True, states=Path("rec")), "states is rec, and free says no states"),
        (STARTED, Wish(start="cliff"), "start is 'cliff', world keys has ledge"),
        (
            STARTED,
            Wish(start="ledge", profile="cinematic"),
            "start is 'ledge', and profile cinematic has no references for it; those that have: responsive, balanced",
        ),
    ],
)
def test_what_the_world_cannot_is_refused_in_words(tmp_path: Path, world: World, wish: Wish, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        played(tmp_path / "out", wish, world)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        ({"left": 1.0, "right": 1.0}, "two actions of group 'walk' are held at frame 1"),
        ({"left": -1.0}, "left at frame 1 is -1, must be 0 or 1"),
        ({"right": 0.5}, "right at frame 1 is 0.5, must be 0 or 1"),
    ],
)
def test_actions_that_the_world_cannot_take_are_named(tmp_path: Path, held: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        played(tmp_path / "out", Wish(actions=keys_recording(tmp_path / "in", [{}, held])))


def test_a_recording_of_other_actions_or_of_none_is_named(tmp_path: Path) -> None:
    flying = keys_recording(tmp_path / "flying", [{"fly": 1.0}], [ActionInfo("fly")])
    with pytest.raises(ValueError, match="holds 'fly', world keys takes left, right, jump, throttle"):
        played(tmp_path / "out", Wish(actions=flying))
    with Recorder(tmp_path / "none", fps=16, width=16, height=16) as recorder:
        recorder.frame(np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(RecordingError, match="has no actions"):
        played(tmp_path / "out", Wish(actions=tmp_path / "none"))
