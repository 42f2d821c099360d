"""A message's fields, counted on its bytes: nothing is built of one that holds too many.

A megabyte holds half a million empty steps, and every one of them would become an object. Here the bytes of a message
are walked by their tags and lengths, and the walk ends at the first limit that is passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

MAX_FIELDS = 4096  # of a message, with those inside its fields
MAX_VALUES = 16384  # of a message: the numbers of packed lists
SMALL_BYTES = 2048  # what is no longer than this holds fewer, and is not walked

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EVENT_ID = 1


@dataclass(frozen=True, slots=True)
class Part:
    """What a field of that number holds: a message of `parts`, packed numbers of `packed` bytes at least each, or, with
    neither, something that is read as a whole: a number, a text, bytes."""

    name: str
    parts: "Layout | None" = None
    packed: int = 0


Layout: TypeAlias = Mapping[int, Part]  # by field number


class TooMuchError(ValueError):
    """A message holds more than it may; `field` is where the walk stopped, `value` what was found there, `allowed`
    what may be, and `event_id` whose message it is, 0 if that was not found before."""

    def __init__(self, field: str, value: str, allowed: str, event_id: int = 0) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        self.event_id = event_id
        super().__init__(f"{field} is {value}, {allowed}")


class UnwalkableError(ValueError):
    """The bytes are no message."""


def layout(descriptor: Any) -> Layout:
    """What a kind of message holds, from its protobuf descriptor. The kinds may not hold themselves."""
    return {field.number: _part(field) for field in descriptor.fields}


def _part(field: Any) -> Part:
    if field.message_type is not None:
        return Part(field.name, parts=layout(field.message_type))
    if field.is_repeated and field.type not in (field.TYPE_STRING, field.TYPE_BYTES):
        least = {field.TYPE_FLOAT: 4, field.TYPE_DOUBLE: 8}.get(field.type, 1)
        return Part(field.name, packed=least)
    return Part(field.name)


def check_limits(
    raw: bytes, parts: Layout, *, max_fields: int = MAX_FIELDS, max_values: int = MAX_VALUES, event_id: bool = False
) -> None:
    """Return if a serialised message holds at most so many fields and packed numbers. With `event_id` field 1 is the
    event's, for the error.

    Raises:
        TooMuchError: it holds more.
        UnwalkableError: it breaks off, or has a field of no known wire type.
    """
    if len(raw) <= SMALL_BYTES:
        return
    try:
        _Walk(raw, max_fields, max_values, event_id=event_id).message(0, len(raw), parts, "")
    except IndexError:
        raise UnwalkableError("the message breaks off") from None


class _Walk:
    def __init__(self, raw: bytes, max_fields: int, max_values: int, *, event_id: bool) -> None:
        self._raw = raw
        self._max_fields = max_fields
        self._max_values = max_values
        self._seeks_event_id = event_id
        self._num_fields = 0
        self._num_values = 0
        self._event_id = 0

    def message(self, at: int, end: int, parts: Layout, path: str) -> None:
        """Count what lies between the two places, a message of these parts."""
        raw = self._raw
        most = self._max_fields
        while at < end:
            tag = raw[at]
            at += 1
            if tag & 0x80:
                tag, at = self._varint(tag, at)
            self._num_fields += 1
            if self._num_fields > most:
                part = parts.get(tag >> 3)
                field = path.removesuffix(".") or "message" if part is None else path + part.name
                self._refuse(field, f"more than {most} fields", f"all of a message may hold {most}")
            at = self._after(tag, at, end, parts, path)
        if at > end:
            raise UnwalkableError("a field is longer than its message")

    def _after(self, tag: int, at: int, end: int, parts: Layout, path: str) -> int:
        """Where the field of this tag ends, once what it holds was counted."""
        wire_type = tag & 7
        if wire_type == _FIXED32:
            return at + 4
        if wire_type == _FIXED64:
            return at + 8
        if wire_type not in (_BYTES, _VARINT):
            raise UnwalkableError(f"a field has wire type {wire_type}, which no field of this protocol has")
        number = self._raw[at]
        at += 1
        if number & 0x80:
            number, at = self._varint(number, at)
        if wire_type == _VARINT:
            if self._seeks_event_id and not path and tag >> 3 == _EVENT_ID:
                self._event_id = number & 0xFFFFFFFFFFFFFFFF
            return at
        stop = at + number
        if stop > end:
            raise UnwalkableError(f"a field of {number} bytes is longer than its message")
        part = parts.get(tag >> 3)
        if part is not None and number:
            self._content(at, stop, part, path)
        return stop

    def _content(self, at: int, stop: int, part: Part, path: str) -> None:
        """Count what a field with a length holds."""
        if part.parts is not None:
            self.message(at, stop, part.parts, f"{path}{part.name}.")
        elif part.packed:
            self._num_values += (stop - at) // part.packed
            if self._num_values > self._max_values:
                allowed = f"a message may hold {self._max_values} numbers"
                self._refuse(f"{path}{part.name}", f"{(stop - at) // part.packed} values long", allowed)

    def _varint(self, first: int, at: int) -> tuple[int, int]:
        """A number of more than one byte, and where it ends. It counts as a field, for what it costs to read."""
        raw = self._raw
        self._num_fields += 1
        value, shift = first & 0x7F, 7
        while shift < 70:
            byte = raw[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
        raise UnwalkableError("a number is longer than ten bytes")

    def _refuse(self, field: str, value: str, allowed: str) -> NoReturn:
        raise TooMuchError(field, value, allowed, self._event_id)
