"""What tests of every layer may ask for."""

from pathlib import Path

import pytest

from tests.nvml.fake_nvml import FakeCard, preload


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCard:
    """A healthy graphics card that this process's pynvml finds."""
    preload()
    fake = FakeCard(tmp_path / "card.txt")
    monkeypatch.setenv("FAKE_NVML_STATE", str(fake.file))
    return fake
