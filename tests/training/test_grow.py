"""A world grown from another one's weights draws as that one did, until it has learnt better."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import critters
from engine_service.model.dit import StreamDiT
from engine_service.model.text import TextEncoder
from engine_service.runtime.text import make_tokenizer
from engine_service.runtime.weights import build_prompted, load_weights
from engine_service.runtime.world import DENOISER_FILE, WorldError, find_world, load_world
from engine_service.training.grow import grow_from

OLD = load_world(find_world("critters"))
NEW = load_world(Path(critters.__file__).with_name("generated"))


@pytest.fixture(scope="module")
def grown() -> torch.nn.ModuleDict:
    torch.manual_seed(0)
    modules = build_prompted(NEW)
    assert grow_from(OLD, NEW, modules) == ["dit.action_embedding.mlp.0.weight", "dit.action_embedding.mlp.0.bias"]
    return modules.eval()


@pytest.fixture(scope="module")
def given() -> torch.nn.ModuleDict:
    modules = build_prompted(OLD)
    load_weights(modules, OLD.path / DENOISER_FILE)
    return modules.eval()


@torch.no_grad()
def test_with_the_same_words_it_predicts_the_same_whatever_keys_are_held(
    grown: torch.nn.ModuleDict, given: torch.nn.ModuleDict
) -> None:
    old, new = given["dit"], grown["dit"]
    assert isinstance(old, StreamDiT)
    assert isinstance(new, StreamDiT)
    generator = torch.Generator().manual_seed(1)
    noised = torch.randn(1, 3, 32, 16, 16, generator=generator)
    sigmas = torch.tensor([[0.0, 0.5, 1.0]])
    state = torch.rand(1, 3, 2, 6, generator=generator)
    keys = torch.ones(1, 3, 2, 3)
    words, bias = torch.randn(1, 24, 128, generator=generator), torch.zeros(1, 24)
    expected = old.predict(noised, old.waves(sigmas, state), words, bias)
    found = new.predict(noised, new.waves(sigmas, torch.cat([state, keys], dim=-1)), words, bias)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_prompt_in_the_old_words_reads_nearly_as_before(
    grown: torch.nn.ModuleDict, given: torch.nn.ModuleDict
) -> None:
    old, new = given["text"], grown["text"]
    assert isinstance(old, TextEncoder)
    assert isinstance(new, TextEncoder)
    prompts = ["a cat in a forest at night, snow", "a robot on a beach at sunset", "a pig walks through a meadow, rain"]

    def read(encoder: TextEncoder, folder: object) -> torch.Tensor:
        tokenizer = make_tokenizer(folder)  # type: ignore[arg-type]
        words, bias = encoder(torch.tensor([tokenizer(prompt).ids for prompt in prompts]))
        summaries: torch.Tensor = (words * bias.exp()[..., None]).sum(1)
        return torch.nn.functional.normalize(summaries, dim=1)

    similarity = read(new, NEW) @ read(old, OLD).T  # (new, old)
    assert (similarity.argmax(1) == torch.arange(3)).all(), "each prompt is nearest to itself"


def test_another_shape_of_model_is_refused_with_the_weight_that_does_not_fit() -> None:
    narrow = replace(NEW, preset=replace(NEW.preset, text_width=64))
    with pytest.raises(ValueError, match=r"is \(.*\) in the old world and \(.*\) in the new one"):
        grow_from(OLD, narrow, build_prompted(narrow))


def test_a_world_without_weights_is_nothing_to_grow_from() -> None:
    with pytest.raises(WorldError, match="missing"):
        grow_from(NEW, NEW, build_prompted(NEW))
