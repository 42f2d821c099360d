"""Train the transformer and its text encoder by buffered flow matching over a mix of partitions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from engine_service.model.autoencoder import to_rgb
from engine_service.model.dit import StreamDiT
from engine_service.model.flow import interpolate
from engine_service.model.partition import Partition
from engine_service.model.text import TextEncoder
from engine_service.training.buffered import Batch, LatentClips, draw_batch, num_bytes, on_device
from engine_service.training.loop import Schedule, run_steps
from engine_service.training.mix import MixEntry, draw_partitions
from engine_service.training.probes import ProbeOptions, Probes, sample
from engine_service.training.recipes import RECIPES
from engine_service.training.run import RunFolder, build_optimizers


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserTraining:
    """How the transformer is trained."""

    recipe: str = "generate"
    motion_weight: float = 0.0  # added to the 1 of places that are not as usual: for small things that move
    own_past: float = 0.0  # share of the steps, from OWN_FROM on, that go on from what the model itself has made
    own_drafts: float = 0.0  # share of the examples, from OWN_FROM on, whose last latent is a guess of the model's
    papers: float = 0.1  # share of the paper's own chunks in the mix of `generate`
    num_steps: int = 8000
    latents_per_step: int = 40  # examples per step follow from the partition
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    optimizer: str = "muon"
    warmup_steps: int = 150
    decay_fraction: float = 0.5
    ema_decay: float = 0.998
    seed: int = 0
    save_every: int = 200
    sheet_every: int = 1000
    bfloat16: bool = False
    compiled: bool = False  # by torch.compile: worth its minute of waiting on a GPU

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise ValueError(f"recipe is {self.recipe!r}, expected one of {', '.join(RECIPES)}")


class PromptedDiT(nn.Module):
    """Transformer and text encoder together: what the checkpoint and `denoiser.safetensors` hold."""

    def __init__(self, dit: StreamDiT, text: TextEncoder) -> None:
        super().__init__()
        self.dit = dit
        self.text = text

    def forward(self, noised: Tensor, sigmas: Tensor, controls: Tensor, tokens: Tensor) -> Tensor:
        """Clean latents from noised ones, all of `(b, B, C, H, W)`, and prompts `(b, L)`."""
        with torch.autocast(noised.device.type, enabled=False):
            waves = self.dit.waves(sigmas, controls)  # sines want single precision
        words, bias = self.text(tokens)
        return self.dit.predict(noised, waves, words, bias)


def clean_loss(predicted: Tensor, batch: Batch, motion_weight: float = 0.0) -> Tensor:
    """Mean squared error of the clean latents over what was to be predicted, by weight (docs/decisions/0002).

    `motion_weight` is added to the 1 of places where something is that usually is not: the small things that move, also
    while they rest.
    """
    error = (predicted.float() - batch.clean).square().mean(dim=2)  # (b, B, H, W)
    if motion_weight:
        weights = 1 + motion_weight * batch.moving.float()
        error = error * weights / weights.mean()
    return (error.mean(dim=(2, 3)) * batch.weights).sum() / batch.weights.sum()


OWN_FROM = 0.4  # of a run: before that its own pictures are nothing to go on from
NEARLY_CLEAN = 0.6  # level up to which a latent says what came before


@torch.no_grad()
def with_own_drafts(model: PromptedDiT, batch: Batch, share: float) -> Batch:
    """A batch whose last latent is, in a share of the examples, the model's own guess from pure noise, noised again.

    A stream's later micro-steps never see the truth under noise, as training shows it, but what the first one made of
    nothing: a dot in two places, say. So they learn to doubt it (DREAM, arXiv 2312.00210, section 3.2). Only where the
    latents before it are nearly clean and keys or state say what comes: else a guess is as good as the truth, and to
    ask for the truth would teach the mean.
    """
    sure = ~batch.controls[:, -1].isnan().flatten(1).all(dim=1)  # (b,)
    sure &= (batch.sigmas[:, :-1] <= NEARLY_CLEAN).all(dim=1)
    sure &= torch.rand(sure.shape).to(sure.device) < share
    noise = torch.randn_like(batch.clean[:, -1:])
    noised = torch.cat([batch.noised[:, :-1], noise], dim=1)
    sigmas = torch.cat([batch.sigmas[:, :-1], torch.ones_like(batch.sigmas[:, -1:])], dim=1)
    guess = model(noised, sigmas, batch.controls, batch.tokens)[:, -1:].float()  # (b, 1, C, H, W)
    drafted = batch.noised.clone()
    drafted[sure, -1] = interpolate(guess, noise, batch.sigmas[:, -1:])[sure, 0]
    return replace(batch, noised=drafted)


@torch.no_grad()
def with_own_past(model: PromptedDiT, batch: Batch, partition: Partition) -> Batch:
    """A batch without its first latent, whose newest reference is generated from the references before it.

    A stream goes on from what it has made. Trained on true pasts alone a model does not know its own small errors, and
    they grow (the pushforward trick, arXiv 2202.03376, section 3.2; for video: Self Forcing, 2506.08009).
    Only where something is said about that reference: else what really came after it is another one's future.

    Args:
        partition: that of the batch, K references and a single latent in flight.

    Raises:
        ValueError: more than one latent is in flight.
    """
    if partition.chunks * partition.chunk_size != 1:
        raise ValueError(f"own_past needs a first profile with one latent in flight, it has {partition}")
    last = partition.references - 1
    x = torch.randn_like(batch.clean[:, last])
    noised, sigmas = batch.noised[:, : last + 1].clone(), batch.sigmas[:, : last + 1].clone()
    num_steps = min(2, partition.num_levels)  # as rough as a stream would be, or rougher
    for step in range(num_steps):
        level, after = 1 - step / num_steps, 1 - (step + 1) / num_steps
        noised[:, last], sigmas[:, last] = x, level
        clean = model(noised, sigmas, batch.controls[:, : last + 1], batch.tokens)[:, last].float()
        x = clean + (after / level) * (x - clean)
    told = ~batch.controls[:, last].isnan().flatten(1).all(dim=1)  # (b,)
    own = batch.noised.clone()
    own[told, last] = x[told]
    levels = batch.sigmas.clone()
    levels[told, last] = 0.0
    return Batch(
        noised=own[:, 1:],
        clean=batch.clean[:, 1:],
        sigmas=levels[:, 1:],
        controls=batch.controls[:, 1:],
        tokens=batch.tokens,
        weights=torch.cat([torch.zeros_like(batch.weights[:, 1:-1]), batch.weights[:, -1:]], dim=1),
        moving=batch.moving[:, 1:],
    )


def to_device(batch: Batch, device: str) -> Batch:
    """The same batch on another device."""
    names = ("noised", "clean", "sigmas", "controls", "tokens", "weights", "moving")
    return Batch(*(getattr(batch, name).to(device) for name in names))


@dataclass(frozen=True, slots=True)
class Lessons:
    """What there is to learn from, and on which partitions; and what is kept apart to see how it goes."""

    clips: LatentClips
    mix: Sequence[MixEntry]
    validation: LatentClips | None
    validation_mix: Sequence[MixEntry]
    probe_prompt: Tensor | None = None  # (L,) a prompt that leaves much open; None: no probes


@torch.no_grad()
def validation_loss(model: PromptedDiT, lessons: Lessons, options: DenoiserTraining, device: str) -> float:
    """Loss on the same fixed batches each time, prompted, with the true past; not a number without any."""
    losses = []
    honest = RECIPES[options.recipe].without_strays()
    for i, entry in enumerate(lessons.validation_mix if lessons.validation is not None else ()):
        rng = np.random.default_rng((options.seed, 77, i))
        num = max(1, options.latents_per_step // entry.partition.num_latents)
        assert lessons.validation is not None
        batch = to_device(draw_batch(lessons.validation, [entry.partition] * num, honest, rng), device)
        losses.append(clean_loss(model(batch.noised, batch.sigmas, batch.controls, batch.tokens), batch).item())
    return float(np.mean(losses)) if losses else float("nan")


CLIPS_SHARE = 0.25  # of a GPU's free memory; the rest is for the training step


def fits_beside_training(clips: LatentClips, device: str) -> bool:
    """Whether the clips may lie on the device itself: it is a GPU, with enough memory for them and for training."""
    if torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return num_bytes(clips) <= CLIPS_SHARE * free


def train_denoiser(
    model: PromptedDiT,
    lessons: Lessons,
    run: RunFolder,
    options: DenoiserTraining,
    device: str,
    on_sheet: "SheetWriter | None" = None,
) -> dict[str, Tensor]:
    """Train to `num_steps`, resuming where the run's checkpoint left off; gives the averaged weights."""
    model = model.to(device)
    if fits_beside_training(lessons.clips, device):
        lessons = replace(lessons, clips=on_device(lessons.clips, device))
    if lessons.validation is not None:  # few, and the probes compute where they lie
        lessons = replace(lessons, validation=on_device(lessons.validation, device))
    precision = torch.bfloat16 if options.bfloat16 else torch.float32
    optimizers = build_optimizers(model, options.optimizer, options.learning_rate, options.weight_decay, precision)
    recipe = RECIPES[options.recipe]
    predict = torch.compile(model, dynamic=False) if options.compiled else model
    probes = None
    if lessons.validation is not None and lessons.probe_prompt is not None and on_sheet is not None:
        probes = Probes(lessons.validation, on_sheet.decode, ProbeOptions(prompt=lessons.probe_prompt))

    def loss_of(step: int) -> Tensor:
        rng = np.random.default_rng((options.seed, step))
        torch.manual_seed(options.seed * 1_000_003 + step)  # of the noise on word vectors
        late = step >= OWN_FROM * options.num_steps
        own = rng.random() < options.own_past and late
        if own:
            longer = replace(lessons.mix[0].partition, references=lessons.mix[0].partition.references + 1)
            partitions = [longer] * max(1, options.latents_per_step // longer.num_latents)
        else:
            partitions = draw_partitions(lessons.mix, options.latents_per_step, rng)
        batch = to_device(draw_batch(lessons.clips, partitions, recipe, rng), device)
        if own:
            batch = with_own_past(model, batch, longer)
        if late and options.own_drafts:
            batch = with_own_drafts(model, batch, options.own_drafts)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=options.bfloat16):
            predicted = predict(batch.noised, batch.sigmas, batch.controls, batch.tokens)
        return clean_loss(predicted, batch, options.motion_weight)

    def on_save(step: int, averaged: dict[str, Tensor]) -> dict[str, float]:
        draws = step % options.sheet_every == 0 or step == options.num_steps
        if on_sheet is not None and draws:
            on_sheet(step, averaged)
        with weights_of(model, model.state_dict()):
            answers = {"loss_validation": validation_loss(model, lessons, options, device)}
        if probes is not None:
            with (
                weights_of(model, averaged),
                torch.autocast(torch.device(device).type, torch.bfloat16, enabled=options.bfloat16),
            ):
                answers |= probes(model, run.path / f"seeds-{step:06d}.png" if draws else None)
        return answers

    if not run.has_log:  # what the run begins with, beside what it comes to
        run.log(0, {"loss": float("nan"), **on_save(0, model.state_dict()), "seconds": 0.0})
    schedule = Schedule(
        num_steps=options.num_steps,
        learning_rate=options.learning_rate,
        warmup_steps=options.warmup_steps,
        decay_fraction=options.decay_fraction,
        ema_decay=min(options.ema_decay, 1 - 20 / max(options.num_steps, 40)),  # a short run has a short memory
        save_every=options.save_every,
    )
    return run_steps(model, optimizers, run, schedule, title="denoiser", loss_of=loss_of, on_save=on_save)


@contextmanager
def weights_of(model: nn.Module, weights: dict[str, Tensor]) -> Iterator[None]:
    """The model with other weights, for a while, and not in training."""
    kept, trains = {name: value.clone() for name, value in model.state_dict().items()}, model.training
    model.load_state_dict(weights)
    model.eval()
    try:
        yield
    finally:
        model.load_state_dict(kept)
        model.train(trains)


class SheetWriter:
    """Draws what the averaged weights make of a few clips, one level at a time from pure noise."""

    def __init__(self, model: PromptedDiT, decode: nn.Module, clips: LatentClips, run: RunFolder) -> None:
        self._model = model
        self.decode = decode
        self._clips = clips
        self._run = run

    @torch.no_grad()
    def __call__(self, step: int, weights: dict[str, Tensor]) -> None:
        """Write `sheet-STEP.png`: truth above, generated in two steps from noise below."""
        picks = torch.linspace(0, len(self._clips.latents) - 1, 10).long()
        device = next(self._model.parameters()).device
        clean = self._clips.latents[picks, :4].float().to(device)
        controls = self._clips.controls[picks, :4].to(device)
        tokens = self._clips.tokens[picks, 0].to(device)
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(clean.shape, generator=generator).to(device)
        with weights_of(self._model, weights):
            x = sample(self._model, x, controls, tokens, num_steps=2)
        rows = []
        for latents in (clean, x):
            pictures = to_rgb(self.decode(latents[:, 2], latents[:, 3])[:, -1]).cpu().numpy()
            rows.append(np.concatenate(list(pictures), 1))
        Image.fromarray(np.concatenate(rows, 0)).save(self._run.path / f"sheet-{step:06d}.png")
