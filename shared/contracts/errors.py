"""Messages that cannot be understood: what is wrong with which field, and the way out.

None of these texts carries the value itself, which may be somebody's name or number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from pydantic import ValidationError
from typing_extensions import override

A = TypeVar("A")
B = TypeVar("B")
MAX_FAULTS: Final = 20
"""So many are told and kept. Whoever mends these and sends again hears of the others; a body of
256 KiB has room for a hundred thousand.
"""
MAX_SAID: Final = 8
"""So many stand in a line of a log or a parked message's detail."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one field: `field` is a dotted path, `fault` and `remedy` sentences."""

    field: str
    fault: str
    remedy: str = ""

    @override
    def __str__(self) -> str:
        """Read aloud as one sentence."""
        text = f"{self.field}: {self.fault}"
        return f"{text} ({self.remedy})" if self.remedy else text


class ContractError(Exception):
    """A message that no retry will make readable; it is parked with its reason."""

    reason = "malformed"


class UnknownEvent(ContractError):
    """An event type or version that this release does not know."""

    reason = "unknown_event"

    def __init__(self, event_type: str) -> None:
        super().__init__(f"type: {event_type[:80]!r} is not an event of this release")


class MalformedMessage(ContractError):
    """A body that does not fit its contract."""

    def __init__(self, field: str, fault: str, remedy: str = "") -> None:
        self.faults: tuple[Fault, ...] = (Fault(field, fault, remedy),)
        self.more = 0
        """How many faults there are beyond these."""
        super().__init__(str(self.faults[0]))

    @classmethod
    def from_error(cls, where: str, error: ValueError) -> Self:
        """Name every field at fault, never its value."""
        if isinstance(error, ValidationError):
            return cls.naming(faults_of(error, prefix=where), of=error.error_count())
        return cls(where, "does not fit its contract")

    @classmethod
    def naming(cls, faults: Sequence[Fault], *, of: int = 0) -> Self:
        """Name these faults, of which there is at least one, out of so many."""
        made = cls(faults[0].field, faults[0].fault, faults[0].remedy)
        made.faults = tuple(faults[:MAX_FAULTS])
        made.more = max(of, len(faults)) - len(made.faults)
        made.args = ("; ".join(map(str, made.faults[:MAX_SAID])),)
        return made


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """What both give. Raises MalformedMessage with the faults of both: whoever mends one at a time
    has to send as often as there are faults.
    """
    try:
        found = first()
    except MalformedMessage as error:
        try:
            second()
        except MalformedMessage as other:
            faults = (*error.faults, *other.faults)
            more = error.more + other.more
            raise MalformedMessage.naming(faults, of=len(faults) + more) from None
        raise
    return found, second()


_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,40}")


def _plain(part: int | str) -> str:
    """A field's name, unless the sender chose a name that could itself be somebody's number."""
    return str(part) if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "(unnamed)"


def faults_of(error: ValidationError, *, prefix: str = "") -> tuple[Fault, ...]:
    """The faults pydantic found, as fields, faults and ways out, without the values."""
    return faults_in(error.errors(include_url=False, include_input=False), prefix=prefix)


def faults_in(errors: Sequence[Mapping[str, Any]], *, prefix: str = "") -> tuple[Fault, ...]:
    """The same for a list of pydantic's errors, MAX_FAULTS at most."""
    found = []
    for item in errors[:MAX_FAULTS]:
        path = ".".join(_plain(part) for part in item["loc"])
        field = ".".join(part for part in (prefix, path) if part) or "body"
        found.append(Fault(field, *_said(item)))
    return tuple(found)


def _said(item: Mapping[str, Any]) -> tuple[str, str]:
    """Fault and way out in our own words; the library's where we have none."""
    kind, limits = str(item["type"]), item.get("ctx") or {}
    for begins, (fault, remedy) in _WORDS.items():
        if kind.startswith(begins):
            return fault.format_map(_Limits(limits)), remedy.format_map(_Limits(limits))
    return str(item["msg"]).removeprefix("Value error, "), ""


class _Limits(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("is missing", "send it"),
    "extra_forbidden": ("is not a known field", "leave it out, or see /docs for the fields"),
    "string_too_long": ("is longer than {max_length} characters", "shorten it"),
    "string_too_short": ("is too short", "send at least {min_length} characters"),
    "string_pattern": ("is not written as it must be", "match {pattern}"),
    "string": ("is not text", "send a string"),
    "bool": ("is not true or false", "send true or false"),
    "int": ("is not a whole number", "send a whole number"),
    "greater_than": ("is too small", "see /docs for the least"),
    "less_than": ("is too large", "see /docs for the greatest"),
    "too_long": ("has more than {max_length} entries", "send fewer"),
    "tuple": ("is not a list", "send a list"),
    "list": ("is not a list", "send a list"),
    "literal_error": ("is not one of the known words", "use {expected}"),
    "enum": ("is not one of the known words", "use {expected}"),
    "timezone_aware": ("has no time zone", "write it as 2026-11-23T08:00:00+08:00"),
    "datetime": ("is not a time", "write it as 2026-11-23T08:00:00+08:00"),
    "model": ("is not an object with fields", "send a JSON object"),
    "dict": ("is not an object with fields", "send a JSON object"),
    "json_invalid": ("is not JSON", "send one JSON object"),
}
"""By the beginning of pydantic's error type, the longer before the shorter."""
