"""What a precision costs is measured on the sampler's own latents."""

import math
from dataclasses import replace

import pytest
import torch

from engine_service.accuracy import ModuleDenoiser, calibrate, measure, psnr_db, reference_runtime
from engine_service.runtime.export import micro_step_graph
from engine_service.runtime.quantised import quantised_graph
from engine_service.stream.session import StreamSession
from tests.fakes import PROFILES, WORLD, tiny_networks, tiny_runtime

NETWORKS = tiny_networks()
SHORT = replace(WORLD, profiles={"responsive": PROFILES["responsive"]})


def test_the_reference_plays_what_the_torch_backend_plays() -> None:
    players = [
        StreamSession(runtime, profile="responsive", seed=3)
        for runtime in (reference_runtime(WORLD, NETWORKS), tiny_runtime())
    ]
    for _ in range(3):
        one, other = (player.advance().frames for player in players)
        assert [frame.rgb.tobytes() for frame in one] == [frame.rgb.tobytes() for frame in other]


def test_single_precision_costs_nothing() -> None:
    (loss,) = measure(SHORT, NETWORKS, micro_step_graph(NETWORKS, "fp32", 4, 1), torch.float32)
    assert (loss.profile, loss.latent_rms, loss.largest_rms) == ("responsive", 0.0, 0.0)
    assert math.isinf(loss.frames_psnr_db)
    assert math.isinf(loss.decoder_psnr_db)


def test_fewer_bits_cost_more() -> None:
    half = micro_step_graph(NETWORKS, "bf16", 4, 1)
    largest = calibrate(NETWORKS, SHORT)
    quantised = quantised_graph(micro_step_graph(NETWORKS, "fp16", 4, 1), "fp8", largest)
    (of_half,) = measure(SHORT, NETWORKS, half, torch.bfloat16)
    (of_fp8,) = measure(SHORT, NETWORKS, quantised, torch.float16)
    assert 0 < of_half.latent_rms < of_fp8.latent_rms < 0.2
    assert of_half.latent_rms <= of_half.largest_rms
    assert of_fp8.frames_psnr_db < of_half.frames_psnr_db
    assert of_half.decoder_psnr_db > 30


def test_calibration_leaves_the_networks_as_they_were() -> None:
    module = micro_step_graph(NETWORKS, "fp32", 4, 1).module
    largest = calibrate(NETWORKS, SHORT)
    assert len(largest) == 12
    assert min(largest.values()) > 0
    assert largest == calibrate(NETWORKS, SHORT), "the same every time"
    assert not any(layer._forward_pre_hooks for layer in NETWORKS.dit.modules())
    assert ModuleDenoiser(NETWORKS.dit, module).batch_sizes == (1,)


def test_psnr_is_known_for_pictures_one_grey_level_apart() -> None:
    grey = torch.full((2, 4, 4, 3), 100, dtype=torch.uint8)
    assert psnr_db(grey, grey + 1) == pytest.approx(48.13, abs=0.01)
