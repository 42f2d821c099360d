"""A world's student is loaded unless its teacher is asked for, and never onto another teacher."""

import shutil
from pathlib import Path

import pytest
import torch

from engine_service.runtime.weights import load_networks, load_weights, save_student, save_weights
from engine_service.runtime.world import DENOISER_FILE, EMBEDDED, STUDENT_FILE, WorldError, load_world

MATRIX = "blocks.0.attention.out.weight"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """The embedded world without its own student, in a folder of ours."""
    folder = tmp_path / "critters"
    shutil.copytree(EMBEDDED / "critters", folder)
    (folder / STUDENT_FILE).unlink(missing_ok=True)
    return folder


def write_student(world: Path, name: str = MATRIX) -> torch.Tensor:
    """A student that differs in one matrix; gives the difference."""
    generator = torch.Generator().manual_seed(0)
    up, down = torch.randn(256, 2, generator=generator), torch.randn(2, 256, generator=generator)
    save_student({f"{name}.up": up, f"{name}.down": down}, load_world(world))
    return up.half().float() @ down.half().float()


def matrix(world: Path, *, teacher: bool) -> torch.Tensor:
    return load_networks(load_world(world), teacher=teacher).dit.get_parameter(MATRIX)


def test_a_world_without_a_student_is_its_own_teacher(world: Path) -> None:
    assert torch.equal(matrix(world, teacher=False), matrix(world, teacher=True))


def test_the_student_is_loaded_unless_the_teacher_is_asked_for(world: Path) -> None:
    difference = write_student(world)
    torch.testing.assert_close(matrix(world, teacher=False) - matrix(world, teacher=True), difference)


def test_a_student_of_another_denoiser_is_refused(world: Path) -> None:
    write_student(world)
    networks = load_networks(load_world(world), teacher=True)
    modules = torch.nn.ModuleDict({"dit": networks.dit, "text": networks.text})
    save_weights({name: value * 1.01 for name, value in modules.state_dict().items()}, world / DENOISER_FILE)
    load_weights(modules, world / DENOISER_FILE)
    with pytest.raises(WorldError, match=r"student\.safetensors: its teacher is \w{12}, denoiser\.safetensors is \w"):
        load_networks(load_world(world))
    load_networks(load_world(world), teacher=True)


def test_a_student_that_does_not_fit_is_refused_by_the_matrix(world: Path) -> None:
    write_student(world, "blocks.17.attention.out.weight")
    with pytest.raises(WorldError, match=r"blocks\.17\.attention\.out\.weight: there is no such matrix"):
        load_networks(load_world(world))


def test_a_damaged_student_is_refused_with_its_size(world: Path) -> None:
    (world / STUDENT_FILE).write_bytes(b"not weights")
    with pytest.raises(WorldError, match=r"student\.safetensors: truncated or damaged \(11 bytes\)"):
        load_networks(load_world(world))
