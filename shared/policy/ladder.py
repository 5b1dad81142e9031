"""The ladder of a clock: when it warns, when it is broken, and who hears of it later still. Pure.

Levels count from the limit: 0 is the last warning, those below it the earlier ones, 1 the breach,
and each rung above is called while the clock still runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.policy.calendar import EVERY_HOUR, Calendar, Scale

BREACH: Final = 1
Share = Annotated[float, Field(gt=0, lt=1)]
"""A part of a clock's time."""
Hears = Literal["lead", "estate", "company", "region", "group"]
"""The lead of the department, or whoever manages the estate, the city company, the region or the
group; a place that has nobody leaves it to the next above."""


Channel = Literal["mail", "webhook", "wecom", "dingtalk", "robot"]
"""By which staff are told; a `webhook` may be a pager, or whatever takes it. With `robot` the group
chat of whoever hears is told as well, without a word of the matter.
"""


class Rung(BaseModel):
    """Who hears that a limit is broken so long `after` it was. By `channels`, where there are some:
    by each that they have, in this order; else by the one that all else comes by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: timedelta = Field(gt=timedelta(0))
    to: Hears
    channels: tuple[Channel, ...] = ()


class Repeat(BaseModel):
    """Who hears when a caller comes for the `contacts`th time about one matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contacts: int = Field(ge=2)
    to: Hears


@dataclass(frozen=True, slots=True)
class Ladder:
    """Shares of a clock's time that warn, and spans after its end that escalate; both ascending.
    They are counted as the limit is, on its `calendar`: working time is not over on a Sunday.
    """

    warn_at_shares: tuple[float, ...]
    escalate_after: tuple[timedelta, ...] = ()
    calendar: Calendar = EVERY_HOUR

    def times(self, begun: datetime, due: datetime, on: Scale) -> Iterator[tuple[int, datetime]]:
        """Every level with its time, from the first warning upwards."""
        lowest = BREACH - len(self.warn_at_shares)
        for level, share in enumerate(self.warn_at_shares, lowest):
            yield level, self.calendar.part(begun, due, share, on)
        yield BREACH, due
        for level, span in enumerate(self.escalate_after, BREACH + 1):
            yield level, self.calendar.add(due, span, on)
