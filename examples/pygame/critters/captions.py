"""Scenes as sentences and back: many ways to say one scene.

A caption that names no time means day, one that names no weather means clear.
"""

import random

from .lexicon import (
    CRITTER_NAMES,
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

# {fur} pig · {a} a little pig · {to} through a forest · {in} in the forest · {in_sky} in a snowy forest
# {sky} snowy forest · {when} at night · {while} while it snows · {place} {time} {weather} forest night snow
TEMPLATES = (
    "{a} {goes} {to_sky} {when}",
    "{a} {goes} {to} {when} {while}",
    "{a} {goes} {to} {while}, {time}",
    "{a} {goes} {while} {to}, {time}",
    "{a} {in_sky} {when}",
    "{a} {in} {when} {while}",
    "{fur} {in} {when}, {weather}",
    "{time}, {place}, {weather}, {a}",
    "{fur}, {place}, {time}, {weather}",
    "{place}, {weather}, {time}, {fur}",
    "{sky} {when} with {a}",
    "{sky}, {time}, {fur}",
    "{when}, {a} {goes} {to} {while}",
    "{when} {in_sky}, {a}",
    "{bright} {time}, {a} {goes} {to}",
    "there is {a} {in} {when}, {weather}",
    "{weather} and {a} {in} {when}",
)
# What goes without saying: the weather when it is clear, the time when it is day, both on a clear day.
CLEAR_TEMPLATES = ("{a} {goes} {to} {when}", "{a} {in} {when}", "{when}, {a} {goes} {to}", "{fur}, {place}, {time}")
DAY_TEMPLATES = ("{a} {goes} {to} {while}", "{a} {in} {while}", "{weather} and {a} {in}", "{fur}, {place}, {weather}")
CLEAR_DAY_TEMPLATES = ("{a} {goes} {to}", "{a} {in}", "{a} {goes} {in}", "there is {a} {in}", "{place} with {a}")
# Never used for training; their words and pieces are those of the training templates.
HELD_OUT_TEMPLATES = (
    "{while}, {a} {goes} {to} {when}",
    "{weather}, {time}, {fur}, {place}",
    "{a} {when} {in_sky}",
    "{in} {when} there is {a}, {weather}",
    "{fur} with {weather}, {time} {in}",
)


def caption(scene: Scene, rng: random.Random, *, held_out: bool = False) -> str:
    """A sentence that says the scene; held out: with a template and a pair of nouns training never uses."""
    names, places = CRITTER_NAMES[scene.critter], PLACES[scene.landscape]
    pairs = [(name, place) for name in range(len(names)) for place in range(len(places))]
    name, place = rng.choice([pair for pair in pairs if _is_reserved(*pair) == held_out])
    return _sentence(
        scene, rng.choice(HELD_OUT_TEMPLATES if held_out else _templates(scene)), names[name], places[place], rng
    )


def canonical(scene: Scene) -> str:
    """The simplest sentence that says the scene: `a pig in a forest at night in the rain`."""
    time, weather = TIME_WORDS[scene.time].phrases[0], WEATHER_WORDS[scene.weather].phrases[0]
    place = PLACES[scene.landscape][0]
    return f"{_with_article(scene.critter)} {place.at} {_one(place)} {time} {weather}"


def parse(text: str) -> Scene:
    """The scene a sentence says, whatever the order of its words.

    Raises ValueError naming the unknown words, the words that contradict each other, or what is missing.
    """
    words = text.lower().replace(",", " ").split()
    unknown = [word for word in words if word not in MEANINGS]
    if unknown:
        raise ValueError(f"unknown words: {', '.join(unknown)}")
    said: dict[str, str] = {}
    for word in words:
        for slot, value in MEANINGS[word]:
            if said.setdefault(slot, value) != value:
                raise ValueError(f"{word!r} says {slot} {value}, but another word says {said[slot]}")
    for slot in ("critter", "landscape"):
        if slot not in said:
            raise ValueError(f"no {slot} in {text!r}")
    return Scene(said["critter"], said["landscape"], said.get("time", "day"), said.get("weather", "clear"))


def vocabulary() -> tuple[str, ...]:
    """Every word a caption can hold, sorted."""
    return tuple(sorted(MEANINGS))


def _templates(scene: Scene) -> tuple[str, ...]:
    """The ways to say this scene: all that say it fully, and those that leave out what goes without saying."""
    short: tuple[str, ...] = ()
    if scene.weather == "clear":
        short += CLEAR_TEMPLATES
    if scene.time == "day":
        short += DAY_TEMPLATES
    if scene.weather == "clear" and scene.time == "day":
        short += CLEAR_DAY_TEMPLATES
    return TEMPLATES + short


def _is_reserved(name: int, place: int) -> bool:
    """Whether this pair of a critter's name and a landscape's name, by their rank, is kept for evaluation."""
    return name + place in (2, 5)


def _sentence(scene: Scene, template: str, name: str, place: Place, rng: random.Random) -> str:
    time, weather = TIME_WORDS[scene.time], WEATHER_WORDS[scene.weather]
    sunny = scene.time == "day" and scene.weather == "clear"
    bright = rng.choice(SUNNY if sunny and rng.random() < 0.6 else weather.adjectives)
    # A place can be sunny, rainy or snowy, but not fair: what is clear and not day goes without saying.
    under = bright if scene.weather != "clear" or bright in SUNNY else ""
    fur = f"{rng.choice(SIZES)} {name}" if rng.random() < 0.3 else name
    sky = f"{under} {place.name}".strip()
    pieces = {
        "fur": fur,
        "a": _with_article(fur),
        "goes": rng.choice(VERBS),
        "to": f"{place.along} {_one(place, rng)}",
        "to_sky": f"{place.along} {_one(place, rng, under)}",
        "in": f"{place.at} {_one(place, rng)}",
        "in_sky": f"{place.at} {_one(place, rng, under)}",
        "sky": sky,
        "bright": bright,
        "place": place.name,
        "when": rng.choice(time.phrases),
        "while": rng.choice(weather.phrases),
        "time": rng.choice(time.nouns),
        "weather": rng.choice(weather.nouns),
    }
    return template.format(**pieces)


def _one(place: Place, rng: random.Random | None = None, adjective: str = "") -> str:
    """The place with its article: `a snowy forest`, `the woods`."""
    noun = f"{adjective} {place.name}".strip()
    definite = place.plural if rng is None else rng.random() < 0.5
    if definite:
        return f"the {noun}"
    return noun if place.plural else _with_article(noun)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
