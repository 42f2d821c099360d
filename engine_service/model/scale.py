"""What a size of model costs, worked out from its configuration alone: parameters, tokens, operations, memory.

Letters as in `dit`: D width, C channels, p patch side, h w tokens per side, r frames per latent, S state fields,
L text tokens, Dt text width, E head width, B latents in the buffer.
"""

from dataclasses import dataclass, replace

from engine_service.model.attention import fit_window
from engine_service.model.dit import DiTConfig
from engine_service.model.places import movements

SIGMA_WAVES, OCTAVES = 128, 7  # conditioning.py
BYTES = {"float32": 4, "bfloat16": 2, "float8": 1}


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers of weights, by what they are for."""

    blocks: int
    embeddings: int  # latents, noise levels, state, places, prompt summary
    output: int

    @property
    def total(self) -> int:
        """All of the transformer."""
        return self.blocks + self.embeddings + self.output


@dataclass(frozen=True, slots=True)
class Cost:
    """One micro-step of a whole buffer."""

    tokens: int
    window_tokens: int  # that one token attends to
    flops: float  # a multiply and an add are two
    full_attention_flops: float  # the same with every token attending to all
    linear_flops: float  # of `flops`, the linear layers of the blocks but their modulation: what may run in 8 bits


def count_parameters(config: DiTConfig) -> Parameters:
    """Exactly what `StreamDiT(config)` holds."""
    d, text = config.width, config.text_width
    patch = config.latent_channels * config.patch_size**2
    head = d // config.num_heads
    hidden = int(d * config.mlp_ratio)
    attention = _linear(d, 3 * d) + 2 * head + _linear(d, d)
    cross = 2 * d + _linear(d, d) + _linear(text, 2 * d) + 2 * head + _linear(d, d)
    mlp = _linear(d, hidden) + _linear(hidden, d)
    block = attention + cross + mlp + _linear(d, 6 * d)
    state = len(config.state_fields) * config.frames_per_latent * 2 * OCTAVES
    of_state = _linear(state, 2 * d) + _linear(2 * d, d) if config.state_fields else 0
    axes = sum(_linear(waves, d) for waves in _axis_waves(config))
    embeddings = (
        _linear(patch, d)
        + _linear(SIGMA_WAVES, d)
        + _linear(d, d)
        + of_state
        + config.tokens_per_latent * d  # places
        + axes
        + _linear(text, d)  # summary of the prompt
    )
    return Parameters(config.depth * block, embeddings, _linear(d, 2 * d) + _linear(d, patch))


def micro_step_cost(config: DiTConfig, num_latents: int, text_words: int) -> Cost:
    """Operations of one call for a buffer of B latents and a prompt of L words: all matrix products.

    What is not counted (norms, softmax, rotary turns, gates) is linear in the tokens and has no matrices.
    """
    side_h, side_w = (size // config.patch_size for size in (config.latent_height, config.latent_width))
    grid = (num_latents, side_h, side_w)
    tokens = num_latents * config.tokens_per_latent
    fw, hw, ww = fit_window(config.window, grid)
    window_tokens = fw * hw * ww
    flops = _flops(config, num_latents, tokens, window_tokens, text_words)
    full = _flops(config, num_latents, tokens, tokens, text_words)
    return Cost(tokens, window_tokens, flops, full, 2.0 * config.depth * _linear_products(config, tokens, text_words))


def with_window(config: DiTConfig, window: tuple[int, int, int]) -> DiTConfig:
    """The same model with another attention window; it has as many parameters."""
    return replace(config, window=window)


def weight_bytes(parameters: int, precision: str) -> int:
    """Memory of the weights alone."""
    return parameters * BYTES[precision]


def training_bytes(parameters: int) -> int:
    """Weights, gradients and two moments of AdamW in single precision: without activations, what a step must hold.

    Muon keeps one moment for the matrices of the blocks, so it needs up to a quarter less.
    """
    return 4 * parameters * BYTES["float32"]


def activation_bytes(config: DiTConfig, num_latents: int, precision: str) -> int:
    """The most one block keeps at once in inference: the tokens, and the MLP's hidden layer beside them."""
    tokens = num_latents * config.tokens_per_latent
    return int(tokens * config.width * (1 + config.mlp_ratio)) * BYTES[precision]


def _flops(config: DiTConfig, num_latents: int, tokens: int, attended: int, text_words: int) -> float:
    d, text = config.width, config.text_width
    patch = config.latent_channels * config.patch_size**2
    attention = 2 * tokens * (attended + text_words) * d  # queries with keys, weights with values
    block = _linear_products(config, tokens, text_words) + attention + num_latents * d * 6 * d
    state = len(config.state_fields) * config.frames_per_latent * 2 * OCTAVES
    side_h, side_w = (size // config.patch_size for size in (config.latent_height, config.latent_width))
    axes = sum(
        num_latents * side * waves * d for side, waves in zip((side_h, side_w), _axis_waves(config), strict=True)
    )
    outside = (
        2 * tokens * patch * d  # in and out
        + num_latents * (SIGMA_WAVES * d + d * d)
        + (num_latents * (state * 2 * d + 2 * d * d) if config.state_fields else 0)
        + axes
        + text * d
        + num_latents * d * 2 * d
    )
    return 2.0 * (config.depth * block + outside)


def _linear_products(config: DiTConfig, tokens: int, text_words: int) -> float:
    """Multiplications of one block's linear layers but its modulation."""
    d = config.width
    per_token = 3 * d * d + d * d + 2 * d * d + 2 * d * int(d * config.mlp_ratio)  # qkv, out, cross q and out, MLP
    return tokens * per_token + text_words * config.text_width * 2 * d  # the prompt's keys and values


def _axis_waves(config: DiTConfig) -> tuple[int, int]:
    """Waves per row and per column of the places as seen from what moves; 0 where nothing moves along an axis."""
    counts = [len(movements(config.state_fields, up=up, down=down)) for up, down in (("up", "down"), ("left", "right"))]
    rows, columns = (count * config.frames_per_latent * 2 * OCTAVES for count in counts)
    return rows, columns


def _linear(inputs: int, outputs: int) -> int:
    """Weights and biases; a layer without inputs is none."""
    return inputs * outputs + outputs if inputs else 0
