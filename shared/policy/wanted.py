"""For which requests the group wants more than the work: tasks of the desk (A4.3), photos of what
was done. Pure.

Only where the policy asks for them, since eight thousand reminders a day are noise.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.report import TicketType
from shared.triage.taxonomy import EMERGENCY

WITHIN: Final = timedelta(hours=1)
"""How long somebody has for a task where nobody says otherwise."""
ShareOrEnd = Annotated[float, Field(gt=0, le=1)]
"""A part of the limit of the whole; 1 is its end."""
ToldByTelephone = Literal["extended", "visit", "outage", "reopened"]
"""What a person may tell a caller whom no message reached: another time, a visit, an outage, that
the work begins again. The result is always told so (A4.4).
"""
Apart = Annotated[timedelta, Field(ge=timedelta(minutes=5))]


def fits(*named: tuple[Container[str], str]) -> bool:
    """Whether each found value is among those that the rule names, where it names any."""
    return all(not wanted or found in wanted for wanted, found in named)


class FollowUps(BaseModel):
    """For which tickets the desk gets tasks, and when: at `shares` of the limit of the whole,
    `every` so often until it is over, or both. Each is to be done `within` a time; then the desk's
    lead hears of it. Types, areas or urgencies that are not named all fit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    urgencies: frozenset[str] = frozenset()
    shares: tuple[ShareOrEnd, ...] = ()
    every: Apart | None = None
    within: Apart = WITHIN

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if not self.shares and self.every is None:
            raise ValueError("neither `shares` nor `every` is there: no task would be made")
        if not all(a < b for a, b in pairwise(self.shares)):
            raise ValueError("shares: each step must come after the one before it")
        return self

    def fits(self, type: str, area: str, urgency: str) -> bool:
        """Whether it is about tickets of this kind."""
        return fits((self.types, type), (self.areas, area), (self.urgencies, urgency))


class ProofWanted(BaseModel):
    """Work of these types, areas and urgencies; what is left out is any. One at least is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: frozenset[TicketType] = frozenset()
    areas: frozenset[str] = frozenset()
    urgencies: frozenset[Literal["urgent", "normal"]] = frozenset()

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.types or self.areas or self.urgencies):
            raise ValueError("names no work: say which types, areas or urgencies")
        return self

    def covers(self, type: str, area: str, urgency: str) -> bool:
        """Whether this work is meant. Nobody takes photos before an emergency may end."""
        if EMERGENCY in {type, urgency}:
            return False
        return fits((self.types, type), (self.areas, area), (self.urgencies, urgency))
