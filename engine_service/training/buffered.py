"""Buffered flow matching (StreamDiT eq. 5-8): what one training example asks of the model.

Letters: b examples, B latents in the buffer, r frames per latent, S state fields, A actions, C H W of a latent,
N recordings of F latents, M branches of G latents, L text tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.flow import interpolate
from engine_service.model.partition import Partition, bend, segment_bounds
from engine_service.model.text import PAD
from engine_service.training.recipes import Recipe
from engine_service.training.steering import drawn_masks


@dataclass(frozen=True, slots=True)
class Branches:
    """Other futures of moments of some recordings: the same moment under other keys, or under another prompt."""

    latents: Tensor  # (M, G, C, H, W), half precision
    controls: Tensor  # (M, G, r, S + A)
    tokens: Tensor  # (M, G, L)
    parents: NDArray[np.int64]  # (M,) the recording each one leaves
    starts: NDArray[np.int64]  # (M,) the parent's latent in whose place its first one stands
    repainted: NDArray[np.bool_]  # (M,) another prompt and the same states; else other keys
    usual: Tensor | None = None  # (M, C, H, W), as in LatentClips


@dataclass(frozen=True, slots=True)
class LatentClips:
    """Recordings as the transformer sees them; on any device."""

    latents: Tensor  # (N, F, C, H, W), half precision
    controls: Tensor  # (N, F, r, S + A): state fields, then actions; not a number where nobody said one
    tokens: Tensor  # (N, F, L): a caption for each latent, every one true of the whole recording
    num_state_fields: int  # S
    branches: Branches | None = None
    usual: Tensor | None = None  # (N, C, H, W), half precision: the median over each recording, without what moves


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch; a latent with weight 0 is not to be predicted."""

    noised: Tensor  # (b, B, C, H, W)
    clean: Tensor  # (b, B, C, H, W)
    sigmas: Tensor  # (b, B)
    controls: Tensor  # (b, B, r, S + A), not a number where they are left open
    tokens: Tensor  # (b, L)
    weights: Tensor  # (b, B)
    moving: Tensor  # (b, B, H, W) true where something is, or just was, that usually is not; else nothing is known


def on_device(clips: LatentClips, device: torch.device | str) -> LatentClips:
    """The same clips on another device, where their batches are then drawn: on a GPU, much faster than beside it."""
    branches = clips.branches
    if branches is not None:
        branches = replace(
            branches,
            latents=branches.latents.to(device),
            controls=branches.controls.to(device),
            tokens=branches.tokens.to(device),
            usual=None if branches.usual is None else branches.usual.to(device),
        )
    return replace(
        clips,
        latents=clips.latents.to(device),
        controls=clips.controls.to(device),
        tokens=clips.tokens.to(device),
        branches=branches,
        usual=None if clips.usual is None else clips.usual.to(device),
    )


def num_bytes(clips: LatentClips) -> int:
    """What their pictures take, the rest is little."""
    branches = 0 if clips.branches is None else clips.branches.latents.nbytes
    return clips.latents.nbytes + branches


def draw_sigmas(partition: Partition, num_examples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A level for every latent `(b, B)`: each chunk uniform in its own segment (eq. 8, bent by eq. 9), references 0.

    Half of the examples sit exactly on a level the sampler visits, where it matters most.
    """
    bounds = segment_bounds(partition)
    place = rng.random((num_examples, partition.chunks), dtype=np.float32)  # 0 clean end, 1 noisy end
    steps = partition.steps_per_shift
    visited = np.ceil(place * steps) / steps  # the sampler's own levels, noisy end included, clean end not
    on_grid = rng.random((num_examples, 1)) < 0.5
    place = np.where(on_grid, np.maximum(visited, 1 / steps), place)
    per_chunk = bend(bounds[:-1] + (bounds[1:] - bounds[:-1]) * place, partition.gamma)  # (b, N)
    chunks = np.repeat(per_chunk, partition.chunk_size, axis=1)  # (b, N*c)
    references = np.zeros((num_examples, partition.references), np.float32)
    return np.concatenate([references, chunks], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where each latent of each example comes from. Rows of `clips` for all; for branched examples rows of branches."""

    target: NDArray[np.int64]  # (b, B) place in its recording
    target_branch: NDArray[np.int64]  # (b, B) the branch it lies in, -1: in the recording itself
    shown: NDArray[np.int64]  # (b, B) place of what is noised
    shown_row: NDArray[np.int64]  # (b,) recording of what is noised
    shown_branch: NDArray[np.int64]  # (b, B)
    row: NDArray[np.int64]  # (b,)
    branch: NDArray[np.int64]  # (b,) -1: none


def draw_batch(clips: LatentClips, partitions: Sequence[Partition], recipe: Recipe, rng: np.random.Generator) -> Batch:
    """Draw one example for each of `partitions`, which must be equally long, on the device of `clips`.

    Raises:
        ValueError: the recordings are shorter than the partitions, or the partitions differ in length.
    """
    lengths = {partition.num_latents for partition in partitions}
    if len(lengths) != 1:
        raise ValueError(f"partitions of one batch hold {sorted(lengths)} latents, expected one length")
    buffer, num = lengths.pop(), len(partitions)
    num_recordings, length = clips.latents.shape[:2]
    if length < buffer:
        raise ValueError(f"recordings hold {length} latents, a partition of the mix needs {buffer}")
    device = clips.latents.device
    references = np.array([partition.references for partition in partitions])
    in_flight = np.arange(buffer) >= references[:, None]  # (b, B)

    row = rng.integers(num_recordings, size=num)
    places = rng.integers(length - buffer + 1, size=num)[:, None] + np.arange(buffer)
    # The prompt in force may be any caption of the recording.
    caption = rng.integers(length, size=num)
    wordless = (clips.tokens[_index(row, device), _index(caption, device)] == PAD).all(dim=1)  # nobody said a prompt
    unprompted = (rng.random(num) < recipe.unprompted) | np.asarray(wordless.cpu())
    kind = rng.random(num)
    foreign = (kind < recipe.foreign) & ~unprompted  # without a prompt the past alone says what is to be seen
    # The state alone tells what is stale.
    stale = (kind >= recipe.foreign) & (kind < recipe.foreign + recipe.stale) & (clips.num_state_fields > 0)
    stale &= _stated(clips.controls[_index(row, device)[:, None], _index(places, device)], clips.num_state_fields)
    branched = (kind >= 1 - recipe.branched) & (clips.branches is not None)

    shown_row = np.where(foreign, rng.integers(num_recordings, size=num), row)
    delay = np.where(stale, rng.integers(1, recipe.max_stale + 1, size=num), 0)
    shown = np.where(in_flight, np.maximum(places - delay[:, None], 0), places)
    none = np.full((num, buffer), -1)
    sources = _Sources(places, none.copy(), shown, shown_row, none.copy(), row, none[:, 0].copy())
    if clips.branches is not None and branched.any():
        _put_branches(sources, clips.branches, np.flatnonzero(branched), references, length, rng)

    clean = _latents(clips, sources.row, sources.target, sources.target_branch)
    remembered = _latents(clips, sources.shown_row, sources.shown, sources.shown_branch)
    controls = _controls(clips, sources)
    tokens = _tokens(clips, sources, caption, length)
    # A branch contradicts what is in flight: it must be told what changed.
    told = sources.branch >= 0
    repainted = np.zeros(num, np.bool_)
    if clips.branches is not None:
        repainted[told] = clips.branches.repainted[sources.branch[told]]
    tokens[_index(unprompted & ~repainted, device)] = PAD
    masks = drawn_masks(
        controls.shape, clips.num_state_fields, recipe, rng, must_steer=told & ~repainted, must_tell_state=stale
    )
    _contradict(controls, masks, clips.num_state_fields, recipe, rng)
    controls = torch.where(torch.from_numpy(masks).to(device), controls, torch.nan)

    sigmas = _levels(partitions, in_flight, recipe, rng)
    generator = torch.Generator(device).manual_seed(int(rng.integers(2**62)))
    noise = torch.randn(clean.shape, generator=generator, device=device)
    noised = interpolate(remembered, noise, torch.from_numpy(sigmas).to(device))
    grain = torch.from_numpy(recipe.reference_noise * rng.random((num, 1), dtype=np.float32) * ~in_flight).to(device)
    noised = noised + grain[..., None, None, None] * torch.randn(clean.shape, generator=generator, device=device)
    return Batch(
        noised=noised,
        clean=clean,
        sigmas=torch.from_numpy(sigmas).to(device),
        controls=controls,
        tokens=tokens,
        weights=torch.from_numpy(_weights(sigmas, in_flight, recipe)).to(device),
        moving=_moving(clips, sources, clean),
    )


def _put_branches(
    sources: _Sources,
    branches: Branches,
    examples: NDArray[np.int64],
    references: NDArray[np.int64],
    length: int,
    rng: np.random.Generator,
) -> None:
    """Let some examples noise one future of a moment and ask for another.

    Other keys: what is in flight lies on both sides of the moment the keys changed, or after it. Another prompt counts
    for all that is in flight, whose head may have been repainted already, as may the newest references.
    """
    buffer = sources.target.shape[1]
    long = branches.latents.shape[1]
    for e in examples:
        m = int(rng.integers(len(branches.parents)))
        start, k = int(branches.starts[m]), int(references[e])
        num_in_flight = buffer - k
        if branches.repainted[m]:
            first = start + int(rng.integers(max(1, long - num_in_flight + 1)))
            old_references = start + int(rng.integers(first - start + 1))  # older ones are as they were
        else:
            first = start - int(rng.integers(min(num_in_flight, 4)))
            old_references = start
        begin = max(first - k, 0)
        places = begin + np.arange(buffer)
        if places[-1] >= min(length, start + long):
            continue  # the moment lies too late in its recording for this buffer: the example stays a plain one
        after = places >= (start if not branches.repainted[m] else old_references)
        in_flight = np.arange(buffer) >= k
        sources.row[e] = sources.shown_row[e] = branches.parents[m]
        sources.branch[e] = m
        sources.target[e] = np.where(after, places - start, places)
        sources.target_branch[e] = np.where(after, m, -1)
        # What is noised: the parent's future in flight, the truth in the references.
        done = branches.repainted[m] and rng.random() < 0.3  # the new prompt has been in force for long
        shows_branch = after & (~in_flight | done)
        sources.shown[e] = np.where(shows_branch, places - start, places)
        sources.shown_branch[e] = np.where(shows_branch, m, -1)


def _latents(clips: LatentClips, row: NDArray[np.int64], place: NDArray[np.int64], branch: NDArray[np.int64]) -> Tensor:
    """`(b, B, C, H, W)` in single precision."""
    return _gathered(clips.latents, None if clips.branches is None else clips.branches.latents, row, place, branch)


def _controls(clips: LatentClips, sources: _Sources) -> Tensor:
    """`(b, B, r, S + A)` of the targets."""
    theirs = None if clips.branches is None else clips.branches.controls
    return _gathered(clips.controls, theirs, sources.row, sources.target, sources.target_branch)


def _gathered(
    own: Tensor, theirs: Tensor | None, row: NDArray[np.int64], place: NDArray[np.int64], branch: NDArray[np.int64]
) -> Tensor:
    device = own.device
    rows = np.broadcast_to(row[:, None], place.shape)
    inside = branch < 0
    found = own[_index(rows, device), _index(np.where(inside, place, 0), device)].float()
    if theirs is not None and not inside.all():
        at = np.nonzero(~inside)
        found[_index(at[0], device), _index(at[1], device)] = theirs[
            _index(branch[at], device), _index(place[at], device)
        ].float()
    return found


def _stated(controls: Tensor, num_state_fields: int) -> NDArray[np.bool_]:
    """Which examples `(b,)` of `(b, B, r, S + A)` have their whole state said by somebody."""
    return ~np.asarray(controls[..., :num_state_fields].isnan().flatten(1).any(dim=1).cpu())


def _contradict(
    controls: Tensor, masks: NDArray[np.bool_], num_state_fields: int, recipe: Recipe, rng: np.random.Generator
) -> None:
    """Give some examples that are told the whole state the actions of another one: a state wins."""
    num = len(masks)
    whole = masks[..., :num_state_fields].all((1, 2, 3)) & masks[..., num_state_fields:].any((1, 2, 3))
    whole &= _stated(controls, num_state_fields)
    at = np.flatnonzero(whole & (rng.random(num) < recipe.contradicted))
    if len(at) and num_state_fields:
        others = rng.integers(num, size=len(at))
        theirs = controls[_index(others, controls.device), ..., num_state_fields:]
        controls[_index(at, controls.device), ..., num_state_fields:] = theirs


def _tokens(clips: LatentClips, sources: _Sources, caption: NDArray[np.int64], length: int) -> Tensor:
    """`(b, L)`: a caption of the recording, or of the branch that repaints it."""
    device = clips.tokens.device
    tokens = clips.tokens[_index(sources.row, device), _index(caption, device)]
    branches = clips.branches
    if branches is not None:
        at = np.flatnonzero(sources.branch >= 0)
        at = at[branches.repainted[sources.branch[at]]]
        long = branches.tokens.shape[1]
        tokens[_index(at, device)] = branches.tokens[
            _index(sources.branch[at], device), _index(caption[at] * long // length, device)
        ]
    return tokens


def _levels(
    partitions: Sequence[Partition], in_flight: NDArray[np.bool_], recipe: Recipe, rng: np.random.Generator
) -> NDArray[np.float32]:
    """`(b, B)`: by the partition, or free; references clean, or at a level the network is told."""
    sigmas = np.empty(in_flight.shape, np.float32)
    groups: dict[Partition, list[int]] = {}
    for i, partition in enumerate(partitions):
        groups.setdefault(partition, []).append(i)
    for partition, members in groups.items():
        sigmas[members] = draw_sigmas(partition, len(members), rng)
    num = len(partitions)
    free = rng.random((num, 1)) < recipe.free_levels
    sigmas = np.where(free, rng.random(sigmas.shape, dtype=np.float32), sigmas)
    noised = (rng.random((num, 1)) < recipe.noised_references) & ~free & ~in_flight
    levels = recipe.max_reference_level * rng.random((num, 1), dtype=np.float32)
    return np.where(noised, levels, sigmas).astype(np.float32)


def _weights(sigmas: NDArray[np.float32], in_flight: NDArray[np.bool_], recipe: Recipe) -> NDArray[np.float32]:
    """`(b, B)`: nothing is asked of clean references."""
    asked = in_flight | (sigmas > 0)
    if recipe.sigma_floor is None:
        return asked.astype(np.float32)
    return (asked / (sigmas**2 + np.float32(recipe.sigma_floor))).astype(np.float32)


MOVED = 0.1  # root mean square over channels: a place whose latent differs by less is as it usually is


def with_usual(clips: LatentClips) -> LatentClips:
    """The same, knowing what is usually where: the median of each recording's latents over time.

    What moves is then told from what stands, also while it rests (docs/decisions/0016).
    """

    def usual(latents: Tensor) -> Tensor:
        return torch.stack([each.float().median(dim=0).values.to(latents.dtype) for each in latents])

    branches = clips.branches
    if branches is not None:
        branches = replace(branches, usual=usual(branches.latents))
    return replace(clips, usual=usual(clips.latents), branches=branches)


def _moving(clips: LatentClips, sources: _Sources, clean: Tensor) -> Tensor:
    """Places `(b, B, H, W)` that differ from what is usually there, or did so a latent ago."""
    if clips.usual is None:
        return torch.zeros_like(clean[:, :, 0], dtype=torch.bool)
    usual = clips.usual[_index(sources.row, clean.device)].float()
    branches = clips.branches
    if branches is not None and branches.usual is not None:
        at = np.flatnonzero(sources.branch >= 0)
        at = at[branches.repainted[sources.branch[at]]]
        usual[_index(at, clean.device)] = branches.usual[_index(sources.branch[at], clean.device)].float()
    there = (clean - usual[:, None]).square().mean(dim=2).sqrt() > MOVED
    return there | torch.cat([there[:, :1], there[:, :-1]], dim=1)


def _index(array: NDArray[np.int64] | NDArray[np.bool_], device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)
