"""A cache of converted graphs is a convenience: whatever is wrong with it is said, and the engine computes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine_service.runtime.cache import NoCacheError, user_cache
from engine_service.runtime.openvino_backend import OpenVinoBackend
from engine_service.runtime.torch_backend import TorchDecoder
from tests.fakes import tiny_networks

NETWORKS = tiny_networks()
CONFIG = NETWORKS.dit.config
LATENTS = tuple(torch.randn(1, CONFIG.latent_channels, CONFIG.latent_height, CONFIG.latent_width) for _ in range(2))


def decode(cache: Path) -> list[str]:
    """Decode with a backend of its own; what it had to say. The picture is compared with torch's."""
    said: list[str] = []
    compiler = OpenVinoBackend(NETWORKS, num_threads=1, cache=cache, say=said.append)
    compiler.precision = "f32"
    picture = compiler.decoder().decode(*LATENTS)
    compiler.close()
    wanted = TorchDecoder(NETWORKS, "cpu", (1,)).decode(*LATENTS)
    assert (picture.int() - wanted.int()).abs().max() <= 1
    return said


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flipped(file: Path) -> None:
    """As long as before, with other weights."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x40
    file.write_bytes(bytes(data))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def removed(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("suffix", [".bin", ".xml", ".sha256"])
@pytest.mark.parametrize("damage", [truncated, flipped, emptied, removed])
def test_a_damaged_graph_is_made_anew_and_the_next_start_finds_it_whole(
    tmp_path: Path, suffix: str, damage: Callable[[Path], None]
) -> None:
    assert decode(tmp_path) == []
    (file,) = tmp_path.glob(f"*{suffix}")
    damage(file)
    said = decode(tmp_path)
    if (suffix, damage) == (".sha256", removed):
        assert said == []  # as if it had never been finished
    else:
        assert len(said) == 1
        assert f"{file.with_suffix('.xml')} cannot be used and is made anew: " in said[0]
    assert decode(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_said_once_and_computing_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = decode(tmp_path / "file" / "graphs")
    assert len(said) == 1
    assert f"converted graphs cannot be kept in {tmp_path / 'file' / 'graphs'}: " in said[0]
    assert "--cache names another folder" in said[0]


def test_what_lies_in_the_way_of_a_graph_is_said(tmp_path: Path) -> None:
    decode(tmp_path)
    for file in list(tmp_path.iterdir()):
        a_folder(file)
    assert any("cannot be kept" in words for words in decode(tmp_path))


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.runtime.test_cache import decode

resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
print(decode(Path(sys.argv[1])))
"""


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "converted graphs cannot be kept in" in done.stdout
    assert list(tmp_path.iterdir()) == []


NOBODY = """
import os
from engine_service.runtime.cache import user_cache
os.environ.pop("XDG_CACHE_HOME", None)
os.environ.pop("HOME", None)
os.setuid(54321)
user_cache("graphs")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_name_or_a_home_has_no_cache_and_is_told_why() -> None:
    done = subprocess.run([sys.executable, "-c", NOBODY], capture_output=True, text=True, check=False)
    assert f"{NoCacheError.__name__}: HOME is not set and user id 54321 has no home folder" in done.stderr


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/caches", "HOME": "/home/me"}, "/caches/streamdit/graphs"),
        ({"XDG_CACHE_HOME": "caches", "HOME": "/home/me"}, "/home/me/.cache/streamdit/graphs"),
        ({"XDG_CACHE_HOME": "", "HOME": "/"}, "/.cache/streamdit/graphs"),
    ],
)
def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert user_cache("graphs") == Path(folder)
