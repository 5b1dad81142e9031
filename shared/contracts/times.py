"""Times and days from outside: of our time, since nothing is agreed beyond and no calendar counts
there. And how a time is written where that is done by hand.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, AwareDatetime

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099

T = TypeVar("T", date, datetime)


def _of_our_time(value: T) -> T:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A time that somebody names."""
Day = Annotated[date, AfterValidator(_of_our_time)]
"""A day that somebody names, of the place's calendar."""


def written(at: datetime) -> str:
    """An aware time in UTC, ending in `Z`, as pydantic writes all others."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
