"""A request of a person about their own data, and what may become of it (PIPL 44 to 50). Pure.

asked → identity_checked → granted → done, or held where a legal hold forbids it; until it is
granted, and when it is held, it can be refused with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from shared.contracts import Event, Step
from shared.contracts.privacy import PrivacyRequestEnded, PrivacyRequestGranted, RequestKind
from shared.contracts.refusals import NotNow
from shared.policy.calendar import Calendar
from shared.triage.taxonomy import Limit

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


class RequestAct(StrEnum):
    """What can be done to it."""

    CHECK = "check"
    GRANT = "grant"
    REFUSE = "refuse"
    END = "end"
    HOLD = "hold"


ACTS: Final[Mapping[RequestAct, tuple[frozenset[Status], Status]]] = {
    RequestAct.CHECK: (frozenset({Status.ASKED}), Status.CHECKED),
    RequestAct.GRANT: (frozenset({Status.CHECKED, Status.HELD}), Status.GRANTED),
    RequestAct.REFUSE: (frozenset({Status.ASKED, Status.CHECKED, Status.HELD}), Status.REFUSED),
    RequestAct.END: (frozenset({Status.GRANTED}), Status.DONE),
    RequestAct.HOLD: (frozenset({Status.GRANTED}), Status.HELD),
}
BY_A_PERSON: Final = frozenset({RequestAct.CHECK, RequestAct.GRANT, RequestAct.REFUSE})
"""The others happen by rule."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did something, when, and the code of how or why."""

    at: datetime
    by: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `person` of the ticket `number` is whom it is about, in all their tickets;
    `turn` counts how often it was granted. `body` is a digest of what was asked, `sealed` are the
    new values of a correction.
    """

    id: str
    version: int = 0
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
    body: str = field(repr=False)
    sealed: bytes | None = field(default=None, repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.status in {Status.DONE, Status.REFUSED}

    def is_overdue(self, now: datetime) -> bool:
        """Whether whoever asked should have been answered by now."""
        return not self.is_over and now > self.due

    def _after(self, act: RequestAct, **changes: Any) -> Step[Request]:
        allowed, to = ACTS[act]
        if self.status not in allowed:
            raise self._not_now()
        after = replace(self, status=to, **changes)
        # New values are needed no longer when it is over.
        after = replace(after, sealed=None) if after.is_over else after
        return Step(after, _events(after))

    def _not_now(self) -> NotNow:
        by = self.decided or self.checked
        possible = [
            other.value
            for other, (from_, _) in ACTS.items()
            if self.status in from_ and other in BY_A_PERSON
        ]
        way = f"possible now: {', '.join(possible)}" if possible else "nothing is to be done now"
        return NotNow(
            "not-allowed",
            "Not possible in the present status",
            f"it is {self.status}; {way}",
            present=self.status.value,
            set_by=by.by if by else self.asked_by,
        )

    def check(self, mark: Mark) -> Step[Request]:
        """It was made sure who asks."""
        return self._after(RequestAct.CHECK, checked=mark)

    def grant(self, mark: Mark) -> Step[Request]:
        """It is to be carried out."""
        return self._after(RequestAct.GRANT, decided=mark, turn=self.turn + 1)

    def refuse(self, mark: Mark) -> Step[Request]:
        """It is not, with a reason."""
        return self._after(RequestAct.REFUSE, decided=mark, ended_at=mark.at)

    def end(self, tickets: int, now: datetime) -> Step[Request]:
        """It was carried out, in so many tickets."""
        return self._after(RequestAct.END, ended_at=now, tickets=tickets)

    def hold(self) -> Step[Request]:
        """A legal hold forbids it at present."""
        return self._after(RequestAct.HOLD)


def due_of(asked_at: datetime, calendar: Calendar) -> datetime:
    """Until when it must be answered."""
    return calendar.due(asked_at, TIME_LIMIT)


def _events(request: Request) -> Sequence[Event]:
    """What is told of it in its new status."""
    reason = request.decided.code if request.decided else None
    match request.status:
        case Status.GRANTED if request.decided:
            granted = PrivacyRequestGranted(
                request=request.id,
                turn=request.turn,
                kind=request.kind,
                number=request.number,
                person=request.person,
                by=request.decided.by,
            )
            return (granted,)
        case Status.DONE:
            return (PrivacyRequestEnded(request=request.id, kind=request.kind, outcome="done"),)
        case Status.REFUSED:
            refused = PrivacyRequestEnded(
                request=request.id, kind=request.kind, outcome="refused", reason=reason
            )
            return (refused,)
        case _:
            return ()
