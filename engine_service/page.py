"""A page of results that people and commands write together: a command owns what stands between its two marks."""

from pathlib import Path


def check_marks(file: Path, name: str) -> None:
    """See that there is a place to write to, before much is measured for it.

    Raises:
        ValueError: the file has no such marks.
    """
    begin, end = _marks(name)
    whole = file.read_text(encoding="utf-8")
    if begin not in whole or end not in whole:
        raise ValueError(f"{file} has no lines {begin} and {end} to write between")


def write_between_marks(file: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; the rest is people's.

    Raises:
        ValueError: the file has no such marks.
    """
    check_marks(file, name)
    begin, end = _marks(name)
    whole = file.read_text(encoding="utf-8")
    head, rest = whole.split(begin, 1)
    file.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
