import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import streamdit

SDK = Path(streamdit.__file__).parent
PRODUCT = [path for path in SDK.rglob("*.py") if "wire" not in path.parts]


def test_the_public_surface_is_short_and_whole() -> None:
    assert streamdit.__all__ == sorted(streamdit.__all__)
    assert len(streamdit.__all__) <= 15
    assert all(hasattr(streamdit, name) for name in streamdit.__all__)


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((SDK.parent.parent / "pyproject.toml").read_text())["project"]
    assert streamdit.__version__ == project["version"]


def test_importing_it_imports_no_extra() -> None:
    extras = {"av", "torch", "gymnasium", "matplotlib", "PIL", "typer", "rich", "engine_service"}
    code = "import sys, streamdit; print(*sorted(name for name in sys.modules if '.' not in name))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SDK.parent)
    assert not extras & set(ran.stdout.split())


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.name)
def test_protobuf_is_seen_by_convert_and_the_fake_engine_only(path: Path) -> None:
    seers = {"_convert.py", "_convert_client.py", "testing.py"}
    seers |= {"_fake_session.py", "_fake_world.py", "_fake_heard.py"}
    text = path.read_text()
    if path.name not in seers:
        assert "streamdit.wire" not in text
        assert "google." not in text
    # To be started it may be named, as a program; see also tests/test_layers.py.
    assert "import engine_service" not in text
    assert "from engine_service" not in text
