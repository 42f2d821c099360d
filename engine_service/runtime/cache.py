"""What the engine keeps for its next start. A convenience: where nothing can be kept, it starts all the same."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # other backends do without
    import openvino as ov


class NoCacheError(ValueError):
    """There is no folder of the user's to keep anything in; the message says why."""


def user_cache(*names: str) -> Path:
    """A folder below the user's cache folder, `$XDG_CACHE_HOME/streamdit` or `~/.cache/streamdit`; not made yet.

    Raises:
        NoCacheError: the user has no home folder.
    """
    wanted = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not wanted.is_absolute():  # the XDG specification passes over relative ones
        try:
            wanted = Path.home() / ".cache"
        except RuntimeError as error:  # no HOME, and the user id has no name
            raise NoCacheError(
                f"HOME is not set and user id {os.getuid()} has no home folder; XDG_CACHE_HOME may name a cache folder"
            ) from error
    return wanted.joinpath("streamdit", *names)


class GraphCache:
    """Converted OpenVINO graphs by name, each with a checksum of its two files.

    A graph that is damaged is made anew; one that cannot be kept is not. `say` hears why, once for each kind.
    """

    def __init__(self, folder: Path | None, say: Callable[[str], None]) -> None:
        """`folder` None: nothing is kept."""
        self._folder = folder
        self._say = say
        self._told: set[str] = set()

    def read(self, name: str, core: "ov.Core") -> "ov.Model | None":
        """The graph; None if it is not there or cannot be used."""
        if self._folder is None:
            return None
        file = self._folder / f"{name}.xml"
        try:
            if not _sum_file(file).is_file():
                return None
            if _sum_file(file).read_text(encoding="ascii").split() != _sums(file):
                raise ValueError("its checksum is another one")
            return core.read_model(file)
        except (OSError, RuntimeError, ValueError) as error:
            self._tell("read", f"the converted graph {file} cannot be used and is made anew: {_first_line(error)}")
            return None

    def keep(self, name: str, model: "ov.Model", core: "ov.Core") -> None:
        """Write the graph for the next start, under another name first; nothing half-written is ever taken for one."""
        import openvino as ov  # noqa: PLC0415

        if self._folder is None:
            return
        file = self._folder / f"{name}.xml"
        partial = self._folder / f"{os.getpid()}-{name}.xml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            ov.save_model(model, partial, compress_to_fp16=False)
            core.read_model(partial)  # a full disk is not always told while writing
            _sum_file(partial).write_text("\n".join(_sums(partial)) + "\n", encoding="ascii")
            for written, wanted in zip(_files(partial), _files(file), strict=True):
                written.replace(wanted)  # the checksum last: a graph counts once it is there
        except (OSError, RuntimeError) as error:
            self._tell(
                "keep",
                f"converted graphs cannot be kept in {self._folder}: {_first_line(error)}. The engine serves all the "
                "same; its next start converts them again. --cache names another folder",
            )
            for left in _files(partial):
                try:
                    left.unlink(missing_ok=True)
                except OSError:
                    break

    def _tell(self, kind: str, words: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self._say(words)


def _files(xml: Path) -> tuple[Path, Path, Path]:
    return xml.with_suffix(".bin"), xml, _sum_file(xml)


def _sum_file(xml: Path) -> Path:
    return xml.with_suffix(".sha256")


def _sums(xml: Path) -> list[str]:
    sums = []
    for file in _files(xml)[:2]:
        with file.open("rb") as opened:
            sums.append(hashlib.file_digest(opened, "sha256").hexdigest())
    return sums


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
