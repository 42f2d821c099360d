"""Start a world's training from another world's weights: what fits is taken, what is new begins without effect.

A world that learns new inputs (actions, a state that may be open, words of a table) need not learn to draw again.
"""

import torch
from torch import Tensor, nn

from engine_service.model.text import GivenWords, TextEncoder
from engine_service.runtime.text import load_word_table
from engine_service.runtime.weights import build_prompted, load_weights
from engine_service.runtime.world import DENOISER_FILE, WorldFolder

_RIDGE = 1.0  # against words of the old list that the table puts side by side


def grow_from(old: WorldFolder, new: WorldFolder, modules: nn.ModuleDict) -> list[str]:
    """Fill fresh `modules` of the new world from the old world's weights; the names of what begins anew.

    Raises:
        WorldError: the old world's weights are missing or damaged.
        ValueError: the two models differ in more than their inputs; names the first weight that does not fit.
    """
    source = build_prompted(old)
    load_weights(source, old.path / DENOISER_FILE)
    given = source.state_dict()
    grown: dict[str, Tensor] = {}
    fresh: list[str] = []
    for name, value in modules.state_dict().items():
        if name in given:
            grown[name] = _widened(name, given[name], value)
        elif name.startswith("dit.action_embedding.mlp.2."):
            grown[name] = torch.zeros_like(value)  # heard from the first step on, and of no effect before it
        else:
            grown[name] = value
            fresh.append(name)
    text, old_text = modules["text"], source["text"]
    if isinstance(text, TextEncoder) and isinstance(text.words, GivenWords) and "text.words.weight" in given:
        assert isinstance(old_text, TextEncoder)
        weight, bias = _fitted_words(new, old.world.vocabulary, given["text.words.weight"])
        grown["text.words.project.weight"], grown["text.words.project.bias"] = weight, bias
        fresh = [name for name in fresh if not name.startswith("text.words.project.")]
    modules.load_state_dict(grown)
    return fresh


def _widened(name: str, given: Tensor, wanted: Tensor) -> Tensor:
    """The same weights with columns of zeros for inputs that were not there: they come last."""
    if given.shape == wanted.shape:
        return given
    fits = given.ndim == wanted.ndim == 2 and given.shape[0] == wanted.shape[0] and given.shape[1] < wanted.shape[1]
    if not fits:
        raise ValueError(f"{name} is {tuple(given.shape)} in the old world and {tuple(wanted.shape)} in the new one")
    return torch.cat([given, given.new_zeros(len(given), wanted.shape[1] - given.shape[1])], dim=1)


def _fitted_words(new: WorldFolder, vocabulary: tuple[str, ...], vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The projection `(Dt, De)` and bias `(Dt,)` of table vectors that come nearest to the learnt `(V + 1, Dt)`."""
    table = load_word_table(new.table_file)
    rows = {word: row for row, word in enumerate(table.words)}
    pairs = [(rows[word], number + 1) for number, word in enumerate(vocabulary) if word in rows]
    inputs = table.vectors[[row for row, _ in pairs]]  # (n, De)
    wanted = vectors[[number for _, number in pairs]]  # (n, Dt)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    gram = inputs.T @ inputs + _RIDGE * torch.eye(inputs.shape[1])
    solution = torch.linalg.solve(gram, inputs.T @ wanted)  # (De + 1, Dt)
    return solution[:-1].T.contiguous(), solution[-1]
