"""Who at the address of a link is shown what of whom, and how often whose link it is may be
guessed. Pure.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.privacy.domain import Reason, Which
from shared.contracts import Step
from shared.contracts.intake import LinkLocked
from shared.identity import DESK, Principal
from shared.identity.staff_links import MOST_TRIES, StaffLink
from shared.policy.duty import EMERGENCY_CHAIN, MANAGEMENT, Duty, Person
from shared.policy.policy import Policy
from shared.privacy.telephone import read_telephone
from shared.tickets import OrderStatus, Ticket, WorkOrder
from shared.words import plain

DIGITS: Final = 4
_AT_WORK: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS, OrderStatus.SUSPENDED})
_NO_DIGIT: Final = re.compile(r"\D", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTries:
    """How often somebody at a link did not know the telephone of its person; so often in vain, and
    the link is dead for good.
    """

    id: str
    version: int = 0
    wrong: int = 0
    right_at: datetime | None = None

    @property
    def is_dead(self) -> bool:
        """Whether it opens nothing any more."""
        return self.wrong >= MOST_TRIES

    @property
    def left(self) -> int:
        """How many tries are left."""
        return MOST_TRIES - self.wrong


def tried(
    tries: LinkTries, now: datetime, *, is_right: bool, last: LinkLocked
) -> Step[LinkTries] | None:
    """One try more; of the one that kills the link `last` is said. None where it is dead already.
    What is right is written too: of many tries at once each counts before it is answered.
    """
    if tries.is_dead:
        return None
    if is_right:
        return Step(replace(tries, wrong=0, right_at=now))
    more = replace(tries, wrong=tries.wrong + 1)
    return Step(more, (last,) if more.is_dead else ())


def last_digits(telephone: str) -> str | None:
    """The last four of a number; None where it has not as many."""
    digits = _NO_DIGIT.sub("", plain(telephone))
    return digits[-DIGITS:] if len(digits) >= DIGITS else None


def is_telephone_of(typed: str, person: Person) -> bool | None:
    """Whether these are the last digits of somebody's duty telephone; None where they are not four
    digits, which is no guess.
    """
    digits = plain(typed).strip()
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    own = last_digits(person.phone)
    return own is not None and hmac.compare_digest(digits, own)


def order_in_hand(ticket: Ticket, link: StaffLink) -> WorkOrder | None:
    """The work order that a link's person has taken and not finished; of an alert the one that they
    have besides. Who is to ring goes nowhere.
    """
    if link.kind == "task":
        return None
    named = (o for o in reversed(ticket.orders) if link.order in {None, o.id})
    return next((o for o in named if o.assignee == link.person and o.status in _AT_WORK), None)


def goer_of(
    link: StaffLink, ticket: Ticket, order: WorkOrder | None, duty: Duty
) -> Principal | None:
    """Somebody on their way: of the department whose work it is, or of their lists where they were
    alerted; whoever is to ring is of the desk. None for who does no work there.
    """
    lists = {department for _, department in duty.lists_of(link.person)}
    places = frozenset({ticket.estate or "*"})
    if link.kind == "task":
        return Principal(link.person, "agent", places) if DESK in lists else None
    own = {order.department} if order else lists - {MANAGEMENT, EMERGENCY_CHAIN, DESK}
    if not own or (order is None and link.kind != "alert"):
        return None
    return Principal(link.person, "department", places, frozenset(own))


def whom(link: StaffLink, persons: Container[str]) -> Which:
    """Who is to be told something: the caller. Who opens the door: whom the caller named for it,
    else the caller.
    """
    goes_there = link.kind != "task"
    return "on_site_contact" if goes_there and "on_site_contact" in persons else "caller"


def reason_for(link: StaffLink, ticket: Ticket) -> Reason:
    """The act in hand: nobody types it."""
    if link.kind == "task":
        return "call_back"
    return "emergency" if ticket.is_emergency else "visit"


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """What of a person is shown; never logged or stored. With `rings_desk` the desk puts whoever
    reads it through.
    """

    flat: str
    telephone: str = ""
    dial: str = ""
    rings_desk: bool = False


def shown_of(person: Mapping[str, Any], goer: Principal, policy: Policy) -> Shown:
    """The flat, and the number where the policy of the place gives it to the field at all, and of a
    firm outside only where a contract about that is on file. The desk, which rings, has both.
    """
    flat, telephone = str(person.get("room") or ""), str(person.get("phone") or "").strip()
    is_given = goer.role == "agent" or (
        not policy.rules.flat_alone and may_have_number(goer, policy)
    )
    if not is_given or not telephone:
        return Shown(flat, rings_desk=True)
    found = read_telephone(telephone)
    dial = found.e164 if found is not None and found.is_direct else _NO_DIGIT.sub("", telephone)
    return Shown(flat, telephone, dial)


def may_have_number(goer: Principal, policy: Policy) -> bool:
    """Whether one of their departments is the house's own, or a firm whose contract is on file."""
    departments = {each.id: each for each in policy.taxonomy.departments}
    named = (departments.get(each) for each in goer.departments)
    return any(d is not None and (not d.contractor or d.may_have_numbers) for d in named)


def superiors_of(link: StaffLink, ticket: Ticket, duty: Duty) -> tuple[str, ...]:
    """Who hears that a link is dead: the lead of the department whose work it is, of an alert of
    their lists; where that is themselves or nobody the desk's lead, then the group's emergency
    duty. Nobody whom the matter is about.
    """
    order = ticket.order(link.order) if link.order else None
    lists = [(ticket.estate, order.department)] if order else duty.lists_of(link.person)
    about = {*ticket.about.people, *duty.of_departments(ticket.about.departments), link.person}
    leads = [duty.lead(place, department) for place, department in lists]
    for group in (leads, [duty.lead(ticket.estate, DESK)], duty.emergency_chain):
        found = dict.fromkeys(p.id for p in group if p is not None and p.id not in about)
        if found:
            return tuple(found)
    return ()
