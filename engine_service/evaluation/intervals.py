"""How sure a number is: bootstrap over recordings, since frames of one recording are alike."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.float64]], float]


def mean(values: NDArray[np.float64]) -> float:
    """The statistic of most columns."""
    return float(np.mean(values))


def confidence(
    groups: Sequence[NDArray[np.float64]],
    statistic: Statistic = mean,
    *,
    level: float = 0.95,
    num_draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of a statistic over all values, whole groups drawn with replacement.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("no groups to draw from")
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]))
        for _ in range(num_draws)
    ]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
