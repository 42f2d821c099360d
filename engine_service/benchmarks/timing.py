"""How long a call takes on a device, and how often it may be called to find out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

WARM_UP = 3  # calls: the first compiles, the second tunes, the third finds the clocks up


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one call, from asking for it until the device has done it."""

    median_ms: float
    p99_ms: float  # of few calls, the slowest
    num_calls: int


def time_calls(
    call: Callable[[], object], device: torch.device, *, most_s: float, most_calls: int, warm_up: int = WARM_UP
) -> Timing:
    """Call it until `most_calls` or `most_s` are reached, at least twice, after a warm-up that does not count.

    The warm-up is bounded by `most_s` too.
    """
    until_s = time.perf_counter() + most_s
    for _ in range(warm_up):
        call()
        finish(device)
        if time.perf_counter() > until_s:
            break
    times_s: list[float] = []
    while len(times_s) < 2 or (len(times_s) < most_calls and sum(times_s) < most_s):
        start_s = time.perf_counter()
        call()
        finish(device)
        times_s.append(time.perf_counter() - start_s)
    return Timing(float(np.median(times_s)) * 1e3, float(np.percentile(times_s, 99)) * 1e3, len(times_s))


def finish(device: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
