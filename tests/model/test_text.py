"""Prompts: words of the vocabulary, and what becomes of all others."""

import pytest
import torch

from engine_service.model.text import MASKED, PAD, TextConfig, TextEncoder, VocabularyTokenizer

VOCABULARY = ("a", "pig", "in", "the", "rain", "o'clock")


def encoder(max_words: int) -> TextEncoder:
    """The same weights for every length: its places are the first of the longest table."""
    torch.manual_seed(0)
    sizes = {"vocabulary_size": len(VOCABULARY), "width": 16, "depth": 2, "num_heads": 2}
    longest = TextEncoder(TextConfig(max_words=12, **sizes)).state_dict()
    module = TextEncoder(TextConfig(max_words=max_words, **sizes))
    module.load_state_dict({**longest, "places": longest["places"][:max_words]})
    return module.eval().requires_grad_(False)


def test_known_words_are_numbered_from_one_and_padded_with_zero() -> None:
    tokens = VocabularyTokenizer(VOCABULARY, max_words=6)("A pig, in the RAIN!")
    assert tokens.ids == (1, 2, 3, 4, 5, PAD)
    assert tokens.unknown_words == ()


def test_unknown_words_are_reported_in_order_and_once_each() -> None:
    tokens = VocabularyTokenizer(VOCABULARY, max_words=6)("a zebra in the purple rain, zebra purple unicorn")
    assert tokens.ids == (1, 3, 4, 5, PAD, PAD)
    assert tokens.unknown_words == ("zebra", "purple", "unicorn")


def test_words_past_the_limit_are_reported_too() -> None:
    tokens = VocabularyTokenizer(VOCABULARY, max_words=3)("a pig in the rain")
    assert tokens.ids == (1, 2, 3)
    assert tokens.unknown_words == ("the", "rain")


def test_an_apostrophe_belongs_to_its_word() -> None:
    tokens = VocabularyTokenizer(VOCABULARY, max_words=2)("o'clock")
    assert tokens.ids == (6, PAD)


@pytest.mark.parametrize("prompt", ["", "   ", "...!?", "_"])
def test_a_prompt_without_words_is_all_padding_and_reports_nothing(prompt: str) -> None:
    tokens = VocabularyTokenizer(VOCABULARY, max_words=3)(prompt)
    assert (tokens.ids, tokens.unknown_words) == ((PAD, PAD, PAD), ())


def test_the_encoder_gives_a_vector_per_word_and_masks_the_padding() -> None:
    words, bias = encoder(6)(torch.tensor([[1, 2, 3, 0, 0, 0], [4, 5, 1, 2, 3, 4]]))
    assert words.shape == (2, 6, 16)
    assert bias.tolist() == [[0, 0, 0, MASKED, MASKED, MASKED], [0, 0, 0, 0, 0, 0]]


def test_padding_does_not_change_what_the_words_mean() -> None:
    short, _ = encoder(4)(torch.tensor([[1, 2, 5, 4]]))
    long, _ = encoder(9)(torch.tensor([[1, 2, 5, 4, 0, 0, 0, 0, 0]]))
    torch.testing.assert_close(long[:, :4], short)


def test_words_hear_each_other() -> None:
    module = encoder(4)
    pig, _ = module(torch.tensor([[1, 2, 5, 0]]))
    rain, _ = module(torch.tensor([[1, 5, 5, 0]]))
    assert (pig[:, 0] - rain[:, 0]).abs().max() > 1e-4


def test_the_order_of_words_counts() -> None:
    module = encoder(4)
    first, _ = module(torch.tensor([[2, 5, 0, 0]]))
    second, _ = module(torch.tensor([[5, 2, 0, 0]]))
    assert (first[:, 0] - second[:, 1]).abs().max() > 1e-4


def test_an_empty_prompt_is_finite_and_leaves_one_word_to_look_at() -> None:
    words, bias = encoder(4)(torch.zeros(1, 4, dtype=torch.int64))
    assert words.isfinite().all()
    assert bias.tolist() == [[0, MASKED, MASKED, MASKED]]
