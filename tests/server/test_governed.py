"""The rung of a seat: the real pacer, the real governor, on a clock that the test moves."""

from dataclasses import replace

import pytest

from engine_service.model.ladder import ladder
from engine_service.model.partition import Partition
from engine_service.server.governed import Governed, RungChanged
from engine_service.server.messages import Delivery, Encoding
from engine_service.server.seat import Frames, Late
from engine_service.server.worker import Worker
from engine_service.stream.governor import GovernorConfig, Measurement
from engine_service.types import GpuReading, SwitchProfile
from tests.server.fake_player import WORLD, FakePlayer
from tests.server.test_worker import PLAN, House

BUDGET_S = 0.125  # two frames of the fake world's `responsive`
HEALTHY = GpuReading(time_ns=0, name="card", sm_clock_mhz=1980, sm_clock_max_mhz=1980, throttle_reasons=(), margin_c=30)


class SlowingPlayer(FakePlayer):
    """Costs what the rung in force costs of `cost_s`."""

    def take_rung(self, rung: object) -> None:
        super().take_rung(rung)  # type: ignore[arg-type]
        self.cost_s *= self.rungs_taken[-1].work / self.work
        self.work = self.rungs_taken[-1].work

    work = ladder(WORLD.profiles["responsive"])[0].work


class GovernedHouse(House):
    """A house whose worker asks the governor, and a GPU that says what the test wants."""

    def __init__(self, cost_s: float = 0.05) -> None:
        super().__init__(cost_s)
        self.reading: GpuReading | None = HEALTHY
        self.worker = Worker(self.make, clock=self.clock, governor=GovernorConfig(), newest_reading=self.newest_reading)

    def make(self, plan: object) -> FakePlayer:
        player = SlowingPlayer(plan, clock=self.clock, cost_s=self.cost_s)  # type: ignore[arg-type]
        self.players[player.plan.session_id] = player
        return player

    def newest_reading(self) -> GpuReading | None:
        return None if self.reading is None else replace(self.reading, time_ns=self.clock.ns)

    def slow_down(self, factor: float) -> None:
        self.players["one"].cost_s *= factor

    def changes(self) -> list[RungChanged]:
        return [item for item in self.given["one"] if isinstance(item, RungChanged)]

    def rungs(self) -> list[int]:
        items = self.given["one"]
        return [frame.rung for item in items if isinstance(item, Frames) for frame in item.frames]

    def num_late(self) -> int:
        items = [frame for item in self.given["one"] if isinstance(item, Frames) for frame in item.frames]
        late = sum((frame.release_ns or 0) - (frame.due_ns or 0) > 10_000_000 for frame in items)
        return late + sum(item.skip_frames for item in self.given["one"] if isinstance(item, Late))


def test_a_device_that_becomes_slower_costs_quality_and_frames_carry_the_rung() -> None:
    house = GovernedHouse(cost_s=0.08)
    house.sit()
    house.run(5.0)
    assert set(house.rungs()) == {0}
    house.slow_down(1.8)
    house.run(5.0)
    (change,) = house.changes()
    assert change.reason == "rung 1 (1 micro-step a shift): two shifts took 144 and 144 ms of 125 ms"
    assert not change.better
    assert house.rungs()[-1] == 1
    assert house.players["one"].rungs_taken == [ladder(WORLD.profiles["responsive"])[1]]


def test_a_throttle_that_nvml_announces_costs_no_frame() -> None:
    house = GovernedHouse(cost_s=0.075)
    house.sit()
    house.run(5.0)
    house.reading = replace(HEALTHY, throttle_reasons=("hardware slowdown",), sm_clock_mhz=990)
    house.run(0.3)
    (change,) = house.changes()
    assert "hardware slowdown, 990 of 1980 MHz: 75 ms of 125 ms would become" in change.reason
    house.slow_down(2.0)
    house.run(20.0)
    assert house.num_late() == 0
    house.slow_down(0.5)
    house.reading = HEALTHY
    house.run(20.0)
    assert house.rungs()[-1] == 0
    assert [change.better for change in house.changes()] == [False, True]
    assert house.num_late() == 0


def test_in_lockstep_and_without_a_governor_the_rung_is_always_the_best() -> None:
    for delivery, governor in ((Delivery.LOCKSTEP, GovernorConfig()), (Delivery.LATEST, None)):
        house = GovernedHouse(cost_s=0.3)
        house.worker = Worker(house.make, clock=house.clock, governor=governor)
        seat = house.sit(delivery=delivery)
        for _ in range(20):
            house.worker.permit(seat)
            house.run(0.4)
        assert house.changes() == []
        assert set(house.rungs()) == {0}


def test_another_profile_starts_on_its_own_best_rung() -> None:
    house = GovernedHouse(cost_s=0.2)
    seat = house.sit()
    house.run(3.0)
    assert house.rungs()[-1] > 0
    house.worker.post(seat, SwitchProfile(1, "balanced"))
    house.players["one"].cost_s = 0.05
    before = len(house.rungs())
    house.run(1.0)
    assert set(house.rungs()[before:]) == {0}


def test_a_lower_rung_packs_frames_tighter_but_never_better_than_was_asked() -> None:
    sizes = {}
    for quality in (90, 30):
        house = GovernedHouse(cost_s=0.2)
        house.given["one"] = []
        plan = replace(PLAN, encoding=Encoding.JPEG, jpeg_quality=quality)
        house.worker.sit(plan, house.given["one"].append)
        house.run(3.0)
        frames = [frame for item in house.given["one"] if isinstance(item, Frames) for frame in item.frames]
        sizes[quality] = [len(next(f.payload for f in frames if f.rung == rung)) for rung in (0, frames[-1].rung)]
        assert frames[-1].rung > 0
    assert sizes[90][1] < sizes[90][0]
    assert sizes[30][1] == pytest.approx(sizes[30][0], rel=0.02)  # they differ in the frame's number alone


def test_sessions_that_share_the_device_keep_their_rung_while_it_has_time_for_all_of_them() -> None:
    house = GovernedHouse(cost_s=0.025)
    for name in ("one", "two", "three"):
        house.sit(name)
    house.run(30.0)
    for items in house.given.values():
        assert not [item for item in items if isinstance(item, RungChanged | Late)]


def test_sessions_that_are_too_many_for_the_device_share_the_loss_and_keep_the_pace() -> None:
    house = GovernedHouse(cost_s=0.05)
    for name in ("one", "two", "three"):
        house.sit(name)
    house.run(10.0)
    settled = {name: len(items) for name, items in house.given.items()}
    house.run(20.0)
    for name, items in house.given.items():
        assert [item for item in items if isinstance(item, RungChanged)], name
        late = [item for item in items[settled[name] :] if isinstance(item, Late)]
        assert len(late) <= 1, "a raise that is tried again after a while may fail"
        assert (
            len([frame for item in items[settled[name] :] if isinstance(item, Frames) for frame in item.frames])
            >= 158 * 2
        )


def test_the_words_say_which_rung_it_is_and_why() -> None:
    governed = Governed(GovernorConfig(), ladder(Partition(2, 2, 2, 2)))
    slow = Measurement(cost_s=0.3, fixed_s=0.01, budget_s=0.25, num_frames=4)
    told = [governed.account(slow, now_ns=i * 250_000_000)[1] for i in range(3)]
    assert told == [
        None,
        None,
        RungChanged(1, False, "rung 1 (1 micro-step a shift): two shifts took 300 and 300 ms of 250 ms"),
    ]
    assert governed.rung.partition == Partition(2, 2, 2, 1)
