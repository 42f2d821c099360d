"""Where a token stands: on the screen, and as seen from what the game's state moves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

from engine_service.model.conditioning import known_only, octaves, waves_of
from engine_service.model.world import StateField


def screen_places(num_rows: int, num_columns: int, width: int) -> Tensor:
    """Sines and cosines of a token's row and column, `(h, w, D)`, of about a token's own size.

    Wavelengths run from 2 tokens to 4 times the longer side.
    """
    num_waves = -(-width // 4)
    longest = 4.0 * max(num_rows, num_columns)
    turns = 0.5 * (2.0 / longest) ** torch.linspace(0, 1, num_waves)  # per token
    rows = 2 * math.pi * torch.arange(num_rows)[:, None] * turns  # (h, waves)
    columns = 2 * math.pi * torch.arange(num_columns)[:, None] * turns  # (w, waves)
    by_row = torch.cat([rows.sin(), rows.cos()], dim=-1)[:, None].expand(-1, num_columns, -1)
    by_column = torch.cat([columns.sin(), columns.cos()], dim=-1)[None].expand(num_rows, -1, -1)
    return torch.cat([by_row, by_column], dim=-1)[..., :width].contiguous()


class StatePlaces(nn.Module):
    """Every token's place as seen from what the state moves: waves -> `(B, F, h, w, D)`.

    A critter is drawn the same wherever it stands, scenery the same wherever it has scrolled to. So a field that
    moves something is embedded once for each row or column of tokens, its value shifted by that row's or column's
    own place: what is drawn depends on the difference of both alone (docs/decisions/0005).
    """

    def __init__(
        self,
        fields: Sequence[StateField],
        frames_per_latent: int,
        grid: tuple[int, int],
        pixels_per_token: int,
        width: int,
    ) -> None:
        super().__init__()
        rows, columns = (pixels_per_token * torch.arange(n, dtype=torch.float32) for n in grid)
        self.rows = _axis(movements(fields, up="up", down="down"), frames_per_latent, rows, width)
        self.columns = _axis(movements(fields, up="left", down="right"), frames_per_latent, columns, width)
        self._sizes = [0 if axis is None else axis.num_waves for axis in (self.rows, self.columns)]
        self.num_waves = sum(self._sizes)

    def waves(self, state: Tensor) -> Tensor:
        """`(B, F, r, S)` -> `(B, F, num_waves)`."""
        axes = [axis.waves(state) for axis in (self.rows, self.columns) if axis is not None]
        return torch.cat(axes, dim=-1) if axes else state.new_zeros(*state.shape[:2], 0)

    def forward(self, waves: Tensor) -> Tensor | float:
        rows, columns = torch.split(waves, self._sizes, dim=-1)
        by_row = 0.0 if self.rows is None else self.rows(rows)[:, :, :, None]  # (B, F, h, 1, D)
        by_column = 0.0 if self.columns is None else self.columns(columns)[:, :, None]  # (B, F, 1, w, D)
        both: Tensor | float = by_row + by_column
        return both


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that one field moves along an axis."""

    index: int  # of the field in the state
    field: StateField
    units_per_pixel: float  # signed: what is added to the value, one pixel further along the axis


def movements(fields: Sequence[StateField], *, up: str, down: str) -> list[Movement]:
    """What moves along an axis: `down` is the way its pixels are counted, `up` the other."""
    return [
        Movement(index, field, (1 if field.moves == up else -1) / pixels)
        for index, field in enumerate(fields)
        if field.moves in (up, down)
        for pixels in field.pixels
    ]


def _axis(moving: Sequence[Movement], frames_per_latent: int, places: Tensor, width: int) -> "AxisPlaces | None":
    return AxisPlaces(moving, frames_per_latent, places, width) if moving else None


class AxisPlaces(nn.Module):
    """One axis of `StatePlaces`: waves -> `(B, F, T, D)` for T rows or columns at `places` px."""

    index: Tensor
    low: Tensor
    span: Tensor
    shift: Tensor
    turns: Tensor

    def __init__(
        self, moving: Sequence[Movement], frames_per_latent: int, places: Tensor, width: int, num_octaves: int = 7
    ) -> None:
        super().__init__()
        self.register_buffer("index", torch.tensor([m.index for m in moving]), persistent=False)  # (E,)
        self.register_buffer("low", torch.tensor([m.field.min for m in moving]), persistent=False)
        span = torch.tensor([m.field.max - m.field.min for m in moving])
        self.register_buffer("span", span, persistent=False)
        units = torch.tensor([m.units_per_pixel for m in moving])
        self.register_buffer("shift", places[:, None] * units / span, persistent=False)  # (T, E)
        turns = torch.stack([octaves(m.field, num_octaves) for m in moving])
        self.register_buffer("turns", turns, persistent=False)  # (E, octaves)
        per_token = frames_per_latent * len(moving) * 2 * num_octaves
        self.num_waves = len(places) * per_token
        self.project = nn.Linear(per_token, width)

    def waves(self, state: Tensor) -> Tensor:
        """`(B, F, r, S)` -> `(B, F, num_waves)`."""
        moving = state[..., self.index]  # (B, F, r, E)
        unit = (moving.nan_to_num() - self.low) / self.span  # 0..1
        seen = unit[:, :, None] + self.shift[:, None]  # (B, F, T, r, E)
        known = ~moving.isnan()[:, :, None].expand(seen.shape)  # what is left open is nowhere
        return rearrange(known_only(waves_of(seen[..., None] * self.turns), known), "b f t r e o -> b f (t r e o)")

    def forward(self, waves: Tensor) -> Tensor:
        projected: Tensor = self.project(rearrange(waves, "b f (t p) -> b f t p", p=self.project.in_features))
        return projected
