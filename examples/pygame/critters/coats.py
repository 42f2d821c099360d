"""Coats: what colour a critter is. The first of each critter is the classic one and changes nothing.

A coat is a recolouring of the zoo's drawings. Patches are drawn only by a coat that colours them.
"""

from collections.abc import Mapping
from typing import TypeAlias

from .shapes import Colour

WHITE, SNOW, SHADOW = (255, 255, 255), (255, 246, 230), (206, 188, 178)
PINK, ROSE, BLUSH, HOOF = (255, 160, 186), (242, 106, 146), (224, 116, 150), (150, 70, 92)
GREY, SLATE, ASH = (158, 154, 160), (84, 78, 92), (118, 113, 124)
ORANGE, RUST, COAL = (246, 106, 26), (200, 74, 18), (78, 56, 64)
GREEN, MOSS, LIME, LEMON = (88, 196, 58), (52, 146, 48), (206, 238, 128), (206, 250, 84)
YELLOW, AMBER, BILL, BRONZE = (255, 218, 44), (240, 172, 20), (255, 128, 16), (206, 92, 10)
NAVY, DUSK = (58, 66, 100), (42, 48, 78)
STEEL, IRON, SILVER, VISOR = (96, 142, 196), (60, 88, 134), (178, 208, 236), (24, 34, 62)
CYAN, RED = (70, 246, 255), (244, 48, 52)
PATCH: Colour = (0, 0, 1)  # stands in drawings for the colour of a patch, which most coats have not

Coat: TypeAlias = Mapping[Colour, Colour]

_BLACK, _DARK = (62, 58, 72), (44, 40, 52)
_BROWN, _UMBER = (150, 98, 62), (112, 72, 46)
_CLOUD, _MIST = (250, 248, 244), (206, 204, 210)

COATS: Mapping[str, Mapping[str, Coat]] = {
    "pig": {
        "pink": {},
        "black": {PINK: _BLACK, BLUSH: _DARK, ROSE: (150, 96, 112), HOOF: (34, 28, 36)},
        "white": {PINK: _CLOUD, BLUSH: _MIST, ROSE: (250, 176, 190)},
        "brown": {PINK: _BROWN, BLUSH: _UMBER, ROSE: (196, 140, 108), HOOF: (74, 46, 34)},
        "spotted": {PATCH: (74, 62, 76)},
    },
    "cat": {
        "grey": {},
        "black": {GREY: _BLACK, SLATE: _BLACK, ASH: _DARK, WHITE: WHITE},
        "ginger": {GREY: (246, 150, 58), SLATE: (210, 104, 30), ASH: (214, 122, 40)},
        "white": {GREY: _CLOUD, SLATE: _CLOUD, ASH: _MIST, LEMON: (120, 200, 250)},
        "brown": {GREY: _BROWN, SLATE: _UMBER, ASH: _UMBER},
    },
    "fox": {
        "red": {},
        "white": {ORANGE: _CLOUD, RUST: _MIST, COAL: (120, 112, 124)},
        "grey": {ORANGE: (146, 148, 158), RUST: (112, 114, 124)},
        "black": {ORANGE: _BLACK, RUST: _DARK, COAL: (34, 28, 36)},
        "brown": {ORANGE: _BROWN, RUST: _UMBER, COAL: (70, 44, 32)},
    },
    "rabbit": {
        "white": {},
        "brown": {SNOW: (172, 120, 78), SHADOW: (132, 90, 58)},
        "grey": {SNOW: (152, 152, 164), SHADOW: (116, 116, 128)},
        "black": {SNOW: _BLACK, SHADOW: _DARK},
        "spotted": {PATCH: (92, 70, 62)},
    },
    "frog": {
        "green": {},
        "blue": {GREEN: (58, 136, 240), MOSS: (32, 92, 186), LIME: (190, 226, 255)},
        "red": {GREEN: (236, 72, 62), MOSS: (180, 40, 44), LIME: (255, 206, 168)},
        "yellow": {GREEN: (250, 206, 46), MOSS: (206, 154, 20), LIME: (255, 244, 190)},
        "brown": {GREEN: (156, 108, 66), MOSS: (114, 76, 44), LIME: (226, 200, 158)},
    },
    "duck": {
        "yellow": {},
        "white": {YELLOW: _CLOUD, AMBER: _MIST},
        "brown": {YELLOW: (164, 112, 70), AMBER: (122, 80, 48)},
        "black": {YELLOW: _BLACK, AMBER: _DARK},
        "green": {YELLOW: (72, 178, 120), AMBER: (42, 130, 88)},
    },
    "penguin": {
        "blue": {},
        "grey": {NAVY: (146, 150, 162), DUSK: (112, 116, 128)},
        "brown": {NAVY: (140, 92, 62), DUSK: (106, 68, 44)},
        "pink": {NAVY: (246, 132, 172), DUSK: (216, 96, 140)},
        "green": {NAVY: (64, 158, 104), DUSK: (40, 118, 76)},
    },
    "robot": {
        "blue": {},
        "red": {STEEL: (222, 70, 62), IRON: (156, 42, 46), SILVER: (250, 186, 172), RED: (255, 210, 60)},
        "green": {STEEL: (76, 176, 92), IRON: (44, 122, 66), SILVER: (186, 236, 186)},
        "yellow": {STEEL: (248, 200, 52), IRON: (190, 138, 24), SILVER: (255, 238, 170)},
        "white": {STEEL: (238, 240, 246), IRON: (168, 174, 190), SILVER: WHITE},
        "black": {STEEL: (74, 72, 86), IRON: (48, 46, 58), SILVER: (140, 140, 156)},
    },
}


def classic_coat(critter: str) -> str:
    """The coat of layout 0."""
    return next(iter(COATS[critter]))
