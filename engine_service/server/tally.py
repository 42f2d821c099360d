"""What a session adds up: totals for its end, medians of the last second for its stats."""

from dataclasses import dataclass
from statistics import median

from engine_service.types import Drops


@dataclass(frozen=True, slots=True)
class Totals:
    """A session from its beginning until now."""

    frames_generated: int
    frames_sent: int
    dropped: Drops
    duration_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians since the last reading, milliseconds; None where nothing was measured."""

    step_ms: float | None
    decode_ms: float | None
    encode_ms: float | None
    drift_ms: float | None  # wall minus media clock of the newest frame sent; positive is late
    rung: int


class Tally:
    """Collects what `Measured` reports; at most `size` values of each, later ones are not recorded."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._step_s: list[float] = []
        self._decode_s: list[float] = []
        self._encode_s: list[float] = []
        self._drift_s: float | None = None
        self._rung = 0

    def chunk(self, *, step_s: float, decode_s: float) -> None:
        """A chunk was made."""
        if len(self._step_s) < self._size:
            self._step_s.append(step_s)
            self._decode_s.append(decode_s)

    def frame(self, *, encode_s: float, drift_s: float | None, rung: int) -> None:
        """A frame was sent."""
        if len(self._encode_s) < self._size:
            self._encode_s.append(encode_s)
        self._drift_s = drift_s
        self._rung = rung

    def read(self) -> Measured:
        """The medians since the last call."""
        measured = Measured(
            step_ms=_median_ms(self._step_s),
            decode_ms=_median_ms(self._decode_s),
            encode_ms=_median_ms(self._encode_s),
            drift_ms=None if self._drift_s is None else self._drift_s * 1e3,
            rung=self._rung,
        )
        self._step_s.clear()
        self._decode_s.clear()
        self._encode_s.clear()
        self._drift_s = None
        return measured


def _median_ms(values_s: list[float]) -> float | None:
    return median(values_s) * 1e3 if values_s else None
