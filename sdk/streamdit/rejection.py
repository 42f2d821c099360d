"""A refusal, with the field and the value that caused it: the same words in a call, on the wire and in the log."""

from enum import Enum


class RejectReason(Enum):
    """Why something was refused; the numbers are the wire's."""

    OPEN_EXPECTED = 1
    OPEN_REPEATED = 2
    EMPTY_MESSAGE = 3
    API_VERSION_UNSUPPORTED = 4
    UNKNOWN_WORLD = 5
    UNKNOWN_PROFILE = 6
    NO_COMMON_ENCODING = 7
    SERVER_FULL = 8
    EVENT_ID_NOT_RISING = 9
    PROMPT_EMPTY = 10
    PROMPT_TOO_LONG = 11
    PROMPT_UNKNOWN = 12
    STATE_LENGTH = 13
    STATE_NOT_FINITE = 14
    STATE_OUT_OF_RANGE = 15
    HORIZON_TOO_LONG = 16
    UNKNOWN_ACTION = 17
    UNKNOWN_COMMAND = 18
    ACK_UNKNOWN_FRAME = 19
    OUT_OF_RANGE = 20
    UNAUTHENTICATED = 21
    UNKNOWN_TRANSITION = 22
    SOURCE_SIZE = 23
    SOURCE_UNREADABLE = 24
    SOURCE_NOT_TAKEN = 25
    ACTIONS_NOT_TAKEN = 26
    ACTION_REPEATED = 27
    ACTION_OUT_OF_RANGE = 28
    ACTIONS_EXCLUSIVE = 29
    UNKNOWN_STATE_FIELD = 30
    STATE_FIELD_REPEATED = 31
    CANNOT_BE_OPEN = 32
    UNKNOWN_START_CLIP = 33
    START_DOES_NOT_FIT = 34
    START_UNREADABLE = 35


MAX_NAME_CHARS = 80  # of a refused name that are repeated to the client


def quoted(name: str) -> str:
    """A refused name, as it is repeated to the client."""
    return repr(name[:MAX_NAME_CHARS])


class Rejection(ValueError):  # noqa: N818  a refusal, not a fault of who refuses
    """Something that a client says, or is about to, is refused.

    `field` says where it stood, e.g. `state.values[2] (facing)`, `value` what it held, `detail` names both
    and what would have been allowed; `event_id` is the event's where its message is refused as a whole, else 0. What
    an engine has refused over the wire is a `Rejected`.
    """

    def __init__(self, reason: RejectReason, *, field: str, value: object, allowed: str, event_id: int = 0) -> None:
        self.reason = reason
        self.event_id = event_id
        self.field = field
        self.value = str(value)
        self.detail = f"{field} is {self.value or 'empty'}, {allowed}"
        super().__init__(self.detail)
