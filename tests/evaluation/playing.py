"""What samplers are asked with in tests: states one can read, and a count of what they keep."""

import gc

import torch
from torch import Tensor

from engine_service.evaluation.stage import Conditioning, LatentSampler
from engine_service.runtime.prompts import EncodedPrompt
from tests.fakes import tiny_runtime

RUNTIME = tiny_runtime()
PROMPT = RUNTIME.prompts.encode(RUNTIME.prompts.tokens("a pig in the snow"))


def places(first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
    """A `Conditioning` that answers with the question: a latent's state is its place after the next one to leave."""
    values = torch.arange(first, first + count, dtype=torch.float32)
    return values.view(1, count, 1, 1).expand(1, count, 2, 2), PROMPT


def still(first: int, count: int) -> tuple[Tensor, EncodedPrompt]:
    """A `Conditioning` in which nothing moves."""
    return torch.tensor([64.0, 0.5]).expand(1, count, 2, 2), PROMPT


def played(sampler: LatentSampler, num_chunks: int, conditioning: Conditioning = still) -> Tensor:
    """Some chunks in one piece, `(F, C, H, W)`."""
    return torch.cat([sampler.next_chunk(conditioning) for _ in range(num_chunks)])


def num_tensors() -> int:
    """How many tensors this process holds."""
    gc.collect()
    return sum(type(thing) is Tensor for thing in gc.get_objects())
