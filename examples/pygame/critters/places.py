"""The six places of layout 0, as they always were: a far layer and a near layer each."""

from collections.abc import Callable, Mapping

from .canvas import Canvas
from .landmarks import (
    barn,
    boulder,
    cabin,
    conifer,
    flower,
    house,
    lamp,
    lighthouse,
    oak,
    palm,
    parasol,
    peak,
    round_tree,
    saguaro,
    star,
    toadstool,
)
from .scene import SIZE

EDGE = 98  # the row where the ground begins


def ground(near: Canvas, colour: str, front: str) -> None:
    near.rect(0, EDGE, near.width, SIZE, colour)
    near.rect(0, 117, near.width, SIZE, front)


def _meadow(far: Canvas, near: Canvas) -> None:
    far.ellipse(28, 104, 46, 36, "#9ccfb4")
    far.ellipse(98, 108, 52, 30, "#8cc4a4")
    ground(near, "#a5cc74", "#8fbb62")
    round_tree(near, 34, 28, 27, ("#5f9f72", "#78b482"))
    near.ellipse(84, 98, 17, 14, "#6fac78")
    round_tree(near, 124, 44, 19, ("#82a850", "#98ba62"))
    for x, y in ((114, 62), (126, 54), (134, 68), (122, 72)):
        near.ellipse(x, y, 3, 3, "#c8503e")
    barn(near, 184)
    for x in range(212, 256, 11):
        near.rect(x, 84, x + 4, 101, "#d8c8a8")
    near.rect(208, 88, 253, 91, "#d8c8a8")
    near.rect(208, 94, 253, 97, "#d8c8a8")
    for x, y, colour in (
        (20, 122, "#d85858"),
        (48, 119, "#d85858"),
        (100, 122, "#f4f0f8"),
        (122, 120, "#f4f0f8"),
    ):
        flower(near, x, y, colour)
    for x, y in ((168, 121), (196, 122), (236, 120)):
        flower(near, x, y, "#7e70d0")


def _desert(far: Canvas, near: Canvas) -> None:
    far.ellipse(20, 108, 50, 30, "#e6c08c")
    far.polygon([(66, 100), (72, 62), (104, 62), (112, 100)], "#d49c7c")
    far.ellipse(100, 112, 56, 26, "#dcb07e")
    ground(near, "#ecd29a", "#dcb97c")
    saguaro(near, 26, 34, "#6c9c70")
    near.polygon([(56, 100), (98, 42), (140, 100)], "#dcb070")
    near.polygon([(98, 42), (140, 100), (112, 100)], "#b98c5c")
    near.stroke([(166, 98), (168, 70), (178, 56), (194, 52), (208, 60), (213, 76), (214, 98)], 15, "#bd7860")
    near.stroke([(166, 97), (168, 72), (176, 60)], 6, "#d08e70")
    near.ellipse(241, 92, 11, 14, "#7fa868")
    near.ellipse(241, 78, 4, 3.5, "#d8506c")
    for x, y, size in ((60, 122, 6), (132, 121, 4), (150, 123, 7), (226, 122, 5)):
        near.ellipse(x, y, size, size * 0.6, "#b4876a")


def _beach(far: Canvas, near: Canvas) -> None:
    far.rect(0, 70, far.width, SIZE, "#4fa8cf")
    far.rect(0, 84, far.width, SIZE, "#6cbfd8")
    far.ellipse(18, 71, 22, 8, "#8ab08c")
    far.rect(-4, 71, 40, 84, "#4fa8cf")
    far.polygon([(58, 69), (86, 69), (81, 76), (63, 76)], "#a8664e")
    far.polygon([(71, 40), (71, 67), (88, 67)], "#f4eee4")
    far.polygon([(69, 46), (69, 67), (58, 67)], "#e0d4cc")
    near.rect(0, 93, near.width, SIZE, "#e4f2ee")
    ground(near, "#f0dca8", "#e0c488")
    palm(near, 24, 46, 40)
    parasol(near, 98)
    lighthouse(near, 152)
    palm(near, 222, 206, 50)
    palm(near, 226, 240, 34)
    star(near, 66, 122, 6, "#d8806c")
    near.ellipse(128, 122, 7, 4, "#d88c70")
    near.ellipse(190, 122, 5, 4, "#c8a0b8")


def _forest(far: Canvas, near: Canvas) -> None:
    for x, top in ((12, 44), (40, 58), (66, 38), (94, 54), (118, 48)):
        conifer(far, x, (top, 100), 20, ("#8fbcae", "#8fbcae"))
    ground(near, "#8ba06a", "#75875a")
    conifer(near, 22, (12, 94), 25, ("#437a66", "#528a72"))
    conifer(near, 58, (52, 96), 17, ("#568c70", "#66997a"))
    oak(near, 112)
    conifer(near, 164, (34, 95), 20, ("#4c7f5c", "#5c9068"))
    conifer(near, 190, (20, 94), 22, ("#3d6f6c", "#4c8078"))
    toadstool(near, 226, 66, 15)
    toadstool(near, 246, 84, 9)
    for x, size in ((44, 9), (84, 6), (142, 8), (206, 6)):
        near.ellipse(x, 128, size * 1.5, size, "#5d7a52")


def _mountains(far: Canvas, near: Canvas) -> None:
    peak(far, 34, 26, 58, "#8c9cc8")
    peak(far, 100, 44, 44, "#7e8cba")
    ground(near, "#b4bca0", "#98a088")
    conifer(near, 20, (44, 95), 18, ("#55857c", "#659488"))
    boulder(near, 66, 22, 26)
    cabin(near, 122)
    conifer(near, 158, (60, 96), 14, ("#6a9478", "#7aa284"))
    near.polygon([(172, 100), (184, 66), (192, 58), (204, 26), (214, 44), (222, 52), (242, 100)], "#94849c")
    near.polygon([(204, 26), (214, 44), (222, 52), (242, 100), (216, 100), (206, 60)], "#7e7088")
    near.polygon([(194, 52), (204, 26), (216, 46), (209, 52), (205, 46), (200, 56)], "#f0f2f8")
    for x, y, size in ((40, 122, 7), (96, 123, 5), (180, 122, 8), (234, 123, 5)):
        near.ellipse(x, y, size, size * 0.6, "#7f7c80")


def _city(far: Canvas, near: Canvas) -> None:
    for x, top, wide in ((0, 52, 20), (20, 34, 18), (44, 60, 22), (66, 26, 18), (90, 46, 22), (112, 62, 16)):
        far.rect(x, top, x + wide, SIZE, "#a8b0cc")
    ground(near, "#c4bcb4", "#8a8690")
    for x in range(8, 256, 32):
        near.rect(x, 121, x + 16, 124, "#d8d0c0")
    house(near, (6, 46), 34, "#70a09c", "#4f7a7c")
    house(near, (58, 96), 66, "#c48a74", "#8c5a54")
    house(near, (112, 136), 14, "#a088b0", "#745f88")
    house(near, (152, 206), 58, "#c8a878", "#6f7f6c")
    lamp(near, 52)
    lamp(near, 222)
    round_tree(near, 238, 58, 14, ("#74a080", "#88b090"))


CLASSIC_PLACES: Mapping[str, Callable[[Canvas, Canvas], None]] = {
    "meadow": _meadow,
    "desert": _desert,
    "beach": _beach,
    "forest": _forest,
    "mountains": _mountains,
    "city": _city,
}
