"""Writes Tests~/Layer/critters.csv: the pygame example's rules played tick by tick, for the C# ones to be held against.

Run from the repository's root: python examples/unity/critters_table.py
"""

import csv
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "pygame"))

from critters.game import GameState, Keys, tick

TABLE = Path(__file__).parent / "Tests~" / "Layer" / "critters.csv"
# L and R walk, J jumps; "." is no key. Walks into both edges, jumps standing and running, turns in the air, holds the
# jump key.
KEYS = [*["R"] * 20, *["."] * 3, *["RJ"] * 3, *["L"] * 40, *["LJ"] * 12, "LR", "LRJ", *["."] * 10, *["J"] * 14]
KEYS += ["R"] * 90


def table() -> str:
    """One row per tick: the keys, then the game after it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["keys", "x", "y", "speed", "rise", "facing", "walk", "camera", "clock"])
    game = GameState()
    for keys in KEYS:
        game = tick(game, Keys(left="L" in keys, right="R" in keys, jump="J" in keys))
        row = (game.x, game.y, game.speed, game.rise, game.facing, game.walk, game.camera, game.clock)
        writer.writerow([keys, *(f"{value:g}" for value in row)])
    return out.getvalue()


if __name__ == "__main__":
    TABLE.write_text(table())
