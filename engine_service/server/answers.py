"""Every accepted event is answered: by the frame that obeys it, also where a newer event stands for it."""

from collections.abc import Iterable

from engine_service.types import Applied

MAX_WAITING = 256  # replaced events that wait for their frame; of more the oldest are answered without one


class Answers:
    """Which events were replaced by which newer one, until that one is obeyed. Pure; lives on the event loop.

    The engine's own events have id 0 and are not answered, but may replace a client's.
    """

    def __init__(self) -> None:
        self._replaced: dict[int, list[int]] = {}  # by the id of the newer one, those in order of arrival
        self._num_waiting = 0

    def __len__(self) -> int:
        return self._num_waiting

    def replaced(self, event_ids: Iterable[int], *, by: int) -> list[Applied]:
        """`by` stands for these and for whatever they stood for; the answers that wait for no frame any more."""
        ids: list[int] = []
        for event_id in event_ids:
            ids += self._replaced.pop(event_id, [])
            if event_id:
                ids.append(event_id)
                self._num_waiting += 1
        if ids:
            self._replaced.setdefault(by, []).extend(ids)
        return self._early()

    def applied(self, entries: Iterable[Applied]) -> list[Applied]:
        """What to answer once these were obeyed: them, and those that they stand for."""
        answers = []
        for entry in entries:
            ids = self._replaced.pop(entry.event_id, [])
            self._num_waiting -= len(ids)
            answers += [Applied(each, entry.frame_id, entry.pts_us, replaced_by=entry.event_id) for each in ids]
            if entry.event_id:
                answers.append(entry)
        return sorted(answers, key=lambda answer: answer.event_id)

    def _early(self) -> list[Applied]:
        early = []
        while self._num_waiting > MAX_WAITING:
            by, ids = next(iter(self._replaced.items()))
            early.append(Applied(ids.pop(0), frame_id=0, pts_us=0, replaced_by=by))
            self._num_waiting -= 1
            if not ids:
                del self._replaced[by]
        return early
