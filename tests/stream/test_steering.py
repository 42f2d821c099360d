"""What is said and what is left open, from the event to the controls of the micro-step that obeys it."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.session import StreamSession
from engine_service.types import Actions, Event, Past, Prompt, Release, Reset, State, SwitchProfile
from streamdit.types import Steering
from tests.fakes import KEYS_WORLD, WORLD, LedgerDecoder, LedgerDenoiser, Step, ledger_runtime, name_of, tiny_runtime

NOTHING, LEFT, JUMP = (0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0)
R = WORLD.frames_per_latent


def picture(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((16, 16, 3), level, np.uint8)


PAST = Past(
    np.stack([picture(level) for level in range(0, 240, 40)]),  # 6 frames, 3 latents
    states=tuple((float(i), 0.5) for i in range(6)),
    actions=(LEFT,) * 5 + (JUMP,),
    prompt="a fox in the snow",
)


class Readable:
    """A session in the world of keys, on networks that keep their questions."""

    def __init__(self, profile: str = "balanced", *, world: object = KEYS_WORLD, seed: int = 0) -> None:
        self.denoiser, self.decoder = LedgerDenoiser(), LedgerDecoder()
        assert isinstance(world, type(KEYS_WORLD))
        self.runtime: Runtime = ledger_runtime(self.denoiser, self.decoder, world, {"fox": PAST})
        self.session = StreamSession(self.runtime, profile=profile, seed=seed)

    def shift(self, *meanwhile: Sequence[Event]) -> list[Step]:
        """One shift; before its micro-steps these events come. What the denoiser was asked."""
        self.denoiser.steps.clear()
        waiting = [list(events) for events in meanwhile]

        def listen() -> None:
            for event in waiting.pop(0) if waiting else ():
                self.session.apply(event)

        self.session.advance(listen)
        return list(self.denoiser.steps)

    def head(self, step: Step) -> Tensor:
        """The controls of the frames that leave next, `(c * r, S + A)`."""
        partition = KEYS_WORLD.profiles[self.session.profile]
        k, c = partition.references, partition.chunk_size
        return step.states[k : k + c].reshape(c * R, -1)

    def prompt(self, text: str) -> EncodedPrompt:
        return self.runtime.prompts.encode(self.runtime.prompts.tokens(text))


def test_nothing_said_leaves_everything_open() -> None:
    stream = Readable()
    (*_, step) = stream.shift()
    assert step.states.shape == (6, R, 6)
    assert step.states.isnan().all()
    assert torch.equal(step.prompt.words, stream.prompt("").words)


def test_a_world_that_leaves_nothing_open_rests_as_it_always_did() -> None:
    stream = Readable(world=WORLD)
    (*_, step) = stream.shift()
    assert (step.states == torch.tensor(WORLD.resting_state)).all()
    assert torch.equal(step.prompt.words, stream.prompt(WORLD.example_prompts[0]).words)


def test_a_world_may_leave_one_thing_open_and_not_another() -> None:
    world = replace(KEYS_WORLD, may_be_open=frozenset({Steering.STATE}))
    (*_, step) = Readable(world=world).shift()
    assert step.states[..., :2].isnan().all()
    assert (step.states[..., 2:] == 0).all()


def test_fields_and_actions_are_heard_side_by_side_and_the_rest_stays_open() -> None:
    stream = Readable()
    stream.session.apply(State(1, (7.0,), fields=(0,)))
    stream.session.apply(Actions(2, JUMP))
    (*_, step) = stream.shift()
    assert (step.states[2:, :, 0] == 7).all()
    assert step.states[..., 1].isnan().all()
    assert (step.states[2:, :, 2:] == torch.tensor(JUMP)).all()


def test_a_release_opens_what_comes_and_leaves_the_references_what_they_were() -> None:
    stream = Readable()
    for event in (State(1, (7.0, 0.5)), Actions(2, LEFT), Prompt(3, "a fox")):
        stream.session.apply(event)
    stream.shift()
    stream.session.apply(Release(4, frozenset(Steering)))
    (*_, step) = stream.shift()
    assert (step.states[:2] == torch.tensor([7.0, 0.5, *LEFT])).all()
    assert step.states[2:].isnan().all()
    assert torch.equal(step.prompt.words, stream.prompt("").words)


def test_the_engines_own_event_does_not_take_the_frames_event_id_back() -> None:
    stream = Readable()
    stream.session.apply(Actions(7, LEFT))
    stream.session.apply(Actions(0, NOTHING))
    assert {frame.last_event_id for frame in stream.session.advance().frames} == {7}


# ------------------------------------------------------------------------------------------------ presses


@pytest.mark.parametrize("profile", ["responsive", "balanced", "cinematic"])
@pytest.mark.parametrize("settled", [False, True])
def test_a_press_is_seen_by_the_chunk_that_leaves_next_whenever_it_comes(profile: str, settled: bool) -> None:
    """Pressed and let go before one micro-step, in the middle of a shift or at its beginning."""
    partition = KEYS_WORLD.profiles[profile]
    for micro_step in range(partition.steps_per_shift):
        stream = Readable(profile)
        stream.session.apply(Actions(1, NOTHING))
        for _ in range(3 if settled else 1):
            stream.shift()
        pressed = (
            [[], [Actions(2, JUMP), Actions(3, NOTHING)]] if micro_step else [[Actions(2, JUMP), Actions(3, NOTHING)]]
        )
        steps = stream.shift(*pressed)
        jumps = [stream.head(step)[:, 4].tolist() for step in steps]
        assert jumps[-1] == [1.0] + [0.0] * (partition.chunk_size * R - 1), "for one frame, the first that leaves"
        assert sum(jumps[0]) == (0 if micro_step else 1)
        after = stream.shift()
        assert stream.head(after[-1])[:, 4].sum() == 0


def test_a_press_and_its_end_that_meet_different_micro_steps_of_a_shift_still_make_a_frame() -> None:
    stream = Readable("balanced")
    stream.session.apply(Actions(1, NOTHING))
    stream.shift()
    first, second = stream.shift([Actions(2, JUMP)], [Actions(3, NOTHING)])
    assert stream.head(first)[:, 4].tolist() == [1, 1, 1, 1]
    assert stream.head(second)[:, 4].tolist() == [1, 0, 0, 0]


def test_a_press_stays_in_the_references_when_its_chunk_has_left() -> None:
    stream = Readable("balanced")
    stream.session.apply(Actions(1, NOTHING))
    stream.shift([Actions(2, JUMP), Actions(3, NOTHING)])
    (*_, step) = stream.shift()
    assert step.states[:2, :, 4].flatten().tolist() == [1, 0, 0, 0]


def test_a_key_held_over_shifts_is_held_in_every_frame() -> None:
    stream = Readable("responsive")
    stream.session.apply(Actions(1, LEFT))
    for _ in range(4):
        (*_, step) = stream.shift()
        assert (step.states[2:, :, 2:] == torch.tensor(LEFT)).all()


# ------------------------------------------------------------------------------------------------ starts


@pytest.mark.parametrize("start", [PAST, "fox"])
def test_a_stream_goes_on_from_its_start(start: Past | str) -> None:
    stream = Readable("balanced")
    stream.session.apply(Reset(0, seed=3, start=start))
    first, *_ = stream.shift()
    assert first.sigmas.tolist() == [0, 0, 1, 1, 1, 1], "references are clean, what is in flight is noise"
    encode = stream.runtime.encoder.encode
    latents = [encode(torch.from_numpy(PAST.rgb[i : i + R])) for i in (2, 4)]
    assert first.names[:2] == tuple(name_of(latent[0]) for latent in latents)
    assert torch.equal(stream.decoder.pairs[0][0], latents[-1]), "the decoder's first picture follows on the last"
    controls = first.states.reshape(12, 6)
    assert controls[:4, 0].tolist() == [2, 3, 4, 5]
    assert controls[:4, 2:].tolist() == [list(held) for held in PAST.actions[2:]]
    assert controls[4:].isnan().all(), "from then on nothing was said"
    assert torch.equal(first.prompt.words, stream.prompt("a fox in the snow").words)


def test_a_prompt_that_was_said_is_not_the_clips() -> None:
    stream = Readable()
    stream.session.apply(Prompt(1, "a pig in the rain"))
    stream.session.apply(Reset(2, start="fox"))
    first, *_ = stream.shift()
    assert torch.equal(first.prompt.words, stream.prompt("a pig in the rain").words)


def test_a_reset_in_the_middle_goes_on_from_a_start_with_what_was_said() -> None:
    stream = Readable("balanced")
    stream.session.apply(State(1, (99.0,), fields=(0,)))
    stream.session.apply(Actions(2, JUMP))
    stream.shift()
    stream.session.apply(Reset(3, start=PAST))
    first, *_ = stream.shift()
    controls = first.states.reshape(12, 6)
    assert controls[:4, 0].tolist() == [2, 3, 4, 5]
    assert (controls[4:, 0] == 99).all()
    assert (controls[4:, 2:] == torch.tensor(JUMP)).all()
    assert [frame.frame_id for frame in stream.session.advance().frames] == [9, 10, 11, 12]


def test_a_profile_with_more_references_finds_them_in_the_start() -> None:
    stream = Readable("cinematic")
    stream.session.apply(Reset(1, start=PAST))
    stream.session.apply(SwitchProfile(2, "responsive"))
    first, *_ = stream.shift()
    assert first.sigmas.tolist()[:2] == [0, 0]
    assert len(set(first.names[:2])) == 2


def test_a_short_start_stands_in_for_what_never_was() -> None:
    stream = Readable("balanced")
    stream.session.apply(Reset(1, start=Past(PAST.rgb[:2])))
    first, *_ = stream.shift()
    assert first.names[0] == first.names[1]
    assert first.states[:2].isnan().all()
    with pytest.raises(ValueError, match="a past has 3 frames, must be a multiple of 2 above 0"):
        stream.session.apply(Reset(2, start=Past(PAST.rgb[:3])))


def test_a_world_that_needs_a_state_goes_on_with_the_starts_last_one() -> None:
    stream = Readable(world=replace(WORLD, start_clips={}))
    stream.session.apply(Reset(1, start=Past(PAST.rgb, PAST.states)))
    first, *_ = stream.shift()
    assert first.states.reshape(12, 2)[:, 0].tolist() == [2, 3, 4, 5] + [5] * 8


def test_the_real_networks_make_of_a_start_what_they_make_of_nothing_else() -> None:
    def played(*events: Event) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        session = StreamSession(tiny_runtime(), profile="responsive", seed=5)
        for event in events:
            session.apply(event)
        return np.stack([frame.rgb for _ in range(2) for frame in session.advance().frames])

    start = Reset(1, start=Past(PAST.rgb))
    assert np.array_equal(played(start), played(start))
    assert not np.array_equal(played(start), played())
    assert not np.array_equal(played(start), played(Reset(1, start=Past(PAST.rgb[::-1].copy()))))
    assert math.isfinite(float(played(start).mean()))
