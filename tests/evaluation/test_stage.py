"""The stage: what a script says is what a sampler hears, and StreamDiT on it is the stream itself."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.evaluation.stage import (
    Conditioning,
    CountedDenoiser,
    LatentSampler,
    Script,
    StreamDiTSampler,
    perform,
)
from engine_service.runtime.denoiser import Denoiser
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.session import StreamSession
from engine_service.types import Prompt, State
from tests.evaluation.playing import PROMPT, RUNTIME, num_tensors, places
from tests.fakes import LATENT_SHAPE, PROFILES, WORLD, LedgerDecoder, LedgerDenoiser, ledger_runtime

R = WORLD.frames_per_latent


def walk(num_frames: int, *prompts: str) -> Script:
    """A critter that walks a unit a frame; the prompts take an equal share each."""
    x = np.arange(num_frames, dtype=np.float32)
    said = tuple(prompts[i * len(prompts) // num_frames] for i in range(num_frames))
    return Script("walk", said, np.stack([x, x % 10 / 10], axis=1))


def streamdit(profile: str, seed: int = 0) -> Callable[[Denoiser], LatentSampler]:
    return lambda denoiser: StreamDiTSampler(denoiser, LATENT_SHAPE, PROFILES[profile], seed=seed)


def streamed(script: Script, profile: str, horizon: int) -> NDArray[np.uint8]:
    """The same script, played by a session as a client would play it."""
    session = StreamSession(RUNTIME, profile=profile, seed=0)
    frames: list[NDArray[np.uint8]] = []
    while len(frames) < script.num_frames:
        now = len(frames)
        ahead = [tuple(map(float, row)) for row in script.states[now : now + 1 + horizon]]
        session.apply(Prompt(0, script.prompts[now]))
        session.apply(State(0, ahead[0], tuple(ahead[1:])))
        frames += [frame.rgb for frame in session.advance().frames]
    return np.stack(frames[: script.num_frames])


class Listener:
    """A sampler that notes what it hears of some latents and makes noise of `chunk_size` latents."""

    def __init__(self, asked: Sequence[tuple[int, int]], chunk_size: int = 1) -> None:
        self._asked = asked
        self._chunk_size = chunk_size
        self.heard: list[tuple[list[float], EncodedPrompt]] = []  # x by frame

    def next_chunk(self, conditioning: Conditioning) -> Tensor:
        for first, count in self._asked:
            states, prompt = conditioning(first, count)
            assert states.shape == (1, count, R, len(WORLD.state_fields))
            self.heard.append((states[..., 0].flatten().tolist(), prompt))
        return torch.zeros(self._chunk_size, *LATENT_SHAPE)


def heard(script: Script, first: int, count: int, *, horizon: int, chunk_size: int = 1) -> list[list[float]]:
    """What a sampler hears of the same latents, chunk by chunk."""
    listener = Listener([(first, count)], chunk_size)
    perform(RUNTIME, lambda _: listener, script, horizon=horizon)
    return [x for x, _ in listener.heard]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("horizon", [0, 8])
def test_streamdit_on_the_stage_is_the_session_bit_for_bit(profile: str, horizon: int) -> None:
    script = walk(22, "a pig in the rain", "a fox in the snow")
    performance = perform(RUNTIME, streamdit(profile), script, horizon=horizon)
    np.testing.assert_array_equal(performance.rgb, streamed(script, profile, horizon))
    assert performance.rgb.std() > 10


@pytest.mark.parametrize("num_frames", [1, 2, 5, 33])
def test_a_performance_is_as_long_as_its_script(num_frames: int) -> None:
    performance = perform(RUNTIME, streamdit("cinematic"), walk(num_frames, "a pig"))
    assert performance.rgb.shape == (num_frames, WORLD.height, WORLD.width, 3)


def test_a_new_prompt_is_in_force_from_the_chunk_of_its_frame_on() -> None:
    listener = Listener([(0, 1)])
    perform(RUNTIME, lambda _: listener, walk(8, "a pig", "a fox"))
    said = [prompt.words for _, prompt in listener.heard]
    assert torch.equal(said[0], said[1])
    assert not torch.equal(said[1], said[2])
    assert torch.equal(said[2], said[3])


def test_the_future_is_known_as_far_as_the_horizon_and_then_held() -> None:
    assert heard(walk(12, "a pig"), 0, 4, horizon=3)[:3] == [
        [0, 1, 2, 3, 3, 3, 3, 3],
        [2, 3, 4, 5, 5, 5, 5, 5],
        [4, 5, 6, 7, 7, 7, 7, 7],
    ]


def test_the_end_of_the_script_is_held() -> None:
    assert heard(walk(6, "a pig"), 0, 3, horizon=8)[-1] == [4, 5, 5, 5, 5, 5]


def test_latents_that_left_keep_the_states_they_were_made_with() -> None:
    """A chunk of two latents and no horizon: the second latent was made with the first frame's state."""
    assert heard(walk(12, "a pig"), -2, 2, horizon=0, chunk_size=2) == [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [4, 4, 4, 4],
    ]


def test_pictures_are_decoded_with_the_latent_before_them_and_the_first_with_itself() -> None:
    decoder = LedgerDecoder()
    runtime = ledger_runtime(LedgerDenoiser(), decoder)
    perform(runtime, streamdit("balanced"), walk(8, "a pig"))
    previous, current = zip(*decoder.pairs, strict=True)
    for i, latent in enumerate(previous):
        assert torch.equal(latent, current[max(i - 1, 0)])


def test_calls_and_seconds_are_those_of_the_sampler_and_the_decoder() -> None:
    readings = iter([100.0, 107.5])
    ledger = LedgerDenoiser()
    runtime = ledger_runtime(ledger, LedgerDecoder())
    performance = perform(runtime, streamdit("responsive"), walk(8, "a pig"), clock=lambda: next(readings))
    assert performance.denoiser_calls == len(ledger.steps) == 2 + 4, "two to settle, one a shift"
    assert performance.seconds == 7.5


def test_a_counted_denoiser_answers_as_the_one_it_counts() -> None:
    counted = CountedDenoiser(RUNTIME.denoiser)
    states, _ = places(0, 3)
    asked = (torch.randn(1, 3, *LATENT_SHAPE), torch.ones(1, 3), torch.zeros(1, 3), states, PROMPT)
    assert torch.equal(counted.step(*asked), RUNTIME.denoiser.step(*asked))
    assert counted.calls == 1


def test_what_is_kept_does_not_grow_with_the_script() -> None:
    """Seen from inside, by a listener that counts tensors instead of keeping them."""
    counts: list[int] = []

    class Counting(StreamDiTSampler):
        def next_chunk(self, conditioning: Conditioning) -> Tensor:
            counts.append(num_tensors())
            return super().next_chunk(conditioning)

    perform(RUNTIME, lambda denoiser: Counting(denoiser, LATENT_SHAPE, PROFILES["balanced"], seed=0), walk(64, "a pig"))
    assert counts[-1] == counts[4]


@pytest.mark.parametrize(
    ("prompts", "states", "message"),
    [
        (("a pig",), np.zeros((2, 2), np.float32), "script bad: 1 prompts for 2 states"),
        ((), np.zeros((0, 2), np.float32), r"script bad: states are of shape \(0, 2\)"),
        (("a pig",), np.zeros(1, np.float32), r"script bad: states are of shape \(1,\)"),
    ],
)
def test_a_script_that_does_not_hold_together_is_refused(
    prompts: tuple[str, ...], states: NDArray[np.float32], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Script("bad", prompts, states)


def test_a_script_of_another_world_is_refused() -> None:
    script = Script("far", ("a pig",), np.zeros((1, 6), np.float32))
    with pytest.raises(ValueError, match="script far: states have 6 values, world tiny has 2"):
        perform(RUNTIME, streamdit("responsive"), script)


def test_a_horizon_into_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="horizon is -1 frames, must be at least 0"):
        perform(RUNTIME, streamdit("responsive"), walk(2, "a pig"), horizon=-1)
