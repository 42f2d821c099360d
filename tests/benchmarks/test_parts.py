"""Parts that fail, in every way there is, leave their rows and a word about it."""

import os
import time

import torch

from engine_service.benchmarks.parts import Deadline, Row, Tell, Value, attempt, run_part


def out_of_memory() -> dict[str, Value]:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 96 GiB.\nmany more lines")


def impossible() -> dict[str, Value]:
    raise NotImplementedError("no kernel for this card")


def crashing_part(word: str, tell: Tell, deadline: Deadline) -> None:
    """Tells one row and takes its process down."""
    tell(Row(table="t", name=word, values={"left_s": deadline.left_s}))
    os._exit(3)


def sleeping_part(tell: Tell, deadline: Deadline) -> None:
    time.sleep(600)


def test_out_of_memory_becomes_a_row_in_words_and_the_next_is_measured() -> None:
    rows: list[Row] = []
    deadline = Deadline.in_seconds(60)
    attempt(rows.append, "t", "large", out_of_memory, deadline=deadline)
    attempt(rows.append, "t", "small", lambda: {"ms": 2.0}, deadline=deadline)
    assert rows[0].trouble == "out of memory: CUDA out of memory. Tried to allocate 96 GiB."
    assert not rows[0].values
    assert rows[1] == Row(table="t", name="small", values={"ms": 2.0})


def test_any_other_failure_is_named_too() -> None:
    rows: list[Row] = []
    attempt(rows.append, "t", "new", impossible, deadline=Deadline.in_seconds(60))
    assert rows[0].trouble == "failed: NotImplementedError: no kernel for this card"


def test_a_row_that_no_time_is_left_for_is_not_begun() -> None:
    rows: list[Row] = []
    attempt(rows.append, "t", "late", out_of_memory, deadline=Deadline.in_seconds(5), needs_s=10)
    assert rows[0].trouble == "not measured: no time was left for it"


def test_a_part_that_takes_its_process_down_keeps_the_rows_it_told() -> None:
    rows: list[Row] = []
    run_part(crashing_part, "first", name="crash", budget_s=120, tell=rows.append)
    assert [row.name for row in rows] == ["first", "crash"]
    left_s = rows[0].values["left_s"]
    assert isinstance(left_s, float)
    assert left_s < 120
    assert rows[1].trouble == "ended with status 3; stderr says why"


def test_a_part_that_does_not_end_is_ended() -> None:
    rows: list[Row] = []
    run_part(sleeping_part, name="sleeper", budget_s=0.2, tell=rows.append)
    assert [row.trouble for row in rows] == ["ended: 0 s were over"]
