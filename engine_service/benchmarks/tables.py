"""Markdown for results, and the machine they were made on."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a cell's own bars would end it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def this_place() -> str:
    """When and on what: "2026-11-24 on 2 x ..."."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return (
        f"{datetime.now(UTC).date()} on {os.cpu_count()} x {processor}, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )
