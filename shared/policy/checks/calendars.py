"""The calendar: known for long enough after it comes into force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from shared.contracts.errors import Fault
from shared.policy.calendar import Calendar

LEAST: Final = timedelta(days=60)
"""Long enough for the longest promise, and for the next calendar to be drafted and approved."""


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
