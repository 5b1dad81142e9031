"""Rules of opening persons: who may, why, how often, and what is unusual about it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from shared.contracts.refusals import Gone
from shared.identity import Principal
from shared.tickets import OrderStatus, Ticket
from shared.tickets.lifecycle import OPEN

Which = Literal["caller", "on_site_contact"]
Reason = Literal[
    "call_back",  # to ask, or to feed the result back
    "visit",  # whoever goes must find the flat
    "emergency",  # people are in danger
    "correction",  # what was recorded may be wrong
    "complaint",  # a complaint is looked into
    "authority",  # a lawful request from outside
]
"""Why somebody may be opened; a closed list, so that reasons can be counted and compared."""
Finding = Literal["explained", "instructed", "too_strict", "misuse"]
"""What whoever answers an alarm found: all was well, the reader was told how to do it, the rule
sees too much, or it was misuse and is followed up."""
Status = Literal["open", "answered"]
"""Where an alarm stands."""

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
PER_HOUR: Final[Mapping[str, int]] = {
    "agent": 20,
    "dispatcher": 20,
    "supervisor": 30,
    "department": 10,
}
"""A seat takes a dozen calls an hour and rings back less often; a supervisor looks into other
people's; a craftsman visits a few flats. Whoever copies a list needs hundreds."""
PER_DAY: Final[Mapping[str, int]] = {
    "agent": 100,
    "dispatcher": 100,
    "supervisor": 120,
    "department": 40,
}
"""A full shift at half of the hour's pace."""

USUAL_SPAN: Final = timedelta(days=30)
TIMES_USUAL: Final = 3
FEW: Final = 6
"""So many in an hour are never too many, however quiet the person's usual hour is."""
KNOWN_HOURS: Final = 5
"""Hours with an opening from which somebody's usual hour is known; before, it is taken to be
UNKNOWN_USUAL."""
UNKNOWN_USUAL: Final = 4.0


class Sign(StrEnum):
    """What is unusual about how somebody opens persons."""

    MORE_THAN_USUAL = "more_than_usual"
    ENDED_TICKETS = "ended_tickets"
    NOT_THEIR_WORK = "not_their_work"
    ONE_FLAT = "one_flat"


MOST: Final[Mapping[Sign, int]] = {
    Sign.ENDED_TICKETS: 3,
    Sign.NOT_THEIR_WORK: 5,
    Sign.ONE_FLAT: 3,
}
"""More openings than these are noticed: of tickets that are over and of tickets in which the reader
has no part, in an hour; of different tickets of one flat, in a day. An old ticket is looked up
and a colleague's call taken over now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One opening, as its reader's count remembers it for a day. `errand` is the errand on which
    the same person may be looked at again without counting again.
    """

    at: datetime
    number: str
    ended: bool
    own: bool
    errand: str | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """How many persons somebody opened in one hour of the clock."""

    start: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One of our staff and what they opened: each opening of a day, and counts of a month."""

    id: str
    version: int = 0
    recent: tuple[Opening, ...] = ()
    hours: tuple[Hour, ...] = ()

    def with_opening(self, opening: Opening) -> Reader:
        """One more; what is too old to count is forgotten."""
        now, start = opening.at, opening.at.replace(minute=0, second=0, microsecond=0)
        recent = (*(o for o in self.recent if o.at > now - DAY), opening)
        counts = {h.start: h.count for h in self.hours if h.start > now - USUAL_SPAN}
        counts[start] = counts.get(start, 0) + 1
        hours = tuple(Hour(start, count) for start, count in counts.items())
        return replace(self, recent=recent, hours=hours)

    def opened_on(self, errand: str, now: datetime) -> Opening | None:
        """The opening that an errand has counted for; None where it has not within a day."""
        return next((o for o in self.within(DAY, now) if o.errand == errand), None)

    def within(self, span: timedelta, now: datetime) -> tuple[Opening, ...]:
        """The openings of the last hour or day."""
        return tuple(o for o in self.recent if o.at > now - span)

    def usual_hour(self, now: datetime) -> float:
        """How many they open in an hour in which they open any. The last day does not count: a
        spree must not become usual while it goes on.
        """
        known = [hour.count for hour in self.hours if hour.start < now - DAY]
        return sum(known) / len(known) if len(known) >= KNOWN_HOURS else UNKNOWN_USUAL


def of_the_house(principal: Principal, outside: Container[str]) -> Principal:
    """The same person without the departments that are firms outside the group: these get no
    contact data.
    """
    own = frozenset(d for d in principal.departments if d not in outside)
    return replace(principal, departments=own)


def may_open(principal: Principal, ticket: Ticket, *, confidential: bool) -> bool:
    """Whether somebody who sees a ticket may open its persons: a department only where it has
    taken the work and not finished it, and never somebody who asked for confidence.
    """
    if principal.role != "department":
        return True
    return not confidential and any(
        principal.answers_for(order.department) and order.status in _AT_WORK
        for order in ticket.orders
    )


_AT_WORK: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS, OrderStatus.SUSPENDED})


def is_unlimited(ticket: Ticket) -> bool:
    """Whether no limit counts: nobody in danger waits for an hour to pass. It is counted all the
    same.
    """
    return ticket.is_emergency and ticket.status in OPEN


def has_part_in(principal: Principal, ticket: Ticket) -> bool:
    """Whether somebody has done or been given anything of a ticket."""
    if principal.role == "department":
        return True  # `may_open` has asked for their own work
    did = any(entry.by == principal.id for entry in ticket.timeline)
    return did or any(order.assignee == principal.id for order in ticket.work_orders)


def opening_of(
    ticket: Ticket, principal: Principal, now: datetime, *, errand: str | None = None
) -> Opening:
    """What is remembered of an opening."""
    return Opening(
        at=now,
        number=ticket.number,
        ended=ticket.status not in OPEN,
        own=has_part_in(principal, ticket),
        errand=errand,
    )


def wait_for(reader: Reader, role: str, now: datetime) -> timedelta | None:
    """How long somebody must wait for the next opening; None when they need not."""
    waits = [
        full[-most].at + span - now
        for span, most in ((HOUR, PER_HOUR[role]), (DAY, PER_DAY[role]))
        if len(full := reader.within(span, now)) >= most
    ]
    return max(waits, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many more persons somebody may open, and how many of their role may in all."""

    left_hour: int
    left_day: int
    per_hour: int
    per_day: int


def left_to(reader: Reader, role: str, now: datetime) -> Allowance:
    """What is left to a reader now: of the hour never more than of the day. What no limit counts
    for uses it up all the same.
    """
    per_hour, per_day = PER_HOUR[role], PER_DAY[role]
    left_day = max(0, per_day - len(reader.within(DAY, now)))
    left_hour = max(0, per_hour - len(reader.within(HOUR, now)))
    return Allowance(
        left_hour=min(left_hour, left_day), left_day=left_day, per_hour=per_hour, per_day=per_day
    )


def signs_in(reader: Reader, now: datetime, *, of_the_flat: int) -> dict[Sign, int]:
    """What is unusual about a reader's openings, the last one among them, with its count.

    `of_the_flat` is how many different tickets of its flat they opened within a day.
    """
    hour = reader.within(HOUR, now)
    counts = {
        Sign.MORE_THAN_USUAL: len(hour),
        Sign.ENDED_TICKETS: sum(opening.ended for opening in hour),
        Sign.NOT_THEIR_WORK: sum(not opening.own for opening in hour),
        Sign.ONE_FLAT: of_the_flat,
    }
    usual = max(FEW, TIMES_USUAL * reader.usual_hour(now))
    return {sign: count for sign, count in counts.items() if count > MOST.get(sign, usual)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Who looked at an alarm, when, and what they found."""

    at: datetime
    by: str
    reason: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something unusual that somebody else must look at. `number` and `estate` are those of the
    ticket at which it was noticed, `count` what the sign counts, up to then.
    """

    id: str
    version: int = 1
    at: datetime
    reader: str
    role: str
    sign: Sign
    count: int
    number: str
    estate: str | None
    answer: Answered | None = None


def alarm_id(reader: str, sign: Sign, at: datetime) -> str:
    """One alarm a person, sign and hour of the clock: what goes on does not ring at each turn."""
    named = f"{reader}\n{sign}\n{at:%Y-%m-%dT%H}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def cannot_be_opened() -> Gone:
    """The key that sealed it is gone, on purpose or not."""
    return Gone(
        "cannot-be-opened",
        "What is sealed here cannot be opened any more",
        "the key of its estate was destroyed, or the data are damaged; the rest of the "
        "ticket is as it was",
    )
