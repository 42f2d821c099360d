"""How far a long command is: a bar on a terminal, and in a log file a line every ten seconds."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
LINE_EVERY_S = 10.0


def on_terminal() -> bool:
    """Whether a bar would be seen."""
    return sys.stdout.isatty()


def print_line(text: str) -> None:
    """At once, so that a log can be followed."""
    print(text, flush=True)


class ProgressLines:
    """Says how many of `total` things are done: at most every ten seconds, and at the end.

    Args:
        title: what is done, e.g. "recording".
        total: of how many; None: nobody knows, and no end is said.
        now_s: a clock that never goes back.
    """

    def __init__(
        self,
        title: str,
        total: int | None,
        *,
        say: Callable[[str], None] = print_line,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._total, self._say, self._now_s = title, total, say, now_s
        self._began_s = self._said_s = now_s()
        self._done = 0

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        now_s = self._now_s()
        if self._done == self._total or now_s - self._said_s >= LINE_EVERY_S:
            self._said_s = now_s
            self._say(progress_line(self._title, self._done, self._total, now_s - self._began_s))


def progress_line(title: str, done: int, total: int | None, elapsed_s: float) -> str:
    """`recording: 120 of 600 in 40 s, 160 s to go`. Pure."""
    if total is None:
        return f"{title}: {done} in {elapsed_s:.0f} s"
    to_go = f", {elapsed_s * (total - done) / done:.0f} s to go" if done < total else ""
    return f"{title}: {done} of {total} in {elapsed_s:.0f} s{to_go}"


class ShareLines:
    """Says how much of a thing is done: when it begins, then at most every ten seconds, and when it is done.

    Args:
        now_s: a clock that never goes back.
    """

    def __init__(self, *, say: Callable[[str], None] = print_line, now_s: Callable[[], float] = time.monotonic) -> None:
        self._say, self._now_s = say, now_s
        self._title = ""
        self._began_s = self._said_s = now_s()

    def tell(self, title: str, phase: str, share: float) -> None:
        """`share`, 0..1, of the thing `title` is done; `phase` is what it is at."""
        now_s = self._now_s()
        if title != self._title:
            self._title, self._began_s = title, now_s
        elif share < 1 and now_s - self._said_s < LINE_EVERY_S:
            return
        self._said_s = now_s
        self._say(f"{title}: {phase}, {100 * share:.0f} % in {now_s - self._began_s:.0f} s")


@contextmanager
def shared() -> Iterator[Callable[[str, str, float], None]]:
    """A function to tell how much of a thing is done, 0..1, where it does not come in pieces: title, phase, share."""
    if not on_terminal():
        yield ShareLines().tell
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415  an optional extra

    with Progress(TextColumn("{task.description:44}"), BarColumn(), TimeElapsedColumn()) as progress:
        bars = {}

        def tell(title: str, phase: str, share: float) -> None:
            if title not in bars:
                bars[title] = progress.add_task(title, total=1.0)
            shown = title if share >= 1 else f"{title}: {phase}"
            progress.update(bars[title], description=shown[:44], completed=share)

        yield tell


@contextmanager
def counted(title: str, total: int | None, *, unit: str = "") -> Iterator[Callable[[], None]]:
    """A function to call for each of `total` things that is done, where they are no items of a loop.

    Args:
        unit: what they are, for the bar.
    """
    if not on_terminal():
        yield ProgressLines(title, total).advance
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415  an optional extra

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn(f"{{task.completed:.0f}} {unit}")
    with Progress(*columns, TimeElapsedColumn(), transient=True) as progress:
        bar = progress.add_task(title, total=total)
        yield lambda: progress.advance(bar)


def track(items: Iterable[Item], title: str, *, total: int | None = None) -> Iterator[Item]:
    """The same items one by one, while it is told how many of them are done.

    Args:
        total: how many there are, of what has no length.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if on_terminal():
        from rich.progress import track as bar  # noqa: PLC0415  an optional extra

        yield from bar(items, title, total)
        return
    lines = ProgressLines(title, total)
    for item in items:
        yield item
        lines.advance()
