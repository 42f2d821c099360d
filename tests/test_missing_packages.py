"""A package of an extra that is not installed is one red line that names the extra, whatever the command."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = """
import sys
sys.modules[sys.argv[1]] = None  # importing it raises ModuleNotFoundError, as if it were not installed
del sys.argv[1]
from engine_service.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("onnx", "compile", ["compile", "--world", "blocks", "--out", "plans"]),
        ("cv2", "evaluate", ["evaluate", "--world", "blocks", "--report", "report.json", "--quick"]),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, package: str, extra: str, arguments: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, package, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip().splitlines()[-1] == (
        f"error: this needs {package}, which is not installed: pip install 'streamdit[{extra}]'"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("entry", "package", "words"),
    [
        ("bots", "typer", "streamdit-bots needs typer, which is not installed: pip install 'streamdit[bots]'"),
        ("bots", "rich", "streamdit-bots needs rich, which is not installed: pip install 'streamdit[bots]'"),
        ("engine", "typer", "streamdit-engine needs typer, which is not installed: pip install 'streamdit[engine]'"),
    ],
)
def test_a_command_of_an_extra_that_is_not_installed_names_it(entry: str, package: str, words: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from streamdit import _entry; _entry.{entry}()"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"error: {words}\n")


@pytest.mark.parametrize("entry", ["bots", "engine"])
def test_a_command_that_has_all_it_needs_begins(entry: str) -> None:
    code = f"import sys; sys.argv = ['command', '--help']; from streamdit import _entry; _entry.{entry}()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
