"""Captions name any part of what there is to name: all, one thing, or nothing."""

import random

from .scene import BARS, DOTS, SKIES, Scene

_LINKS = (", ", " and ", ", ")


def caption(scene: Scene, rng: random.Random, *, surely: frozenset[str] = frozenset()) -> str:
    """A sentence, or what looks like one, that names some of the scene; `surely` (dot, bars, sky) in any case."""
    names = {name for name in ("dot", "bars", "sky") if rng.random() < _share(rng)} | surely
    parts = []
    if "dot" in names:
        parts.append(rng.choice((f"a {scene.dot} dot", f"{scene.dot} dot", f"a {scene.dot} ball")))
    if "bars" in names:
        parts.append(rng.choice((f"{scene.bars} bars", f"{scene.bars} bars", f"{scene.bars} towers")))
    rng.shuffle(parts)
    text = rng.choice(_LINKS).join(parts)
    if "sky" in names:
        text = f"{text} {_time(scene.sky, rng)}".strip()
    return text


def names_of(text: str) -> dict[str, str]:
    """What a caption of this module names."""
    words = text.replace(",", " ").split()
    values = {"dot": DOTS, "bars": BARS, "sky": SKIES}
    return {name: word for name, known in values.items() for word in words if word in known}


def _share(rng: random.Random) -> float:
    """How likely a thing is named."""
    return rng.choice((0.3, 0.6, 1.0))


def _time(sky: str, rng: random.Random) -> str:
    return {
        "day": rng.choice(("by day", "in the day")),
        "dusk": rng.choice(("at dusk", "in the dusk")),
        "night": rng.choice(("at night", "in the night")),
    }[sky]
