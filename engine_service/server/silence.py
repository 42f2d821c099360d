"""A clock for what a client does not say: its actions are let go, and in the end its session is."""

import asyncio
from collections.abc import Callable

from engine_service.server.steered import Steered, actions_let_go_in_s
from engine_service.stream.clock import Clock


class Silence:
    """How long nothing was heard, and two timers over it. Lives on the server's event loop.

    `too_long` is called once the client was silent for `idle_timeout_s`; `let_go`, with the seconds, once it was for
    `actions_timeout_s` (0: never) while `steered` says that an action is held.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        idle_timeout_s: float,
        actions_timeout_s: float,
        steered: Callable[[], Steered],
        too_long: Callable[[], None],
        let_go: Callable[[float], None],
    ) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._idle_timeout_s = idle_timeout_s
        self.actions_timeout_s = actions_timeout_s
        self._steered = steered
        self._too_long = too_long
        self._let_go = let_go
        self.heard_ns = clock.now_ns()
        self._idle_timer = self._loop.call_later(idle_timeout_s, self._watch)
        self._actions_timer: asyncio.TimerHandle | None = None

    @property
    def silent_s(self) -> float:
        """Since the last message."""
        return (self._clock.now_ns() - self.heard_ns) * 1e-9

    def broken(self) -> None:
        """A message came."""
        self.heard_ns = self._clock.now_ns()

    def began(self, heard_ns: int) -> None:
        """The client was last heard at `heard_ns`, on the connection before this one, and now again."""
        self.heard_ns = heard_ns
        self.watch_actions()
        self.broken()

    def watch_actions(self) -> None:
        """Let go what is held, or look again when that may be due; to be called when an action is held anew."""
        if self._actions_timer is not None:
            self._actions_timer.cancel()
        silent_s = self.silent_s
        wait_s = actions_let_go_in_s(self._steered(), silent_s=silent_s, timeout_s=self.actions_timeout_s)
        if wait_s == 0:
            self._let_go(silent_s)
        elif wait_s is not None:
            self._actions_timer = self._loop.call_later(wait_s, self.watch_actions)

    def stop(self) -> None:
        """Neither is called any more."""
        self._idle_timer.cancel()
        if self._actions_timer is not None:
            self._actions_timer.cancel()

    def _watch(self) -> None:
        silent_s = self.silent_s
        if silent_s >= self._idle_timeout_s:
            self._too_long()
        else:
            self._idle_timer = self._loop.call_later(self._idle_timeout_s - silent_s, self._watch)
