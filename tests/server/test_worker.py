"""One thread, many sessions: who is served when, by a clock that the test moves."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from torch import Tensor

from engine_service.runtime.prompts import EncodedPrompt
from engine_service.server.messages import Delivery, Encoding, SessionPlan
from engine_service.server.seat import Delivered, Failed, Frames, Late, Made, Seat
from engine_service.server.worker import Worker
from engine_service.stream.clock import SystemClock
from engine_service.stream.player import nothing_new
from engine_service.stream.session import StreamSession
from engine_service.types import Chunk, Pause, Prompt, Reset, Resume, State, SwitchProfile
from tests.fakes import LedgerDecoder, LedgerDenoiser, ledger_runtime
from tests.server.fake_player import WORLD, FakePlayer, ManualClock

PLAN = SessionPlan(
    session_id="one",
    world=WORLD,
    profile="responsive",
    seed=7,
    encoding=Encoding.RGB24,
    delivery=Delivery.LATEST,
    window=4,
    jpeg_quality=90,
    prompt=Prompt(0, "a fox"),
    state=State(0, (0.5, 0.5, 0.0)),
    resume_token="",
)
MIDDLE = (0.5, 0.5, 0.0)


class House:
    """A worker without a thread, its clock, and what each session was given."""

    def __init__(self, cost_s: float = 0.02) -> None:
        self.clock = ManualClock()
        self.players: dict[str, FakePlayer] = {}
        self.given: dict[str, list[Delivered]] = {}
        self.cost_s = cost_s
        self.worker = Worker(self.make, clock=self.clock)

    def make(self, plan: SessionPlan) -> FakePlayer:
        player = FakePlayer(plan, clock=self.clock, cost_s=self.cost_s)
        self.players[plan.session_id] = player
        return player

    def sit(self, session_id: str = "one", delivery: Delivery = Delivery.LATEST) -> Seat:
        self.given[session_id] = []
        plan = replace(PLAN, session_id=session_id, delivery=delivery)
        return self.worker.sit(plan, self.given[session_id].append)

    def run(self, seconds: float) -> None:
        """Let the worker work until it sleeps beyond this time."""
        end_ns = self.clock.ns + round(seconds * 1e9)
        while (wait_s := self.worker.turn()) is not None and self.clock.ns + wait_s * 1e9 < end_ns:
            self.clock.move(wait_s)
        self.clock.ns = max(self.clock.ns, end_ns)

    def ids(self, session_id: str = "one") -> list[int]:
        items = self.given[session_id]
        return [frame.frame_id for item in items if isinstance(item, Frames) for frame in item.frames]


def test_an_empty_worker_has_nothing_to_wait_for() -> None:
    assert House().worker.turn() is None


def test_a_paced_session_makes_sixteen_frames_a_second() -> None:
    house = House()
    house.sit()
    house.run(10.0)
    assert 160 <= len(house.ids()) <= 164
    assert house.ids() == list(range(1, len(house.ids()) + 1))


def test_a_chunk_obeys_an_event_that_came_right_before_its_start() -> None:
    house = House()
    seat = house.sit()
    house.run(1.0)
    wait_s = house.worker.turn()
    assert wait_s is not None
    assert wait_s > 0
    house.clock.move(wait_s)
    house.worker.post(seat, State(5, MIDDLE))
    house.worker.turn()
    applied = [entry.event_id for item in house.given["one"] if isinstance(item, Made) for entry in item.applied]
    assert [event_id for event_id in applied if event_id] == [5]  # the engine's own have none


@pytest.mark.parametrize(("delivery", "at_once"), [(Delivery.LATEST, True), (Delivery.LOCKSTEP, False)])
def test_a_prompt_during_a_chunk_counts_at_the_next_micro_step_but_not_in_lockstep(
    delivery: Delivery, at_once: bool
) -> None:
    house = House()
    seat = house.sit(delivery=delivery)
    house.worker.turn()  # makes the player
    player = house.players["one"]
    player.during_chunk = lambda: house.worker.post(seat, Prompt(1, "a bear"))
    house.worker.turn()
    assert (Prompt(1, "a bear") in player.seen) == at_once
    player.during_chunk = nothing_new
    house.worker.permit(seat)
    house.run(1.0)
    assert Prompt(1, "a bear") in player.seen


def test_a_reset_during_a_chunk_waits_for_the_next_one_and_nothing_overtakes_it() -> None:
    house = House()
    seat = house.sit()
    house.worker.turn()
    player = house.players["one"]

    def during_chunk() -> None:
        for event in (State(1, MIDDLE), Reset(2), Prompt(3, "a bear")):
            house.worker.post(seat, event)

    player.during_chunk = during_chunk
    house.worker.turn()
    assert [event.event_id for event in player.seen] == [0, 0, 1]
    player.during_chunk = nothing_new
    house.run(1.0)
    assert [event.event_id for event in player.seen] == [0, 0, 1, 2, 3]


def test_sessions_that_share_the_device_all_keep_their_pace() -> None:
    house = House()
    for name in ("one", "two", "three"):
        house.sit(name)
    house.run(10.0)
    for name in ("one", "two", "three"):
        assert 158 <= len(house.ids(name)) <= 164
        late = [item for item in house.given[name] if isinstance(item, Late)]
        assert late == []


def test_a_hiccup_beyond_a_chunk_skips_frames_and_says_so() -> None:
    house = House()
    house.sit()
    house.run(1.0)
    house.players["one"].cost_s = 0.4
    house.run(0.2)
    house.players["one"].cost_s = 0.02
    house.run(2.0)
    (skipped,) = house.players["one"].skipped
    (late,) = [item for item in house.given["one"] if isinstance(item, Late)]
    assert late.skip_frames == skipped == 5
    frames = [frame for item in house.given["one"] if isinstance(item, Frames) for frame in item.frames]
    gaps = [
        (later.frame_id - earlier.frame_id - 1, later.skipped_before) for earlier, later in itertools.pairwise(frames)
    ]
    assert [gap for gap in gaps if gap != (0, 0)] == [(5, 5)]


def test_a_pause_of_a_minute_loses_no_media_time() -> None:
    house = House()
    seat = house.sit()
    house.run(1.0)
    house.worker.post(seat, Pause(1))
    count = len(house.ids())
    house.run(60.0)
    assert len(house.ids()) == count
    house.worker.post(seat, Resume(2))
    house.run(1.0)
    assert house.ids() == list(range(1, len(house.ids()) + 1))
    assert 14 <= len(house.ids()) - count <= 18
    assert not any(isinstance(item, Late) for item in house.given["one"])


def test_lockstep_waits_for_permission_and_for_no_clock() -> None:
    house = House()
    seat = house.sit(delivery=Delivery.LOCKSTEP)
    house.run(100.0)
    assert house.ids() == [1, 2]
    house.worker.permit(seat)
    house.run(0.1)
    assert house.ids() == [1, 2, 3, 4]


def test_a_session_that_the_device_has_no_memory_for_says_what_to_do() -> None:
    house = House()
    seat = house.sit()
    house.worker.post(seat, Prompt(1, "swell"))
    house.run(1.0)
    assert house.given["one"][-1] == Failed(
        "the device is out of memory (cannot hold another latent): "
        "serve fewer sessions (--max-sessions) or a smaller profile"
    )


def test_a_failing_player_leaves_the_others_alone() -> None:
    house = House()
    house.sit("good")
    bad = house.sit("bad")
    house.run(1.0)
    house.worker.post(bad, Prompt(1, "explode"))
    house.run(1.0)
    assert house.given["bad"][-1] == Failed("RuntimeError: the fake exploded")
    assert 30 <= len(house.ids("good")) <= 36


def test_a_seat_that_was_left_makes_nothing_more() -> None:
    house = House()
    seat = house.sit()
    house.run(1.0)
    count = len(house.ids())
    house.worker.leave(seat)
    house.worker.leave(seat)
    house.run(1.0)
    assert len(house.ids()) == count


class FillingPlayer(FakePlayer):
    """Needs three shifts before its buffer gives frames."""

    shifts = 0

    def advance(self, listen: Callable[[], None] = nothing_new) -> Chunk:
        self.shifts += 1
        return Chunk((), (), 0.0, 0.0) if self.shifts < 3 else super().advance(listen)


@pytest.mark.parametrize("delivery", [Delivery.LATEST, Delivery.LOCKSTEP])
def test_a_buffer_that_is_still_filling_is_worked_on_at_once(delivery: Delivery) -> None:
    items: list[Delivered] = []
    worker = Worker(FillingPlayer, clock=ManualClock())
    seat = worker.sit(replace(PLAN, delivery=delivery), items.append)
    worker.turn()
    worker.post(seat, Pause(1))
    worker.post(seat, Resume(2))
    assert [worker.turn() for _ in range(3)] == [0.0, 0.0, 0.0]
    made = [item for item in items if isinstance(item, Made)]
    applied = [[entry.event_id for entry in item.applied if entry.event_id] for item in made]
    assert applied == [[], [], [2]]  # the pause was replaced


def test_a_held_seat_makes_nothing_and_goes_on_without_a_gap_for_its_next_owner() -> None:
    house = House()
    seat = house.sit()
    house.run(1.0)
    house.worker.hold(seat)
    count = len(house.ids())
    house.run(5.0)
    assert len(house.ids()) == count
    again: list[Delivered] = []
    assert house.worker.hand_over(seat, again.append)
    house.run(1.0)
    assert len(house.ids()) == count
    ids = [frame.frame_id for item in again if isinstance(item, Frames) for frame in item.frames]
    assert ids == list(range(count + 1, count + 1 + len(ids)))
    assert 14 <= len(ids) <= 18
    assert not any(isinstance(item, Late) for item in again)


def test_a_seat_whose_player_failed_while_held_cannot_be_handed_over() -> None:
    house = House()
    seat = house.sit()
    house.run(1.0)
    house.worker.hold(seat)
    house.worker.leave(seat)
    assert not house.worker.hand_over(seat, lambda _: None)


def test_what_is_posted_says_which_events_it_replaces() -> None:
    house = House()
    seat = house.sit(delivery=Delivery.LOCKSTEP)
    events = (Reset(1), Pause(2), Reset(3), Resume(4), Prompt(5, "a fox"), Pause(6))
    assert [house.worker.post(seat, event) for event in events] == [(), (), (1,), (2,), (), (4,)]


def test_the_thread_owns_the_players_and_stops_when_asked() -> None:
    frames: list[Delivered] = []
    worker = Worker(FakePlayer, clock=SystemClock())
    worker.start()
    worker.sit(replace(PLAN, delivery=Delivery.LOCKSTEP), frames.append)
    deadline = time.monotonic() + 5.0
    while len(frames) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    worker.stop()
    worker.stop()
    assert [type(item) for item in frames] == [Made, Frames]


def test_stopping_again_while_the_first_stop_waits_for_a_chunk_is_harmless() -> None:
    computing, may_finish = threading.Event(), threading.Event()

    class SlowPlayer(FakePlayer):
        def advance(self, listen: Callable[[], None] = nothing_new) -> Chunk:
            computing.set()
            may_finish.wait(5.0)
            return super().advance(listen)

    worker = Worker(SlowPlayer, clock=SystemClock())
    worker.start()
    worker.sit(PLAN, lambda _: None)
    assert computing.wait(5.0)
    with ThreadPoolExecutor(max_workers=2) as pool:
        stops = [pool.submit(worker.stop) for _ in range(2)]
        may_finish.set()
    assert [stop.result() for stop in stops] == [None, None]


# ------------------------------------------------------------------------------------------- sessions in one batch


class Choir:
    """A worker over real sessions on networks that keep their questions; a shared call costs the clock `cost_s`."""

    def __init__(self, cost_s: float = 0.02, batch_sizes: tuple[int, ...] = (1, 2, 4)) -> None:
        self.clock = ManualClock()
        self.denoiser = CostlyLedger(batch_sizes=batch_sizes, clock=self.clock, cost_s=cost_s)
        self.runtime = ledger_runtime(self.denoiser, LedgerDecoder(batch_sizes=batch_sizes))
        self.given: dict[str, list[Delivered]] = {}
        self.worker = Worker(self.make, clock=self.clock)

    def make(self, plan: SessionPlan) -> StreamSession:
        return StreamSession(self.runtime, profile=plan.profile, seed=plan.seed, now_ns=self.clock.now_ns)

    def sit(self, session_id: str, profile: str = "responsive", delivery: Delivery = Delivery.LATEST) -> Seat:
        self.given[session_id] = []
        plan = replace(
            PLAN,
            session_id=session_id,
            world=self.runtime.world,
            profile=profile,
            delivery=delivery,
            prompt=Prompt(0, "a fox"),
            state=State(0, (64.0, 0.0)),
        )
        return self.worker.sit(plan, self.given[session_id].append)

    def run(self, seconds: float) -> None:
        end_ns = self.clock.ns + round(seconds * 1e9)
        while (wait_s := self.worker.turn()) is not None and self.clock.ns + wait_s * 1e9 < end_ns:
            self.clock.move(wait_s)
        self.clock.ns = max(self.clock.ns, end_ns)

    def num_frames(self, session_id: str) -> int:
        return sum(len(item.frames) for item in self.given[session_id] if isinstance(item, Frames))

    def late(self, session_id: str) -> list[Delivered]:
        return [item for item in self.given[session_id] if isinstance(item, Late)]


@dataclass(slots=True)
class CostlyLedger(LedgerDenoiser):
    """Costs the same whatever the batch."""

    clock: ManualClock = field(default_factory=ManualClock)
    cost_s: float = 0.0

    def step(
        self, latents: Tensor, sigmas: Tensor, next_sigmas: Tensor, states: Tensor, prompt: EncodedPrompt
    ) -> Tensor:
        self.clock.move(self.cost_s)
        return LedgerDenoiser.step(self, latents, sigmas, next_sigmas, states, prompt)


FOUR = ("one", "two", "three", "four")


@pytest.mark.parametrize(("batch_sizes", "keep_their_pace"), [((1, 2, 4), True), ((1,), False)])
def test_four_sessions_that_would_be_too_many_one_by_one_keep_their_pace_in_a_batch(
    batch_sizes: tuple[int, ...], keep_their_pace: bool
) -> None:
    """A chunk of 125 ms costs 50 ms: two one by one, four at once."""
    choir = Choir(cost_s=0.05, batch_sizes=batch_sizes)
    for name in FOUR:
        choir.sit(name)
    choir.run(3.0)  # they settle, find their costs and meet
    before = {name: (choir.num_frames(name), len(choir.late(name))) for name in FOUR}
    calls = choir.denoiser.num_calls
    choir.run(10.0)
    frames = [choir.num_frames(name) - before[name][0] for name in FOUR]
    late = [len(choir.late(name)) - before[name][1] for name in FOUR]
    if keep_their_pace:
        assert min(frames) >= 158
        assert late == [0] * 4
        assert choir.denoiser.num_calls - calls <= 10 / 0.125 * 2
    else:
        assert min(frames) < 120
        assert min(late) > 0


def test_lockstep_sessions_that_are_permitted_together_share_their_calls() -> None:
    choir = Choir()
    seats = [choir.sit(name, delivery=Delivery.LOCKSTEP) for name in FOUR]
    choir.run(1.0)
    choir.denoiser.num_calls = 0
    for seat in seats:
        choir.worker.permit(seat)
    choir.run(1.0)
    assert choir.denoiser.num_calls == 1
    assert [choir.num_frames(name) for name in FOUR] == [4] * 4


def test_a_session_of_another_profile_is_served_apart_and_in_time() -> None:
    choir = Choir()
    choir.sit("one")
    choir.sit("two", profile="balanced")
    choir.sit("three")
    choir.run(2.0)
    before = {name: choir.num_frames(name) for name in ("one", "two", "three")}
    choir.run(8.0)
    for name, count in before.items():
        assert 124 <= choir.num_frames(name) - count <= 132, name


def test_a_session_that_fails_in_a_batch_leaves_the_others_their_chunk() -> None:
    choir = Choir()
    seats = {name: choir.sit(name, delivery=Delivery.LOCKSTEP) for name in FOUR}
    choir.run(1.0)
    choir.worker.post(seats["two"], SwitchProfile(1, "no such profile"))
    for seat in seats.values():
        choir.worker.permit(seat)
    choir.run(1.0)
    assert choir.given["two"][-1] == Failed("KeyError: 'no such profile'")
    assert [choir.num_frames(name) for name in FOUR] == [4, 2, 4, 4]
