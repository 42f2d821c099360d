"""A student is its teacher plus thin matrices, and merging them gives what training saw."""

import copy

import pytest
import torch
from torch import nn

from engine_service.model.low_rank import add_low_rank, merge_updates, updates_of


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 10), nn.SiLU(), nn.Linear(10, 4))


def stirred_student(teacher: nn.Module, rank: int = 2) -> nn.Module:
    student = copy.deepcopy(teacher)
    add_low_rank(student, rank)
    for name, parameter in student.named_parameters():
        if name.endswith(".up"):
            nn.init.normal_(parameter)
    return student


def test_a_fresh_student_is_its_teacher() -> None:
    teacher = network()
    student = copy.deepcopy(teacher)
    add_low_rank(student, 2)
    x = torch.randn(5, 6)
    torch.testing.assert_close(student(x), teacher(x), rtol=0, atol=0)


def test_only_the_thin_matrices_are_trained() -> None:
    student = copy.deepcopy(network())
    add_low_rank(student, 2)
    trained = {name: tuple(p.shape) for name, p in student.named_parameters() if p.requires_grad}
    assert sorted(trained.values()) == [(2, 6), (2, 10), (4, 2), (10, 2)]


def test_merged_updates_compute_what_the_student_computed() -> None:
    teacher = network()
    student = stirred_student(teacher)
    updates = updates_of(student.state_dict())
    assert sorted(updates) == ["0.weight.down", "0.weight.up", "2.weight.down", "2.weight.up"]
    merged = copy.deepcopy(teacher)
    merge_updates(merged, updates)
    x = torch.randn(5, 6)
    torch.testing.assert_close(merged(x), student(x))
    assert not torch.allclose(merged(x), teacher(x))


def test_an_update_that_fits_nothing_is_refused_by_its_name() -> None:
    updates = updates_of(stirred_student(network()).state_dict())
    with pytest.raises(ValueError, match=r"update of 2\.weight: there is no such matrix"):
        merge_updates(nn.Sequential(nn.Linear(6, 10)), updates)
    with pytest.raises(ValueError, match=r"update of 0\.weight: 10x6, the matrix is \[10, 7\]"):
        merge_updates(nn.Sequential(nn.Linear(7, 10), nn.SiLU(), nn.Linear(10, 4)), updates)
