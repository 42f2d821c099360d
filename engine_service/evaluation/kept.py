"""Rows that are finished, kept beside the report: an evaluation that was stopped goes on with the next row.

A kept row counts while everything its numbers depend on is the same: weights, judges, exam, seed, guidance. What a
machine does in a second is another matter: `fps_cpu` and `visible_latency_p95_ms` may be measured again.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine_service.evaluation.examine import RowResult
from engine_service.runtime.weights import file_digest
from engine_service.runtime.world import WorldFolder


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A folder with two files a row: numbers (JSON), and the pictures of the contact sheet in one strip (PNG)."""

    folder: Path
    facts: Mapping[str, object]  # what the numbers depend on, as JSON

    def load(self, name: str) -> RowResult | None:
        """A row as it was kept; None if it was not, or of something else."""
        file = self.folder / f"{name}.json"
        if not file.is_file():
            return None
        content = json.loads(file.read_text())
        if content.pop("facts") != self.facts:
            return None
        intervals = {column: (low, high) for column, (low, high) in content.pop("intervals").items()}
        with Image.open(file.with_suffix(".png")) as strip:
            pictures = np.asarray(strip.convert("RGB"))
        sheet = np.split(pictures, content.pop("pictures"), axis=1)
        return RowResult(**content, intervals=intervals, sheet=sheet)

    def save(self, name: str, row: RowResult) -> None:
        """Keep a row; the numbers are written last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.json"
        Image.fromarray(np.concatenate(row.sheet, axis=1)).save(file.with_suffix(".png"))
        content = {field: value for field, value in asdict(row).items() if field != "sheet"}
        partial = file.with_suffix(".partial")
        told = {"facts": self.facts, "pictures": len(row.sheet), **content}
        partial.write_text(json.dumps(told, indent=1) + "\n")
        partial.rename(file)


def world_digest(folder: WorldFolder) -> str:
    """A short name for all weights of a world, its judges' too."""
    digests = [file_digest(file) for file in sorted(folder.path.glob("*.safetensors"))]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:12]
