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
