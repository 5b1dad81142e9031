"""A request of a person about their own data, and what may become of it (PIPL 44 to 50). Pure.

asked → identity_checked → granted → done, or held where a legal hold forbids it; until it is
granted, and when it is held, it can be refused with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from shared.contracts.privacy import RequestKind
from shared.policy.calendar import Calendar
from shared.policy.taxonomy import Limit

Person = Literal["caller", "on_site_contact"]
How = Literal["phone", "counter", "letter", "app"]
Proof = Literal["called_back", "id_document", "in_person", "power_of_attorney"]
"""How it was made sure that whoever asks is whom it is about, or acts for them."""
Refusal = Literal[
    "identity_not_proven", "not_their_data", "legal_hold", "required_by_law", "unfounded"
]
TIME_LIMIT: Final = Limit(for_=timedelta(days=15), on="workdays")
"""The statutory time for an answer."""


class Status(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    CHECKED = "identity_checked"
    GRANTED = "granted"
    HELD = "held"
    DONE = "done"
    REFUSED = "refused"


class Step(StrEnum):
    """What can be done to it."""

    CHECK = "check"
    GRANT = "grant"
    REFUSE = "refuse"
    END = "end"
    HOLD = "hold"


STEPS: Final[Mapping[Step, tuple[frozenset[Status], Status]]] = {
    Step.CHECK: (frozenset({Status.ASKED}), Status.CHECKED),
    Step.GRANT: (frozenset({Status.CHECKED, Status.HELD}), Status.GRANTED),
    Step.REFUSE: (frozenset({Status.ASKED, Status.CHECKED, Status.HELD}), Status.REFUSED),
    Step.END: (frozenset({Status.GRANTED}), Status.DONE),
    Step.HOLD: (frozenset({Status.GRANTED}), Status.HELD),
}


class NotNow(Exception):
    """A step that the present status does not allow."""

    def __init__(self, step: Step, request: Request) -> None:
        self.step = step
        self.request = request
        super().__init__(f"{step} is not possible while it is {request.status}")


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did a step, when, and the code of how or why."""

    at: datetime
    by: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `person` of the ticket `number` is whom it is about, in all their tickets;
    `turn` counts how often it was granted.
    """

    id: str
    version: int = 1
    kind: RequestKind
    number: str
    person: Person
    estate: str | None
    how: How
    asked_at: datetime
    asked_by: str
    due: datetime
    status: Status = Status.ASKED
    turn: int = 0
    checked: Mark | None = None
    decided: Mark | None = None
    ended_at: datetime | None = None
    tickets: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in {Status.DONE, Status.REFUSED}

    def is_overdue(self, now: datetime) -> bool:
        """Whether whoever asked should have been answered by now."""
        return not self.is_over and now > self.due

    def _after(self, step: Step, **changes: Any) -> Request:
        allowed, to = STEPS[step]
        if self.status not in allowed:
            raise NotNow(step, self)
        return replace(self, version=self.version + 1, status=to, **changes)

    def check(self, mark: Mark) -> Request:
        """It was made sure who asks."""
        return self._after(Step.CHECK, checked=mark)

    def grant(self, mark: Mark) -> Request:
        """It is to be carried out."""
        return self._after(Step.GRANT, decided=mark, turn=self.turn + 1)

    def refuse(self, mark: Mark) -> Request:
        """It is not, with a reason."""
        return self._after(Step.REFUSE, decided=mark, ended_at=mark.at)

    def end(self, tickets: int, now: datetime) -> Request:
        """It was carried out, in so many tickets."""
        return self._after(Step.END, ended_at=now, tickets=tickets)

    def hold(self) -> Request:
        """A legal hold forbids it at present."""
        return self._after(Step.HOLD)


def due_of(asked_at: datetime, calendar: Calendar) -> datetime:
    """Until when it must be answered."""
    return calendar.due(asked_at, TIME_LIMIT)
