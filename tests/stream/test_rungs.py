"""A stream changes its rung: nothing is lost, nothing is cut, and every rung is a partition it has a graph for."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine_service.model.ladder import ladder
from engine_service.stream.session import StreamSession
from engine_service.types import Frame, Reset, SwitchProfile
from tests.fakes import PROFILES, LedgerDecoder, LedgerDenoiser, ledger_runtime, tiny_runtime


def test_the_rungs_are_those_of_the_profile_in_force() -> None:
    session = StreamSession(tiny_runtime(), profile="responsive", seed=0)
    assert session.rungs == ladder(PROFILES["responsive"])
    session.apply(SwitchProfile(1, "cinematic"))
    assert session.rungs == ladder(PROFILES["cinematic"])


def test_a_rung_without_a_graph_is_left_out() -> None:
    runtime = replace(tiny_runtime(), buffer_lengths=(16, 4))
    session = StreamSession(runtime, profile="cinematic", seed=0)
    assert [rung.partition.num_latents for rung in ladder(PROFILES["cinematic"])] == [16, 8, 4]
    assert [rung.partition.num_latents for rung in session.rungs] == [16, 4]


@pytest.mark.parametrize("profile", list(PROFILES))
def test_down_the_ladder_and_up_again_no_frame_is_missing(profile: str) -> None:
    denoiser = LedgerDenoiser()
    session = StreamSession(ledger_runtime(denoiser, LedgerDecoder()), profile=profile, seed=0)
    frames: list[Frame] = []
    rungs = session.rungs
    for rung in (*rungs, *reversed(rungs)):
        session.take_rung(rung)
        for _ in range(3):
            frames += session.advance().frames
        assert len(denoiser.steps[-1].sigmas) == rung.partition.num_latents
    assert [frame.frame_id for frame in frames] == list(range(1, len(frames) + 1))
    for levels in denoiser.levels().values():
        assert all(0 <= level <= 1 for level in levels)


def test_what_is_in_flight_goes_on_when_only_references_and_micro_steps_are_saved() -> None:
    """The frames after the change are made of the latents before it: none of them begins anew."""
    denoiser = LedgerDenoiser()
    session = StreamSession(ledger_runtime(denoiser, LedgerDecoder()), profile="balanced", seed=0)
    session.advance()
    in_flight = denoiser.steps[-1].names[-2:]  # the chunk that leaves next
    calls = len(denoiser.steps)
    session.take_rung(session.rungs[-1])
    session.advance()
    assert len(denoiser.steps) == calls + 1, "no settling is paid for"
    assert denoiser.steps[-1].names[:2] == in_flight


def test_a_reset_keeps_the_rung_and_another_profile_leaves_it() -> None:
    denoiser = LedgerDenoiser()
    session = StreamSession(ledger_runtime(denoiser, LedgerDecoder()), profile="balanced", seed=0)
    session.take_rung(session.rungs[2])
    session.apply(Reset(1))
    session.advance()
    assert len(denoiser.steps[-1].sigmas) == session.rungs[2].partition.num_latents
    session.apply(SwitchProfile(2, "cinematic"))
    session.advance()
    assert len(denoiser.steps[-1].sigmas) == 16


def test_a_change_of_rung_is_no_cut_in_the_picture() -> None:
    """On the real tiny networks a change moves the picture less than a new beginning does."""

    def steps(happening: str) -> float:
        session = StreamSession(tiny_runtime(), profile="balanced", seed=3)
        frames = [frame for _ in range(6) for frame in session.advance().frames]
        if happening == "rung":
            session.take_rung(session.rungs[1])
        if happening == "reset":
            session.apply(Reset(1, seed=77))
        frames += session.advance().frames
        pictures = [frame.rgb.astype(np.float64) for frame in frames[-5:]]
        return max(float(np.abs(later - sooner).mean()) for sooner, later in pairwise(pictures))

    assert steps("rung") < steps("reset")
