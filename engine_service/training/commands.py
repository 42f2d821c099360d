"""The training stages end to end: recordings in, the world's weight files out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from rich import print as say
from torch import nn

from engine_service.model.autoencoder import SPATIAL, Autoencoder, from_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.low_rank import updates_of
from engine_service.model.text import TextEncoder, Tokenizer, VocabularyTokenizer
from engine_service.runtime.text import make_tokenizer
from engine_service.runtime.weights import build_prompted, load_autoencoder, load_weights, save_student, save_weights
from engine_service.runtime.world import (
    AUTOENCODER_FILE,
    DENOISER_FILE,
    STUDENT_FILE,
    VOCABULARY_FILE,
    WorldFolder,
    load_world,
)
from engine_service.training.ablation import Mix, ablate
from engine_service.training.autoencoder import AutoencoderTraining, train_autoencoder
from engine_service.training.buffered import Branches, LatentClips, with_usual
from engine_service.training.denoiser import DenoiserTraining, Lessons, PromptedDiT, SheetWriter, train_denoiser
from engine_service.training.distill import Distillation, distill
from engine_service.training.frames import Clips, load_clips
from engine_service.training.grow import grow_from
from engine_service.training.mix import distillation_mix, generating_mix, keys_mix, training_mix
from engine_service.training.run import RunFolder
from engine_service.training.taught import write_what_was_taught
from streamdit.progress import track


def train_autoencoder_stage(
    world_folder: Path, recordings: Path, run_folder: Path, options: AutoencoderTraining, device: str
) -> None:
    """Train the autoencoder and write it into the world's folder."""
    folder = load_world(world_folder)
    clips = load_clips(recordings, folder.world, run_folder)
    torch.manual_seed(options.seed)
    model = Autoencoder(folder.preset.autoencoder())
    weights = train_autoencoder(model, clips.rgb, RunFolder(run_folder), options, device)
    save_weights(weights, folder.path / AUTOENCODER_FILE)
    say(f"wrote {folder.path / AUTOENCODER_FILE}")


@dataclass(frozen=True, slots=True)
class Material:
    """What the transformer's stages work on: a world, its autoencoder, and recordings as latents."""

    folder: WorldFolder
    autoencoder: Autoencoder
    vocabulary: tuple[str, ...]  # of the recordings; () where the world reads any words
    training: LatentClips
    validation: LatentClips | None
    prompts: frozenset[str] = frozenset()  # every different one of the recordings and their branches


def gather(
    world_folder: Path, recordings: Path, validation_recordings: Path | None, run_folder: Path, device: str
) -> Material:
    """Read a world and compute the latents of recordings, once per run folder."""
    folder = load_world(world_folder)
    autoencoder = load_autoencoder(folder).to(device)
    clips = load_clips(recordings, folder.world, run_folder)
    vocabulary = collect_vocabulary(clips) if folder.text.kind == "vocabulary" else ()
    tokenizer = make_tokenizer(folder, vocabulary)
    training = encode_clips(autoencoder, clips, tokenizer, run_folder, device)
    validation = None
    if validation_recordings is not None:
        held = load_clips(validation_recordings, folder.world, run_folder)
        validation = encode_clips(autoencoder, held, tokenizer, run_folder, device)
    return Material(folder, autoencoder, vocabulary, training, validation, collect_prompts(clips))


def build_model(material: Material, *, seed: int, from_world: bool, grown_from: Path | None = None) -> PromptedDiT:
    """Transformer and text encoder, fresh, with the world's own weights, or grown from another world's.

    Raises:
        ValueError: the world's weights know other words than the recordings use.
    """
    folder = material.folder
    torch.manual_seed(seed)
    modules = build_prompted(folder, material.vocabulary)
    dit, text = modules["dit"], modules["text"]
    assert isinstance(dit, StreamDiT)
    assert isinstance(text, TextEncoder)
    if from_world:
        if folder.text.kind == "vocabulary" and folder.world.vocabulary != material.vocabulary:
            raise ValueError(
                f"{folder.path}/{VOCABULARY_FILE}: the recordings use other words, start without its weights"
            )
        load_weights(modules, folder.path / DENOISER_FILE)
    elif grown_from is not None:
        fresh = grow_from(load_world(grown_from), folder, modules)
        say(f"grown from {grown_from}; begins anew: {', '.join(fresh) or 'nothing'}")
    return PromptedDiT(dit, text)


def train_stage(
    material: Material,
    run_folder: Path,
    options: DenoiserTraining,
    device: str,
    *,
    from_world: bool,
    grown_from: Path | None = None,
    probe_prompt: str | None = None,
) -> None:
    """Train the transformer with its text encoder, and write both into the world's folder."""
    folder = material.folder
    model = build_model(material, seed=options.seed, from_world=from_world, grown_from=grown_from)
    run = RunFolder(run_folder)
    sheets = SheetWriter(model, material.autoencoder.decoder, material.validation or material.training, run)
    profiles = list(folder.world.profiles.values())
    tokenizer = make_tokenizer(folder, material.vocabulary)
    asked = folder.world.example_prompts[0] if probe_prompt is None else probe_prompt
    mixes = {
        "generate": generating_mix(profiles, papers=options.papers),
        "keys": keys_mix(profiles),
        "render": training_mix(profiles),
    }
    lessons = Lessons(
        with_usual(material.training) if options.motion_weight else material.training,
        mixes[options.recipe],
        material.validation,
        training_mix(profiles, papers=0.0),
        probe_prompt=torch.tensor(tokenizer(asked).ids),
    )
    weights = train_denoiser(model, lessons, run, options, device, sheets)
    if material.vocabulary:
        (folder.path / VOCABULARY_FILE).write_text("\n".join(material.vocabulary) + "\n")
        say(f"wrote {VOCABULARY_FILE} ({len(material.vocabulary)} words)")
    save_weights(weights, folder.path / DENOISER_FILE)
    say(f"wrote {folder.path / DENOISER_FILE}")
    if folder.text.kind != "vocabulary":
        say(write_what_was_taught(folder, material.prompts))
    student = folder.path / STUDENT_FILE
    if student.exists():
        student.unlink()
        say(f"removed {student}: it belonged to the former weights; distill again")


def distill_stage(material: Material, run_folder: Path, options: Distillation, device: str) -> None:
    """Teach a student of the world's denoiser and write it into the world's folder."""
    folder = material.folder
    teacher = build_model(material, seed=options.seed, from_world=True)
    default = folder.world.profiles[folder.world.default_profile]
    others = [profile for profile in folder.world.profiles.values() if profile != default]
    mix = distillation_mix([default, *others])
    weights = distill(teacher, material.training, material.validation, mix, RunFolder(run_folder), options, device)
    updates = {name.removeprefix("dit."): value for name, value in updates_of(weights).items()}
    save_student(updates, folder)
    say(f"wrote {folder.path / STUDENT_FILE}")


def ablation_stage(
    material: Material, mixes: Mapping[str, Mix], run_folder: Path, options: DenoiserTraining, device: str
) -> dict[str, list[float]]:
    """Train the world's model from nothing once per mix; the world's own weights are left alone."""
    assert material.validation is not None  # the command asks for them

    def new_model() -> PromptedDiT:
        return build_model(material, seed=options.seed, from_world=False)

    return ablate(new_model, material.training, material.validation, mixes, run_folder, options, device)


def collect_vocabulary(clips: Clips) -> tuple[str, ...]:
    """Every word of the recordings' prompts, sorted."""
    tokenizer = VocabularyTokenizer((), 0)
    prompts = {prompt for recording in clips.prompts for prompt in recording}
    return tuple(sorted({word for prompt in prompts for word in tokenizer(prompt).unknown_words}))


def collect_prompts(clips: Clips) -> frozenset[str]:
    """Every different prompt of recordings and of their branches."""
    own = frozenset(prompt for recording in clips.prompts for prompt in recording)
    return own if clips.branches is None else own | collect_prompts(clips.branches.clips)


@torch.no_grad()
def encode_clips(
    autoencoder: Autoencoder, clips: Clips, tokenizer: Tokenizer, caches: Path, device: str
) -> LatentClips:
    """Latents, per-frame states and word numbers of every recording; latents are computed once into `caches`."""
    r = autoencoder.config.frames_per_latent
    cache = caches / f"latents-{clips.identity}-{_identity(autoencoder)}.npy"
    if not cache.exists():
        _encode_all(autoencoder, clips, cache, device)
    controls = np.concatenate([clips.states, clips.actions], axis=-1)  # (N, T, S + A)
    branches = None
    if clips.branches is not None:
        forks = encode_clips(autoencoder, clips.branches.clips, tokenizer, caches, device)
        branches = Branches(
            latents=forks.latents,
            controls=forks.controls,
            tokens=forks.tokens,
            parents=clips.branches.parents,
            starts=clips.branches.frames // r,
            repainted=clips.branches.repainted,
        )
    return LatentClips(
        latents=torch.from_numpy(np.load(cache, mmap_mode="c")),
        controls=torch.from_numpy(rearrange(controls, "n (f r) s -> n f r s", r=r)),
        tokens=torch.from_numpy(np.stack([_tokens(tokenizer, prompts[::r]) for prompts in clips.prompts])),
        num_state_fields=clips.states.shape[-1],
        branches=branches,
    )


def _identity(module: nn.Module) -> str:
    """A name for these weights and no others."""
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _encode_all(autoencoder: Autoencoder, clips: Clips, cache: Path, device: str) -> None:
    """Encode into a neighbour first, one recording after the other; memory holds one of them."""
    preset = autoencoder.config
    num, length, height, width, _ = clips.rgb.shape
    shape = (num, length // preset.frames_per_latent, preset.latent_channels, height // SPATIAL, width // SPATIAL)
    partial = cache.with_suffix(".partial")
    latents = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=shape)
    for i, rgb in enumerate(track(clips.rgb, "encoding recordings", total=num)):
        latents[i] = _encode(autoencoder.encoder, rgb, preset.frames_per_latent, device)
    latents.flush()
    partial.rename(cache)


def _encode(encoder: nn.Module, rgb: NDArray[np.uint8], frames_per_latent: int, device: str) -> NDArray[np.float16]:
    """`(T, H, W, 3)` -> `(F, C, h, w)`."""
    frames = from_rgb(torch.from_numpy(np.array(rgb))).to(device)
    latents = encoder(rearrange(frames, "(f r) c h w -> f r c h w", r=frames_per_latent))
    return np.asarray(latents.cpu().numpy(), np.float16)


def _tokens(tokenizer: Tokenizer, prompts: Sequence[str]) -> NDArray[np.int64]:
    return np.array([tokenizer(prompt).ids for prompt in prompts], np.int64)
