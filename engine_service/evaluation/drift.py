"""Whether a stream is in its last minute what it was in its first.

Drift is told by the start-end contrast (FramePack, arXiv 2504.12626): a metric's mean over the first 15 % of the frames
against the last 15 %. Play changes too, so what is played is a loop of nine seconds: the first and the last 15 % of one
minute (9 s) and of five minutes (45 s) hold whole loops, the same play each, and any contrast is drift.
"""

import numpy as np
from numpy.typing import NDArray

from engine_service.evaluation.stage import Script

LOOP_S = 9.0
END_SHARE = 0.15


def looped(script: Script, fps: float, seconds: float) -> tuple[Script, NDArray[np.int64]]:
    """The script's first nine seconds over and over, and for each frame which one of the script it is, `(T,)`.

    Raises:
        ValueError: the script is shorter.
    """
    length = round(LOOP_S * fps)
    if len(script.states) < length:
        raise ValueError(f"script has {len(script.states)} frames, a loop of {LOOP_S:g} s needs {length}")
    frames = np.arange(round(seconds * fps)) % length
    return Script(f"{script.name} looped", tuple(script.prompts[i] for i in frames), script.states[frames]), frames


def contrast_pct(series: NDArray[np.float64], whole: float | None = None) -> float:
    """How far the last 15 % of a metric are from its first, in percent of `whole`, or of the first.

    Of accuracies the whole is 1: what was right in one frame of a hundred and is in none has not changed by 100 %.

    Raises:
        ValueError: the first are 0 and no whole is given, or there are too few values.
    """
    share = round(len(series) * END_SHARE)
    if share == 0:
        raise ValueError(f"{len(series)} values, {END_SHARE:.0%} of them are none")
    first, last = float(np.mean(series[:share])), float(np.mean(series[-share:]))
    unit = first if whole is None else whole
    if unit == 0:
        raise ValueError("the metric begins at 0, a contrast in percent needs a whole")
    return 100 * abs(last - first) / abs(unit)


def slope_per_minute(series: NDArray[np.float64], fps: float) -> float:
    """Least-squares trend of a metric, in its own units a minute."""
    minutes = np.arange(len(series)) / fps / 60
    return float(np.polyfit(minutes, series, 1)[0])
