"""Weights on disk: half precision in safetensors, single precision in memory."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from engine_service.model.autoencoder import Autoencoder, Decoder, Encoder
from engine_service.model.dit import StreamDiT
from engine_service.model.low_rank import merge_updates
from engine_service.model.text import TextEncoder, Tokenizer
from engine_service.runtime.text import make_text_encoder, make_tokenizer
from engine_service.runtime.world import AUTOENCODER_FILE, DENOISER_FILE, STUDENT_FILE, WorldError, WorldFolder
from streamdit.types import Steering


@dataclass(frozen=True, slots=True)
class Networks:
    """Everything a session computes with, on the CPU, ready to be compiled by a backend."""

    dit: StreamDiT
    text: TextEncoder
    decoder: Decoder
    encoder: Encoder
    tokenizer: Tokenizer


def save_weights(weights: dict[str, Tensor], file: Path, metadata: dict[str, str] | None = None) -> None:
    """Write weights in half precision, replacing the file in one rename; others may read it as any file of ours."""
    partial = file.with_suffix(".partial")
    halves = {name: value.detach().cpu().half().contiguous() for name, value in weights.items()}
    partial.write_bytes(save(halves, metadata))  # safetensors' own file would be readable by its owner alone
    partial.rename(file)


def load_weights(module: nn.Module, file: Path) -> None:
    """Fill a module from a file.

    Raises:
        WorldError: the file is missing, truncated, or holds another shape of model.
    """
    weights = _read(file)
    try:
        module.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as error:
        raise WorldError(f"{file}: does not fit the world's preset: {error}") from error


def _read(file: Path) -> dict[str, Tensor]:
    if not file.exists():
        raise WorldError(f"{file}: missing; train the world or restore the file")
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        size = file.stat().st_size
        raise WorldError(f"{file}: truncated or damaged ({size} bytes): {error}") from error


def save_student(updates: dict[str, Tensor], folder: WorldFolder) -> None:
    """Write a student's updates beside the denoiser they belong to."""
    teacher = file_digest(folder.path / DENOISER_FILE)
    save_weights(updates, folder.path / STUDENT_FILE, {"teacher": teacher})


def become_student(dit: StreamDiT, folder: WorldFolder) -> None:
    """Add the world's student to its denoiser's weights.

    Raises:
        WorldError: the file is damaged, or was taught by another denoiser.
    """
    file = folder.path / STUDENT_FILE
    updates = _read(file)
    with safe_open(file, "pt") as opened:
        teacher = (opened.metadata() or {}).get("teacher")
    present = file_digest(folder.path / DENOISER_FILE)
    if teacher != present:
        raise WorldError(f"{file}: its teacher is {teacher}, {DENOISER_FILE} is {present}; distill again or remove it")
    try:
        merge_updates(dit, updates)
    except ValueError as error:
        raise WorldError(f"{file}: {error}") from error


def file_digest(file: Path) -> str:
    """A short name for a file's content."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def load_autoencoder(folder: WorldFolder) -> Autoencoder:
    """The world's autoencoder with its weights."""
    autoencoder = Autoencoder(folder.preset.autoencoder())
    load_weights(autoencoder, folder.path / AUTOENCODER_FILE)
    return autoencoder.eval().requires_grad_(False)


def build_prompted(folder: WorldFolder, vocabulary: Sequence[str] | None = None) -> nn.ModuleDict:
    """Transformer and text encoder with fresh weights, under the names their file uses.

    A world with a closed list of words may be given another vocabulary than its folder has.
    """
    return nn.ModuleDict(
        {
            "dit": StreamDiT(
                folder.preset.dit(
                    folder.world.state_fields,
                    len(folder.world.actions),
                    state_may_be_open=Steering.STATE in folder.world.may_be_open,
                )
            ),
            "text": make_text_encoder(folder, vocabulary),
        }
    )


def load_networks(folder: WorldFolder, *, teacher: bool = False) -> Networks:
    """The world's networks with their weights: its student's where it has one, unless the teacher is asked for.

    Raises:
        WorldError: a file is missing, truncated or of another shape.
    """
    modules = build_prompted(folder)
    load_weights(modules, folder.path / DENOISER_FILE)
    modules.eval().requires_grad_(False)
    dit, text = modules["dit"], modules["text"]
    assert isinstance(dit, StreamDiT)
    assert isinstance(text, TextEncoder)
    if (folder.path / STUDENT_FILE).exists() and not teacher:
        become_student(dit, folder)
    with torch.no_grad():
        autoencoder = load_autoencoder(folder)
        return Networks(dit, text, autoencoder.decoder, autoencoder.encoder, make_tokenizer(folder))
