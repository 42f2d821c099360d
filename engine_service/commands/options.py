"""Options that several commands share, and how a command ends when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

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


# What a plain engine does without, and the extra that brings it.
EXTRA_OF = {
    "cv2": "evaluate",
    "skimage": "evaluate",
    "onnx": "compile",
    "onnxscript": "compile",
    "onnx_ir": "compile",
    "tensorrt_rtx": "tensorrt-rtx",
    "tensorrt": "tensorrt",
    "pygame": "pygame",
    "gymnasium": "env",
}


@contextmanager
def clear_errors() -> Iterator[None]:
    """What the user can mend is one red line and exit status 2; what only we can mend keeps its traceback."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA_OF:
            raise
        _end(f"this needs {package}, which is not installed: pip install 'streamdit[{EXTRA_OF[package]}]'", error)
    except (ValueError, OSError, StreamDiTError) as error:
        _end(str(error), error)


def _end(words: str, cause: Exception) -> NoReturn:
    Console(stderr=True).print(f"error: {words}", style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2) from cause


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
