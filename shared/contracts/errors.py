"""Messages that cannot be understood: what is wrong with which field, and the way out.

None of these texts carries the value itself, which may be somebody's name or number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from pydantic import ValidationError
from typing_extensions import override


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
        super().__init__(str(self.faults[0]))

    @classmethod
    def from_error(cls, where: str, error: ValueError) -> Self:
        """Name every field at fault, never its value."""
        made = cls(where, "does not fit its contract")
        if isinstance(error, ValidationError):
            made.faults = faults_of(error, prefix=where)
            made.args = ("; ".join(str(f) for f in made.faults[:8]),)
        return made


_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,40}")


def _plain(part: int | str) -> str:
    """A field's name, unless the sender chose a name that could itself be somebody's number."""
    return str(part) if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "(unnamed)"


def faults_of(error: ValidationError, *, prefix: str = "") -> tuple[Fault, ...]:
    """The faults pydantic found, as fields and sentences without the values."""
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join(_plain(part) for part in item["loc"])
        field = ".".join(part for part in (prefix, path) if part) or "body"
        found.append(Fault(field, item["msg"]))
    return tuple(found)
