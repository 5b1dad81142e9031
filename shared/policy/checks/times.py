"""Time: the calendar is known for long enough, and no clock ends before one that must come
first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from shared.contracts.errors import Fault
from shared.policy.calendar import Calendar
from shared.policy.checks.raw import fields, things
from shared.triage.taxonomy import Limit

LEAST: Final = timedelta(days=60)
"""Long enough for the longest promise, and for the next calendar to be drafted and approved."""
ORDER: Final = ("accept", "arrive", "control", "resolve")
"""The work as it goes on. The clocks of what is said to the caller may end at any time."""


def calendar_faults(
    documents: Mapping[str, Any], before: Mapping[str, Any], *, begins: datetime
) -> Iterator[Fault]:
    """A calendar that ends soon after it begins.

    One that was in force already, by `before`, is left alone: a telephone number must be mended
    in December too, when next year's days off are not published yet.
    """
    document = documents.get("calendar")
    if document == before.get("calendar"):
        return
    with suppress(ValidationError):  # the schema names it
        calendar = Calendar.model_validate(document)
        last, begun = calendar.last_day, begins.astimezone(calendar.zone).date()
        if last is not None and last < begun + LEAST:
            yield Fault(
                "calendar.until",
                f"it ends on {last}, less than {LEAST.days} days after it begins",
                "add the days off and make-up workdays of the time after",
            )


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
