"""One seat's rung: the governor's state, the ladder it stands on, and the newest word of the GPU."""

from collections.abc import Callable
from dataclasses import dataclass

from engine_service.model.ladder import Rung
from engine_service.stream.governor import GovernorConfig, Measurement, RungDecision, begin, govern, restarted
from engine_service.types import GpuReading


@dataclass(frozen=True, slots=True)
class RungChanged:
    """From the next chunk on another rung is in force."""

    rung: int
    better: bool
    reason: str  # what it is, and why, with the numbers


def no_gpu() -> None:
    """For a device that NVML knows nothing of."""


class Governed:
    """Asked after every paced chunk; `newest_reading` must not wait. Lives in the worker's thread."""

    def __init__(
        self, config: GovernorConfig, rungs: tuple[Rung, ...], newest_reading: Callable[[], GpuReading | None] = no_gpu
    ) -> None:
        self._config = config
        self._rungs = rungs
        self._newest_reading = newest_reading
        self._state = begin(tuple(rung.work for rung in rungs))

    @property
    def number(self) -> int:
        """The rung in force; 0 is what the client asked for."""
        return self._state.rung

    @property
    def rung(self) -> Rung:
        """The same, as what it is."""
        return self._rungs[self._state.rung]

    def climb(self, rungs: tuple[Rung, ...]) -> None:
        """The client chose another profile: its ladder, from the top or the ceiling in force."""
        self._rungs = rungs
        self._state = restarted(self._state, tuple(rung.work for rung in rungs))

    def account(self, measured: Measurement, now_ns: int) -> tuple[RungDecision, RungChanged | None]:
        """A chunk was made: the rung of the next one, and what to tell the client if that is another."""
        before = self._state.rung
        decision = govern(self._config, self._state, measured, self._newest_reading(), now_ns)
        self._state = decision.state
        if decision.rung == before:
            return decision, None
        words = f"rung {decision.rung} ({self.rung.words}): {decision.reason}"
        return decision, RungChanged(decision.rung, decision.rung < before, words)
