"""Whom a matter is about: nobody asks them, whatever department and shift they are of. Pure.

Everybody who chooses people for a ticket asks here: who gets the work, who is alerted, who is
warned, who hears of a broken limit.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.policy.duty import ANYWHERE, MANAGEMENT, Duty, Person
from shared.tickets import Ticket


def whom_it_is_about(ticket: Ticket, duty: Duty) -> frozenset[str]:
    """The people that the ticket names, and all who stand on a list of a department it names.

    At whatever place they stand: rights go by the department alone, so that somebody of it would
    be called for what they may not open.
    """
    return frozenset(ticket.about.people) | duty.of_departments(ticket.about.departments)


def others(people: Iterable[Person], ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """These people without those whom the ticket is about, in their order."""
    not_for = whom_it_is_about(ticket, duty)
    return tuple(person for person in people if person.id not in not_for)


def help_from_outside(ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """Who is called to an emergency when the departments have nobody: the group's chain; where it
    is about all of that, whoever manages the estate, then the group.
    """
    return others(duty.emergency_chain, ticket, duty) or managers_beside(ticket, duty)


def managers_beside(ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """Whoever manages the estate, then the group, unless it is about them."""
    managers = (p for place in (ticket.estate, ANYWHERE) for p in duty.at(place, MANAGEMENT))
    return others(managers, ticket, duty)
