"""Sizes of models, in one table. A world names its preset; large ones are worlds without weights.

StreamDiT publishes parameters (4B, 30B), latent shape (16x64x64, 8 channels) and temporal factor (4), but not
width, depth, heads, patch or window (supplement 8-11): those of `streamdit-*` are our choice to meet the count.
"""

from dataclasses import dataclass

from engine_service.model.attention import Window
from engine_service.model.autoencoder import AutoencoderConfig
from engine_service.model.dit import DiTConfig
from engine_service.model.text import TextConfig
from engine_service.model.world import StateField


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One size of everything; the world adds its state fields and its vocabulary."""

    latent_channels: int
    latent_height: int
    latent_width: int
    frames_per_latent: int
    patch_size: int
    width: int
    depth: int
    num_heads: int
    window: Window
    text_width: int
    text_words: int
    autoencoder_widths: tuple[int, int, int]
    fitted_rotary: bool = False

    def dit(
        self, state_fields: tuple[StateField, ...], num_actions: int = 0, *, state_may_be_open: bool = False
    ) -> DiTConfig:
        """The transformer of this size for a world with these state fields and so many actions."""
        return DiTConfig(
            latent_channels=self.latent_channels,
            latent_height=self.latent_height,
            latent_width=self.latent_width,
            patch_size=self.patch_size,
            width=self.width,
            depth=self.depth,
            num_heads=self.num_heads,
            mlp_ratio=4.0,
            window=self.window,
            text_width=self.text_width,
            frames_per_latent=self.frames_per_latent,
            state_fields=state_fields,
            num_actions=num_actions,
            state_may_be_open=state_may_be_open,
            fitted_rotary=self.fitted_rotary,
        )

    def autoencoder(self) -> AutoencoderConfig:
        """The autoencoder of this size."""
        return AutoencoderConfig(
            latent_channels=self.latent_channels,
            frames_per_latent=self.frames_per_latent,
            widths=self.autoencoder_widths,
        )

    def text(self, vocabulary_size: int, table_width: int | None = None) -> TextConfig:
        """The text encoder of this size over so many words; with a table of given vectors, over those."""
        return TextConfig(
            vocabulary_size=vocabulary_size,
            table_width=table_width,
            max_words=self.text_words,
            width=self.text_width,
        )


def _streamdit(width: int, depth: int, num_heads: int) -> Preset:
    """The paper's latent, 512x512 frames, at some transformer size."""
    return Preset(
        latent_channels=8,
        latent_height=64,
        latent_width=64,
        frames_per_latent=4,
        patch_size=2,
        width=width,
        depth=depth,
        num_heads=num_heads,
        window=(16, 16, 16),
        text_width=2048,
        text_words=256,
        autoencoder_widths=(64, 128, 256),
    )


PRESETS = {
    "critters": Preset(
        latent_channels=32,
        latent_height=16,
        latent_width=16,
        frames_per_latent=2,
        patch_size=2,
        width=256,
        depth=6,
        num_heads=4,
        window=(8, 4, 4),
        text_width=128,
        text_words=24,
        autoencoder_widths=(48, 80, 160),
    ),
    "blocks": Preset(  # trained from nothing in minutes on two cores
        latent_channels=16,
        latent_height=6,
        latent_width=8,
        frames_per_latent=1,
        patch_size=2,
        width=64,
        depth=3,
        num_heads=4,
        window=(4, 3, 4),
        text_width=32,
        text_words=12,
        autoencoder_widths=(12, 20, 32),
        fitted_rotary=True,
    ),
    "streamdit-tiny": _streamdit(width=256, depth=2, num_heads=4),  # the paper's shapes, small enough to try on a CPU
    "streamdit-1b": _streamdit(width=1536, depth=19, num_heads=12),
    "streamdit-4b": _streamdit(width=2560, depth=28, num_heads=20),
    "streamdit-30b": _streamdit(width=5120, depth=55, num_heads=40),
}
