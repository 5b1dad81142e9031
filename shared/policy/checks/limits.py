"""The promised limits: no clock may end before one that must come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from shared.contracts.errors import Fault
from shared.policy.checks.raw import fields, things
from shared.policy.taxonomy import Limit

ORDER: Final = ("accept", "arrive", "control", "resolve")
"""The work as it goes on. The clocks of what is said to the caller may end at any time."""


def limit_faults(documents: Mapping[str, Any]) -> Iterator[Fault]:
    """Every limit shorter than that of a clock before it; spans on different calendars cannot be
    compared.
    """
    for path, request_type in things(documents, "taxonomy", "types"):
        for urgency, limits in fields(request_type.get("limits")).items():
            yield from _too_short(f"{path}.limits.{urgency}", limits)
    for path, kind in things(documents, "taxonomy", "emergency_kinds"):
        yield from _too_short(f"{path}.limits", kind.get("limits"))


def _too_short(path: str, limits: Any) -> Iterator[Fault]:
    known = _readable(fields(limits))
    for n, clock in enumerate(ORDER):
        limit = known.get(clock)
        before = [(known[c].for_, c) for c in ORDER[:n]
                  if c in known and limit and known[c].on == limit.on]  # fmt: skip
        longest, name = max(before, default=(None, ""))
        if limit and longest and limit.for_ < longest:
            yield Fault(f"{path}.{clock}", f"is shorter than {name}, which comes before it",
                        f"give it {limits[name].get('for')} at least")  # fmt: skip


def _readable(limits: Mapping[str, Any]) -> dict[str, Limit]:
    found = {}
    for clock in ORDER:
        with suppress(ValidationError):  # the schema names it
            found[clock] = Limit.model_validate(limits.get(clock))
    return found
