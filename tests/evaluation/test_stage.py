"""On the stage a sampler hears what a session would hear, and its work is counted."""

import numpy as np
import pytest
import torch

from engine_service.evaluation.stage import Conditioning, Script, StreamDiTSampler, perform
from engine_service.runtime.denoiser import Denoiser
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State
from tests.fakes import LATENT_SHAPE, PROFILES, LedgerDecoder, LedgerDenoiser, ledger_runtime, tiny_runtime


def script(num_frames: int = 20, horizon: int = 3) -> Script:
    prompts = ["a pig in the rain"] * 8 + ["a fox in the snow"] * (num_frames - 8)
    states = np.stack([np.arange(num_frames), np.arange(num_frames) / num_frames], 1).astype(np.float32)
    return Script(tuple(prompts), states, horizon)


@pytest.mark.parametrize("profile", list(PROFILES))
def test_streamdit_on_the_stage_is_the_session_bit_for_bit(profile: str) -> None:
    runtime, played = tiny_runtime(), script()
    performance = perform(
        runtime, lambda denoiser: StreamDiTSampler(denoiser, PROFILES[profile], LATENT_SHAPE, 7), played
    )
    session = StreamSession(runtime, profile=profile, seed=7)
    frames: list[np.ndarray] = []
    while len(frames) < 20:
        now = len(frames)
        values, *horizon = (tuple(row) for row in played.states[now : now + 4].tolist())
        session.apply(Prompt(0, played.prompts[now]))
        session.apply(State(0, values, tuple(horizon)))
        frames += [frame.rgb for frame in session.advance().frames]
    np.testing.assert_array_equal(performance.rgb, np.stack(frames[:20]))
    assert performance.frames_per_chunk == session.frames_per_shift


class Listener:
    """Makes nothing, but writes down what it is told of the latents it asks for."""

    def __init__(self, first: int, count: int) -> None:
        self.asked = (first, count)
        self.heard: list[list[float]] = []

    def next_chunk(self, conditioning: Conditioning) -> torch.Tensor:
        states, _ = conditioning(*self.asked)
        self.heard.append(states[0, :, :, 0].flatten().tolist())
        return torch.zeros(1, *LATENT_SHAPE)


def test_a_sampler_hears_the_past_as_it_was_the_horizon_and_then_what_is_held() -> None:
    listener = Listener(-1, 5)
    perform(ledger_runtime(LedgerDenoiser(), LedgerDecoder()), lambda _: listener, script(num_frames=12, horizon=3))
    assert listener.heard[0] == [0, 0, 0, 1, 2, 3, 3, 3, 3, 3]
    assert listener.heard[2] == [2, 3, 4, 5, 6, 7, 7, 7, 7, 7]


def test_calls_and_seconds_are_counted() -> None:
    ticks = iter(range(100))

    def sampler(denoiser: Denoiser) -> StreamDiTSampler:
        return StreamDiTSampler(denoiser, PROFILES["balanced"], LATENT_SHAPE, 0)

    performance = perform(tiny_runtime(), sampler, script(), clock=lambda: float(next(ticks)))
    assert performance.seconds == 5  # five chunks of four frames, a tick each
    assert performance.denoiser_calls == 5 * 2 + 4  # and every level once at the start, to settle


def test_a_script_without_a_prompt_for_each_state_is_refused() -> None:
    with pytest.raises(ValueError, match="script has 1 prompts and 2 states"):
        Script(("a pig",), np.zeros((2, 2), np.float32))
