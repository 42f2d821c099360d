"""Reading prompts is timed on new texts, each once."""

import random
from pathlib import Path

import pytest

import critters
from engine_service.benchmarks import prompts
from engine_service.runtime.text import load_word_table, make_tokenizer
from engine_service.runtime.world import find_world, load_world

WORLD = load_world(Path(critters.__file__).with_name("generated"))


def test_every_way_of_speaking_has_a_row_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "NUM_PROMPTS", 12)
    text = prompts.measure_prompts(WORLD)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 4
    for _, median, p95, longest in rows:
        assert 0 < float(median) <= float(p95) <= float(longest)
    assert f"{prompts.NUM_KNOWN} known prompts" in text


def test_they_are_what_they_are_called() -> None:
    table, tokenizer = load_word_table(WORLD.table_file), make_tokenizer(WORLD)
    rng = random.Random(0)
    known, misspelt, unknown, long = (speak(rng, table) for speak in prompts.WAYS.values())
    assert tokenizer(known).unknown_words == ()
    assert tokenizer(misspelt).read_as
    assert len(tokenizer(unknown).unknown_words) == 16
    assert len(long) == prompts.LONGEST


def test_a_closed_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"text\.kind is 'vocabulary'"):
        prompts.measure_prompts(load_world(find_world("critters")))
