"""Parts of a benchmark, each in a process of its own with a time to be over: none takes the others with it.

A part tells its rows as it finds them, so that one that is killed, or crashes the driver, keeps what it has measured.
"""

import gc
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias

import torch

Value: TypeAlias = float | int | str | list[Any] | None  # what JSON holds
Tell: TypeAlias = "Callable[[Row], None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: its values by column, or in words why there are none."""

    table: str
    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a part should be over, on this machine's monotonic clock."""

    at_s: float

    @classmethod
    def in_seconds(cls, seconds: float) -> "Deadline":
        """So long from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds to go; negative once it is over."""
        return self.at_s - time.monotonic()


Measure: TypeAlias = Callable[[], Mapping[str, Value]]


def attempt(tell: Tell, table: str, name: str, measure: Measure, *, deadline: Deadline, needs_s: float = 0.0) -> None:
    """Measure one row and tell it; what goes wrong becomes the row's words, and the next one may be tried."""
    if deadline.left_s < needs_s:
        tell(Row(table=table, name=name, trouble="not measured: no time was left for it"))
        return
    try:
        row = Row(table=table, name=name, values=measure())
    except torch.OutOfMemoryError as error:
        row = Row(table=table, name=name, trouble=f"out of memory: {_first_line(error)}")
    except Exception as error:  # whatever it is, this row says it and the next is measured
        row = Row(table=table, name=name, trouble=f"failed: {type(error).__name__}: {_first_line(error)}")
    tell(row)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def run_part(part: "Callable[..., None]", *arguments: object, name: str, budget_s: float, tell: Tell) -> None:
    """Run `part(*arguments, tell, deadline)` in a new process for at most `budget_s`; its rows are told as they come.

    A part that is over before its time in any way but returning gets a last row that says so.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    deadline = Deadline.in_seconds(budget_s)
    process = context.Process(target=_child, args=(part, arguments, theirs, budget_s), name=f"bench-{name}")
    process.start()
    theirs.close()
    try:
        while ours.poll(max(0.0, deadline.left_s)):
            tell(ours.recv())
        _kill(process)
        tell(Row(table="", name=name, trouble=f"ended: {budget_s:.0f} s were over"))
    except EOFError:  # it has ended, by itself
        process.join()
        if process.exitcode != 0:
            tell(Row(table="", name=name, trouble=f"ended with status {process.exitcode}; stderr says why"))
    finally:
        process.join()
        ours.close()


def _child(part: "Callable[..., None]", arguments: tuple[object, ...], connection: Connection, budget_s: float) -> None:
    os.setsid()  # what it starts, an engine for instance, ends with it
    part(*arguments, connection.send, Deadline.in_seconds(budget_s * 0.95))  # rows first, the axe after


def _kill(process: BaseProcess) -> None:
    """A part and all it started."""
    assert process.pid is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it had not come so far as to have a group
        process.kill()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "without a word"
