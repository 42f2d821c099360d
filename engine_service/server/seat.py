"""One session as the worker sees it: a player, its inbox, its pace. All chunks of a session are made here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from engine_service.server.claim import Claim
from engine_service.server.encoder import EncodedFrame, encode
from engine_service.server.governed import Governed, RungChanged, no_gpu
from engine_service.server.inbox import Inbox
from engine_service.server.messages import Delivery, PlayerFactory, SessionPlan
from engine_service.stream import pacer
from engine_service.stream.batch import Calls
from engine_service.stream.clock import Clock
from engine_service.stream.governor import GovernorConfig, Measurement
from engine_service.stream.player import Player
from engine_service.types import (
    Applied,
    Chunk,
    Event,
    Frame,
    GpuReading,
    Pause,
    Remark,
    Reset,
    Resume,
    SwitchProfile,
)


@dataclass(frozen=True, slots=True)
class Frames:
    """Finished frames, in order; in lockstep a whole chunk at once."""

    frames: tuple[EncodedFrame, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A chunk was made; its frames follow."""

    applied: tuple[Applied, ...]
    step_s: float  # seconds
    decode_s: float


@dataclass(frozen=True, slots=True)
class Late:
    """A chunk was so late that media time was moved on, or tied to the wall anew (`skip_frames` 0)."""

    lateness_s: float
    skip_frames: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The player raised; the seat is empty now."""

    detail: str


Delivered: TypeAlias = Frames | Made | Late | RungChanged | Remark | Failed


class Seat:
    """A session's place at the device.

    `deliver` is called in the worker thread and must not block. The worker thread calls `make_player` and
    `make_chunk` without its lock; everything else is called under it.
    """

    def __init__(
        self,
        plan: SessionPlan,
        *,
        clock: Clock,
        deliver: Callable[[Delivered], None],
        governor: GovernorConfig | None = None,
        newest_reading: Callable[[], GpuReading | None] = no_gpu,
    ) -> None:
        """Without a governor, and in lockstep, the rung is always the best."""
        self.plan = plan
        self.inbox = Inbox()
        self.deliver = deliver
        self._clock = clock
        self._governor = governor
        self._newest_reading = newest_reading
        self._governed: Governed | None = None  # None until there is a player, in lockstep, and without a governor
        self._player: Player | None = None
        self._pacer: pacer.PacerConfig | None = None  # None until there is a player, and in lockstep
        self._pace = pacer.PaceState()
        self._paused = False
        self._repace = False
        self._held = False
        self._due_since_ns: int | None = clock.now_ns()  # when a chunk without a clock became due
        self._next_pts_us = 0
        self._skipped = 0  # frames, to be named on the next one
        self._toggles: tuple[int, ...] = ()  # the id of the newest pause or resume since the last chunk
        self._unanswered: tuple[int, ...] = ()  # such ids, until there is a frame; the worker thread's own

    @property
    def has_player(self) -> bool:
        """The player was created."""
        return self._player is not None

    def post(self, event: Event) -> tuple[int, ...]:
        """Accept a checked event; the ids of those that it replaces."""
        match event:
            case Pause():
                self._paused = True
            case Resume():
                self._repace = self._repace or self._paused
                self._paused = False
            case _:
                return self.inbox.put(event)
        replaced, self._toggles = self._toggles, (event.event_id,)
        return replaced

    def permit(self) -> None:
        """Lockstep: every frame was acknowledged, the next chunk may be made."""
        self._due_since_ns = self._clock.now_ns()

    def hold(self) -> None:
        """Make nothing until `hand_over`: the client is gone and may come back."""
        self._held = True

    def hand_over(self, deliver: Callable[[Delivered], None]) -> None:
        """Go on for another connection of the same client, paced anew from the next chunk."""
        self.deliver = deliver
        self._held = False
        self._repace = True

    def claim(self) -> Claim | None:
        """What it wants of the device; None if only an event or an acknowledgement changes that."""
        due_ns = self._due_ns()
        if due_ns is None:
            return None
        player = self._player
        if player is None:
            return Claim(due_ns)
        return Claim(due_ns, player.batch_group, player.largest_batch, self._pace.cost_s)

    def _due_ns(self) -> int | None:
        """When the next chunk should start."""
        if self._held:
            return None
        if self._player is None:
            return self._due_since_ns
        if self._paused:
            return None
        if self._pacer is None:
            return self._due_since_ns
        start_ns = pacer.start_at(self._pacer, self._pace, self._next_pts_us, self._player.frames_per_shift)
        # Due "at once" since the last chunk, so that an impatient session does not push others aside.
        return (self._pace.ready_ns or 0) if start_ns is None or self._repace else start_ns

    def take(self) -> tuple[tuple[Event, ...], tuple[int, ...]]:
        """What the next chunk has to obey: events, and the id of a pause or resume that counts as obeyed then."""
        self._due_since_ns = None
        if self._repace:
            self._pace = pacer.resumed(self._pace)
            self._repace = False
        toggles, self._toggles = self._toggles, ()
        return self.inbox.drain(), toggles

    def take_news(self) -> tuple[Event, ...]:
        """What came since `take` and may still count for the chunk being made.

        Nothing in lockstep: there the same events at the same frames must give the same pictures, and which
        micro-step an event meets is chance.
        """
        if self.plan.delivery is Delivery.LOCKSTEP:
            return ()
        return self.inbox.drain_conditioning()

    def make_player(self, factory: PlayerFactory) -> Calls[None]:
        """Create the player and put in force what the opening said; it calls for nothing yet."""
        yield from ()
        plan = self.plan
        player = factory(plan)
        start = None if plan.start is None else Reset(0, plan.seed, plan.start)
        for event in (start, plan.prompt, plan.state, plan.actions):
            if event is not None:
                self._apply(player, event)
        self._player = player
        if self.plan.delivery is not Delivery.LOCKSTEP:
            self._pacer = pacer.PacerConfig(frame_period_us=player.frame_period_us)
            if self._governor is not None:
                self._governed = Governed(self._governor, player.rungs, self._newest_reading)
        self._due_since_ns = self._clock.now_ns()

    def make_chunk(
        self, events: tuple[Event, ...], toggles: tuple[int, ...], news: Callable[[], tuple[Event, ...]]
    ) -> Calls[None]:
        """Apply the events, make one chunk, hand its frames over; `news` is asked before every micro-step.

        Yields the player's calls, which may be shared with other seats'.

        Raises:
            RuntimeError: there is no player.
            Exception: whatever the player raises.
        """
        player = self._player
        if player is None:
            raise RuntimeError(f"session {self.plan.session_id} has no player")
        started_ns = self._clock.now_ns()
        for event in events:
            self._apply(player, event)

        def listen() -> None:
            for event in news():
                self._apply(player, event)

        chunk = yield from player.shift(listen)
        self._unanswered += toggles
        if not chunk.frames:  # the buffer is still filling
            self.deliver(Made(chunk.applied, chunk.step_s, chunk.decode_s))
            self._due_since_ns = started_ns
            return
        first = chunk.frames[0]
        toggled = tuple(Applied(event_id, first.frame_id, first.pts_us) for event_id in self._unanswered)
        self._unanswered = ()
        self.deliver(Made((*chunk.applied, *toggled), chunk.step_s, chunk.decode_s))
        self._send(player, chunk, started_ns)

    def _send(self, player: Player, chunk: Chunk, started_ns: int) -> None:
        first = replace(self._encode(chunk.frames[0]), skipped_before=self._skipped)
        self._skipped = 0
        period_us = player.frame_period_us
        self._next_pts_us = chunk.frames[-1].pts_us + period_us
        if self._pacer is None:
            # In one piece: an acknowledgement must not find half a chunk and think it was all.
            self.deliver(Frames((first, *(self._encode(frame) for frame in chunk.frames[1:]))))
            return
        ready_ns = self._clock.now_ns()
        decision = pacer.after_chunk(
            self._pacer,
            self._pace,
            pts_us=first.pts_us,
            num_frames=len(chunk.frames),
            started_ns=started_ns,
            ready_ns=ready_ns,
        )
        fresh = self._pace.anchor_ns is None
        self._pace = decision.state
        times = zip(decision.due_ns, decision.release_ns, strict=True)
        for i, (due_ns, release_ns) in enumerate(times):
            encoded = first if i == 0 else self._encode(chunk.frames[i])
            self.deliver(Frames((replace(encoded, due_ns=due_ns, release_ns=release_ns),)))
        if decision.skip_frames:
            player.skip(decision.skip_frames)
            self._skipped = decision.skip_frames
            self._next_pts_us += decision.skip_frames * period_us
        if decision.skip_frames or (decision.reanchored and not fresh):
            self.deliver(Late(decision.lateness_s, decision.skip_frames))
        if self._governed is not None and decision.spent_s is not None:
            self._govern(self._governed, player, chunk, decision.spent_s, self._clock.now_ns() - ready_ns)

    def _govern(self, governed: Governed, player: Player, chunk: Chunk, spent_s: float, rest_ns: int) -> None:
        """Ask for the next chunk's rung; `rest_ns` went into the frames after the first."""
        rest_s = rest_ns * 1e-9
        measured = Measurement(
            cost_s=spent_s + rest_s,
            fixed_s=chunk.decode_s + rest_s,
            budget_s=len(chunk.frames) * player.frame_period_us * 1e-6,
            num_frames=len(chunk.frames),
        )
        decision, changed = governed.account(measured, self._clock.now_ns())
        if changed is not None:
            player.take_rung(governed.rung)
            self._pace = pacer.rescaled(self._pace, decision.cost_factor)
            self.deliver(changed)

    def _apply(self, player: Player, event: Event) -> None:
        remarks = player.apply(event)
        if isinstance(event, SwitchProfile) and self._governed is not None:
            self._governed.climb(player.rungs)
            if self._governed.number:
                player.take_rung(self._governed.rung)
        for remark in remarks:
            self.deliver(remark)

    def _encode(self, frame: Frame) -> EncodedFrame:
        number, quality = 0, self.plan.jpeg_quality
        if self._governed is not None:
            number, quality = self._governed.number, min(quality, self._governed.rung.jpeg_quality)
        encoded = encode(frame, self.plan.encoding, jpeg_quality=quality, clock=self._clock)
        return replace(encoded, rung=number)
