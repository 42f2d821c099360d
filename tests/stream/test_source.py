"""Source frames: which picture is which latent's, how much of it is kept, and when it ends."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.partition import Partition
from engine_service.stream.session import StreamSession
from engine_service.stream.source import SourceTrack
from engine_service.types import Prompt, SourceFrame, State
from tests.fakes import PROFILES, WORLD, LedgerDecoder, LedgerDenoiser, ledger_runtime, tiny_runtime

RUNTIME = tiny_runtime()
BALANCED = PROFILES["balanced"]  # two chunks of two latents of two frames


def picture(level: int) -> NDArray[np.uint8]:
    return np.full((16, 16, 3), level, np.uint8)


def encode(frames: NDArray[np.uint8]) -> Tensor:
    """A latent that says which pictures it was made of."""
    first, second = frames[:, 0, 0, 0].tolist()
    return torch.tensor([float(first), float(second)]).view(1, 2, 1, 1)


def track(*levels: int, strength: float = 0.5) -> SourceTrack:
    sources = SourceTrack(frames_per_latent=2, longest_chunk=2, lifetime=16)
    for level in levels:
        sources.update(0, picture(level), strength)
    return sources


def pairs(sources: SourceTrack, partition: Partition = BALANCED, frame: int = 0) -> list[list[float]]:
    source = sources.source(frame, partition, encode)
    assert source is not None
    return source.latents[0, :, :, 0, 0].tolist()


def test_the_newest_pictures_are_those_of_the_chunk_that_leaves_next_and_the_last_is_held() -> None:
    assert pairs(track(1, 2, 3, 4, 5, 6)) == [[3, 4], [5, 6], [6, 6], [6, 6]]
    assert pairs(track(1, 2, 3, 4, 5, 6), PROFILES["responsive"]) == [[5, 6], [6, 6]]


def test_pictures_that_never_were_are_the_first_that_was() -> None:
    assert pairs(track(7)) == [[7, 7]] * 4
    assert pairs(track(7, 8)) == [[7, 7], [7, 8], [8, 8], [8, 8]]


def test_a_source_ends_a_second_after_its_last_picture_and_starts_afresh() -> None:
    sources = track(1, 2)
    assert sources.source(16, BALANCED, encode) is not None
    assert sources.source(17, BALANCED, encode) is None
    sources.update(40, picture(9), 0.5)
    assert pairs(sources, frame=40) == [[9, 9]] * 4


def test_strength_one_is_no_source() -> None:
    assert track(1, 2, strength=1.0).source(0, BALANCED, encode) is None


def stripes(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def redrawn(profile: str, strength: float, num_chunks: int = 4) -> tuple[list[NDArray[np.uint8]], list[Tensor]]:
    """The frames a session shows while it is fed stripes, and the latents of those stripes."""
    session = StreamSession(RUNTIME, profile=profile, seed=0)
    session.apply(Prompt(0, "a pig in the rain"))
    shown: list[NDArray[np.uint8]] = []
    latents: list[Tensor] = []
    for chunk in range(num_chunks):
        per_chunk = session.frames_per_shift
        fed = [stripes(chunk * per_chunk + i) for i in range(per_chunk)]
        for rgb in fed:
            session.apply(SourceFrame(0, rgb, strength))
        shown += [frame.rgb for frame in session.advance().frames]
        latents += [RUNTIME.encoder.encode(torch.from_numpy(np.stack(fed[i : i + 2]))) for i in range(0, per_chunk, 2)]
    return shown, latents


@pytest.mark.parametrize("profile", list(PROFILES))
def test_strength_zero_gives_every_picture_back_at_its_own_moment(profile: str) -> None:
    """Through the autoencoder, without a frame of delay, whatever the partition."""
    shown, latents = redrawn(profile, 0.0)
    previous = latents[0]
    for i, latent in enumerate(latents):
        expected = RUNTIME.decoder.decode(previous, latent)[0].numpy()
        np.testing.assert_array_equal(np.stack(shown[2 * i : 2 * i + 2]), expected)
        previous = latent


@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("profile", list(PROFILES))
def test_of_the_source_just_what_is_above_the_strength_is_kept(profile: str, strength: float) -> None:
    """A denoiser that leaves latents alone shows what the last of the source's noise left of it: 1 - strength."""
    decoder = LedgerDecoder()
    runtime = ledger_runtime(LedgerDenoiser(), decoder)
    session = StreamSession(runtime, profile=profile, seed=0)
    sources = []
    for seed in range(60):
        for _ in range(session.frames_per_shift):
            session.apply(SourceFrame(0, stripes(seed), strength))
        session.advance()
        source = runtime.encoder.encode(torch.from_numpy(np.stack([stripes(seed)] * 2)))
        sources += [source[0, :3].flatten()] * PROFILES[profile].chunk_size
    shown = torch.cat([current[0, :3].flatten() for _, current in decoder.pairs])
    wanted = torch.cat(sources)
    assert (shown @ wanted / (wanted @ wanted)).item() == pytest.approx(1 - strength, abs=0.1)


def test_strength_one_is_the_stream_as_if_nothing_had_been_sent() -> None:
    shown, _ = redrawn("responsive", 1.0)
    session = StreamSession(RUNTIME, profile="responsive", seed=0)
    session.apply(Prompt(0, "a pig in the rain"))
    alone = [frame.rgb for _ in range(4) for frame in session.advance().frames]
    np.testing.assert_array_equal(np.stack(shown), np.stack(alone))


def test_a_latent_that_crosses_the_strength_begins_exactly_there() -> None:
    """Strength 0.3 lies off the ladder of `responsive`, whose levels are 1, 0.5 and 0."""
    asked: list[list[float]] = []

    class Asked:
        batch_sizes = (1,)

        def step(self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: object) -> Tensor:
            asked.append([*sigmas[0].tolist(), *next_sigmas[0].tolist()])
            return latents

    session = StreamSession(replace(RUNTIME, denoiser=Asked()), profile="responsive", seed=0)
    session.advance()
    asked.clear()
    session.apply(State(0, WORLD.resting_state))
    session.apply(SourceFrame(0, stripes(0), 0.3))
    session.advance()
    references = PROFILES["responsive"].references
    assert asked[-1][references] == pytest.approx(0.3)
    assert asked[-1][references + 1 :] == pytest.approx([1.0, *([0.0] * references), 0.0, 0.5])
