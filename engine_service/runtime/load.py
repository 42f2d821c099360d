"""From a world folder and a backend's name to a runtime: the one place that chooses."""

import os
from pathlib import Path

from engine_service.model.ladder import buffer_lengths
from engine_service.runtime.denoiser import PromptEncoder, Runtime
from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser, TorchEncoder
from engine_service.runtime.weights import load_networks
from engine_service.runtime.world import WorldError, load_world

BACKENDS = ("auto", "openvino", "torch")


def default_cache() -> Path:
    """Where converted graphs are kept: the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamdit" / "graphs"


def load_runtime(
    world_folder: Path,
    *,
    backend: str = "auto",
    num_threads: int = 0,
    cache: Path | None = None,
    teacher: bool = False,
) -> Runtime:
    """Load a world's weights and make them ready on a backend; `auto` is OpenVINO.

    teacher: the weights before distillation. num_threads 0 means every core. cache None means `default_cache()`.

    Raises:
        WorldError: the world's folder is damaged.
        ValueError: there is no such backend.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend is {backend!r}, expected one of {', '.join(BACKENDS)}")
    folder = load_world(world_folder)
    world = folder.world
    if not world.vocabulary:
        raise WorldError(f"{folder.path}: vocabulary.txt is missing or empty; train the world or restore the file")
    networks = load_networks(folder, teacher=teacher)
    prompts = PromptEncoder(networks.tokenizer, networks.text)
    config = networks.dit.config
    latent_shape = (config.latent_channels, config.latent_height, config.latent_width)
    if backend == "torch":
        return Runtime(
            world=world,
            backend="torch",
            device="cpu",
            latent_shape=latent_shape,
            denoiser=TorchDenoiser(networks, "cpu"),
            decoder=TorchDecoder(networks, "cpu"),
            encoder=TorchEncoder(networks, "cpu"),
            prompts=prompts,
        )

    from engine_service.runtime.openvino_backend import OpenVinoBackend  # noqa: PLC0415  chosen, so loaded

    compiler = OpenVinoBackend(networks, num_threads=num_threads or os.cpu_count() or 1, cache=cache or default_cache())
    lengths = buffer_lengths(world.profiles.values())
    return Runtime(
        world=world,
        backend=f"openvino-{compiler.precision}",
        device="CPU",
        latent_shape=latent_shape,
        decoder=compiler.decoder(),
        encoder=compiler.encoder(),
        denoiser=compiler.denoiser(lengths),
        prompts=prompts,
        buffer_lengths=lengths,
    )
