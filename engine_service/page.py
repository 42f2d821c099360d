"""A page of results that people and commands write together: a command owns what stands between its two marks."""

from pathlib import Path


def write_between_marks(file: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; the rest is people's.

    Raises:
        ValueError: the file has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    whole = file.read_text(encoding="utf-8")
    if begin not in whole or end not in whole:
        raise ValueError(f"{file} has no lines {begin} and {end} to write between")
    head, rest = whole.split(begin, 1)
    file.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")
