"""Prompts are read once, and the kept ones are bounded."""

from concurrent.futures import ThreadPoolExecutor

import torch

from engine_service.model.known_prompts import KnownPrompts
from engine_service.model.text import TextConfig, TextEncoder
from engine_service.model.word_table import WordTable, WordTableTokenizer, with_padding
from engine_service.runtime.prompts import PromptEncoder, compute_on_one_core
from engine_service.runtime.text import prompt_vectors
from tests.fakes import tiny_networks

TABLE = WordTable(
    ("cat", "dog", "snow", "tax", "lawyer"),
    torch.tensor([[1.0, 0, 0], [0.9, 0.1, 0], [0, 1.0, 0], [0, 0, 1.0], [0.1, 0, 0.9]]),
)


def new_prompts(kept: int = 2) -> PromptEncoder:
    networks = tiny_networks()
    return PromptEncoder(networks.tokenizer, networks.text, kept=kept)


def test_a_prompt_that_was_read_is_not_encoded_again() -> None:
    prompts = new_prompts()
    first = prompts.read("a fox in the snow")
    assert prompts.read("a fox in the snow") is first
    assert torch.equal(first.encoded.words, prompts.encode(first.tokens).words)


def test_the_one_asked_for_longest_ago_falls_out_and_what_sessions_begin_with_stays() -> None:
    prompts = new_prompts(kept=2)
    prompts.keep(["a fox"])
    begins, night, snow = (prompts.read(text) for text in ("a fox", "night", "snow"))
    assert prompts.read("night") is night
    prompts.read("a pig")  # one too many
    assert prompts.read("night") is night
    assert prompts.read("snow") is not snow
    assert prompts.read("a fox") is begins


def test_a_prompt_about_something_else_is_told_the_nearest_that_is_known() -> None:
    tokenizer = WordTableTokenizer(TABLE, 4)
    encoder = TextEncoder(
        TextConfig(vocabulary_size=5, table_width=3, max_words=4, width=8, num_heads=2), with_padding(TABLE)
    ).eval()
    known = KnownPrompts(("cat", "snow"), prompt_vectors(("cat", "snow"), tokenizer, encoder), threshold=0.5)
    prompts = PromptEncoder(tokenizer, encoder, known=known)
    assert prompts.read("a dog").far_from is None
    far = prompts.read("lawyer")
    assert far.far_from is not None
    assert far.far_from.text == "cat"
    assert far.far_from.similarity < 0.2
    assert prompts.read("").far_from is None  # left open: about nothing
    assert prompts.read("zzzzz").far_from is None  # reported as unknown


def test_a_thread_that_computes_on_one_core_leaves_all_others_alone() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1, initializer=compute_on_one_core) as one, ThreadPoolExecutor(1) as other:
            for _ in range(2):
                assert one.submit(torch.get_num_threads).result() == 1
                assert other.submit(torch.get_num_threads).result() == 2
                assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
