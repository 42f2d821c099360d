"""StreamDiT: a diffusion transformer whose latents each carry their own noise level, game state and actions.

Letters: B batch, F latent frames, C channels, H W latent height and width, h w tokens per side (H / patch),
D width, L text tokens, Dt text width, r frames per latent, S state fields, A actions.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

from engine_service.model.attention import CrossAttention, Window, WindowAttention
from engine_service.model.autoencoder import SPATIAL
from engine_service.model.conditioning import ActionEmbedding, SigmaEmbedding, StateEmbedding
from engine_service.model.flow import velocity_from_clean
from engine_service.model.places import StatePlaces, screen_places
from engine_service.model.world import StateField


@dataclass(frozen=True, slots=True, kw_only=True)
class DiTConfig:
    """Shape of the transformer; no defaults, so it cannot be half given."""

    latent_channels: int  # C
    latent_height: int  # H
    latent_width: int  # W
    patch_size: int
    width: int  # D
    depth: int
    num_heads: int
    mlp_ratio: float
    window: Window  # tokens
    text_width: int  # Dt
    frames_per_latent: int  # r
    state_fields: tuple[StateField, ...]
    num_actions: int = 0  # A
    state_may_be_open: bool = False
    fitted_rotary: bool = False  # rotary frequencies by the size of the grid, for small ones

    def __post_init__(self) -> None:
        for name, size in (("latent_height", self.latent_height), ("latent_width", self.latent_width)):
            if size % self.patch_size:
                raise ValueError(f"{name} {size} is not a multiple of patch_size {self.patch_size}")
        if self.width % (2 * self.num_heads):
            raise ValueError(f"width {self.width} does not give {self.num_heads} heads of even width")

    @property
    def num_controls(self) -> int:
        """S + A."""
        return len(self.state_fields) + self.num_actions

    @property
    def tokens_per_latent(self) -> int:
        """h * w."""
        return (self.latent_height // self.patch_size) * (self.latent_width // self.patch_size)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """adaLN (DiT, arXiv 2212.09748), one shift and scale `(B, F, D)` per latent frame: x `(B, F, h, w, D)`."""
    return x * (1 + scale[:, :, None, None]) + shift[:, :, None, None]


class Block(nn.Module):
    """Self-attention in windows, cross-attention to the prompt, MLP; the first and last modulated per latent."""

    def __init__(self, config: DiTConfig, shifted: bool) -> None:
        super().__init__()
        width = config.width
        hidden = int(width * config.mlp_ratio)
        self.attention_norm = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = WindowAttention(
            width, config.num_heads, config.window, shifted, fitted_rotary=config.fitted_rotary
        )
        self.cross_norm = nn.LayerNorm(width)
        self.cross = CrossAttention(width, config.num_heads, config.text_width)
        self.mlp_norm = nn.LayerNorm(width, elementwise_affine=False)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, width))
        self.modulation = nn.Linear(width, 6 * width)

    def forward(
        self, x: Tensor, condition: Tensor, text: Tensor, text_bias: Tensor, cos: Tensor, sin: Tensor
    ) -> Tensor:
        """x `(B, F, h, w, D)`, condition `(B, F, D)`, text `(B, L, Dt)` -> `(B, F, h, w, D)`; tables as its
        attention's `rotary` gives them."""
        modulation: Tensor = self.modulation(condition)  # (B, F, 6D)
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = modulation.chunk(6, dim=-1)
        attended: Tensor = self.attention(modulate(self.attention_norm(x), shift_a, scale_a), cos, sin)
        x = x + gate_a[:, :, None, None] * attended
        flat = rearrange(x, "b f h w d -> b (f h w) d")
        asked = self.cross(self.cross_norm(flat), text, text_bias)  # (B, F*h*w, D)
        x = x + asked.view(x.shape)
        transformed: Tensor = self.mlp(modulate(self.mlp_norm(x), shift_m, scale_m))
        return x + gate_m[:, :, None, None] * transformed


class StreamDiT(nn.Module):
    """Predicts the clean latents of a whole buffer; `velocity` is what the sampler asks for.

    The clean prediction is what is learnt (a game's state all but determines the picture, so it is well
    conditioned at every sigma: docs/decisions/0002); velocity follows from it exactly.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        patch_values = config.latent_channels * config.patch_size**2
        self.embed = nn.Linear(patch_values, config.width)
        self.sigma_embedding = SigmaEmbedding(config.width)
        # A world steered by text alone has no state.
        self.state_embedding = (
            StateEmbedding(
                config.state_fields, config.frames_per_latent, config.width, may_be_open=config.state_may_be_open
            )
            if config.state_fields
            else None
        )
        self.action_embedding = (
            ActionEmbedding(config.num_actions, config.frames_per_latent, config.width) if config.num_actions else None
        )
        grid = (config.latent_height // config.patch_size, config.latent_width // config.patch_size)
        self.places = nn.Parameter(screen_places(*grid, config.width))
        self.state_places = StatePlaces(
            config.state_fields, config.frames_per_latent, grid, SPATIAL * config.patch_size, config.width
        )
        self.text_summary = nn.Linear(config.text_width, config.width)
        self.blocks = nn.ModuleList(Block(config, shifted=i % 2 == 1) for i in range(config.depth))
        self.final_norm = nn.LayerNorm(config.width, elementwise_affine=False)
        self.final_modulation = nn.Linear(config.width, 2 * config.width)
        self.final = nn.Linear(config.width, patch_values)
        self._start_as_identity()

    def _start_as_identity(self) -> None:
        """adaLN-Zero (DiT section 3.2): every block begins as the identity, the output as zero."""
        for block in self.blocks:
            assert isinstance(block, Block)
            nn.init.zeros_(block.modulation.weight)
            nn.init.zeros_(block.modulation.bias)
            nn.init.zeros_(block.cross.out.weight)
            nn.init.zeros_(block.cross.out.bias)
        nn.init.zeros_(self.final_modulation.weight)
        nn.init.zeros_(self.final_modulation.bias)
        nn.init.zeros_(self.final.weight)
        nn.init.zeros_(self.final.bias)

    def waves(self, sigmas: Tensor, controls: Tensor) -> Tensor:
        """All a buffer's numbers as sines and cosines, to be taken in single precision.

        sigmas `(B, F)`, controls `(B, F, r, S + A)`: state fields, then actions, not a number where they are left open
        -> `(B, F, num_waves)`.
        """
        state, actions = torch.split(controls, [len(self.config.state_fields), self.config.num_actions], dim=-1)
        parts = [self.sigma_embedding.waves(sigmas)]
        if self.state_embedding is not None:
            parts += [self.state_embedding.waves(state), self.state_places.waves(state)]
        if self.action_embedding is not None:
            parts.append(self.action_embedding.waves(actions))
        return torch.cat(parts, dim=-1)

    @property
    def num_waves(self) -> int:
        """How many each latent has."""
        return sum(self._wave_sizes)

    @property
    def _wave_sizes(self) -> list[int]:
        of_state = 0 if self.state_embedding is None else self.state_embedding.num_waves
        of_actions = 0 if self.action_embedding is None else self.action_embedding.num_waves
        return [self.sigma_embedding.num_waves, of_state, self.state_places.num_waves, of_actions]

    def predict(self, latents: Tensor, waves: Tensor, text: Tensor, text_bias: Tensor) -> Tensor:
        """Predict the clean latents.

        latents `(B, F, C, H, W)`, waves `(B, F, num_waves)`, text `(B, L, Dt)`, text_bias `(B, L)`
        -> `(B, F, C, H, W)`.
        """
        of_sigma, of_state, of_places, of_actions = torch.split(waves, self._wave_sizes, dim=-1)
        patch = self.config.patch_size
        x = rearrange(latents, "b f c (h p) (w q) -> b f h w (c p q)", p=patch, q=patch)
        x = self.embed(x) + self.places + self.state_places(of_places)  # (B, F, h, w, D)
        words = text_bias.exp().to(text.dtype)[..., None]  # (B, L, 1); 0, 1, or between on the way to a new prompt
        summary = self.text_summary((text * words).sum(1) / words.sum(1))  # (B, D)
        condition = self.sigma_embedding(of_sigma) + summary[:, None]  # (B, F, D)
        if self.state_embedding is not None:
            condition = condition + self.state_embedding(of_state)
        if self.action_embedding is not None:
            condition = condition + self.action_embedding(of_actions)
        condition = nn.functional.silu(condition)

        grid = (x.shape[1], x.shape[2], x.shape[3])
        tables: dict[bool, tuple[Tensor, Tensor]] = {}  # two orders of tokens: all blocks share one or the other
        for block in self.blocks:
            assert isinstance(block, Block)
            attention = block.attention
            if attention.shifted not in tables:
                tables[attention.shifted] = attention.rotary(grid, x.device, x.dtype)
            x = block(x, condition, text, text_bias, *tables[attention.shifted])

        shift, scale = self.final_modulation(condition).chunk(2, dim=-1)
        patches: Tensor = self.final(modulate(self.final_norm(x), shift, scale))
        predicted: Tensor = rearrange(patches, "b f h w (c p q) -> b f c (h p) (w q)", p=patch, q=patch)
        return predicted

    def clean(self, latents: Tensor, sigmas: Tensor, controls: Tensor, text: Tensor, text_bias: Tensor) -> Tensor:
        """`predict` from sigmas `(B, F)` and controls `(B, F, r, S + A)`."""
        return self.predict(latents, self.waves(sigmas, controls), text, text_bias)

    def forward(self, latents: Tensor, sigmas: Tensor, controls: Tensor, text: Tensor, text_bias: Tensor) -> Tensor:
        """Velocity, noise minus clean, `(B, F, C, H, W)`; 0 for latents that are clean already."""
        return velocity_from_clean(latents, self.clean(latents, sigmas, controls, text, text_bias), sigmas)
