"""Probes: networks whose faults are known get the answers that name them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from engine_service.training.buffered import Branches, LatentClips
from engine_service.training.probes import ProbeOptions, Probes, edge_energy, sample, spread

NUM, LENGTH, SHAPE = 24, 12, (3, 4, 4)
OPTIONS = ProbeOptions(prompt=torch.zeros(2, dtype=torch.int64), num_steps=4, num_latents=3, num_examples=12)


class Colours(nn.Module):
    """A latent is its picture: `(B, 3, H, W)` -> two frames each `(B, 2, 3, H, W)`."""

    def forward(self, previous: Tensor, current: Tensor) -> Tensor:
        return torch.stack([previous, current], dim=1)


def clips() -> LatentClips:
    """Every recording has its own still picture; a key, held or not, adds to it for as long as it is held."""
    rng = np.random.default_rng(0)

    def recordings(pictures: np.ndarray[tuple[int, ...], np.dtype[np.float32]], keys: Tensor) -> tuple[Tensor, Tensor]:
        still = torch.from_numpy(pictures)[:, None].expand(-1, keys.shape[1], *SHAPE)
        controls = torch.stack([torch.zeros_like(keys), keys], dim=-1)[:, :, None]  # a state field, and the key
        return (still + keys[..., None, None, None]).half(), controls

    pictures = rng.uniform(-0.5, 0.5, (NUM, *SHAPE)).astype(np.float32)
    keys = torch.from_numpy(rng.integers(0, 2, (NUM, LENGTH)).astype(np.float32)) / 2
    latents, controls = recordings(pictures, keys)
    forks, fork_controls = recordings(pictures, 0.5 - keys[:, 4:10])  # the same places, the other key
    return LatentClips(
        latents,
        controls,
        torch.zeros(NUM, LENGTH, 2, dtype=torch.int64),
        num_state_fields=1,
        branches=Branches(
            forks,
            fork_controls,
            torch.zeros(NUM, 6, 2, dtype=torch.int64),
            np.arange(NUM),
            np.full(NUM, 4),
            np.zeros(NUM, np.bool_),
        ),
    )


CLIPS = clips()


def renderer(noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
    """The same mean picture, whatever it is given."""
    return torch.zeros_like(noised)


def dreamer(noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
    """The noise decides everything; nothing is heard."""
    return noised.clamp(-1, 1)


def attentive(noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
    """Goes on from its past, if it sees one, as the keys say."""
    keys = controls[..., -1].nan_to_num().mean(-1)[..., None, None, None]  # (b, B, 1, 1, 1)
    clean_past = (sigmas[:, :1] == 0)[..., None, None, None]
    still = torch.where(clean_past, (noised - keys)[:, :1], torch.zeros_like(noised[:, :1]))
    return still + keys


def answers(predict: object) -> dict[str, float]:
    return Probes(CLIPS, Colours(), OPTIONS)(predict)  # type: ignore[arg-type]


def test_a_renderer_has_no_spread_no_edges_and_hears_nothing() -> None:
    found = answers(renderer)
    assert (found["spread"], found["edges"], found["gap_shuffled_past"], found["gap_shuffled_keys"]) == (0, 0, 0, 0)
    assert found["key_order"] == pytest.approx(0.5, abs=0.01), "one answer for both keys is right for one of them"


def test_one_that_dreams_has_spread_and_edges_and_hears_nothing() -> None:
    found = answers(dreamer)
    assert found["spread"] > 1
    assert found["edges"] > 1
    assert found["gap_shuffled_past"] == found["gap_no_past"] == found["gap_shuffled_keys"] == 0


def test_one_that_hears_loses_by_a_wrong_past_no_past_and_wrong_keys() -> None:
    found = answers(attentive)
    assert found["gap_shuffled_past"] > 0.01
    assert found["gap_no_past"] > 0.01
    assert found["gap_shuffled_keys"] > 0.01
    assert found["key_order"] == 1


def test_losses_are_told_level_by_level() -> None:
    found = answers(dreamer)
    by_level = [found[name] for name in sorted(found) if name.startswith("loss_sigma_")]
    assert len(by_level) == 8
    assert by_level == sorted(by_level), "more noise hides more"


def test_without_keys_nothing_is_asked_about_them() -> None:
    silent = LatentClips(CLIPS.latents, CLIPS.controls[..., :1], CLIPS.tokens, num_state_fields=1)
    found = Probes(silent, Colours(), OPTIONS)(renderer)
    assert "gap_shuffled_keys" not in found
    assert "key_order" not in found


def test_the_same_questions_have_the_same_answers() -> None:
    assert answers(dreamer) == answers(dreamer)


def test_the_sheet_has_recordings_above_sixteen_seeds(tmp_path: Path) -> None:
    Probes(CLIPS, Colours(), OPTIONS)(dreamer, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (8 * SHAPE[2], 3 * SHAPE[1])


def test_sampling_ends_at_what_is_predicted_and_leaves_the_past_alone() -> None:
    noise = torch.randn(2, 3, *SHAPE, generator=torch.Generator().manual_seed(0))
    past = torch.full((2, 2, *SHAPE), 0.25)
    asked: list[Tensor] = []

    def predict(noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
        assert (noised[:, :2] == 0.25).all()
        asked.append(sigmas[0])
        return torch.full_like(noised, 0.5)

    made = sample(predict, noise, torch.zeros(2, 5, 1, 1), torch.zeros(2, 2), num_steps=4, past=past)
    torch.testing.assert_close(made, torch.full_like(noise, 0.5))
    assert [sigmas.tolist() for sigmas in asked] == [[0, 0, *[level] * 3] for level in (1.0, 0.75, 0.5, 0.25)]


def test_spread_and_edges_are_in_grey_levels() -> None:
    two = np.stack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 100, np.uint8)])
    assert spread(two) == 50
    assert edge_energy(two) == 0
    stripes = np.zeros((1, 4, 4, 3), np.uint8)
    stripes[:, :, ::2] = 30
    assert edge_energy(stripes) == 30
