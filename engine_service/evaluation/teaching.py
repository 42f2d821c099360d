"""How evaluation's own small networks are taught; the world never meets them."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from engine_service.training.precision import has_native_bfloat16
from engine_service.training.run import build_optimizers, learning_rate_factor
from streamdit.progress import track

LEARNING_RATE = 2e-3


def teach(
    network: nn.Module,
    loss_of: Callable[[np.random.Generator], Tensor],
    *,
    num_steps: int,
    title: str,
    seed: int,
) -> None:
    """Muon over `num_steps` losses, each from its own generator's batch, in bfloat16 where the processor has it."""
    rng = np.random.default_rng(seed)
    optimizers = build_optimizers(network, "muon", LEARNING_RATE, 0.0)
    for step in track(range(num_steps), title):
        rate = LEARNING_RATE * learning_rate_factor(step, num_steps, 30, 0.6)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16, enabled=has_native_bfloat16("cpu")):
            loss = loss_of(rng)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
