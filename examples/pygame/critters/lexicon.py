"""The words of captions: how the scene's words may be said. The first way of saying is the simplest."""

from dataclasses import dataclass
from typing import NamedTuple

from .coats import COATS

CRITTER_NAMES = {
    "pig": ("pig", "piglet", "hog", "swine"),
    "cat": ("cat", "kitten", "kitty", "tomcat"),
    "fox": ("fox", "vixen", "fox cub"),
    "rabbit": ("rabbit", "bunny", "hare"),
    "frog": ("frog", "toad", "bullfrog"),
    "duck": ("duck", "duckling", "mallard"),
    "penguin": ("penguin", "emperor penguin", "king penguin"),
    "robot": ("robot", "android", "droid", "automaton"),
}


class Place(NamedTuple):
    """A landscape's name with the words that lead into it; a plural has no article of its own."""

    name: str
    at: str = "in"
    along: str = "through"
    plural: bool = False


PLACES = {
    "meadow": (Place("meadow"), Place("grassland"), Place("field", along="across"), Place("pasture")),
    "desert": (Place("desert"), Place("wasteland"), Place("badlands", plural=True)),
    "beach": tuple(Place(name, "on", "along") for name in ("beach", "shore", "seashore", "coast")),
    "forest": (Place("forest"), Place("woodland"), Place("woods", plural=True)),
    "mountains": tuple(Place(name, plural=True) for name in ("mountains", "highlands", "hills")),
    "city": (Place("city"), Place("town"), Place("metropolis")),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """The ways to say one time of day or one weather, by place in the sentence."""

    nouns: tuple[str, ...]  # "night", "snow": between commas
    phrases: tuple[str, ...]  # "at night", "while it snows": after a verb or a place
    adjectives: tuple[str, ...] = ()  # "snowy": before a landscape or a time


TIME_WORDS = {
    "day": Manner(
        ("day", "daytime", "noon", "daylight"),
        ("by day", "during the day", "at noon", "in daylight", "at midday"),
    ),
    "sunset": Manner(
        ("sunset", "dusk", "evening", "twilight"), ("at sunset", "at dusk", "in the evening", "at twilight")
    ),
    "night": Manner(("night", "midnight", "nighttime"), ("at night", "at midnight", "after dark", "during the night")),
}
WEATHER_WORDS = {
    "clear": Manner(
        ("clear sky", "clear weather", "fair weather", "cloudless sky"),
        ("under a clear sky", "in clear weather", "in fair weather", "under a cloudless sky"),
        ("clear", "cloudless", "fair"),
    ),
    "rain": Manner(
        ("rain", "drizzle", "downpour", "rainfall"),
        (
            "in the rain",
            "while it rains",
            "while it is raining",
            "in a drizzle",
            "during a downpour",
            "in the falling rain",
        ),
        ("rainy", "drizzly", "rainswept"),
    ),
    "snow": Manner(
        ("snow", "snowfall", "snowflakes"),
        ("in the snow", "while it snows", "while it is snowing", "during a snowfall", "in the falling snow"),
        ("snowy", "wintry", "snowbound"),
    ),
}
SUNNY = ("sunny", "sunlit", "sunshiny")  # adjectives of a clear day: they say both time and weather

VERBS = ("walks", "strolls", "wanders", "roams", "goes")
SIZES = ("little", "small", "cute")

COAT_WORDS = {"grey": ("grey", "grey striped")}  # how a coat is said, where not by its own name
LANDMARK_WORDS = {
    "tree": ("tree",),
    "apple tree": ("apple tree",),
    "poplar": ("poplar",),
    "bush": ("bush",),
    "fir": ("fir", "fir tree"),
    "birch": ("birch",),
    "oak": ("hollow oak", "oak"),
    "toadstool": ("toadstool",),
    "stump": ("tree stump",),
    "palm": ("palm", "palm tree"),
    "cactus": ("cactus",),
    "pyramid": ("pyramid",),
    "arch": ("stone arch",),
    "mesa": ("mesa",),
    "boulder": ("boulder", "rock"),
    "crag": ("crag",),
    "barn": ("barn",),
    "windmill": ("windmill",),
    "haystack": ("haystack",),
    "fence": ("fence",),
    "tent": ("tent",),
    "parasol": ("parasol",),
    "lighthouse": ("lighthouse",),
    "hut": ("hut",),
    "sandcastle": ("sandcastle",),
    "cabin": ("cabin",),
    "signpost": ("signpost",),
    "house": ("house",),
    "tower": ("tower",),
    "church": ("church",),
    "lamp": ("street lamp",),
    "bench": ("bench",),
}
BESIDE = ("by", "near", "beside")

_ARTICLES = ("a", "an", "the")
_LITTLE = (
    "in",
    "on",
    "at",
    "under",
    "during",
    "while",
    "after",
    "by",
    "through",
    "across",
    "along",
    "with",
    "and",
)
_LANDMARK_WORDS = {word for phrases in LANDMARK_WORDS.values() for phrase in phrases for word in phrase.split()}
_NEUTRAL = (
    *_ARTICLES,
    *_LITTLE,
    *BESIDE,
    *_LANDMARK_WORDS,
    *("it", "is", "there", "sky", "weather", "falling", "lone", "striped"),
    *VERBS,
    *SIZES,
)


def _meanings() -> dict[str, tuple[tuple[str, str], ...]]:
    """What each word says: pairs of (slot, scene word); nothing for a neutral word."""
    said: dict[str, tuple[tuple[str, str], ...]] = dict.fromkeys(_NEUTRAL, ())

    def define(phrase: str, *meaning: tuple[str, str]) -> None:
        for word in phrase.split():
            if said.setdefault(word, meaning) not in ((), meaning):
                raise ValueError(f"the word {word!r} means both {said[word]} and {meaning}")

    for critter, names in CRITTER_NAMES.items():
        for name in names:
            define(name, ("critter", critter))
    for landscape, places in PLACES.items():
        for place in places:
            define(place.name, ("landscape", landscape))
    for slot, manners in (("time", TIME_WORDS), ("weather", WEATHER_WORDS)):
        for value, manner in manners.items():
            for phrase in (*manner.nouns, *manner.phrases, *manner.adjectives):
                define(phrase, (slot, value))
    for coat in {coat for coats in COATS.values() for coat in coats}:
        define(coat, ("coat", coat))
    for word in SUNNY:
        define(word, ("time", "day"), ("weather", "clear"))
    return said


MEANINGS = _meanings()
