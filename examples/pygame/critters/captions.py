"""Scenes as sentences and back: many ways to say a scene, or a part of it. What a caption leaves unsaid is open."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .lexicon import (
    BESIDE,
    COAT_WORDS,
    CRITTER_NAMES,
    LANDMARK_WORDS,
    MEANINGS,
    PLACES,
    SIZES,
    SUNNY,
    TIME_WORDS,
    VERBS,
    WEATHER_WORDS,
    Place,
)
from .scene import Scene
from .templates import fitting

LABELS = ("critter", "landscape", "time", "weather")
ALL_FOUR = frozenset(LABELS)
SLOTS = (*LABELS, "coat", "landmark")

_ONE = {"critter": 50, "landscape": 22, "time": 9, "weather": 9, "landmark": 10}  # what is named alone, how often
_SHARES = {"nothing": 5, "one": 35, "some": 35, "all": 25}
_LONE = ("tree", "apple tree", "poplar", "fir", "birch", "palm", "cactus", "house", "lamp")
_PHRASES = {phrase: kind for kind, phrases in LANDMARK_WORDS.items() for phrase in phrases}
_LANDMARK = re.compile(r"\b(" + "|".join(sorted(_PHRASES, key=len, reverse=True)) + r")\b")


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence and what it names: the value of each of SLOTS that it says, nothing for what it leaves open."""

    text: str
    names: Mapping[str, str] = field(default_factory=dict)


def caption(
    scene: Scene,
    rng: random.Random,
    *,
    names: frozenset[str] = ALL_FOUR,
    coat: str = "",
    landmark: str = "",
    lone: bool = False,
    held_out: bool = False,
) -> Caption:
    """A sentence that says just what `names` asks for, some of SLOTS; nothing at all is said by "".

    Args:
        coat, landmark: what there is to name beside the scene; needed where `names` asks for them.
        lone: the landmark is the only one of its kind.
        held_out: with a template and, if both are named, a pair of nouns that training never uses.

    Raises:
        ValueError: `names` asks for a coat without a critter, or for something that is not given.
    """
    given = {"critter": scene.critter, "landscape": scene.landscape, "time": scene.time, "weather": scene.weather}
    given |= {"coat": coat} if coat else {}
    given |= {"landmark": landmark} if landmark else {}
    if not names <= given.keys() or ("coat" in names and "critter" not in names):
        raise ValueError(f"a caption is to name {', '.join(sorted(names))} of {', '.join(given)}")
    if not names:
        return Caption("")
    template = rng.choice(
        fitting(names, clear=scene.weather == "clear", day=scene.time == "day", held_out=held_out),
    )
    said = {slot: given[slot] for slot in SLOTS if slot in names}
    return Caption(_sentence(template, scene, said, rng, lone=lone, held_out=held_out), said)


def draw_names(rng: random.Random, *, landmark: bool) -> frozenset[str]:
    """What a caption is to name: often one thing, often all four labels, sometimes nothing."""
    (share,) = rng.choices(list(_SHARES), list(_SHARES.values()))
    if share == "nothing":
        return frozenset()
    if share == "one":
        choices = {name: often for name, often in _ONE.items() if landmark or name != "landmark"}
        return frozenset(rng.choices(list(choices), list(choices.values())))
    if share == "all":
        coat = {"coat"} if rng.random() < 0.3 else set()
        return ALL_FOUR | coat | ({"landmark"} if landmark and rng.random() < 0.2 else set())
    others = ["landscape", "time", "weather", *(["landmark"] if landmark else [])]
    if rng.random() < 0.8:
        return frozenset(["critter", *rng.sample(["coat", *others], rng.randint(1, 2))])
    return frozenset(rng.sample(others, rng.randint(2, 3)))


def canonical(scene: Scene) -> str:
    """The simplest sentence that says the scene: `a pig in a forest at night in the rain`."""
    time, weather = TIME_WORDS[scene.time].phrases[0], WEATHER_WORDS[scene.weather].phrases[0]
    place = PLACES[scene.landscape][0]
    return f"{_with_article(scene.critter)} {place.at} {_one(place)} {time} {weather}"


def read(text: str) -> dict[str, str]:
    """What a sentence names, whatever the order of its words; slots it leaves open are absent.

    Raises ValueError naming the unknown words, or the words that contradict each other.
    """
    words = text.lower().replace(",", " ").split()
    unknown = [word for word in words if word not in MEANINGS]
    if unknown:
        raise ValueError(f"unknown words: {', '.join(unknown)}")
    said: dict[str, str] = {}
    for word in words:
        for slot, value in MEANINGS[word]:
            if said.setdefault(slot, value) != value and slot != "coat":
                raise ValueError(f"{word!r} says {slot} {value}, but another word says {said[slot]}")
    if found := _LANDMARK.search(" ".join(words)):
        said["landmark"] = _PHRASES[found[1]]
    return said


def parse(text: str) -> Scene:
    """The scene of the classic picture for a sentence: what it leaves open is day, and clear.

    Raises ValueError as `read` does, and if there is no critter or no landscape.
    """
    said = read(text)
    for slot in ("critter", "landscape"):
        if slot not in said:
            raise ValueError(f"no {slot} in {text!r}")
    return Scene(said["critter"], said["landscape"], said.get("time", "day"), said.get("weather", "clear"))


def vocabulary() -> tuple[str, ...]:
    """Every word a caption can hold, sorted."""
    return tuple(sorted(MEANINGS))


def _nouns(scene: Scene, said: Mapping[str, str], rng: random.Random, *, held_out: bool) -> tuple[str, Place]:
    """A name of the critter and one of the landscape; a pair kept for evaluation only where both are named."""
    names, places = CRITTER_NAMES[scene.critter], PLACES[scene.landscape]
    pairs = [(name, place) for name in range(len(names)) for place in range(len(places))]
    if "critter" in said and "landscape" in said:
        pairs = [pair for pair in pairs if _is_reserved(*pair) == held_out]
    name, place = rng.choice(pairs)
    return names[name], places[place]


def _is_reserved(name: int, place: int) -> bool:
    """Whether this pair of a critter's name and a landscape's name, by their rank, is kept for evaluation."""
    return name + place in (2, 5)


def _sentence(
    template: str, scene: Scene, said: Mapping[str, str], rng: random.Random, *, lone: bool, held_out: bool
) -> str:
    name, place = _nouns(scene, said, rng, held_out=held_out)
    time, weather = TIME_WORDS[scene.time], WEATHER_WORDS[scene.weather]
    sunny_day = scene.time == "day" and scene.weather == "clear" and {"time", "weather"} <= said.keys()
    sunny = rng.choice(SUNNY)
    bright = sunny if sunny_day and rng.random() < 0.6 else rng.choice(weather.adjectives)
    adjectives = [rng.choice(SIZES)] if rng.random() < 0.3 else []
    if "coat" in said:
        adjectives.append(_coat(scene, said["coat"], rng))
    fur = " ".join([*adjectives, name])
    mark = _landmark(said.get("landmark", ""), lone, rng)
    pieces = {
        "fur": fur,
        "a": _with_article(fur),
        "goes": rng.choice(VERBS),
        "one": _one(place, rng),
        "bright": bright,
        "sunny": sunny,
        "place": place.name,
        "when": rng.choice(time.phrases),
        "while": rng.choice(weather.phrases),
        "time": rng.choice(time.nouns),
        "weather": rng.choice(weather.nouns),
        "mark": mark,
        "by": f" {rng.choice(BESIDE)} {mark}" if mark else "",
        "with": f" with {mark}" if mark else "",
        "listed": f", {mark}" if mark else "",
    }
    for ending, adjective in (("", ""), ("_sky", bright), ("_sunny", sunny)):
        pieces[f"one{ending}"] = _one(place, rng, adjective)
        pieces[f"in{ending}"] = f"{place.at} {_one(place, rng, adjective)}"
        pieces[f"to{ending}"] = f"{place.along} {_one(place, rng, adjective)}"
    return template.format(**pieces)


def _coat(scene: Scene, coat: str, rng: random.Random) -> str:
    ways: Sequence[str] = COAT_WORDS.get(coat, (coat,)) if scene.critter == "cat" else (coat,)
    return rng.choice(ways)


def _landmark(kind: str, lone: bool, rng: random.Random) -> str:
    """`a barn`, `a lone tree`; nothing if none is named."""
    if not kind:
        return ""
    noun = rng.choice(LANDMARK_WORDS[kind])
    return _with_article(f"lone {noun}" if lone and kind in _LONE and rng.random() < 0.5 else noun)


def _one(place: Place, rng: random.Random | None = None, adjective: str = "") -> str:
    """The place with its article: `a snowy forest`, `the woods`."""
    noun = f"{adjective} {place.name}".strip()
    definite = place.plural if rng is None else rng.random() < 0.5
    if definite:
        return f"the {noun}"
    return noun if place.plural else _with_article(noun)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
