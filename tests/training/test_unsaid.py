"""Recordings in which not everything was said: open for training where the world may leave it so, else refused."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine_service.model.partition import Partition
from engine_service.training.buffered import Batch, LatentClips, draw_batch
from engine_service.training.frames import load_clips
from engine_service.training.recipes import RENDER, Recipe
from streamdit.recording import Recorder
from streamdit.types import StateField, Steering
from tests.fakes import ACTIONS, KEYS_WORLD, WORLD

FIELDS = (StateField("x", 0.0, 128.0), StateField("phase", 0.0, 1.0, periodic=True))
OPEN = math.nan
NUM_FRAMES = 6

Say = Callable[[Recorder, int], None]


def record(folder: Path, say: Say, **metadata: str | int) -> None:
    """`say` is called before every frame."""
    with Recorder(
        folder, fps=16.0, width=16, height=16, state_fields=FIELDS, actions=ACTIONS, metadata=metadata
    ) as recorder:
        for i in range(NUM_FRAMES):
            say(recorder, i)
            recorder.frame(np.full((16, 16, 3), 40 * i, np.uint8))


def everything(recorder: Recorder, i: int) -> None:
    recorder.prompt("a pig")
    recorder.state([float(i), 0.5])
    recorder.actions({"jump": 1.0} if i % 2 else {})


def some(recorder: Recorder, i: int) -> None:
    """x from frame 1 on and until frame 4, phase never; keys in frames 2 to 4."""
    if i == 1:
        recorder.state([9.0], fields=["x"])
    if i == 2:
        recorder.actions({"left": 1.0})
    if i == 4:
        recorder.release("state")
    if i == 5:
        recorder.release("actions")


def test_what_nobody_said_and_what_was_released_is_open(tmp_path: Path) -> None:
    record(tmp_path / "a", everything)
    record(tmp_path / "b", some)
    clips = load_clips(tmp_path, KEYS_WORLD, tmp_path / "cache")
    assert not np.isnan(clips.states[0]).any()
    assert not np.isnan(clips.actions[0]).any()
    np.testing.assert_array_equal(clips.states[1, :, 0], [OPEN, 9, 9, 9, OPEN, OPEN])
    assert np.isnan(clips.states[1, :, 1]).all()
    np.testing.assert_array_equal(clips.actions[1, :, 0], [OPEN, OPEN, 1, 1, 1, OPEN])
    np.testing.assert_array_equal(clips.actions[1, :, 2], [OPEN, OPEN, 0, 0, 0, OPEN])


@pytest.mark.parametrize(
    ("may_be_open", "message"),
    [
        ({Steering.ACTIONS}, r"b: state field 'x' is open at frame 0; world keys cannot leave it open"),
        ({Steering.STATE}, r"b: action 'left' is open at frame 0; world keys cannot leave it open"),
    ],
)
def test_a_recording_that_leaves_open_what_the_world_cannot_is_refused_by_its_name(
    tmp_path: Path, may_be_open: set[Steering], message: str
) -> None:
    record(tmp_path / "a", everything)
    record(tmp_path / "b", some)
    world = replace(KEYS_WORLD, may_be_open=frozenset(may_be_open))
    with pytest.raises(ValueError, match=message):
        load_clips(tmp_path, world, tmp_path / "cache")


def test_a_world_that_takes_no_keys_does_not_ask_for_them(tmp_path: Path) -> None:
    record(tmp_path / "a", lambda recorder, i: recorder.state([float(i), 0.5]))
    assert load_clips(tmp_path, WORLD, tmp_path / "cache").actions.shape == (1, NUM_FRAMES, 0)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("keys", r"fork: state field 'x' is open at frame 0; a branch of other keys says all of it"),
        ("prompt", r"fork: the prompt is open at frame 0; a branch of another prompt says it"),
    ],
)
def test_a_branch_says_what_it_does_otherwise(tmp_path: Path, kind: str, message: str) -> None:
    record(tmp_path / "a", everything)
    record(tmp_path / "fork", some, branch_of="a", branch_frame=2, branch_kind=kind)
    with pytest.raises(ValueError, match=message):
        load_clips(tmp_path, KEYS_WORLD, tmp_path / "cache")


# ------------------------------------------------------------------------------------------------- examples

PARTITION = Partition(references=2, chunks=2, chunk_size=2, steps_per_shift=2)
NUM, LENGTH = 4, 20
QUIET = replace(RENDER, stale=0.0, foreign=0.0, reference_noise=0.0, unprompted=0.0)
BOTH = replace(QUIET, by_state=0.0, by_both=1.0, contradicted=1.0)


def clips_of(*, state: bool = True, prompt: bool = True) -> LatentClips:
    """Every value of a latent is 200 * recording + 10 * place; its state too, if said; its action is 5 more."""
    origin = torch.arange(NUM)[:, None] * 200.0 + torch.arange(LENGTH) * 10.0 + 10.0  # (N, F)
    fields = origin if state else torch.full_like(origin, torch.nan)
    return LatentClips(
        latents=origin[..., None, None, None].expand(-1, -1, 4, 8, 8).half(),
        controls=torch.stack([fields, origin + 5], dim=-1)[:, :, None],
        tokens=torch.full((NUM, LENGTH, 3), int(prompt)),
        num_state_fields=1,
    )


def draw(clips: LatentClips, recipe: Recipe) -> Batch:
    return draw_batch(clips, [PARTITION] * 300, recipe, np.random.default_rng(0))


def num_strays(batch: Batch) -> int:
    """Examples whose noised latents belong to another moment, of those that are not too noisy to tell."""
    level = batch.sigmas[..., None, None, None]
    shown = (batch.noised / (1 - level).clamp_min(0.1)).mean((2, 3, 4))
    told = batch.sigmas < 0.6
    return int((((shown - batch.clean.mean((2, 3, 4))).abs() > 5) & told).any(1).sum())


@pytest.mark.parametrize(("said", "strays"), [(True, True), (False, False)])
def test_an_example_without_a_state_has_no_stale_past(said: bool, strays: bool) -> None:
    batch = draw(clips_of(state=said), replace(QUIET, stale=1.0))
    assert bool(num_strays(batch)) == strays
    assert bool(batch.controls[..., 0].isnan().any()) != said


@pytest.mark.parametrize(("said", "strays"), [(True, True), (False, False)])
def test_an_example_without_a_prompt_has_no_foreign_past(said: bool, strays: bool) -> None:
    batch = draw(clips_of(prompt=said), replace(QUIET, foreign=1.0))
    assert bool(num_strays(batch)) == strays


@pytest.mark.parametrize(("said", "contradicted"), [(True, True), (False, False)])
def test_only_a_state_that_was_said_wins_over_other_keys(said: bool, contradicted: bool) -> None:
    batch = draw(clips_of(state=said), BOTH)
    own = (batch.controls[:, :, 0, 1] - 5 == batch.clean.mean((2, 3, 4))).all(1)
    assert bool((~own).any()) == contradicted
