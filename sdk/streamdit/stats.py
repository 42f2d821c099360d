"""What a session measures about itself while it runs. Pure: times are arguments, nothing is sent or read."""

import threading
from collections import deque
from dataclasses import dataclass

from streamdit.clock import ArrivalJitter, ClockOffset, Percentiles, RunningPercentiles
from streamdit.frames import Frame
from streamdit.types import Drops, Notice, ServerStats

FPS_WINDOW = 33  # frames; two seconds at 16 fps
RUNG_CHANGED = "RUNG_CHANGED"  # the notice's code
MAX_PENDING_EVENTS = 256  # events waiting for the frame that obeys them; the oldest falls out


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStats:
    """A moment's reading. None where nothing was measured, never 0."""

    num_frames: int
    fps: float | None  # of the last two seconds of arrivals
    interval_ms: Percentiles | None
    jitter_ms: Percentiles | None
    control_latency_ms: Percentiles | None  # event sent -> first frame that carries its id
    round_trip_ms: float | None
    clock_offset_us: float | None  # server minus client
    rung: int | None  # of the newest frame; 0 is what was asked for
    rung_reason: str | None  # why the engine chose it, in its words; None: it never changed
    dropped: Drops  # by the engine, as the frames told
    num_replaced: int  # by this client: a newer frame came before anyone took it
    prompt_in_force: str  # of the newest frame
    server: ServerStats | None


class SessionMeter:
    """Collects from the reader and the sender of one session. Thread-safe: a game loop asks for readings."""

    def __init__(self, prompt: str) -> None:
        self._lock = threading.Lock()
        self._jitter = ArrivalJitter()
        self._clock = ClockOffset()
        self._control_latency_ms = RunningPercentiles()
        self._server: ServerStats | None = None
        self._arrivals_ns: deque[int] = deque(maxlen=FPS_WINDOW)
        self._pending: deque[tuple[int, int]] = deque(maxlen=MAX_PENDING_EVENTS)  # (event id, sent ns)
        self._prompts: deque[tuple[int, str]] = deque(maxlen=MAX_PENDING_EVENTS)  # not yet in force
        self._prompt_in_force = prompt
        self._num_frames = 0
        self._dropped = Drops()
        self._rung: int | None = None
        self._rung_reason: str | None = None

    def sent(self, event_id: int, now_ns: int, prompt: str | None = None) -> None:
        """An event left; its id is higher than all before."""
        with self._lock:
            self._pending.append((event_id, now_ns))
            if prompt is not None:
                self._prompts.append((event_id, prompt))

    def rejected(self, event_id: int) -> None:
        """An event will never reach a frame."""
        with self._lock:
            for waiting in [entry for entry in self._pending if entry[0] == event_id]:
                self._pending.remove(waiting)
            for refused in [entry for entry in self._prompts if entry[0] == event_id]:
                self._prompts.remove(refused)

    @property
    def newest_prompt(self) -> str:
        """The last prompt that was sent and not rejected, in force or on its way."""
        with self._lock:
            return self._prompts[-1][1] if self._prompts else self._prompt_in_force

    def heartbeat(self, sent_us: int, server_us: int, received_us: int) -> None:
        """The engine echoed."""
        with self._lock:
            self._clock.heartbeat(sent_us, server_us, received_us)

    def told(self, server: ServerStats) -> None:
        """The engine's own view came in."""
        with self._lock:
            self._server = server

    def noticed(self, notice: Notice) -> None:
        """The engine had something to say; why it is on another rung is kept."""
        if notice.code == RUNG_CHANGED:
            with self._lock:
                self._rung_reason = notice.detail

    def arrived(self, frame: Frame) -> None:
        """A frame came in; events it obeys for the first time are measured."""
        now_ns = frame.received_time_ns
        with self._lock:
            self._num_frames += 1
            self._arrivals_ns.append(now_ns)
            self._jitter.arrived(now_ns, frame.pts_us)
            self._dropped += frame.dropped_before
            self._rung = frame.rung
            while self._pending and self._pending[0][0] <= frame.last_event_id:
                self._control_latency_ms.add((now_ns - self._pending.popleft()[1]) / 1e6)
            while self._prompts and self._prompts[0][0] <= frame.last_event_id:
                self._prompt_in_force = self._prompts.popleft()[1]

    def reading(self, num_replaced: int) -> SessionStats:
        """Everything so far."""
        with self._lock:
            return self._reading(num_replaced)

    def _reading(self, num_replaced: int) -> SessionStats:
        fps = None
        if len(self._arrivals_ns) > 1 and self._arrivals_ns[-1] > self._arrivals_ns[0]:
            fps = (len(self._arrivals_ns) - 1) * 1e9 / (self._arrivals_ns[-1] - self._arrivals_ns[0])
        return SessionStats(
            num_frames=self._num_frames,
            fps=fps,
            interval_ms=self._jitter.interval_ms(),
            jitter_ms=self._jitter.jitter_ms(),
            control_latency_ms=self._control_latency_ms.summary(),
            round_trip_ms=self._clock.round_trip_ms,
            clock_offset_us=self._clock.offset_us,
            rung=self._rung,
            rung_reason=self._rung_reason,
            dropped=self._dropped,
            num_replaced=num_replaced,
            prompt_in_force=self._prompt_in_force,
            server=self._server,
        )
