"""Who goes next, and who goes with it: pure functions over what the seats ask for."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What a seat wants of the device. Times are monotonic nanoseconds."""

    due_ns: int
    group: Hashable | None = None  # seats of one group can share calls; None: this one's work is its own
    largest_batch: int = 1  # of its group
    cost_s: float | None = None  # how long a chunk takes; None: not known yet


def most_urgent(claims: Sequence[Claim]) -> int | None:
    """The claim that is due first, of several the one that was there first; None without claims."""
    return min(range(len(claims)), key=lambda i: claims[i].due_ns, default=None)


def made_together(claims: Sequence[Claim], first: int, now_ns: int) -> list[int]:
    """The claims to be made with `first`, itself in front, by urgency, as many as share a call.

    Those that are due, and those that would become due while the chunk is made: they would wait for the device until
    it is done, so what they lose in newness of events by starting now is less than what they would wait.
    """
    urgent = claims[first]
    if urgent.group is None:
        return [first]
    costs = [claim.cost_s for claim in claims if claim.group == urgent.group and claim.cost_s is not None]
    until_ns = now_ns + round(max(costs, default=0.0) * 1e9)
    others = [
        i for i, claim in enumerate(claims) if i != first and claim.group == urgent.group and claim.due_ns <= until_ns
    ]
    others.sort(key=lambda i: claims[i].due_ns)
    return [first, *others][: urgent.largest_batch]
