"""The embedded world blocks, over gRPC: keys are heard, seeds differ, starts are gone on from, and it is small."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer import Typer
from typer.testing import CliRunner

from blocks.eye import find_dot
from blocks.measure import Played, play_freely, play_keys, recorded, spread
from engine_service.runtime.world import find_world
from streamdit import Delivery, connect
from streamdit.bots.__main__ import run as bots
from streamdit.launch import LocalEngine
from streamdit.types import Encoding

PROFILE, STREAMS = "responsive", 8
app = Typer()
app.command()(bots)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a real engine in a process of its own."""
    with LocalEngine(world="blocks", arguments=["--max-sessions", "4"]) as engine:
        yield engine.address


def test_its_files_are_under_a_megabyte() -> None:
    assert sum(file.stat().st_size for file in find_world("blocks").iterdir()) < 1_000_000


def test_keys_alone_move_the_dot_as_the_game_would(address: str) -> None:
    async def run() -> list[Played]:
        async with connect(address) as client:
            return [await play_keys(client, PROFILE, number) for number in range(STREAMS)]

    played = asyncio.run(run())
    error, standing, strangers = (
        np.mean([values[:16] for values in each])
        for each in ([p.error for p in played], [p.standing for p in played], [p.strangers for p in played])
    )
    assert error < 0.15 * min(standing, strangers)


def test_seeds_differ_where_nothing_is_said_and_are_the_same_again(address: str) -> None:
    async def run(seeds: range) -> list[NDArray[np.uint8]]:
        async with connect(address) as client:
            return [(await play_freely(client, PROFILE, seed, 17))[16] for seed in seeds]

    pictures = asyncio.run(run(range(STREAMS)))
    assert spread(np.stack(pictures)) > 0.6 * spread(recorded(64))
    assert np.array_equal(asyncio.run(run(range(1)))[0], pictures[0])


def test_a_stream_goes_on_from_a_start_clip(address: str) -> None:
    async def run() -> NDArray[np.uint8]:
        async with (
            connect(address) as client,
            client.play(
                world="blocks",
                start="standing",
                seed=1,
                actions={},
                delivery=Delivery.LOCKSTEP,
                encodings=(Encoding.RGB24,),
            ) as session,
        ):
            return (await anext(session)).rgb()

    picture = asyncio.run(run())
    with np.load(find_world("blocks") / "standing.npz") as clip:
        last = clip["rgb"][-1]
    assert np.abs(picture.astype(float) - last).mean() < 6
    seen = find_dot(picture)
    assert (seen.dot, seen.x, seen.y) == ("white", 28, 0)


@pytest.mark.parametrize("scenario", ["keys", "wander", "free"])
def test_bots_play_it_by_keys_by_state_and_freely(address: str, scenario: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    arguments = f"--address {address} --seconds 2 --scenario {scenario} --report {report}"
    ran = CliRunner().invoke(app, arguments.split())
    assert ran.exit_code == 0, ran.output
    told = json.loads(report.read_text())
    assert told["errors"] == []
    assert told["frames"] > 8
