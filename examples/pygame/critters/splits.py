"""What training never sees: a tenth of all scenes, no word and no pair of words among them, and most layouts."""

from functools import cache

from .scene import CRITTERS, LANDSCAPES, TIMES, WEATHERS, Scene, all_scenes

SPLITS = ("train", "held-out")
# Seeds of layouts, by what they are for; 0 is the classic one and everybody's.
LAYOUTS = {"train": range(1, 1_000_000), "validation": range(1_000_000, 2_000_000), "test": range(2_000_000, 3_000_000)}


def is_held_out(scene: Scene) -> bool:
    """Each critter misses each landscape under one of the nine skies, every tenth such pair under none.

    48 pairs of critter and landscape, 5 of them complete: 43 of 432 scenes are held out.
    """
    critter, landscape = CRITTERS.index(scene.critter), LANDSCAPES.index(scene.landscape)
    if (critter * len(LANDSCAPES) + landscape) % 10 == 0:
        return False
    sky = TIMES.index(scene.time) * len(WEATHERS) + WEATHERS.index(scene.weather)
    return sky == (2 * critter + 5 * landscape) % (len(TIMES) * len(WEATHERS))


@cache
def held_out() -> tuple[Scene, ...]:
    """The scenes only evaluation sees."""
    return tuple(scene for scene in all_scenes() if is_held_out(scene))


@cache
def training() -> tuple[Scene, ...]:
    """The scenes training sees."""
    return tuple(scene for scene in all_scenes() if not is_held_out(scene))


def scenes_of(split: str) -> tuple[Scene, ...]:
    """The scenes of the split named `train` or `held-out`."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
    return training() if split == "train" else held_out()
