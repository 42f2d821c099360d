"""One client's stream: what it was told is what its frames show, and media time is exact."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_service.model.partition import buffer_sigmas
from engine_service.stream.session import StreamSession
from engine_service.types import (
    Chunk,
    Event,
    Frame,
    Pause,
    Prompt,
    Reset,
    Resume,
    State,
    SwitchProfile,
    UnknownWords,
)
from tests.fakes import PROFILES, WORLD, LedgerDecoder, LedgerDenoiser, ledger_runtime, name_of, state_of, tiny_runtime

RUNTIME = tiny_runtime()


class Ticker:
    """A clock that moves a millisecond each time it is read."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def __call__(self) -> int:
        self.now_ns += 1_000_000
        return self.now_ns


class Readable:
    """A session on networks that keep their questions."""

    def __init__(self, profile: str = "responsive", seed: int = 0) -> None:
        self.denoiser = LedgerDenoiser()
        self.decoder = LedgerDecoder()
        runtime = ledger_runtime(self.denoiser, self.decoder)
        self.session = StreamSession(runtime, profile=profile, seed=seed, now_ns=Ticker())

    def frames(self, num_chunks: int = 1) -> list[Frame]:
        return [frame for _ in range(num_chunks) for frame in self.session.advance().frames]


def generated(seed: int, *happenings: Event | None, profile: str = "responsive") -> list[Frame]:
    """Frames of the real tiny networks; None is a chunk, anything else an event."""
    session = StreamSession(RUNTIME, profile=profile, seed=seed)
    frames: list[Frame] = []
    for event in happenings:
        if event is None:
            frames += session.advance().frames
        else:
            session.apply(event)
    return frames


def pictures(frames: list[Frame]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.stack([frame.rgb for frame in frames])


# ------------------------------------------------------------------------------------------------ repeatability

STORY: tuple[Event | None, ...] = (
    None,
    State(1, (30.0, 0.2), ((32.0, 0.3),)),
    None,
    Prompt(2, "a fox in the snow"),
    None,
    SwitchProfile(3, "balanced"),
    None,
    Reset(4, seed=99),
    None,
)


def test_the_same_seed_and_the_same_events_give_the_same_frames_bit_for_bit() -> None:
    assert np.array_equal(pictures(generated(7, *STORY)), pictures(generated(7, *STORY)))


def test_another_seed_gives_other_frames_from_the_first_on() -> None:
    first, second = generated(7, None), generated(8, None)
    assert not np.array_equal(first[0].rgb, second[0].rgb)


def test_two_sessions_on_one_runtime_do_not_hear_each_other() -> None:
    alone = pictures(generated(7, None, None, None))
    first, second = (StreamSession(RUNTIME, profile="responsive", seed=seed) for seed in (7, 8))
    interleaved: list[Frame] = []
    for _ in range(3):
        interleaved += first.advance().frames
        second.apply(State(1, (1.0, 0.1)))
        second.advance()
    assert np.array_equal(pictures(interleaved), alone)


@pytest.mark.parametrize("event", [State(1, (10.0, 0.1)), Prompt(1, "snow")])
def test_an_event_changes_the_very_next_frame(event: Event) -> None:
    told, untold = generated(7, None, event, None), generated(7, None, None)
    assert np.array_equal(pictures(told[:2]), pictures(untold[:2]))
    assert not np.array_equal(told[2].rgb, untold[2].rgb)


def test_what_comes_between_two_micro_steps_counts_for_the_second() -> None:
    stream = Readable("balanced")
    stream.session.advance()
    stream.denoiser.steps.clear()
    told = [None, Prompt(1, "a fox in the snow")]

    def listen() -> None:
        if (event := told.pop(0)) is not None:
            stream.session.apply(event)

    chunk = stream.session.advance(listen)
    before, after = stream.denoiser.steps
    assert not torch.equal(before.prompt.words, after.prompt.words)
    assert [entry.event_id for entry in chunk.applied] == [1]
    assert {frame.last_event_id for frame in chunk.frames} == {1}


# ------------------------------------------------------------------------------------------------ media time


@pytest.mark.parametrize("profile", PROFILES)
def test_a_chunk_is_one_shift_of_frames_of_the_worlds_size(profile: str) -> None:
    session = StreamSession(RUNTIME, profile=profile, seed=0)
    assert session.frames_per_shift == WORLD.frames_per_shift(profile)
    chunk = session.advance()
    assert len(chunk.frames) == session.frames_per_shift
    for frame in chunk.frames:
        assert frame.rgb.shape == (16, 16, 3)
        assert frame.rgb.dtype == np.uint8


def test_frames_are_numbered_from_one_and_pts_are_exact_multiples_of_the_period() -> None:
    frames = Readable().frames(num_chunks=50)
    assert [frame.frame_id for frame in frames] == list(range(1, 101))
    assert [frame.pts_us for frame in frames] == [62_500 * i for i in range(100)]
    assert all(type(frame.pts_us) is int for frame in frames)


def test_a_skip_moves_pts_and_frame_ids_alike() -> None:
    stream = Readable()
    stream.frames()
    stream.session.skip(5)
    frames = stream.frames()
    assert [(frame.frame_id, frame.pts_us) for frame in frames] == [(8, 437_500), (9, 500_000)]


def test_a_skip_moves_along_the_horizon() -> None:
    stream = Readable()
    stream.session.apply(State(1, (10.0, 0.0), tuple((10.0 + i, 0.0) for i in range(1, 9))))
    assert [state_of(frame.rgb)[0] for frame in stream.frames()] == [10, 11]
    stream.session.skip(3)
    assert [state_of(frame.rgb)[0] for frame in stream.frames()] == [15, 16]


def test_a_chunk_says_what_it_cost() -> None:
    chunk = Readable().session.advance()
    assert (chunk.step_s, chunk.decode_s) == (0.001, 0.001)
    assert {(f.generate_start_ns, f.generate_end_ns) for f in chunk.frames} == {(1_001_000_000, 1_003_000_000)}


# ------------------------------------------------------------------------------------------------ events


def test_the_world_rests_until_a_client_says_otherwise() -> None:
    assert [state_of(frame.rgb) for frame in Readable().frames(3)] == [(64, 0)] * 6  # 0.5 rounds to even


def test_an_event_is_obeyed_by_the_first_frame_made_after_it_and_its_id_is_on_the_frames() -> None:
    stream = Readable()
    before = stream.session.advance()
    assert stream.session.apply(State(41, (17.0, 1.0))) == ()
    after = stream.session.advance()
    assert {frame.last_event_id for frame in before.frames} == {0}
    assert {frame.last_event_id for frame in after.frames} == {41}
    assert [state_of(frame.rgb) for frame in after.frames] == [(17, 1)] * 2


def test_every_latent_in_flight_hears_of_an_event_at_once() -> None:
    stream = Readable("cinematic")
    stream.frames()
    stream.denoiser.steps.clear()
    stream.session.apply(State(1, (17.0, 1.0)))
    stream.frames()
    (step,) = stream.denoiser.steps
    assert (step.states == torch.tensor([17.0, 1.0])).all()


def test_events_are_reported_as_applied_once_with_their_first_frame() -> None:
    stream = Readable()
    assert stream.session.advance().applied == ()
    stream.session.apply(State(1, (1.0, 0.0)))
    stream.session.apply(Prompt(2, "a fox"))
    applied = stream.session.advance().applied
    assert [(a.event_id, a.frame_id, a.pts_us) for a in applied] == [(1, 3, 125_000), (2, 3, 125_000)]
    assert stream.session.advance().applied == ()


def test_of_two_states_before_a_chunk_the_newest_counts() -> None:
    stream = Readable()
    stream.session.apply(State(1, (1.0, 0.0)))
    stream.session.apply(State(2, (2.0, 0.0)))
    frames = stream.frames()
    assert [(state_of(frame.rgb), frame.last_event_id) for frame in frames] == [((2, 0), 2)] * 2


@pytest.mark.parametrize("profile", PROFILES)
def test_horizon_values_reach_their_frames_and_the_last_is_held(profile: str) -> None:
    stream = Readable(profile)
    stream.frames()
    stream.session.apply(State(1, (10.0, 0.0), tuple((10.0 + i, 0.0) for i in range(1, 6))))
    shown = [state_of(frame.rgb)[0] for frame in stream.frames(num_chunks=5)]
    assert shown[:8] == [10, 11, 12, 13, 14, 15, 15, 15]
    assert set(shown[8:]) == {15}


def test_latents_further_back_are_made_with_the_guess_for_their_own_frames() -> None:
    stream = Readable("balanced")
    stream.frames()
    stream.denoiser.steps.clear()
    stream.session.apply(State(1, (10.0, 0.0), tuple((10.0 + i, 0.0) for i in range(1, 6))))
    stream.frames()
    in_flight = stream.denoiser.steps[0].states[2:, :, 0]  # (N * c, r)
    assert in_flight.tolist() == [[10, 11], [12, 13], [14, 15], [15, 15]]


def test_a_prompt_is_encoded_once_and_in_force_from_the_next_micro_step() -> None:
    stream = Readable("balanced")
    stream.frames()
    stream.session.apply(Prompt(1, "a fox in the snow"))
    stream.frames()
    before, *after = (step.prompt for step in stream.denoiser.steps[-3:])
    assert after[0] is after[1]
    assert not torch.equal(before.words, after[0].words)
    prompts = ledger_runtime(stream.denoiser, stream.decoder).prompts
    assert torch.equal(after[0].words, prompts.encode(prompts.tokens("a fox in the snow")).words)


def test_a_prompt_with_unknown_words_is_reported_and_the_rest_is_in_force() -> None:
    stream = Readable()
    notice = stream.session.apply(Prompt(5, "a purple fox in the zoo"))
    assert notice == (UnknownWords(5, ("purple", "zoo")),)
    frames = stream.frames()
    assert {frame.last_event_id for frame in frames} == {5}
    prompts = ledger_runtime(stream.denoiser, stream.decoder).prompts
    known = prompts.encode(prompts.tokens("a fox in the"))
    assert torch.equal(stream.denoiser.steps[-1].prompt.words, known.words)


@pytest.mark.parametrize("event", [Pause(1), Resume(1)])
def test_the_schedules_events_are_refused_and_leave_no_trace(event: Event) -> None:
    stream = Readable()
    with pytest.raises(ValueError, match=f"{type(event).__name__} is for the schedule"):
        stream.session.apply(event)
    chunk = stream.session.advance()
    assert chunk.applied == ()
    assert chunk.frames[0].last_event_id == 0


# ------------------------------------------------------------------------------------------------ decoding


def test_every_latent_is_decoded_once_with_the_one_before_it() -> None:
    stream = Readable("balanced")
    stream.frames(num_chunks=3)
    pairs = [(name_of(previous[0]), name_of(current[0])) for previous, current in stream.decoder.pairs]
    assert len(pairs) == 6
    assert pairs[0][0] == pairs[0][1], "the first latent stands in for its own predecessor"
    assert all(after[0] == before[1] for before, after in pairwise(pairs))


def test_a_latent_is_decoded_as_it_left_the_buffer() -> None:
    stream = Readable()
    stream.session.apply(State(1, (10.0, 0.0), tuple((10.0 + i, 0.0) for i in range(1, 20))))
    assert [state_of(frame.rgb)[0] for frame in stream.frames(num_chunks=4)] == list(range(10, 18))


# ------------------------------------------------------------------------------------------------ reset


def test_a_reset_starts_again_from_noise_with_the_sessions_own_seed() -> None:
    frames = generated(7, None, None, Reset(1), None, None)
    assert np.array_equal(pictures(frames[4:]), pictures(frames[:4]))
    assert [frame.frame_id for frame in frames] == list(range(1, 9))


def test_a_reset_with_a_seed_is_a_new_session_of_that_seed() -> None:
    frames = generated(7, None, Reset(1, seed=8), None, None)
    assert np.array_equal(pictures(frames[2:]), pictures(generated(8, None, None)))


def test_a_reset_keeps_state_prompt_and_profile() -> None:
    stream = Readable()
    stream.session.apply(State(1, (17.0, 1.0)))
    stream.session.apply(SwitchProfile(2, "balanced"))
    stream.frames()
    stream.session.apply(Reset(3))
    frames = stream.frames()
    assert [state_of(frame.rgb) for frame in frames] == [(17, 1)] * 4
    assert stream.session.profile == "balanced"


# ------------------------------------------------------------------------------------------------ profiles


def test_a_switch_changes_how_many_frames_a_chunk_has() -> None:
    stream = Readable("responsive")
    stream.frames()
    stream.session.apply(SwitchProfile(1, "cinematic"))
    assert (stream.session.profile, stream.session.frames_per_shift) == ("cinematic", 4)
    assert len(stream.frames()) == 4


def test_a_switch_to_a_profile_that_does_not_exist_leaves_the_stream_as_it_was() -> None:
    stream = Readable()
    stream.frames()
    with pytest.raises(KeyError, match="fast"):
        stream.session.apply(SwitchProfile(1, "fast"))
    assert stream.session.profile == "responsive"
    assert [frame.frame_id for frame in stream.frames()] == [3, 4]


profiles = st.sampled_from(sorted(PROFILES))
happenings = st.lists(st.one_of(profiles, st.integers(0, 3)), max_size=12)  # a switch, or so many chunks


@settings(deadline=None, max_examples=40)
@given(profiles, happenings)
def test_switching_never_breaks_the_numbering_and_every_sigma_is_in_place_before_a_shift(
    first: str, happenings: list[str | int]
) -> None:
    stream = Readable(first)
    frames: list[Frame] = []
    for i, happening in enumerate([*happenings, 1]):
        if isinstance(happening, str):
            stream.session.apply(SwitchProfile(i + 1, happening))
            continue
        for _ in range(happening):
            chunk: Chunk = stream.session.advance()
            partition = PROFILES[stream.session.profile]
            assert len(chunk.frames) == stream.session.frames_per_shift
            last = stream.denoiser.steps[-partition.steps_per_shift :]
            for micro_step, step in enumerate(last):
                assert step.sigmas.tolist() == buffer_sigmas(partition, micro_step).tolist()
            frames += chunk.frames
    assert [frame.frame_id for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame.pts_us for frame in frames] == [62_500 * i for i in range(len(frames))]
    pairs = stream.decoder.pairs
    assert all(torch.equal(after[0], before[1]) for before, after in pairwise(pairs))


@settings(deadline=None, max_examples=40)
@given(profiles, happenings)
def test_only_latents_that_were_emitted_are_ever_called_clean_references(
    first: str, happenings: list[str | int]
) -> None:
    stream = Readable(first)
    stream.frames()
    for i, happening in enumerate([*happenings, 1]):
        if isinstance(happening, str):
            stream.session.apply(SwitchProfile(i + 1, happening))
            continue
        for _ in range(happening):
            emitted = {name_of(current[0]) for _, current in stream.decoder.pairs}
            stream.denoiser.steps.clear()
            stream.frames()
            for step in stream.denoiser.steps:
                clean = {name for name, sigma in zip(step.names, step.sigmas.tolist(), strict=True) if sigma == 0}
                assert clean <= emitted


def test_a_reset_and_a_switch_at_once_make_no_reference_of_noise() -> None:
    stream = Readable("cinematic")
    stream.frames()
    stream.session.apply(Reset(1))
    stream.session.apply(SwitchProfile(2, "responsive"))
    stream.denoiser.steps.clear()
    stream.frames()
    first = stream.denoiser.steps[0]
    assert first.sigmas.tolist() == [1.0] * 4, "nothing is clean after a reset, yet references are said to be"
