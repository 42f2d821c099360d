"""From a world folder and a backend's name to a runtime: the one place that imports backends, when they are chosen."""

import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from engine_service.model.ladder import buffer_lengths
from engine_service.runtime.cache import NoCacheError, user_cache
from engine_service.runtime.choice import BackendError, Choice, Facts, check_name, choices, require
from engine_service.runtime.clips import load_clips
from engine_service.runtime.cuda_graph import DeviceMemoryError
from engine_service.runtime.denoiser import CPU, Runtime
from engine_service.runtime.machine import gather_facts, torch_gpu
from engine_service.runtime.prompts import PromptEncoder
from engine_service.runtime.tensorrt.driver import Gpu
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError, load_flavour
from engine_service.runtime.tensorrt.plans import PlanCache, default_plans
from engine_service.runtime.text import check_words, load_known_prompts
from engine_service.runtime.weights import Networks, load_networks
from engine_service.runtime.world import WorldFolder, load_world

CUDA = torch.device("cuda", 0)


def default_cache() -> Path:
    """Where converted graphs are kept: the user's cache folder.

    Raises:
        NoCacheError: the user has none.
    """
    return user_cache("graphs")


def silent(_: str) -> None:
    """For callers whose users need not know."""


def load_runtime(
    world_folder: Path,
    *,
    backend: str = "auto",
    num_threads: int = 0,
    cache: Path | None = None,
    plans: Path | None = None,
    teacher: bool = False,
    max_sessions: int = 1,
    with_rungs: bool = False,
    say: Callable[[str], None] = silent,
) -> Runtime:
    """Load a world's weights and make them ready on a backend; everything is compiled and warm when this returns.

    `auto` takes the best that can run (`choice`), and the next best if that fails after all; a backend that was named
    is taken or refused. `say` hears which one and why.

    teacher: the weights before distillation. num_threads 0 means every core. cache None means `default_cache()`,
    plans None the folder that `compile` writes to. max_sessions: that will be played at once; on a GPU there are
    graphs for them to share. with_rungs: also graphs for the buffers of lower rungs, which a governor may choose;
    of TensorRT those rungs are left out that need a length no profile has.

    Raises:
        WorldError: the world's folder is damaged.
        BackendError: there is no such backend, or it cannot run here.
    """
    check_name(backend)
    folder = load_world(world_folder)
    check_words(folder)
    clips = load_clips(folder.world)
    networks = load_networks(folder, teacher=teacher)
    loading = _Loading(folder, networks, num_threads, cache, plans, max_sessions, with_rungs=with_rungs, say=say)
    runtime = replace(take_first(loading.candidates(backend), loading.runtime, say), clips=clips)
    # What a session begins with before it says anything.
    runtime.prompts.keep({"", folder.world.example_prompts[0], *(clip.prompt for clip in clips.values())})
    return runtime


def take_first(found: Sequence[Choice], make: Callable[[str], Runtime], say: Callable[[str], None]) -> Runtime:
    """The first that can be made after all, best first; what could not be is said.

    Raises:
        BackendError: none can; the reason is the last one's.
    """
    for i, choice in enumerate(found):
        try:
            runtime = replace(make(choice.backend), why=choice.why)
        except (TensorRtError, DeviceMemoryError) as error:
            if i + 1 == len(found):
                raise BackendError(f"--backend {choice.backend}: {error}") from error
            say(f"{choice.backend} cannot be used: {error}")
        else:
            say(f"{runtime.backend} on {runtime.device}: {runtime.why}")
            return runtime
    raise ValueError("there is nothing to choose from")


class _Loading:
    """What all backends are made from."""

    def __init__(
        self,
        folder: WorldFolder,
        networks: Networks,
        num_threads: int,
        cache: Path | None,
        plans: Path | None,
        max_sessions: int,
        *,
        with_rungs: bool = False,
        say: Callable[[str], None] = silent,
    ) -> None:
        self._say = say
        self._world = folder.world
        self._networks = networks
        self._known = load_known_prompts(folder, networks.tokenizer, networks.text)
        self._num_threads = num_threads or os.cpu_count() or 1
        self._cache = cache
        try:
            self._plans = PlanCache(plans or default_plans(folder.world.name))
        except NoCacheError:
            self._plans = PlanCache(folder.path / "plans")
        self._max_sessions = max_sessions
        profiles = folder.world.profiles.values()
        self._lengths = tuple(sorted({partition.num_latents for partition in profiles}))
        self._all_lengths = buffer_lengths(profiles) if with_rungs else self._lengths

    def facts(self) -> Facts:
        """What this machine has for this world."""

        def find_plans(flavour: Flavour, gpu: Gpu) -> object:
            try:
                from engine_service.runtime.tensorrt import backend  # noqa: PLC0415  brings the exporter along
            except ModuleNotFoundError as error:
                raise TensorRtError(f"plans are known by their graphs: pip install {error.name}") from error

            return backend.find_plans(self._networks, self._world.name, self._lengths, self._plans, flavour, gpu)

        return gather_facts(find_plans)

    def candidates(self, backend: str) -> list[Choice]:
        """What may be taken, best first; one that was named stands alone."""
        if backend == "auto":
            gpu, no_gpu = torch_gpu()
            # Without a GPU nothing else matters, and TensorRT's libraries need not be loaded.
            return choices(Facts(None, no_gpu, {}) if gpu is None else self.facts())
        facts = self.facts() if backend.startswith("tensorrt") else Facts(None, "", {})
        require(backend, facts)
        return [Choice(backend, "asked for")]

    def runtime(self, backend: str) -> Runtime:
        """Ready on that backend."""
        if backend == "openvino":
            return self._openvino()
        if backend == "torch":
            return self._torch() if torch_gpu()[0] is None else self._cuda()
        return self._tensorrt(backend)

    def _torch(self) -> Runtime:
        from engine_service.runtime.torch_backend import TorchDecoder, TorchDenoiser, TorchEncoder  # noqa: PLC0415

        alone = (1,)  # on a CPU sharing a call gains nothing (docs/decisions/0011)
        return Runtime(
            world=self._world,
            backend="torch",
            device="cpu",
            latent_shape=self._latent_shape,
            denoiser=TorchDenoiser(self._networks, "cpu", alone),
            decoder=TorchDecoder(self._networks, "cpu", alone),
            encoder=TorchEncoder(self._networks, "cpu"),
            prompts=self._prompts(CPU),
        )

    def _cuda(self) -> Runtime:
        from engine_service.runtime.cuda_backend import CudaBackend, fitting_config  # noqa: PLC0415

        has_triton = importlib.util.find_spec("triton") is not None
        config = fitting_config(torch.cuda.get_device_capability(CUDA), self._max_sessions, has_triton=has_triton)
        backend = CudaBackend(self._networks, CUDA, config)
        return Runtime(
            world=self._world,
            backend=f"torch-{config.precision}",
            device=torch.cuda.get_device_name(CUDA),
            latent_shape=self._latent_shape,
            denoiser=backend.denoiser(self._all_lengths),
            decoder=backend.decoder(),
            encoder=backend.encoder(),
            prompts=self._prompts(CUDA),
            buffer_lengths=self._all_lengths,
            latent_device=CUDA,
        )

    def _tensorrt(self, name: str) -> Runtime:
        from engine_service.runtime.tensorrt.backend import (  # noqa: PLC0415
            TensorRtBackend,
            deserialize,
            find_plans,
        )

        flavour = load_flavour(name)
        gpu = flavour.require_driver().gpus[0]  # before any class of it is touched
        plans = find_plans(self._networks, self._world.name, self._lengths, self._plans, flavour, gpu)
        plans = plans.up_to(self._max_sessions)
        backend = TensorRtBackend(
            self._networks, plans, flavour.module, CUDA, lambda wanted: deserialize(flavour, wanted)
        )
        return Runtime(
            world=self._world,
            backend=f"{name}-{plans.precision}",
            device=gpu.name,
            latent_shape=self._latent_shape,
            denoiser=backend.denoiser(),
            decoder=backend.decoder(),
            encoder=backend.encoder(),
            prompts=self._prompts(CUDA),
            buffer_lengths=self._lengths,
            latent_device=CUDA,
        )

    def _openvino(self) -> Runtime:
        from engine_service.runtime.openvino_backend import OpenVinoBackend  # noqa: PLC0415

        cache = self._cache
        if cache is None:
            try:
                cache = default_cache()
            except NoCacheError as error:
                self._say(f"converted graphs are not kept: {error}, or --cache one for them")
        compiler = OpenVinoBackend(self._networks, num_threads=self._num_threads, cache=cache, say=self._say)
        return Runtime(
            world=self._world,
            backend=f"openvino-{compiler.precision}",
            device="CPU",
            latent_shape=self._latent_shape,
            decoder=compiler.decoder(),
            encoder=compiler.encoder(),
            denoiser=compiler.denoiser(self._all_lengths),
            prompts=self._prompts(CPU),
            buffer_lengths=self._all_lengths,
        )

    @property
    def _latent_shape(self) -> tuple[int, int, int]:
        config = self._networks.dit.config
        return config.latent_channels, config.latent_height, config.latent_width

    def _prompts(self, device: torch.device) -> PromptEncoder:
        return PromptEncoder(self._networks.tokenizer, self._networks.text, device, known=self._known)


def facts_for(world_folder: Path, plans: Path | None = None) -> Facts:
    """What `auto` would decide on for a world.

    Raises:
        WorldError: the world's folder is damaged.
    """
    folder = load_world(world_folder)
    return _Loading(folder, load_networks(folder), 0, None, plans, 1).facts()
