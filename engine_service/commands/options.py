"""Options that several commands share, and how a command ends when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from streamdit.errors import StreamDiTError

WorldOption = Annotated[str, typer.Option("--world", help="Embedded world by name, or a world folder by path.")]
BackendOption = Annotated[
    str, typer.Option("--backend", help="auto, tensorrt, tensorrt-rtx, torch (CUDA where there is one) or openvino.")
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, or auto: CUDA where there is one.")]
RecordingsOption = Annotated[Path, typer.Option(help="Folder of recordings.")]
ThreadsOption = Annotated[
    int, typer.Option(min=0, help="Of the CPU; 0: all. On a busy machine one is quicker than two.")
]
PageOption = Annotated[Path | None, typer.Option(help="A page to write the tables into, between its marks.")]
ExamsOption = Annotated[Path | None, typer.Option(help="Where recordings to play are kept; default: a cache.")]


@contextmanager
def clear_errors() -> Iterator[None]:
    """What the user can mend is one red line and exit status 2; what only we can mend keeps its traceback."""
    try:
        yield
    except (ValueError, OSError, StreamDiTError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


def chosen_device(choice: str) -> str:
    """`auto` as torch finds it."""
    import torch  # noqa: PLC0415

    if choice != "auto":
        return choice
    return "cuda" if torch.cuda.is_available() else "cpu"


def use_threads(count: int) -> None:
    """So many of the CPU for torch; 0 leaves it at all of them."""
    import torch  # noqa: PLC0415

    if count:
        torch.set_num_threads(count)
