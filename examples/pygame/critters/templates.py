"""The sentences that captions are made of, and what each of them names.

    {fur} little black pig · {a} a pig · {to} through a forest · {in} in the forest · {one} a forest · {place} forest
    {in_sky} {to_sky} {one_sky} in, through, - a snowy forest · {bright} snowy · {when} at night · {time} night
    {while} while it snows · {weather} snow · {in_sunny} {to_sunny} {one_sunny} - a sunny meadow · {mark} a barn
    {by} by a barn · {with} with a barn · {listed} , a barn: these three may be empty, if no landmark is named
"""

import re
from functools import cache

_NAMES = {
    **dict.fromkeys(("fur", "a"), ("critter",)),
    **dict.fromkeys(("to", "in", "one", "place"), ("landscape",)),
    **dict.fromkeys(("in_sky", "to_sky", "one_sky"), ("landscape", "weather")),
    **dict.fromkeys(("when", "time"), ("time",)),
    **dict.fromkeys(("while", "weather", "bright"), ("weather",)),
    **dict.fromkeys(("in_sunny", "to_sunny", "one_sunny"), ("landscape", "time", "weather")),
    "sunny": ("time", "weather"),
    "mark": ("landmark",),
    "goes": (),
}
_MAY_BE_EMPTY = {"by": ("landmark",), "with": ("landmark",), "listed": ("landmark",)}

TEMPLATES = (
    # all four
    "{a} {goes} {to_sky}{by} {when}",
    "{a} {goes} {to}{by} {when} {while}",
    "{a} {goes} {to} {while}{by}, {time}",
    "{a} {goes} {while} {to}{by}, {time}",
    "{a} {in_sky}{by} {when}",
    "{a} {in}{by} {when} {while}",
    "{fur}{by} {in} {when}, {weather}",
    "{time}, {place}, {weather}, {a}{listed}",
    "{fur}, {place}, {time}, {weather}{listed}",
    "{place}, {weather}, {time}{listed}, {fur}",
    "{one_sky} {when} with {a}{by}",
    "{one_sky}, {time}, {fur}{listed}",
    "{when}, {a} {goes} {to}{by} {while}",
    "{when} {in_sky}, {a}{by}",
    "{bright} {time}, {a} {goes} {to}{by}",
    "there is {a} {in}{by} {when}, {weather}",
    "{weather} and {a} {in}{by} {when}",
    "{a} {goes} {to_sunny}{by}",
    "{a} {in_sunny}{by}",
    "{one_sunny} with {a}{by}",
    # three
    "{a} {goes} {to}{by} {when}",
    "{a} {in}{by} {when}",
    "{when}, {a} {goes} {to}{by}",
    "{fur}, {place}, {time}{listed}",
    "{a} {goes} {to}{by} {while}",
    "{a} {in}{by} {while}",
    "{weather} and {a} {in}{by}",
    "{fur}, {place}, {weather}{listed}",
    "{a} {in_sky}{by}",
    "{a} {goes} {to_sky}{by}",
    "{a} {goes}{by} {when} {while}",
    "{a}{by} {when} {while}",
    "{fur}, {time}, {weather}{listed}",
    "{bright} {time}, {a} {goes}{by}",
    "{a} {goes} on a {sunny} day{by}",
    "{in} {when} {while}{by}",
    "{one}{with} {when} {while}",
    "{place}, {time}, {weather}{listed}",
    "{one_sky}{with} {when}",
    "{bright} {time} {in}{by}",
    "{one_sunny}{with}",
    # two
    "{a} {in}{by}",
    "{a} {goes} {to}{by}",
    "there is {a} {in}{by}",
    "{one}{with}, {a}",
    "{fur}, {place}{listed}",
    "{a}{by} {when}",
    "{a} {goes}{by} {when}",
    "{when}, {a} {goes}{by}",
    "{fur}, {time}{listed}",
    "{a}{by} {while}",
    "{a} {goes}{by} {while}",
    "{weather} and {a}{by}",
    "{fur}, {weather}{listed}",
    "{in} {when}{by}",
    "{one}{with} {when}",
    "{place}, {time}{listed}",
    "{in} {while}{by}",
    "{one}{with} {while}",
    "{one_sky}{with}",
    "{place}, {weather}{listed}",
    "{when} {while}{by}",
    "{time}, {weather}{listed}",
    "{bright} {time}{listed}",
    # one
    "{a}{by}",
    "{fur}{listed}",
    "{a} {goes}{by}",
    "there is {a}{by}",
    "{one}{with}",
    "{in}{by}",
    "{place}{listed}",
    "{when}{by}",
    "{time}{listed}",
    "it is {time}{by}",
    "{while}{by}",
    "{weather}{listed}",
    "{bright} weather{listed}",
    "{mark}",
    "there is {mark}",
)
# Never used for training; their words and pieces are those of the training templates.
HELD_OUT_TEMPLATES = (
    "{while}, {a} {goes} {to}{by} {when}",
    "{weather}, {time}, {fur}, {place}{listed}",
    "{a} {when} {in_sky}{by}",
    "{in} {when} there is {a}{by}, {weather}",
    "{fur} with {weather}, {time} {in}{by}",
    "{in}, {when}, {a}{by}",
    "{while} {in}, {a}{by}",
    "{while} {when}, {fur}{by}",
    "{while}, {in} {when}{by}",
    "{in} there is {a}{by}",
    "{when} there is {a}{by}",
    "{while}, {a}{by}",
    "{when}, {one}{with}",
    "{while} {in}{by}",
    "there is {one}{with}",
    "{while}, {when}{by}",
    "{a} is there{by}",
)
# Pieces that only a clear day has, and pieces that a clear sky has not: a place can be snowy, but not fair.
SUNNY_PIECES = frozenset(("in_sunny", "to_sunny", "one_sunny", "sunny"))
SKY_PIECES = frozenset(("in_sky", "to_sky", "one_sky"))


@cache
def pieces(template: str) -> frozenset[str]:
    """The pieces a sentence is made of."""
    return frozenset(re.findall(r"{(\w+)}", template))


@cache
def says(template: str, names: frozenset[str], *, clear: bool, day: bool) -> bool:
    """Whether the sentence names exactly this, in such weather at such a time; a coat goes with its critter."""
    used = pieces(template)
    if (used & SKY_PIECES and clear) or (used & SUNNY_PIECES and not (clear and day)):
        return False
    surely = {name for piece in used for name in _NAMES.get(piece, ())}
    perhaps = {name for piece in used for name in _MAY_BE_EMPTY.get(piece, ())}
    return surely <= names - {"coat"} <= surely | perhaps


@cache
def fitting(names: frozenset[str], *, clear: bool, day: bool, held_out: bool) -> tuple[str, ...]:
    """The sentences that name exactly this; of the held-out ones if there are any."""
    for templates in (HELD_OUT_TEMPLATES, TEMPLATES)[0 if held_out else 1 :]:
        if found := tuple(each for each in templates if says(each, names, clear=clear, day=day)):
            return found
    raise ValueError(f"no sentence names {', '.join(sorted(names))} and nothing else")
